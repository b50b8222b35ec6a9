"""``(x - mean) * factor`` in float32, as compilers make it: not only as the formula says."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
import pytest
from keras_support import hand_made
from numpy.typing import NDArray
from rules import first
from support import golden

from emit import check_parity, to_keras, training_model
from emit.keras_model.parity import batch_function
from emit.keras_model.training import network_inputs
from emit.stablehlo import check_stablehlo, predictor, to_stablehlo
from mojo_reader import Mojo, Scorer
from mojo_reader.formulas import standardized
from mojo_reader.model import Activation, Layer, Regression

Array = NDArray[Any]
#: Six roundings of half a step: the rest of the mean, three operations, and two that add up.
ROUNDING = 6 * 2.0**-24
#: Deviations that the mean is away from 0.
RATIOS = (1e-3, 1.0, 553.0, 1e6, 1e9, 1e12)
#: Number of columns, with ratios: a single column is what makes scalars.
MODELS = [(nums, ratio) for nums in (1, 2, 20) for ratio in (RATIOS if nums == 1 else (553.0, 1e9))]


def model_of(nums: int, ratio: float) -> Mojo:
    """Make a model of numbers alone, which have the same mean: compilers make a scalar of it."""
    return hand_made(levels=(), nums=nums, norm=(ratio * 0.37, 1 / 0.37))


def held_rows(mojo: Mojo) -> Array:
    """Return rows around the mean that float32 holds, the mean's own neighbours among them."""
    mean, factor = mojo.features.norm_sub, mojo.features.norm_mul
    deviations = np.linspace(-6, 6, 101)[:, np.newaxis]
    around = (deviations / factor + mean).astype(np.float32)
    near = mean.astype(np.float32)
    neighbours = [np.nextafter(near, np.float32(end)) for end in (-np.inf, np.inf)]
    return np.vstack([around, near, *neighbours])


def by_jit(mojo: Mojo, rows: Array) -> Array:
    return batch_function(to_keras(mojo).get_layer("normalization"), len(rows))(rows)


def by_predict(mojo: Mojo, rows: Array) -> Array:
    found: Array = to_keras(mojo).get_layer("normalization").predict(rows, verbose=0)
    return found


def by_training_inputs(mojo: Mojo, rows: Array) -> Array:
    columns = keras.Input((rows.shape[1],))
    model = keras.Model(columns, network_inputs(mojo.features, columns, "float32"))
    return batch_function(model, len(rows))(rows)


def by_stablehlo(mojo: Mojo, rows: Array) -> Array:
    """Run the whole program with a network that gives back what it reads."""
    width = mojo.features.width
    same = Layer(
        kernels=(np.eye(width, dtype=np.float32),),
        biases=(np.zeros(width),),
        activation=Activation.LINEAR,
        dropout=0.0,
        scale=1.0,
    )
    return np.asarray(
        jax.jit(predictor(dataclasses.replace(mojo, layers=(same,)), "float32"))(rows)
    )


@pytest.mark.parametrize("how", [by_jit, by_predict, by_training_inputs, by_stablehlo])
@pytest.mark.parametrize(("nums", "ratio"), first(4, MODELS))
def test_the_mean_is_not_rounded(
    nums: int, ratio: float, how: Callable[[Mojo, Array], Array]
) -> None:
    mojo = model_of(nums, ratio)
    rows = held_rows(mojo)
    true = (rows.astype(np.float64) - mojo.features.norm_sub) * mojo.features.norm_mul
    np.testing.assert_allclose(how(mojo, rows), true, rtol=ROUNDING)


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_responses_mean_is_not_rounded_in_training(ratio: float) -> None:
    mojo = hand_made(levels=(), nums=1, classes=1)
    assert isinstance(mojo.output, Regression)
    output = dataclasses.replace(mojo.output, norm_resp_sub=ratio * 0.37, norm_resp_mul=1 / 0.37)
    mojo = dataclasses.replace(mojo, output=output)
    rows = np.zeros((50, 1), np.float32)
    targets = (np.linspace(-6, 6, 50)[:, np.newaxis] * 0.37 + ratio * 0.37).astype(np.float32)
    scored = Scorer(mojo).score_matrix(rows.astype(np.float64))
    raw = (scored - output.norm_resp_sub) * output.norm_resp_mul
    wanted = (targets.astype(np.float64) - output.norm_resp_sub) * output.norm_resp_mul
    found = training_model(mojo).predict([rows, targets], verbose=0)
    np.testing.assert_allclose(found, (wanted - raw) ** 2, rtol=1e-5, atol=1e-5)


def test_float64_needs_no_second_part() -> None:
    mean, factor = np.array([1e12 / 7]), np.array([3.0])
    rows = np.array([[1e11], [2e11]])
    np.testing.assert_array_equal(
        standardized(rows, mean, factor, "float64"), (rows - mean) * factor
    )


@pytest.mark.parametrize("name", ["one_number_year", "one_number_tiny_deviation"])
@pytest.mark.long
def test_one_number_is_proved(name: str) -> None:
    mojo = golden(name).mojo()
    assert check_parity(to_keras(mojo), mojo).passed
    assert check_stablehlo(to_stablehlo(mojo), mojo).passed
