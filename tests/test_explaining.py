"""Contributions: H2O's own to the rounding, and sound ones against what they are defined by."""

import csv
import dataclasses
import functools
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rules import Of, each_rule_first
from support import GOLDEN_FOLDER, Golden, golden, scored_cases

from mojo_reader import Mojo, Scorer, contributions
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import ExplainOptions
from mojo_reader.explaining.slopes import SLOPES
from mojo_reader.model import Activation, CategoricalInput, Classification, Reconstruction
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.rows import EncodedRows

FOLDER = GOLDEN_FOLDER / "contributions"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/case.json"))
#: The server's contributions, of every kind of model and release that has any.
FORMS = sorted(
    f"{path.parent.name}/{path.stem}"
    for path in FOLDER.glob("*/*_*.csv")
    if "dependence" not in path.name
)
PAIRED = 3, 4
Array = NDArray[np.float64]
Table = dict[str, list[str | None]]

pytestmark = pytest.mark.filterwarnings(
    "ignore::mojo_reader.scoring.row_warnings.OffsetWarning",
    "ignore::mojo_reader.UnseenLevelWarning",
    "ignore::mojo_reader.MissingColumnWarning",
)


def table(path: Path) -> Table:
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return {name: [row[place] or None for row in rows] for place, name in enumerate(header)}


def head(columns: Table, rows: int) -> Table:
    return {name: cells[:rows] for name, cells in columns.items()}


@functools.cache
def scorer(case: str) -> Scorer:
    return Scorer(FOLDER / case / "model.zip")


def rows(case: str) -> Table:
    return table(FOLDER / case / "rows.csv")


def background(case: str) -> Table:
    return table(FOLDER / case / "background.csv")


def stops(case: str) -> bool:
    return "original_margin" in json.loads((FOLDER / case / "case.json").read_text("utf-8")).get(
        "server_stops", {}
    )


def total(found: dict[str, Array]) -> Array:
    return np.sum([values for name, values in found.items() if not name.endswith("Idx")], axis=0)


# --------------------------------------------------------------------------- H2O's own


def test_there_are_cases_of_each_kind_and_release() -> None:
    explained = {form.partition("/")[0] for form in FORMS}
    assert len(explained) > 20
    assert sum(case.startswith("v3_44") for case in explained) == 4
    infos = [scorer(case).mojo.info for case in explained]
    assert {info.category for info in infos} == {"Binomial", "Regression"}
    assert {info.activation for info in infos} >= {"Tanh", "Rectifier", "Maxout"}


@pytest.mark.parametrize("form", FORMS)
def test_h2o_gives_the_servers_contributions(form: str) -> None:
    case, _, name = form.partition("/")
    output, space, *pairs = name.split("_")
    some, others = rows(case), background(case)
    if pairs:
        some, others = head(some, PAIRED[0]), head(others, PAIRED[1])
    found = contributions(
        scorer(case), some, others,
        method="h2o", output=output, space=space, per_reference=bool(pairs),
    )  # fmt: skip
    expected = table(FOLDER / f"{form}.csv")
    assert list(found) == list(expected)
    for column, cells in expected.items():
        right = np.array(cells, np.float64)
        np.testing.assert_allclose(found[column], right, rtol=1e-10, atol=1e-10, err_msg=column)


@pytest.mark.parametrize("case", [case for case in CASES if stops(case)])
def test_h2o_refuses_where_the_server_stops(case: str) -> None:
    with pytest.raises(
        MojoUnsupportedError, match=r"H2O's server stops at .*; take method='margin'"
    ):
        contributions(scorer(case), rows(case), background(case), method="h2o")


# --------------------------------------------------------------------------- adding up


def explained_rows(explainer: Explainer, encoded: EncodedRows) -> tuple[Array, list[int]]:
    """Explain the rows that can be: numbers of 1e300 overflow in some networks."""
    kept = list(range(len(encoded.matrix)))
    while True:
        try:
            return explainer.explain(matrix_rows(encoded.matrix[kept])).values, kept
        except RowError as error:
            # What two logits of 1e300 differ by is lost, where both classes are as probable.
            largest = np.abs(np.nan_to_num(encoded.matrix[kept[error.row]])).max()
            if "numbers are too large" not in str(error) or largest < 1e100:
                raise
            del kept[error.row]


def matrix_rows(matrix: Array) -> EncodedRows:
    return EncodedRows(matrix=matrix, offset=None)


def value(mojo_scorer: Scorer, matrix: Array, space: str) -> Array:
    """Compute what is explained from the scorer's own answers."""
    output = mojo_scorer.mojo.output
    if isinstance(output, Reconstruction):
        return mojo_scorer.anomaly_matrix(matrix, missing="server")[:, None]
    classes = isinstance(output, Classification)
    if space == "response":
        found = mojo_scorer.score_matrix(matrix)
        return found[:, 1:] if classes and len(output.labels) == 2 else found
    sums = last_sums(mojo_scorer.mojo).hidden_matrix(matrix, len(mojo_scorer.mojo.layers) - 1)
    if not classes:
        return sums / output.norm_resp_mul + output.norm_resp_sub
    if output.prior_factors is not None:
        sums += np.log(output.prior_factors)
    return sums[:, 1:] - sums[:, :1] if sums.shape[1] == 2 else sums - sums.mean(1, keepdims=True)


@functools.cache
def last_sums(mojo: Mojo) -> Scorer:
    """Return a scorer whose last layer gives its sums as they are."""
    last = dataclasses.replace(mojo.layers[-1], activation=Activation.LINEAR)
    return Scorer(dataclasses.replace(mojo, layers=(*mojo.layers[:-1], last)))


@pytest.mark.parametrize("case", each_rule_first(scored_cases(), Of.MODEL))
@pytest.mark.parametrize("space", ["margin", "response"])
def test_contributions_add_up_to_the_prediction(case: Golden, space: str) -> None:
    mojo_scorer = Scorer(case.mojo())
    encoded = mojo_scorer.encode_rows(case.columns())
    others = matrix_rows(encoded.matrix[:6])
    options = ExplainOptions(space=space)
    explainer = Explainer(mojo_scorer, others, options)
    found, kept = explained_rows(explainer, encoded)
    assert len(kept) > len(encoded.matrix) / 2
    matrix = encoded.matrix[kept]
    right = value(mojo_scorer, matrix, space)
    scale = 1 + np.abs(right) + np.abs(found).sum(axis=1)
    assert (np.abs(found.sum(axis=1) - right) / scale).max(initial=0) < 1e-9


@pytest.mark.parametrize("case", each_rule_first(scored_cases(), Of.MODEL))
def test_means_are_the_means_of_pairs_and_compact_the_sum_of_original(case: Golden) -> None:
    mojo_scorer = Scorer(case.mojo())
    encoded = mojo_scorer.encode_rows(case.columns())
    some = matrix_rows(encoded.matrix[6:12])
    others = matrix_rows(encoded.matrix[:5])
    for output in ("original", "compact"):
        means = Explainer(mojo_scorer, others, ExplainOptions(output=output)).explain(some).values
        options = ExplainOptions(output=output, per_reference=True)
        pairs = Explainer(mojo_scorer, others, options).explain(some).values
        averaged = pairs.reshape(len(some.matrix), 5, *pairs.shape[1:]).mean(axis=1)
        np.testing.assert_allclose(means, averaged, rtol=1e-9, atol=1e-9)
    original = Explainer(mojo_scorer, others, ExplainOptions()).explain(some).values
    np.testing.assert_allclose(original.sum(axis=1), means.sum(axis=1), rtol=1e-9, atol=1e-9)


def test_what_does_not_add_up_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**SLOPES, Activation.TANH: lambda *_: [np.full((12, 15, 1), 0.5)]}
    monkeypatch.setattr("mojo_reader.explaining.targets.SLOPES", wrong)
    with pytest.raises(RowError, match=r"^row 1: its contributions are \S+ from adding up"):
        contributions(scorer("binomial_tanh"), rows("binomial_tanh"), background("binomial_tanh"))


# --------------------------------------------------------------------------- Shapley's values


def shapley(
    function: Callable[[Array], Array], players: Sequence[Any], row: Array, other: Array
) -> Array:
    """Compute interventional Shapley values from all coalitions.

    Args:
        function: ``(rows, n_features)`` to ``(rows, outputs)``.
        players: the features of each player.
        row: ``(n_features,)``.
        other: the background row.
    """
    count = len(players)
    members = np.array(list(itertools.product([False, True], repeat=count)))
    matrix = np.tile(other, (len(members), 1))
    for player, features in enumerate(players):
        present = np.flatnonzero(members[:, player])
        matrix[present[:, None], features] = row[features]
    values = function(matrix)
    sizes = members.sum(axis=1)
    found = []
    for player in range(count):
        without = np.flatnonzero(~members[:, player])
        there = without + (1 << (count - 1 - player))
        weights = np.array([1 / (count * _chosen(count - 1, size)) for size in sizes[without]])
        found.append(weights @ (values[there] - values[without]))
    return np.array(found)


def _chosen(of: int, some: int) -> int:
    return len(list(itertools.combinations(range(of), some)))


def players_of(mojo: Mojo) -> list[list[int]]:
    widths = [c.width if isinstance(c, CategoricalInput) else 1 for c in mojo.inputs]
    return [
        list(range(column.feature, column.feature + width))
        for column, width in zip(mojo.inputs, widths, strict=True)
    ]


def worst_from_shapley(mojo_scorer: Scorer, encoded: Array, pairs: int) -> tuple[float, float]:
    """Return the largest difference from Shapley's values, and the largest of these."""
    players = players_of(mojo_scorer.mojo)
    options = ExplainOptions(output="compact", per_reference=True)
    others = matrix_rows(encoded[:pairs])
    some = encoded[pairs : 2 * pairs]
    explainer = Explainer(mojo_scorer, others, options)
    found = explainer.explain(matrix_rows(some)).values
    found = found.reshape(pairs, pairs, *found.shape[1:])[:, :, :-1]
    worst = largest = 0.0
    for place, row in enumerate(some):
        for number, other in enumerate(others.matrix):
            right = shapley(lambda m: value(mojo_scorer, m, "margin"), players, row, other)
            worst = max(worst, float(np.abs(found[place, number] - right).max()))
            largest = max(largest, float(np.abs(right).max()))
    return worst, largest


def linear(case: str) -> Mojo:
    """Return the network without its hidden layers' activation: a linear one of several layers."""
    mojo = golden(case).mojo()
    layers = [
        layer
        if layer.activation is Activation.SOFTMAX
        else dataclasses.replace(layer, activation=Activation.LINEAR)
        for layer in mojo.layers
    ]
    return dataclasses.replace(mojo, layers=tuple(layers))


@pytest.mark.parametrize(
    "case",
    [
        "binomial_tanh", "regression_rectifier", "multinomial", "balance_classes_multinomial",
        "encoding_binary", "encoding_label", "encoding_eigen", "hashed", "fewer_levels_mean",
        "encoding_enum_limited", "autoencoder_tanh", "autoencoder_encoding_label",
    ],
)  # fmt: skip
def test_of_a_linear_network_they_are_shapleys_values(case: str) -> None:
    mojo_scorer = Scorer(linear(case))
    encoded = mojo_scorer.encode(golden(case).columns())
    worst, largest = worst_from_shapley(mojo_scorer, encoded, 3)
    assert worst < 1e-9 * (1 + largest)
    assert largest > 0.001


@pytest.mark.parametrize(
    ("case", "bound"),
    [
        ("one_hidden_layer", 0.25), ("regression_tanh", 0.25), ("regression_exprectifier", 0.25),
        ("binomial_maxout_dropout", 0.25), ("binomial_tanh", 0.45), ("multinomial", 0.45),
    ],
)  # fmt: skip
def test_of_small_networks_they_are_near_shapleys_values(case: str, bound: float) -> None:
    mojo_scorer = Scorer(golden(case).mojo())
    encoded = mojo_scorer.encode(golden(case).columns())
    worst, largest = worst_from_shapley(mojo_scorer, encoded, 4)
    assert worst < bound * largest, worst / largest
