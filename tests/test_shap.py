"""Contributions as shap's own ``Explanation``, and its plots of them."""

import re
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support import golden, pip_install

from mojo_reader import Scorer, contributions, to_shap
from mojo_reader.errors import MissingExtraError

Table = dict[str, list[str | None]]

pytestmark = pytest.mark.filterwarnings(
    "ignore::mojo_reader.UnseenLevelWarning",
    "ignore::mojo_reader.MissingColumnWarning",
    "ignore::mojo_reader.scoring.row_warnings.OffsetWarning",
)


def explained(case: str, **options: Any) -> tuple[Scorer, Table, Table]:
    columns = {name: cells[:40] for name, cells in golden(case).columns().items()}
    others = {name: cells[:5] for name, cells in columns.items()}
    return Scorer(golden(case).mojo(), **options), columns, others


def test_without_shap_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    scorer, rows, others = explained("binomial_tanh")
    said = f"^{re.escape('to_shap needs shap; install it with: ' + pip_install('shap'))}$"
    with pytest.raises(MissingExtraError, match=said):
        to_shap(scorer, rows, others)


@pytest.mark.shap
@pytest.mark.parametrize(
    ("case", "choice"),
    [
        ("binomial_tanh", {"space": "response"}),
        ("binomial_tanh", {"method": "h2o"}),
        ("multinomial", {}),
        ("encoding_binary", {}),
        ("hashed", {}),
        ("autoencoder_tanh", {}),
    ],
)
def test_it_holds_what_contributions_returns(case: str, choice: dict[str, Any]) -> None:
    import shap

    scorer, rows, others = explained(case)
    rows = tame(rows)
    found = to_shap(scorer, rows, others, **choice)
    right = contributions(scorer, rows, others, output="compact", **choice)
    assert isinstance(found, shap.Explanation)
    assert [*found.feature_names, "BiasTerm"] == list(right)
    np.testing.assert_array_equal(found.base_values, right["BiasTerm"])
    for place, name in enumerate(found.feature_names):
        np.testing.assert_array_equal(found.values[:, place], right[name])
    if case == "multinomial":
        assert list(found.output_names) == list(scorer.mojo.output.labels)


def tame(rows: Table) -> Table:
    """Return rows whose numbers any network bears."""
    bad = {
        place
        for cells in rows.values()
        for place, cell in enumerate(cells)
        if cell is not None and "e" in cell and cell[:1].isdigit()
    }
    return {
        name: [cell for place, cell in enumerate(cells) if place not in bad]
        for name, cells in rows.items()
    }


@pytest.mark.shap
@pytest.mark.parametrize("case", ["binomial_tanh", "encoding_binary"])
def test_cells_are_those_of_the_rows(case: str) -> None:
    scorer, rows, others = explained(case)
    found = to_shap(scorer, rows, others)
    names = list(found.feature_names)
    levels = {column.name: getattr(column, "levels", None) for column in scorer.mojo.inputs}
    city, age = names.index("city"), names.index("age")
    seen = set()
    for place, cell in enumerate(rows["city"]):
        shown, number = found.display_data[place, city], found.data[place, city]
        if cell in levels["city"]:
            assert shown == cell
            assert levels["city"][int(number)] == cell
        else:
            assert shown in {"missing", "unseen"}
            assert np.isnan(number)
        seen.add(shown)
    assert len(seen) > 2
    numbers = [float("nan") if cell in {None, "", "NA"} else cell for cell in rows["age"]]
    assert found.data[:5, age].tolist() == pytest.approx(
        [float(number) for number in numbers[:5]], nan_ok=True
    )


@pytest.mark.shap
def test_levels_that_set_the_same_are_all_named() -> None:
    scorer, rows, others = explained("encoding_eigen")
    found = to_shap(scorer, rows, others)
    shown = found.display_data[:, list(found.feature_names).index("city")]
    assert shown[rows["city"].index("Delft")] == "Cork or Delft or Essen ..."


@pytest.mark.shap
def test_an_offset_is_a_column_and_its_cell() -> None:
    scorer, rows, others = explained("offset", offset="server")
    found = to_shap(scorer, rows, others)
    name = scorer.mojo.info.offset_column
    assert found.feature_names[-1] == name
    np.testing.assert_array_equal(
        found.data[:5, -1], np.array(rows[str(name)][:5], dtype=np.float64)
    )


@pytest.fixture
def figures() -> Iterator[Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    yield plt
    plt.close("all")


@pytest.mark.shap
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("plot", ["waterfall", "beeswarm", "bar", "scatter", "scatter_levels"])
@pytest.mark.parametrize("case", ["binomial_tanh", "multinomial"])
def test_its_plots_draw_them(case: str, plot: str, figures: Any) -> None:
    import shap

    scorer, rows, others = explained(case)
    found = to_shap(scorer, tame(rows), others)
    if case == "multinomial":
        found = found[:, :, found.output_names[1]]
        assert found.values.ndim == 2
    if plot == "waterfall":
        shap.plots.waterfall(found[3], show=False)
        drawn = [text.get_text() for text in figures.gcf().axes[0].get_yticklabels()]
        city = found.display_data[3, found.feature_names.index("city")]
        assert any(f"{city} = city" in text for text in drawn)
    elif plot.startswith("scatter"):
        column = "city" if plot == "scatter_levels" else "age"
        shap.plots.scatter(found[:, column], show=False)
        assert figures.gcf().axes[0].get_xlabel() == column
    else:
        getattr(shap.plots, plot)(found, show=False)
        drawn = [text.get_text() for text in figures.gcf().axes[0].get_yticklabels()]
        assert {"city", "age"} <= {text.rpartition("= ")[2] for text in drawn}
    figures.gcf().canvas.draw()
