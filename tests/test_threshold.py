"""The threshold of the largest F1, against H2O's."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from java_support import thresholds_in_java
from numpy.typing import NDArray
from support import GOLDEN_FOLDER, golden, golden_cases

from mojo_reader import Mojo, Scorer, read_mojo, write_mojo
from mojo_reader.comparing.sameness import differences
from mojo_reader.details import DETAILS
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.making.threshold import max_f1_threshold, with_threshold

sys.path.append(str(GOLDEN_FOLDER))
from cases import CASES
from frames import Frame

#: Two classes, of which H2O took the threshold from all rows of the frame that is made here.
TRAINED = (
    *("binomial_tanh", "binomial_exprectifier", "binomial_maxout_dropout", "bernoulli"),
    *("numbers_only", "time_column", "v3_20_binomial_maxout", "v3_28_binomial_rectifier_dropout"),
    # 2,000 rows in 400 bins, and rows with weights.
    *("levels_thousand", "weights"),
)


@pytest.mark.parametrize("name", TRAINED)
def test_the_training_rows_give_h2os_own_threshold(name: str) -> None:
    """The rows that H2O trained on, scored here, and the threshold that H2O wrote."""
    (case,) = (case for case in CASES if case.name == name)
    frame, mojo = case.frame(), golden(name).mojo()
    rows = {column.name: list(frame[column.name].cells) for column in mojo.inputs}
    probabilities = Scorer(mojo).predict_proba(rows)[:, 1]
    actual = _codes(frame, mojo.output.response, mojo.output.labels)
    weights = case.parameters.get("weights_column")
    found = max_f1_threshold(
        probabilities, actual, None if weights is None else frame[str(weights)].cells
    )
    assert found == pytest.approx(mojo.output.threshold, rel=1e-13, abs=0)


def _codes(frame: Frame, response: str, labels: Sequence[str]) -> list[float]:
    cells = frame[response].cells
    return [float("nan") if cell is None else labels.index(str(cell)) for cell in cells]


def test_h2os_bins_give_h2os_threshold() -> None:
    """The histogram that H2O wrote of each model, with the counts of its bins as weights."""
    checked = 0
    for case in golden_cases():
        mojo = case.mojo()
        table = _bins(mojo)
        # The threshold of a rewritten model may be none of H2O's.
        if table is None or "rewritten_from" in case.case:
            continue
        centers = np.array(table["threshold"])
        counts = [np.diff(table[name], prepend=0.0) for name in ("tps", "fps")]
        threshold = max_f1_threshold(
            np.tile(centers, 2), np.repeat([1, 0], len(centers)), np.concatenate(counts)
        )
        assert threshold == mojo.output.threshold, case.name
        checked += 1
    assert checked >= 70


def _bins(mojo: Mojo) -> dict[str, Any] | None:
    """``thresholds_and_metric_scores`` by column; None where the model has no two classes."""
    content = mojo.kept.members.get(DETAILS)
    metrics = {} if content is None else json.loads(content)["output"]["training_metrics"]
    table = metrics.get("thresholds_and_metric_scores")
    if table is None:
        return None
    return dict(zip([column["name"] for column in table["columns"]], table["data"], strict=True))


# --------------------------------------------------------------------------- H2O's own AUC2

Rows = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]


def _made_rows(count: int, kind: str) -> Rows:
    random = np.random.default_rng(count)
    actual = (random.random(count) < 0.3).astype(np.int64)
    probabilities = np.clip(random.beta(2, 5, count) + 0.2 * actual, 0, 1)
    match kind:
        case "rounded":
            probabilities = probabilities.round(2)
        case "sorted":
            probabilities = np.sort(probabilities)
        case "of one float32":
            probabilities = 0.5 + probabilities * 1e-6
    weights = random.uniform(0.01, 3, count) if kind == "weighted" else np.ones(count)
    return probabilities, actual, weights


@pytest.mark.java
def test_any_rows_give_the_threshold_of_h2os_own_code(tmp_path: Path) -> None:
    kinds = ("plain", "weighted", "rounded", "sorted", "of one float32")
    made = [_made_rows(n, kind) for n in (1, 5, 400, 401, 450, 5000) for kind in kinds]
    files = [tmp_path / f"{index}.csv" for index in range(len(made))]
    for file, rows in zip(files, made, strict=True):
        lines = [f"{p!r},{c},{w!r}\n" for p, c, w in zip(*(a.tolist() for a in rows), strict=True)]
        file.write_text("".join(lines), "utf-8")
    assert [max_f1_threshold(*rows) for rows in made] == thresholds_in_java(files)


# --------------------------------------------------------------------------- rows


def test_by_hand() -> None:
    # From 0.6 on: 2 of 3 found, none wrong, F1 0.8. From 0.3 on: 3 found, 1 wrong, F1 0.857.
    assert max_f1_threshold([0.9, 0.6, 0.4, 0.3, 0.1], [1, 1, 0, 1, 0]) == 0.3


def test_a_row_without_weight_or_class_or_probability_does_not_count() -> None:
    nan = float("nan")
    rows = ([0.9, 0.1, 0.8, nan, 0.7], [1, 0, nan, 1, 1], [1, 1, 1, 1, 0])
    assert max_f1_threshold(*rows) == 0.9


@pytest.mark.parametrize(("probabilities", "actual"), [([], []), ([0.2, 0.7], [0, 0])])
def test_without_the_second_class_it_is_a_half(
    probabilities: list[float], actual: list[int]
) -> None:
    assert max_f1_threshold(probabilities, actual) == 0.5


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([0.5], [1, 0]), "expected one probability, one actual class and one weight a row, found "
         "arrays of (1,), (2,) and (1,)"),
        (([[0.5]], [[1]]), "expected one probability, one actual class and one weight a row, found "
         "arrays of (1, 1), (1, 1) and (1, 1)"),
        (([1.5], [1]), "expected probabilities from 0 to 1"),
        (([0.5], [2]), "expected actual classes of 0 and 1"),
        (([0.5], [1], [-1.0]), "expected weights that are finite and not negative"),
        (([0.5], [1], [float("nan")]), "expected weights that are finite and not negative"),
    ],
)  # fmt: skip
def test_rows_that_make_no_sense_are_refused(rows: Any, message: str) -> None:
    with pytest.raises(MojoDataError) as caught:
        max_f1_threshold(*rows)
    assert str(caught.value) == message


# --------------------------------------------------------------------------- in a model


def test_only_the_threshold_changes(tmp_path: Path) -> None:
    mojo = golden("binomial_tanh").mojo()
    changed = with_threshold(mojo, 0.1)
    assert changed.output.threshold == 0.1
    names = [difference.name for difference in differences(mojo, changed)]
    assert names == ["output.threshold", "kept.keys[default_threshold]"]
    write_mojo(changed, tmp_path / "changed.zip")
    assert read_mojo(tmp_path / "changed.zip").output.threshold == 0.1


def test_a_model_without_two_classes_has_no_threshold() -> None:
    with pytest.raises(MojoUnsupportedError) as caught:
        with_threshold(golden("iris_tanh").mojo(), 0.5)
    assert str(caught.value) == "a Multinomial model has no threshold"


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_a_threshold_is_a_probability(threshold: float) -> None:
    with pytest.raises(MojoUnsupportedError) as caught:
        with_threshold(golden("binomial_tanh").mojo(), threshold)
    assert str(caught.value) == (
        f"expected a threshold from 0 to 1, which is a probability, found {threshold}"
    )
