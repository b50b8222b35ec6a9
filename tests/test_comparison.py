"""The verdict: tolerances, rows beyond a type, undecided labels, worst rows."""

import dataclasses

import numpy as np
import pytest
from keras_support import golden_rows, hand_made
from numpy.typing import NDArray
from support import golden

from mojo_reader import Mojo, Scorer
from mojo_reader.comparing.blame import Blame
from mojo_reader.comparing.comparison import TOLERANCES, Comparer, Comparison, Expected
from mojo_reader.model import Activation, Classification

ROWS = np.array([[0, 0, 0.5, 0.5], [1, 1, 1.5, -2.0], [2, 0, np.nan, 0.25]])


def compared(
    mojo: Mojo,
    found: NDArray[np.float64],
    *,
    dtype: str = "float32",
    rows: NDArray[np.float64] = ROWS,
    expected: Expected | None = None,
) -> Comparison:
    comparer = Comparer(Scorer(mojo), dtype)
    comparer.add(rows, found, expected=expected)
    return comparer.result(seconds=1.5, seed=3)


def scores(mojo: Mojo, rows: NDArray[np.float64] = ROWS) -> NDArray[np.float64]:
    return Scorer(mojo).score_matrix(rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_scorers_own_numbers_pass(dtype: str) -> None:
    mojo = hand_made()
    found = compared(mojo, scores(mojo), dtype=dtype)
    assert found.passed
    assert (found.rows, found.max_abs, found.max_rel, found.off) == (3, 0.0, 0.0, 0)
    assert (found.labels_equal, found.labels_off, found.undecided, found.beyond) == (3, 0, 0, 0)
    assert (found.seconds, found.seed, found.dtype) == (1.5, 3, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_tolerance_is_relative_to_one_plus_the_value(dtype: str) -> None:
    mojo = hand_made(classes=1, levels=(), nums=4)
    true = scores(mojo)
    step = TOLERANCES[dtype].value * (1 + np.abs(true))
    assert compared(mojo, true + 0.9 * step, dtype=dtype).passed
    assert not compared(mojo, true + 1.05 * step, dtype=dtype).passed
    failed = compared(mojo, true + [[0.0], [0.0], [50.0]] * step, dtype=dtype)
    assert not failed.passed
    assert (failed.off, failed.beyond) == (1, 0)
    assert failed.max_rel == pytest.approx(50 * TOLERANCES[dtype].value, rel=1e-4)
    assert failed.max_abs == pytest.approx(50 * step[2, 0], rel=1e-4)
    assert failed.worst[0].row == 2
    assert failed.worst[0].column == "predict"
    assert failed.worst[0].expected == true[2, 0]


def test_nan_for_a_number_is_off() -> None:
    mojo = hand_made()
    found = scores(mojo)
    found[1, 0] = np.nan
    failed = compared(mojo, found)
    assert (failed.off, failed.max_abs, failed.max_rel) == (1, np.inf, np.inf)
    assert not failed.passed


def test_rows_that_h2o_cannot_score_are_counted_and_not_compared() -> None:
    mojo = hand_made()
    values = scores(mojo)
    values[1] = np.nan
    labels = np.zeros(3, np.int64)
    found = compared(mojo, values, expected=Expected(values=values, labels=labels))
    assert found.undefined == 1
    every = Expected(values=np.full_like(values, np.nan), labels=labels)
    assert compared(mojo, values, expected=every).passed is False


def test_another_shape_is_an_error() -> None:
    mojo = hand_made()
    with pytest.raises(ValueError, match=r"expected predictions of shape \(3, 3\), found \(3, 1\)"):
        compared(mojo, np.zeros((3, 1)))


def test_no_rows_prove_nothing() -> None:
    mojo = hand_made()
    assert compared(mojo, np.zeros((0, 3)), rows=np.zeros((0, 4))).passed is False


# --------------------------------------------------------------------------- labels


def binomial(threshold: float) -> Mojo:
    mojo = hand_made(classes=2)
    assert isinstance(mojo.output, Classification)
    return dataclasses.replace(mojo, output=dataclasses.replace(mojo.output, threshold=threshold))


def test_another_label_fails() -> None:
    mojo = binomial(float(scores(hand_made(classes=2))[0, 1]) - 1e-3)
    failed = compared(mojo, scores(mojo) - [[0, 2e-3], [0, 0], [0, 0]])
    assert failed.labels_off == 1
    assert failed.labels_equal == 2
    assert not failed.passed


def test_a_label_that_hangs_by_less_than_the_precision_is_undecided() -> None:
    mojo = binomial(float(scores(hand_made(classes=2))[0, 1]))
    found = compared(mojo, scores(mojo) - [[0, 1e-6], [0, 0], [0, 0]])
    assert (found.undecided, found.labels_equal, found.labels_off) == (1, 2, 0)
    assert found.passed


def test_tied_classes_are_undecided() -> None:
    case = golden("ties_untrained")
    mojo = case.mojo()
    rows = golden_rows(case, mojo)
    found = compared(mojo, scores(mojo, rows), rows=rows, dtype="float64")
    best = np.sort(case.expected().values, axis=1)
    assert found.undecided == (best[:, -1] == best[:, -2]).sum() > 0
    assert found.passed


def test_labels_of_h2o_are_compared() -> None:
    mojo = hand_made()
    values = scores(mojo)
    wrong = (Scorer(mojo).label_indices(values, ROWS) + 1) % 3
    assert compared(mojo, values, expected=Expected(values=values, labels=wrong)).labels_off == 3


# --------------------------------------------------------------------------- beyond a type


def test_a_column_that_float32_cannot_hold_is_named() -> None:
    # Milliseconds since 1970 with a deviation of a second: float32 steps by two minutes.
    mojo = hand_made(levels=(), nums=2, norm=(1.7e12, 1e-3))
    rows = np.array([[1.7e12 + 500, np.nan], [np.nan, np.nan]])
    rounded = scores(mojo, rows.astype(np.float32).astype(np.float64))
    found = compared(mojo, rounded, rows=rows)
    assert (found.beyond, found.beyond_columns) == (1, ("n0",))
    assert found.passed
    assert found.max_rel <= 1e-5
    assert not compared(mojo, rounded, rows=rows, dtype="float64").passed


def test_what_a_far_rounded_row_scores_is_rounded_too() -> None:
    # A mean of 1e5 with a deviation of 1e-8: a step of float32 is a million deviations.
    rectifier = Activation.RECTIFIER
    mojo = hand_made(levels=(), nums=1, classes=1, norm=(1e5 + 0.0035, 1e8), activation=rectifier)
    rows = np.array([[1e5 + 0.0035], [1e5 + 0.0035 + 1e-9]])
    rounded = scores(mojo, rows.astype(np.float32).astype(np.float64))
    assert np.abs(rounded - scores(mojo, rows)).min() > 1e4
    found = compared(mojo, rounded * (1 + 4e-6), rows=rows)
    assert (found.beyond, found.beyond_columns, found.off) == (2, ("n0",), 0)
    assert compared(mojo, rounded * 3, rows=rows).off == 2


def test_a_far_rounded_row_has_the_rounded_rows_noise() -> None:
    """Rounding takes a row out of where tanh is flat, to where single precision tells."""
    mojo = hand_made(classes=1, levels=(), nums=2, hidden=(1,), norm=(1e9, 1e-3))
    kernels = np.array([[1000.0], [-1000.0]], np.float32), np.array([[40.0]], np.float32)
    layers = tuple(
        dataclasses.replace(layer, kernels=(kernel,), biases=(np.zeros(1),))
        for layer, kernel in zip(mojo.layers, kernels, strict=True)
    )
    mojo = dataclasses.replace(mojo, layers=layers)
    row = np.array([[1e9 + 1050.0, 1e9 + 1023.4]])  # float32 has steps of 64 here
    rounded = row.astype(np.float32).astype(np.float64)
    true, moved = scores(mojo, row)[0, 0], scores(mojo, rounded)[0, 0]
    assert abs(true - moved) > 1
    first = mojo.layers[0]
    shaken = (first.kernels[0].astype(np.float64) * (1 + np.array([[-6e-8], [6e-8]])),)
    computed = scores(
        dataclasses.replace(
            mojo, layers=(dataclasses.replace(first, kernels=shaken), mojo.layers[1])
        ),
        rounded,
    )
    assert abs(computed[0, 0] - true) > abs(moved - true) + 1e-4
    assert compared(mojo, computed, rows=row).passed
    assert not compared(mojo, computed - 1.0, rows=row).passed


def test_a_sum_that_may_overflow_is_beyond_float64() -> None:
    mojo = hand_made(levels=(), nums=2, classes=3, norm=(0.0, 1.0))
    rows = np.array([[1.5e308, 1e300], [0.5, 0.25]])
    true = scores(mojo, rows)
    other = np.roll(true, 1, axis=1)
    found = compared(mojo, np.vstack([other[:1], true[1:]]), rows=rows, dtype="float64")
    assert (found.beyond, found.off, found.labels_off) == (1, 0, 0)
    assert found.passed
    # An ordinary row has no such excuse, nor has any where H2O's own scores are compared.
    assert compared(mojo, other, rows=rows, dtype="float64").off == 1
    h2o = Expected(values=true.copy(), labels=Scorer(mojo).label_indices(true, rows))
    assert compared(mojo, other, rows=rows, dtype="float64", expected=h2o).off == 2


def test_an_overflow_is_beyond_float32() -> None:
    mojo = golden("gaussian").mojo()
    rows = np.full((2, len(mojo.features.names)), np.nan)
    rows[0, -1] = 1e300
    found = compared(mojo, np.vstack([[np.nan], scores(mojo, rows)[1:]]), rows=rows)
    assert (found.beyond, found.beyond_columns) == (1, (mojo.features.names[-1],))
    assert found.passed


def test_an_output_in_large_units_is_named_and_bounded() -> None:
    mojo = hand_made(classes=1)
    large = dataclasses.replace(mojo.output, norm_resp_mul=1e-6, norm_resp_sub=0.0)
    mojo = dataclasses.replace(mojo, output=large)
    raw = scores(mojo) * 1e-6
    # The response that comes out as 0: raw numbers around 1 cancel.
    shift = dataclasses.replace(large, norm_resp_sub=-float(raw[0, 0]) * 1e6)
    mojo = dataclasses.replace(mojo, output=shift)
    true = scores(mojo)
    assert abs(true[0, 0]) < 1e-3
    found = compared(mojo, true + np.array([[0.5], [0.0], [0.0]]))
    assert (found.beyond, found.beyond_columns, found.off) == (1, ("y",), 0)
    assert found.passed
    assert compared(mojo, true + np.array([[500.0], [0.0], [0.0]])).off == 1
    assert compared(mojo, true + np.array([[0.5], [0.0], [0.0]]), dtype="float64").off == 1


def test_blocks_add_up() -> None:
    mojo = hand_made()
    comparer, true = Comparer(Scorer(mojo), "float32"), scores(mojo)
    comparer.add(ROWS[:2], true[:2])
    comparer.add(ROWS[2:], true[2:] + 1e-3)
    found = comparer.result()
    assert (found.rows, found.off, found.worst[0].row) == (3, 1, 2)
    assert found.as_dict()["passed"] is False
    assert found.as_dict()["worst"][0]["row"] == 3  # JSON counts rows from 1


def test_an_autoencoders_output_blames_the_column_that_it_rebuilds() -> None:
    mojo = golden("autoencoder_tanh").mojo()
    features = mojo.features
    for output in range(features.width):
        blame = Blame(Scorer(mojo), 1e-5)
        blame.outputs(np.arange(features.width) == output)
        (column,) = blame.columns()
        assert mojo.output.columns[output].startswith(f"reconstr_{column}")
