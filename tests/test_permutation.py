"""Importances over rows: permuted ones beside H2O's own runs, and those of contributions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from rows_support import Run, run, table_of
from test_dependence import ASKED, DEPENDENCE, asked_rows, asked_scorer, each_first_long, ignoring
from test_explaining import background, rows, scorer

from mojo_reader import Scorer, contribution_importances, contributions, permutation_importance
from mojo_reader.comparing import metrics
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.explaining.importances import COLUMNS

CASE = "binomial"
RUNS = 120
#: Runs that H2O made, by ``make_dependence.py``: of this case twice as many.
H2O_RUNS = {"binomial": 400}
METRICS = [
    (case, metric)
    for case in ASKED
    for metric in json.loads((DEPENDENCE / case / "permuted.json").read_text("utf-8"))
]


def runs_of(found: dict[str, Any]) -> Any:
    return np.stack([values for name, values in found.items() if name.startswith("run_")], axis=1)


# --------------------------------------------------------------------------- H2O's own runs


@pytest.mark.parametrize(("case", "metric"), each_first_long(METRICS))
def test_means_and_deviations_of_many_runs_are_h2os(case: str, metric: str) -> None:
    right = json.loads((DEPENDENCE / case / "permuted.json").read_text("utf-8"))[metric]
    found = permutation_importance(
        asked_scorer(case),
        asked_rows(case),
        metric=metric,  # type: ignore[arg-type]
        repeats=RUNS,
        seed=5,
    )
    assert sorted(found["variable"]) == sorted(right)
    for column, runs in zip(found["variable"], runs_of(found), strict=True):
        mean, deviation = right[column]
        error = np.hypot(deviation / np.sqrt(H2O_RUNS.get(case, 200)), runs.std() / np.sqrt(RUNS))
        # So many means are compared that one is 3 errors off by chance.
        assert abs(runs.mean() - mean) < 4 * error, column
        assert 0.7 < runs.std(ddof=1) / deviation < 1.4, column


# --------------------------------------------------------------------------- properties


def test_a_single_run_is_in_h2os_table() -> None:
    found = permutation_importance(asked_scorer(CASE), asked_rows(CASE), metric="logloss")
    assert tuple(found) == COLUMNS
    relative = found["relative_importance"]
    assert (np.diff(relative) <= 0).all()
    np.testing.assert_allclose(found["scaled_importance"], relative / relative[0])
    np.testing.assert_allclose(found["percentage"].sum(), 1)
    again = permutation_importance(
        asked_scorer(CASE), asked_rows(CASE), metric="logloss", repeats=2, columns=["age", "city"]
    )
    # A column's numbers are its own, whichever others are asked for.
    both = dict(zip(again["variable"], again["run_1"], strict=True))
    assert both == {name: relative[list(found["variable"]).index(name)] for name in both}
    assert (again["run_1"] != again["run_2"]).all()


@pytest.mark.parametrize(
    ("case", "response"), [("binomial_tanh", "y"), ("multinomial", "y"), ("gamma_maxout", "y")]
)
def test_a_column_that_the_network_ignores_has_no_importance(case: str, response: str) -> None:
    blind = Scorer(ignoring(scorer(case).mojo, "age", "city"))
    found = permutation_importance(blind, rows(case), response, repeats=3)
    for column, runs in zip(found["variable"], runs_of(found), strict=True):
        assert (runs == 0).all() == (column in {"age", "city"}), column
    shares = contribution_importances(blind, rows(case), background(case))
    for column, value in zip(shares["variable"], shares["relative_importance"], strict=True):
        assert (value == 0) == (column in {"age", "city"}), column


def test_auto_is_h2os_choice() -> None:
    for case, metric in (("binomial", "AUC"), ("multinomial", "logloss"), ("poisson", "RMSE")):
        auto = permutation_importance(asked_scorer(case), asked_rows(case))
        named = permutation_importance(asked_scorer(case), asked_rows(case), metric=metric)  # type: ignore[arg-type]
        np.testing.assert_array_equal(auto["relative_importance"], named["relative_importance"])


def test_rows_are_drawn_for_each_run() -> None:
    some = permutation_importance(
        asked_scorer(CASE), asked_rows(CASE), metric="MSE", samples=40, repeats=300, columns=["age"]
    )
    every = permutation_importance(
        asked_scorer(CASE), asked_rows(CASE), metric="MSE", samples=None, repeats=300,
        columns=["age"],
    )  # fmt: skip
    ours, all_rows = runs_of(some)[0], runs_of(every)[0]
    error = np.hypot(ours.std(), all_rows.std()) / np.sqrt(300)
    # A permutation of n rows leaves 1 in n where it is.
    assert ours.mean() / (1 - 1 / 40) == pytest.approx(
        all_rows.mean() / (1 - 1 / 160), abs=5 * error
    )
    assert ours.std() > 1.5 * all_rows.std()


def test_weights_and_rows_without_a_response() -> None:
    table = {name: list(cells) for name, cells in rows("binomial_tanh").items()}
    missing = {**table, "y": [None, *table["y"][1:]]}
    weighed = {**table, "w": [0.0] + [2.0] * 11}
    first = permutation_importance(scorer("binomial_tanh"), missing, metric="logloss", repeats=2)
    second = permutation_importance(
        scorer("binomial_tanh"), weighed, metric="logloss", repeats=2, weights="w"
    )
    np.testing.assert_allclose(runs_of(first), runs_of(second), rtol=1e-13)
    assert first["variable"].tolist() == second["variable"].tolist()


# --------------------------------------------------------------------------- metrics


def test_pr_auc_is_h2os() -> None:
    """By ``AUC2.pr_auc``, a loop over the thresholds."""
    random = np.random.default_rng(3)
    for _ in range(20):
        scores = random.integers(0, 12, 40) / 12
        positive = random.random(40) < scores
        weights = random.integers(0, 3, 40).astype(float)
        if not (weights * positive).any() or not (weights * ~positive).any():
            continue
        right = _h2o_pr_auc(scores, positive, weights)
        assert metrics.pr_auc(scores, positive, weights) == pytest.approx(right, rel=1e-12)
    assert np.isnan(metrics.pr_auc(np.arange(3.0), np.ones(3, bool), np.ones(3)))
    assert metrics.pr_auc(np.array([0.1, 0.9]), np.array([False, True]), np.ones(2)) == 1.0


def _h2o_pr_auc(scores: Any, positive: Any, weights: Any) -> float:
    area = tp0 = fp0 = tp = fp = 0.0
    total = (weights * positive).sum()
    for threshold in sorted(set(scores), reverse=True):
        here = scores == threshold
        tp, fp = tp + (weights * positive)[here].sum(), fp + (weights * ~positive)[here].sum()
        if tp != tp0:
            h = (fp - fp0) / (tp - tp0)
            a, b = 1 + h, (fp0 - h * tp0) / total
            x, x0 = tp / total, tp0 / total
            if b:
                area += (x - x0 - b / a * (np.log(a * x + b) - np.log(a * x0 + b))) / a
            else:
                area += (x - x0) / a
        tp0, fp0 = tp, fp
    return area


def test_the_error_of_two_classes_is_at_the_best_f1() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.2])
    positive = np.array([True, False, True, True, False])
    # From 0.6 on: 3 hits, 1 miss, F1 6/7. Half of the other class is wrong.
    assert metrics.error_at_max_f1(scores, positive, np.ones(5)) == pytest.approx(0.25)
    assert np.isnan(metrics.error_at_max_f1(scores, np.zeros(5, bool), np.ones(5)))


# --------------------------------------------------------------------------- contributions


@pytest.mark.parametrize("case", ["binomial_tanh", "encoding_binary", "autoencoder"])
def test_importances_of_contributions_are_their_mean_size(case: str) -> None:
    right = contributions(scorer(case), rows(case), background(case), output="compact")
    found = contribution_importances(scorer(case), rows(case), background(case))
    assert tuple(found) == COLUMNS
    sizes = {name: np.abs(values).mean() for name, values in right.items() if name != "BiasTerm"}
    assert dict(zip(found["variable"], found["relative_importance"], strict=True)) == (
        pytest.approx(sizes)
    )
    assert (np.diff(found["relative_importance"]) <= 0).all()


def test_of_more_classes_they_are_of_each_and_of_all() -> None:
    case = "multinomial"
    right = contributions(
        scorer(case), rows(case), background(case), output="compact", space="response"
    )
    found = contribution_importances(scorer(case), rows(case), background(case), space="response")
    labels = scorer(case).mojo.output.labels  # type: ignore[union-attr]
    assert tuple(found) == (*COLUMNS, *(f"relative_importance.{label}" for label in labels))
    for place, name in enumerate(found["variable"]):
        sizes = np.abs(right[name]).mean(axis=0)
        assert [found[f"relative_importance.{label}"][place] for label in labels] == pytest.approx(
            sizes.tolist()
        )
        assert found["relative_importance"][place] == pytest.approx(sizes.sum())


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"metric": "MAE"}, "a Binomial model has no metric MAE; it has 'AUC', 'PR_AUC'"),
        ({"response": "Y"}, r"the rows lack the column 'Y' \(did you mean 'y'\?\)"),
        ({"response": "color"}, "column 'color': expected one of the model's classes 'no', 'yes'"),
        ({"columns": ["agee"]}, r"reads no column 'agee' \(did you mean 'age'\?\)"),
        ({"columns": []}, "expected at least one column, found none"),
        ({"weights": "ratio"}, "column 'ratio': expected a weight of 0 or more"),
    ],
)  # fmt: skip
def test_what_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MojoDataError, match=sentence):
        permutation_importance(asked_scorer(CASE), asked_rows(CASE), **options)


def test_rows_that_cannot_be_measured_are_refused() -> None:
    case = "binomial_tanh"
    table = rows(case)
    with pytest.raises(MojoDataError, match="expected at least two rows to mix up, found 1"):
        permutation_importance(scorer(case), {name: cells[:1] for name, cells in table.items()})
    with pytest.raises(MojoDataError, match="the rows have no AUC: it needs rows of both classes"):
        permutation_importance(scorer(case), {**table, "y": ["yes"] * 12})
    with pytest.raises(MojoDataError, match="no row has a response, a weight and a prediction"):
        permutation_importance(scorer(case), {**table, "y": [None] * 12})
    with pytest.raises(MojoDataError, match="an autoencoder has no response"):
        permutation_importance(scorer("autoencoder"), rows("autoencoder"))
    for wrong, sentence in (
        ({"repeats": 0}, "expected repeats of 1 or more, found 0"),
        ({"samples": 1}, "expected samples of 2 or more, found 1"),
        ({"metric": "R2"}, "expected metric='AUTO' or 'AUC'"),
    ):
        with pytest.raises(ValueError, match=sentence):
            permutation_importance(scorer(case), table, **wrong)  # type: ignore[arg-type]
    with pytest.raises(MojoDataError, match="expected at least one row, found none"):
        contribution_importances(scorer(case), {n: [] for n in table}, background(case))
    with pytest.raises(MojoUnsupportedError, match="H2O's server stops at 3 classes"):
        contribution_importances(
            scorer("multinomial"), rows("multinomial"), background("multinomial"), method="h2o"
        )


# --------------------------------------------------------------------------- the command


def importances(capfd: pytest.CaptureFixture[str], *words: object, case: str = CASE) -> Run:
    folder = DEPENDENCE / case
    marked = [folder / "rows.csv" if word == "ROWS" else word for word in words]
    return run(capfd, "importances", folder / "model.zip", *marked)


def test_a_file_holds_what_python_returns(capfd: pytest.CaptureFixture[str]) -> None:
    words = ("--permute", "--metric", "pr_auc", "--repeats", 3, "--samples", 90, "--weights", "w")
    done = importances(capfd, "--rows", "ROWS", *words, "-c", "age", "-c", "city", "-o", "-")
    assert done.code == 0, done.err
    header, lines = table_of(done.out)
    right = permutation_importance(
        asked_scorer(CASE), asked_rows(CASE), metric="PR_AUC", repeats=3, samples=90, weights="w",
        columns=["age", "city"],
    )  # fmt: skip
    assert header == list(right) == ["variable", "run_1", "run_2", "run_3"]
    assert [line[0] for line in lines] == right["variable"].tolist()
    np.testing.assert_allclose(np.array([line[1:] for line in lines], float), runs_of(right))


@pytest.mark.long
def test_contributions_of_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "i.parquet"
    words = ("--contributions", "--background", "ROWS", "--space", "response")
    done = importances(capfd, "--rows", "ROWS", *words, "-o", target, case="multinomial")
    assert done.code == 0, done.err
    found = pq.read_table(target).to_pydict()
    right = contribution_importances(
        asked_scorer("multinomial"), asked_rows("multinomial"), asked_rows("multinomial"),
        space="response",
    )  # fmt: skip
    assert list(found) == list(right)
    for name, values in right.items():
        assert found[name] == pytest.approx(values.tolist()), name
    done = importances(capfd, "--rows", "ROWS", "--contributions", "--json")
    assert "no background rows were given" in done.err
    assert len(json.loads(done.out)) == 8


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "case"),
    [
        ([], CASE),
        (["--rows", "ROWS", "--permute", "--repeats", "3"], CASE),
        (["--rows", "ROWS", "--contributions", "-b", "ROWS"], "multinomial"),
    ],
)
def test_pictures(
    words: list[str], case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "p.svg"
    done = importances(capfd, *words, "--plot", target, case=case)
    assert done.code == 0, done.err
    assert done.out == ""
    assert f"{target}: " in done.err
    assert target.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    each_first_long([
        (["--rows", "ROWS"], 2, "needs --permute or --contributions"),
        (["--permute"], 2, "needs --rows ROWS"),
        (["--rows", "ROWS", "--permute", "--contributions"], 2, "choose --permute or"),
        (["--rows", "ROWS", "--permute", "-b", "ROWS"], 2, "needs --contributions"),
        (["--rows", "ROWS", "--contributions", "-c", "age"], 2, "needs --permute"),
        (["--rows", "ROWS", "--contributions", "--repeats", "3"], 2, "needs --permute"),
        (["--rows", "ROWS", "--permute", "--metric", "gini"], 2, "expected AUTO or AUC"),
        (["--rows", "ROWS", "--permute", "--metric", "MAE"], 4, "Binomial model has no metric MAE"),
        (["--rows", "ROWS", "--permute", "--response", "z"], 4, "lack the response column 'z'"),
        (["--rows", "ROWS", "--permute", "--response", "color"], 4, "expected one of the model's"),
        (["--rows", "ROWS", "--permute", "-c", "agee"], 4, "(did you mean 'age'?)"),
        (["--plot", "p.bmp"], 6, "expected a picture's name that ends in .png, .svg, .pdf"),
        (["-o", "t.xls"], 2, "Excel's files are not written"),
    ]),
)  # fmt: skip
def test_what_the_program_refuses(
    words: list[str], code: int, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    done = importances(capfd, *words)
    assert done.code == code, done.err
    assert sentence in " ".join(done.err.split())
