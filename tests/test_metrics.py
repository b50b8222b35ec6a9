"""H2O's metrics of models and rows whose metrics H2O's server told (``make_metrics.py``)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pc
import pytest
from rows_support import run
from support import GOLDEN_FOLDER

from mojo_reader import Scorer, measure, read_mojo
from mojo_reader.comparing import metrics
from mojo_reader.comparing.metrics.binned import BINS, binned
from mojo_reader.comparing.metrics.pairs import AUC_TYPES, of_pairs
from mojo_reader.comparing.metrics.quantiles import quantiles
from mojo_reader.errors import MojoDataError
from mojo_reader.files.measured import MeasureFileOptions, measure_file
from mojo_reader.scoring.options import OffsetRule

FOLDER = GOLDEN_FOLDER / "metrics"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/metrics.json"))
#: H2O's names in its answers that are others than those of its clients.
NAMES = {"mae": "MAE", "rmsle": "RMSLE"}
TOLERANCE = 1e-9
#: H2O has its hit ratios as float32.
SINGLE = 1e-6


class Case:
    """A model, its labelled rows, and H2O's metrics of them."""

    def __init__(self, name: str) -> None:
        facts = json.loads((FOLDER / name / "metrics.json").read_text("utf-8"))
        self.metrics: dict[str, Any] = facts["metrics"]
        self.weights: str | None = facts["parameters"].get("weights_column")
        self.response: str | None = facts["parameters"].get("response_column")
        self.rows: Path = FOLDER / facts["rows"]
        self.mojo = read_mojo(FOLDER / name / "model.zip")

    def table(self) -> Any:
        return pc.read_csv(self.rows, convert_options=pc.ConvertOptions(strings_can_be_null=True))

    def measured(self) -> metrics.Performance:
        offset: OffsetRule = "server" if self.mojo.info.offset_column else "java"
        return measure(Scorer(self.mojo, offset=offset), self.table())


def close(found: float, right: float, tolerance: float = TOLERANCE) -> bool:
    return abs(found - right) <= tolerance * (1 + abs(right))


# --------------------------------------------------------------------------- H2O's own


@pytest.mark.filterwarnings("ignore::mojo_reader.MissingColumnWarning")
@pytest.mark.parametrize("name", CASES)
def test_figures_are_those_of_h2os_server(name: str) -> None:
    case = Case(name)
    found = case.measured()
    figures = {**found.figures, **found.binned}
    right = {NAMES.get(key, key): float(value) for key, value in case.metrics.items()
             if isinstance(value, int | float)}  # fmt: skip
    assert found.rows == right.pop("nobs")
    thresholds = right.pop("thresholds", 0)
    assert set(right) <= set(figures)
    for figure, value in right.items():
        assert close(figures[figure], value), figure
    if found.curve is not None:
        assert min(len(found.curve.thresholds), BINS) == thresholds
        assert bool(found.binned) == (len(found.curve.thresholds) > BINS)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("binomial")])
def test_tables_of_two_classes_are_those_of_h2os_server(name: str) -> None:
    case = Case(name)
    found = case.measured()
    curve = found.curve
    assert curve is not None
    assert found.gains is not None
    if found.binned:
        table = case.table()
        known = table["binary"].is_valid().to_numpy(zero_copy_only=False)
        scores = Scorer(case.mojo).predict_proba(table)[known, 1]
        positive = table["binary"].to_numpy(zero_copy_only=False)[known] == "yes"
        curve = binned(scores, positive, table[case.weights].to_numpy()[known])
    sampled = case.metrics["curve"]
    places = np.arange(0, len(curve.thresholds), 25)
    # H2O's table shows weights without what is behind the decimal point.
    whole = {"tps": np.trunc(curve.hits + TOLERANCE), "fps": np.trunc(curve.misses + TOLERANCE)}
    for column, values in {"threshold": curve.thresholds, **whole}.items():
        np.testing.assert_allclose(values[places], sampled[column], rtol=TOLERANCE, atol=TOLERANCE)
    maxima = curve.maxima()
    for criterion, threshold, value, place in zip(
        *case.metrics["max_criteria_and_metric_scores"]["data"], strict=True
    ):
        best = maxima.pop(criterion)
        assert (best.place, close(best.threshold, threshold)) == (place, True), criterion
        assert close(best.value, value), criterion
    assert not maxima
    table = case.metrics["gains_lift_table"]
    assert table["columns"] == list(found.gains.columns)
    for column, right in zip(table["columns"], table["data"], strict=True):
        np.testing.assert_allclose(
            found.gains.columns[column],
            np.array(right, float),
            TOLERANCE,
            TOLERANCE,
            err_msg=column,
        )


@pytest.mark.parametrize("auc_type", AUC_TYPES)
def test_areas_of_several_classes_are_means_over_classes_or_pairs(auc_type: str) -> None:
    draws = np.random.default_rng(8)
    actual, weights = draws.integers(0, 3, 60), draws.uniform(0.5, 2, 60)
    values = draws.dirichlet(np.ones(4), 60)
    found = of_pairs(values, actual, weights, auc_type)
    # The last class is absent, and has no area against the rest, as in H2O.
    sizes = np.bincount(actual, weights, 4)
    areas, shares = [], []
    for a in range(4):
        others = range(a + 1, 4) if auc_type.endswith("OVO") else (-1,)
        for b in others:
            own = (actual == a) | (actual == b) | (b < 0)
            pair = [a] if b < 0 else [a, b]
            areas.append(np.mean([pairs_area(values[own, c], actual[own] == c, weights[own])
                                  for c in pair]))  # fmt: skip
            shares.append(sizes[pair].sum())
    by = shares if auc_type.startswith("WEIGHTED") else None
    assert found["AUC"] == pytest.approx(np.average(areas, weights=by))


def pairs_area(scores: Any, positive: Any, weights: Any) -> float:
    """Count pairs in order; H2O's 1 or 0 where a class is absent."""
    if not positive.any() or positive.all():
        return float(positive.all())
    ahead = scores[positive][:, None] - scores[~positive][None, :]
    pairs = weights[positive][:, None] * weights[~positive][None, :]
    return float((pairs * (ahead > 0)).sum() / pairs.sum())


def test_hit_ratios_are_h2os_where_all_rows_weigh_1() -> None:
    case = Case("multinomial")
    right = case.metrics["hit_ratio_table"]["data"][1]
    found = case.measured().hit_ratios
    assert found is not None
    np.testing.assert_allclose(found, right, rtol=SINGLE)


@pytest.mark.parametrize("name", ["gaussian_offset", "binomial_whole_weights", "autoencoder"])
def test_a_file_is_measured_as_its_table_is(name: str) -> None:
    case = Case(name)
    found = measure_file(case.mojo, case.rows, MeasureFileOptions())
    assert found.weights == case.weights
    assert found.rows == len(case.table())
    assert found.performance.as_dict() == case.measured().as_dict()


# --------------------------------------------------------------------------- rows and weights


def test_weights_of_training_have_to_be_there_as_in_h2o() -> None:
    case = Case("binomial_weights")
    rows = case.table().drop_columns(["parts"])
    scorer = Scorer(case.mojo)
    message = (
        "the rows lack the weights column 'parts' that the model was trained with "
        "(--unweighted, in Python unweighted=True, measures without)"
    )
    with pytest.raises(MojoDataError) as caught:
        measure(scorer, rows)
    assert caught.value.reason == message
    found = measure(scorer, rows, unweighted=True)
    ones = case.table().set_column(
        case.table().column_names.index("parts"), "parts", [np.ones(rows.num_rows)]
    )
    assert found.as_dict() == measure(scorer, ones).as_dict()
    with pytest.raises(MojoDataError, match="the rows lack the weights column 'w'"):
        measure(scorer, rows, weights="w")
    with pytest.raises(ValueError, match="found both"):
        measure(scorer, rows, weights="w", unweighted=True)


def test_rows_without_response_weight_or_prediction_are_not_measured() -> None:
    mojo = Case("binomial").mojo
    values = np.array([[0.4, 0.6], [0.9, 0.1], [np.nan, np.nan], [0.2, 0.8], [0.5, 0.5]])
    labels = np.array([1, 0, 0, 1, 1])
    response = np.array([1.0, 0.0, 1.0, np.nan, 0.0])
    weights = np.array([2.0, 1.0, 1.0, 1.0, 0.0])
    found = metrics.of_predictions(mojo, values, labels, response, weights)
    few = metrics.of_predictions(mojo, values[:2], labels[:2], response[:2], weights[:2])
    assert found == few
    assert found["AUC"] == 1.0
    assert metrics.of_predictions(mojo, values[2:3], labels[2:3], response[2:3]) == {}
    assert metrics.performance(mojo, values[2:3], labels[2:3], response[2:3]) is None


def test_a_single_class_has_no_curve_and_no_area() -> None:
    mojo = Case("binomial").mojo
    values = np.array([[0.4, 0.6], [0.9, 0.1]])
    found = metrics.performance(mojo, values, np.array([1, 0]), np.array([1.0, 1.0]))
    assert found is not None
    assert np.isnan([found.figures[name] for name in ("AUC", "pr_auc", "Gini")]).all()
    assert found.as_dict()["metrics"]["AUC"] is None
    assert found.figures["accuracy"] == 0.5


def test_a_distribution_whose_number_the_file_does_not_tell_has_no_deviance() -> None:
    from dataclasses import replace

    mojo = Case("tweedie").mojo
    bare = replace(mojo, kept=replace(mojo.kept, members={}))
    values, response = np.array([[1.0], [2.0]]), np.array([0.0, 3.0])
    assert "mean_residual_deviance" in metrics.of_predictions(mojo, values, None, response)
    assert "mean_residual_deviance" not in metrics.of_predictions(bare, values, None, response)


# --------------------------------------------------------------------------- the command


def test_the_command_prints_h2os_figures_and_both_where_h2o_bins(
    capfd: pytest.CaptureFixture[str],
) -> None:
    case = Case("binomial_many")
    model = FOLDER / "binomial_many/model.zip"
    done = run(capfd, "measure", model, case.rows)
    figures = case.measured()
    assert done.code == 0
    assert "780 rows of 800, the others lack a response" in done.out
    assert "weights: parts" in done.out
    for value in (figures.figures["AUC"], figures.binned["AUC"], figures.figures["r2"]):
        assert f"{value:.6g}" in done.out
    best = figures.curve and figures.curve.best("f1")
    assert best
    assert f"from the threshold {best.threshold:.6g} on" in done.out
    found = json.loads(run(capfd, "measure", model, case.rows, "--json").out)
    assert found == {**json.loads(json.dumps(figures.as_dict())), "weights": "parts"}
    done = run(capfd, "measure", model, case.rows, "-q")
    assert (done.code, done.out) == (0, "")


@pytest.mark.parametrize(
    ("name", "columns", "words", "code", "said"),
    [
        ("autoencoder", "all", ["--response", "number"], 4, "an autoencoder has no response"),
        (
            "binomial",
            "age shape ratio",
            [],
            4,
            "lack the response column 'binary' (--resp",
        ),
        ("huber", "age shape ratio number", [], 4, "(--unweighted, in Python unweighted=True, mea"),
        ("huber", "age number", ["--weights", "w"], 4, "the rows lack the weights column 'w'"),
        ("huber", "all", ["--weights", "w", "--unweighted"], 2, "choose --weights or --unweighted"),
        ("huber", "all", ["--offset", "always"], 3, "trained without an offset column"),
        ("multinomial", "all", ["--response", "shape"], 4, "one of the model's classes"),
    ],
)
def test_the_command_refuses_what_it_cannot_measure(  # noqa: PLR0913 - cases
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    name: str,
    columns: str,
    words: list[str],
    code: int,
    said: str,
) -> None:
    table = Case(name).table()
    if columns != "all":
        table = table.select(columns.split())
    pc.write_csv(table, tmp_path / "rows.csv")
    done = run(capfd, "measure", FOLDER / name / "model.zip", tmp_path / "rows.csv", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


# --------------------------------------------------------------------------- parts


def test_many_rows_join_bins_that_some_of_them_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mojo_reader.comparing.metrics.binned._ONE_BY_ONE", 2000)
    draws = np.random.default_rng(5)
    # Sorted, so that the first rows say nothing of the others.
    scores = np.sort(draws.beta(0.5, 2, 20_000))
    positive = draws.random(20_000) < scores
    weights = draws.uniform(0.1, 3, 20_000)
    found, exact = binned(scores, positive, weights), metrics.Curve.of(scores, positive, weights)
    assert len(found.thresholds) == BINS
    assert (found.positives, found.negatives) == pytest.approx((exact.positives, exact.negatives))
    assert found.auc() == pytest.approx(exact.auc(), abs=1e-4)
    assert found.pr_auc() == pytest.approx(exact.pr_auc(), abs=1e-3)


def test_quantiles_of_whole_weights_are_those_of_as_many_rows() -> None:
    draws = np.random.default_rng(6)
    values, weights = draws.normal(size=50).round(1), draws.integers(0, 4, 50).astype(float)
    shares = [0.0, 0.013, 0.5, 0.77, 1.0]
    many = np.repeat(values, weights.astype(int))
    np.testing.assert_allclose(quantiles(values, shares, weights), np.quantile(many, shares))


def test_quantiles_of_parts_end_where_no_pass_is_narrower() -> None:
    # Sums that H2O cuts off never reach the row that is looked for.
    found = quantiles(np.arange(5.0), [0.0, 0.5, 1.0], np.full(5, 0.3))
    assert np.isfinite(found).all()
