"""Where H2O has no number, emitted models have none either: infinite cells, sums that overflow."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from keras_support import hand_made, x64
from numpy.typing import NDArray
from onnx_support import feeds, matrix_feed, numbers_of, run
from support import golden

from emit import to_onnx
from emit.onnx_model.prediction import NO_LABEL, NO_POSITION
from emit.stablehlo import predictor
from mojo_reader import Mojo, Scorer
from mojo_reader.model import Activation, Features

Array = NDArray[Any]
INFINITE = golden("rectifier_infinite_cells")


def by_onnx(mojo: Mojo, matrix: Array, dtype: str) -> Array:
    model = to_onnx(mojo, dtype=dtype, inputs="matrix")
    return np.asarray(numbers_of(run(model, matrix_feed(matrix, dtype)), mojo))


def by_stablehlo(mojo: Mojo, matrix: Array, dtype: str) -> Array:
    with x64(dtype), np.errstate(over="ignore"):
        return np.asarray(jax.jit(predictor(mojo, dtype))(matrix.astype(dtype)))


each_runtime = pytest.mark.parametrize("how", [by_onnx, by_stablehlo])
Predict = Callable[[Mojo, Array, str], Array]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_runtime
def test_rows_at_which_java_stops(how: Predict, dtype: str) -> None:
    mojo = INFINITE.mojo()
    matrix = Scorer(mojo).encode(INFINITE.columns())
    assert np.isnan(Scorer(mojo, exact=True).score_matrix(matrix)).all()
    assert np.isnan(how(mojo, matrix, dtype)).all()


def test_their_label_is_empty() -> None:
    mojo = INFINITE.mojo()
    matrix = Scorer(mojo).encode(INFINITE.columns())
    label, _ = run(to_onnx(mojo), feeds(mojo, INFINITE.columns()))
    assert (label == NO_LABEL).all()
    position, _ = run(to_onnx(mojo, inputs="matrix"), matrix_feed(matrix, "float32"))
    assert (position == NO_POSITION).all()


def odd_rows() -> Array:
    numbers = [-np.inf, -1e308, -1.0, 0.0, 1.0, 1e308, np.inf, np.nan]
    return np.array([[first, second] for first in numbers for second in numbers])


def without_scale(features: Features) -> Features:
    return dataclasses.replace(
        features, standardize=False, norm_sub=np.zeros(2), norm_mul=np.ones(2)
    )


@pytest.mark.parametrize(
    "activation",
    [Activation.RECTIFIER, Activation.TANH, Activation.EXP_RECTIFIER, Activation.MAXOUT],
)
@pytest.mark.parametrize("classes", [1, 2])
@each_runtime
def test_no_number_is_made_up(how: Predict, classes: int, activation: Activation) -> None:
    """Each row's NaN, infinity or number in float64 is that of Java's own order of operations."""
    mojo = hand_made(levels=(), hidden=(6, 5), activation=activation, classes=classes)
    mojo = dataclasses.replace(mojo, features=without_scale(mojo.features))
    matrix = odd_rows()
    right = Scorer(mojo, exact=True).score_matrix(matrix)
    found = how(mojo, matrix, "float64")
    assert np.isnan(right).any() or activation is Activation.TANH
    np.testing.assert_array_equal(np.isnan(found), np.isnan(right))
    finite = np.isfinite(right)
    np.testing.assert_allclose(found[finite], right[finite], rtol=1e-9, atol=1e-12)
