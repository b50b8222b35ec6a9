"""Contributions by JAX: those of NumPy, from one compiled program."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from rules import some_first
from support import golden

import emit.explaining
from mojo_reader import Scorer, contributions, jax_contributions
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.explaining.background import BackgroundWarning
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import ExplainOptions
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]
#: Every kind of layer, of output and of input.
CASES = [
    ("binomial_maxout_dropout", "response", "compact"),
    ("balance_classes_multinomial", "response", "original"),
    ("v3_28_multinomial_exprectifier", "margin", "compact"),
    ("regression_rectifier", "margin", "original"),
    ("offset_tweedie", "response", "original"),
    ("encoding_binary", "margin", "compact"),
    ("hashed", "margin", "original"),
    ("one_hidden_layer", "response", "compact"),
]

pytestmark = pytest.mark.filterwarnings(
    "ignore::mojo_reader.scoring.row_warnings.OffsetWarning",
    "ignore::mojo_reader.UnseenLevelWarning",
    "ignore::mojo_reader.MissingColumnWarning",
)


def encoded(case: str) -> tuple[Scorer, EncodedRows, EncodedRows]:
    """Return the scorer, rows and background rows, all with numbers that any network bears."""
    scorer = Scorer(golden(case).mojo())
    matrix = scorer.encode(golden(case).columns())
    tame = matrix[(np.abs(np.nan_to_num(matrix)) < 1e6).all(axis=1)]
    rows, others = (EncodedRows(matrix=part, offset=None) for part in (tame[5:17], tame[:5]))
    return scorer, rows, others


def same(found: dict[str, Array], right: dict[str, Array]) -> None:
    assert list(found) == list(right)
    for name, values in right.items():
        assert found[name].dtype == np.float64
        np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("case", "space", "output"), some_first(CASES, CASES[:1]))
def test_jax_gives_what_numpy_gives(
    case: str, space: Any, output: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several blocks of rows and of background rows, and some that are filled up.
    monkeypatch.setattr(emit.explaining, "_BLOCK", 300)
    monkeypatch.setattr(emit.explaining, "_MOST_OTHERS", 2)
    scorer, rows, others = encoded(case)
    options = ExplainOptions(output=output, space=space)
    right = Explainer(scorer, others, options).explain(rows)
    found = emit.explaining._Compiled(scorer, others, options).explain(rows)
    np.testing.assert_allclose(found.values, right.values, rtol=1e-9, atol=1e-9)
    assert found.error < 1e-9


@pytest.mark.long
def test_one_program_is_compiled_for_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mojo_reader.explaining.explainer._BATCH", 8)
    case = golden("multinomial")
    scorer, columns = Scorer(case.mojo()), case.columns()
    others = {name: cells[:7] for name, cells in columns.items()}
    wide = jax.config.read("jax_enable_x64")
    found = jax_contributions(scorer, columns, others)
    program = emit.explaining._program(scorer.mojo, "margin")
    assert program._cache_size() == 1
    jax_contributions(scorer, columns, others)
    assert program._cache_size() == 1
    assert jax.config.read("jax_enable_x64") == wide
    same(found, contributions(scorer, columns, others))


@pytest.mark.long
def test_an_offset_and_a_background_of_means() -> None:
    case = golden("offset")
    scorer = Scorer(case.mojo(), offset="server")
    with pytest.warns(BackgroundWarning, match="no background rows were given") as seen:
        found = jax_contributions(scorer, case.columns(), space="response", output="compact")
    assert seen[0].filename == __file__
    with pytest.warns(BackgroundWarning):
        right = contributions(scorer, case.columns(), space="response", output="compact")
    same(found, right)


def test_what_jax_does_not_explain_is_said() -> None:
    scorer = Scorer(golden("autoencoder_tanh").mojo())
    with pytest.raises(
        MojoUnsupportedError,
        match=r"^JAX explains no autoencoders: take contributions, which computes them in NumPy$",
    ):
        jax_contributions(scorer, golden("autoencoder_tanh").columns())
    case = golden("binomial_tanh")
    none = {name: cells[:0] for name, cells in case.columns().items()}
    with pytest.raises(MojoDataError, match="expected at least one background row, found none"):
        jax_contributions(Scorer(case.mojo()), case.columns(), none)
    with pytest.raises(ValueError, match="expected space='margin' or 'response'"):
        jax_contributions(Scorer(case.mojo()), case.columns(), none, space="logit")  # type: ignore[arg-type]
    found = jax_contributions(Scorer(case.mojo()), none, case.columns())
    assert {values.shape for values in found.values()} == {(0,)}
