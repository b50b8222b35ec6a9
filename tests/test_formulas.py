"""The one statement of each formula, and that whatever computes a model computes it."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras_support import hand_made, predictions, x64
from numpy.typing import NDArray
from rules import first
from support import assert_close

from emit import to_keras, to_onnx, to_torch
from emit.onnx_model.parity import session
from emit.stablehlo import predictor
from mojo_reader import Mojo, Scorer, formulas
from mojo_reader.formulas import FLOAT64
from mojo_reader.java.ops import JAVA
from mojo_reader.model import (
    Activation,
    Classification,
    InverseLink,
    Reconstruction,
    Regression,
)
from mojo_reader.scoring import network

Array = NDArray[Any]
HIDDEN: Final = (
    Activation.TANH,
    Activation.EXP_RECTIFIER,
    Activation.MAXOUT,
    Activation.RECTIFIER,
)
#: What a code, a number and a sum can be.
NUMBERS: Final = np.array([np.nan, -np.inf, -800.0, -3.0, -1e-9, -0.0, 0.0, 1e-9, 0.5, 3.0, 50.0])


# --------------------------------------------------------------------------- by the formulas alone


@np.errstate(over="ignore", invalid="ignore")
def by_formulas(mojo: Mojo, matrix: Array) -> Array:
    features, cats = mojo.features, len(mojo.features.categorical)
    slots = np.empty((len(matrix), cats), np.int64)
    for index, feature in enumerate(features.categorical):
        places = formulas.code_places(np, matrix[:, index], len(feature.levels))
        slots[:, index] = feature.slots[places.astype(int)]
    block = formulas.one_hot_block(slots, features.one_hot_width)
    numbers = formulas.network_numbers(np, matrix[:, cats:], features, FLOAT64)
    values = np.hstack([block, numbers])
    for layer in mojo.layers:
        weights = zip(layer.kernels, layer.biases, strict=True)
        sums = [values @ kernel.astype(np.float64) + bias for kernel, bias in weights]
        values = formulas.ACTIVATIONS[layer.activation](np, FLOAT64, *sums) * layer.scale
    match mojo.output:
        case Classification() as output:
            return np.asarray(formulas.prior_correction(np, values, output, FLOAT64))
        case Regression() as output:
            linear = formulas.response_units(values, output, FLOAT64)
            return np.asarray(formulas.INVERSE_LINKS[output.inverse_link](np, linear))
        case Reconstruction():
            return np.asarray(formulas.column_units(values, features, FLOAT64))


# --------------------------------------------------------------------------- models and rows


def classes(activation: Activation) -> Mojo:
    """Make a classifier whose first levels set nothing and whose probabilities are corrected."""
    mojo = hand_made(activation=activation, dropout=0.25, drop_first=True)
    output = dataclasses.replace(mojo.output, prior_factors=np.array([0.3, 1.5, 1.0]))
    return dataclasses.replace(mojo, output=output)


def response(link: InverseLink) -> Mojo:
    """Make a regression some of whose rows reach the largest exponential, either way."""
    mojo = hand_made(classes=1)
    sub = -44.0 if link is InverseLink.LOGISTIC else 44.0
    output = dataclasses.replace(mojo.output, inverse_link=link, norm_resp_sub=sub)
    return dataclasses.replace(mojo, output=output)


def reconstruction(activation: Activation, *, drop_first: bool = False) -> Mojo:
    mojo = hand_made(activation=activation, drop_first=drop_first)
    width = mojo.features.width
    layers = hand_made(activation=activation, drop_first=drop_first, classes=width).layers
    if activation is not Activation.MAXOUT:
        layers = (*layers[:-1], dataclasses.replace(layers[-1], activation=activation))
    columns = tuple(f"reconstr_{index}" for index in range(width))
    return dataclasses.replace(mojo, layers=layers, output=Reconstruction(columns=columns))


def hashed() -> Mojo:
    """Make a model in which levels share slots, of one column and of both."""
    mojo = hand_made()
    categorical = tuple(
        dataclasses.replace(feature, slots=feature.slots % 3)
        for feature in mojo.features.categorical
    )
    features = dataclasses.replace(mojo.features, categorical=categorical, hashed=True)
    return dataclasses.replace(mojo, features=features)


MODELS: Final[dict[str, Callable[[], Mojo]]] = {
    **{f"classes_{kind}": partial(classes, kind) for kind in HIDDEN},
    **{f"response_{link}": partial(response, link) for link in InverseLink},
    "reconstruction": partial(reconstruction, Activation.TANH),
    "reconstruction_exp_rectifier": partial(reconstruction, Activation.EXP_RECTIFIER),
    "hashed": hashed,
}


def rows_of(mojo: Mojo) -> Array:
    """Make rows with every code, no code, and numbers near and far."""
    random, cats = np.random.default_rng(1), len(mojo.features.categorical)
    matrix = random.normal(0.5, 2.0, (60, len(mojo.features.names)))
    matrix[:, :cats] = random.integers(-1, 5, (60, cats))
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    matrix[::7, cats:] *= 40
    return matrix


# --------------------------------------------------------------------------- what computes a model


def by_scorer(mojo: Mojo, matrix: Array, **choices: Any) -> Array:
    return Scorer(mojo, **choices).score_matrix(matrix)


def by_single_rows(mojo: Mojo, matrix: Array) -> Array:
    scorer = Scorer(mojo)
    return np.vstack([scorer.score_matrix(row[np.newaxis]) for row in matrix])


def by_stablehlo(mojo: Mojo, matrix: Array, dtype: str) -> Array:
    with x64(dtype):
        return np.asarray(jax.jit(predictor(mojo, dtype))(matrix.astype(dtype)))


def by_keras(mojo: Mojo, matrix: Array, dtype: str) -> Array:
    with x64(dtype):
        return predictions(to_keras(mojo, dtype=dtype), matrix)


def by_torch(mojo: Mojo, matrix: Array, dtype: str) -> Array:
    import torch

    with torch.no_grad():
        return np.asarray(to_torch(mojo, dtype=dtype)(torch.tensor(matrix.astype(dtype))))


def by_onnx(mojo: Mojo, matrix: Array) -> Array:
    loaded = session(to_onnx(mojo, dtype=FLOAT64, inputs="matrix", labels=False))
    found: Array = loaded.run(None, {"matrix": matrix})[0]
    return found


#: Each with how far rounding may take it.
COMPUTERS: Final[dict[str, tuple[Callable[[Mojo, Array], Array], float]]] = {
    "fast": (by_scorer, 1e-12),
    "exact": (partial(by_scorer, exact=True), 1e-12),
    "single_rows": (by_single_rows, 1e-12),
    "float32": (partial(by_scorer, dtype="float32"), 1e-4),
    "stablehlo": (partial(by_stablehlo, dtype=FLOAT64), 1e-12),
    "stablehlo_float32": (partial(by_stablehlo, dtype="float32"), 1e-4),
    "keras": (partial(by_keras, dtype=FLOAT64), 1e-12),
    "keras_float32": (partial(by_keras, dtype="float32"), 1e-4),
    "onnx": (by_onnx, 1e-12),
}


#: Those of a group of its own.
TORCH: Final = {
    "torch": (partial(by_torch, dtype=FLOAT64), 1e-12),
    "torch_float32": (partial(by_torch, dtype="float32"), 1e-4),
}


@pytest.mark.torch
@pytest.mark.parametrize("computer", TORCH)
@pytest.mark.parametrize("model", MODELS)
def test_pytorch_computes_the_formulas(model: str, computer: str) -> None:
    mojo = MODELS[model]()
    matrix = rows_of(mojo)
    compute, tolerance = TORCH[computer]
    assert_close(compute(mojo, matrix), by_formulas(mojo, matrix), tolerance=tolerance)


@pytest.mark.torch
@pytest.mark.parametrize("activation", Activation)
def test_an_activation_is_the_same_in_pytorch(activation: Activation) -> None:
    import torch

    from emit.torch_model.ops import TORCH as OPS

    formula, given = formulas.ACTIVATIONS[activation], sums(activation)
    with np.errstate(all="ignore"):
        right = formula(np, FLOAT64, *given)
    found = formula(OPS, FLOAT64, *map(torch.tensor, given)).numpy()
    np.testing.assert_allclose(found, right, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("computer", COMPUTERS)
@pytest.mark.parametrize("model", first(1, MODELS))
def test_every_computer_computes_the_formulas(model: str, computer: str) -> None:
    mojo = MODELS[model]()
    matrix = rows_of(mojo)
    compute, tolerance = COMPUTERS[computer]
    assert_close(compute(mojo, matrix), by_formulas(mojo, matrix), tolerance=tolerance)


def test_the_models_show_every_formula() -> None:
    mojos = [make() for make in MODELS.values()]
    assert {layer.activation for mojo in mojos for layer in mojo.layers} == set(Activation)
    outputs = [mojo.output for mojo in mojos]
    links = {output.inverse_link for output in outputs if isinstance(output, Regression)}
    assert links == set(InverseLink) == set(formulas.INVERSE_LINKS)
    assert set(formulas.ACTIVATIONS) == set(Activation)
    capped = by_formulas(mojo := response(InverseLink.EXP), rows_of(mojo))
    assert (capped == 1e19).any()
    assert (capped < 1e19).any()


# --------------------------------------------------------------------------- formula by formula


def sums(activation: Activation) -> list[Array]:
    if activation is Activation.SOFTMAX:
        return [np.array([[0.0, -800.0, 3.0], [1.0, 1.0, 1.0], [np.nan, 0.0, 1.0]])]
    grid = NUMBERS[:, np.newaxis] + np.zeros((1, len(NUMBERS)))
    return [grid, grid.T.copy()] if activation is Activation.MAXOUT else [grid]


@pytest.mark.parametrize("ops", [JAVA, jnp, keras.ops], ids=["java", "jax", "keras"])
@pytest.mark.parametrize("activation", Activation)
def test_an_activation_is_the_same_in_each_framework(activation: Activation, ops: Any) -> None:
    formula, given = formulas.ACTIVATIONS[activation], sums(activation)
    with x64(FLOAT64), np.errstate(all="ignore"):
        tensors = given if ops is JAVA else map(jnp.asarray, given)
        found = np.asarray(formula(ops, FLOAT64, *tensors))
        right = formula(np, FLOAT64, *given)
    np.testing.assert_allclose(found, right, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("activation", Activation)
def test_float32_is_float64s_rounded(activation: Activation) -> None:
    formula, given = formulas.ACTIVATIONS[activation], sums(activation)
    with np.errstate(all="ignore"):
        found = formula(np, "float32", *(one.astype(np.float32) for one in given))
        right = formula(np, FLOAT64, *given)
    np.testing.assert_allclose(found, right, rtol=1e-6, atol=1e-15)
    assert found.dtype == np.float32


@pytest.mark.parametrize("activation", Activation)
def test_the_fast_activations_are_the_formulas(activation: Activation) -> None:
    given = sums(activation)
    with np.errstate(all="ignore"):
        right = formulas.ACTIVATIONS[activation](np, FLOAT64, *given)
        found = network.ACTIVATIONS[activation](*(one.copy() for one in given))
    # Rows of which a sum is infinite are for the exact path.
    finite = ~np.isinf(np.broadcast_arrays(*given)[0])
    rounding = {} if activation is Activation.EXP_RECTIFIER else {"rtol": 1e-14, "atol": 1e-15}
    np.testing.assert_allclose(found[finite], right[finite], **{"rtol": 0.0} | rounding)


@pytest.mark.parametrize("ops", [JAVA, jnp, keras.ops], ids=["java", "jax", "keras"])
@pytest.mark.parametrize("link", InverseLink)
def test_an_inverse_link_is_the_same_in_each_framework(link: InverseLink, ops: Any) -> None:
    with x64(FLOAT64), np.errstate(all="ignore"):
        given = NUMBERS if ops is JAVA else jnp.asarray(NUMBERS)
        found = np.asarray(formulas.INVERSE_LINKS[link](ops, given))
        right = formulas.INVERSE_LINKS[link](np, NUMBERS)
    np.testing.assert_allclose(found, right, rtol=1e-14)


# --------------------------------------------------------------------------- what adds nothing


@pytest.mark.parametrize("missing", ["java", "server"])
def test_a_code_that_sets_nothing_has_no_error_of_its_own(missing: Any) -> None:
    """H2O's autoencoders have a slot for each level; if one had not, no other would be meant."""
    mojo = reconstruction(Activation.TANH, drop_first=True)
    matrix = np.array([[0.0, 0.0, 0.5, 0.5], [1.0, 0.0, 0.5, 0.5]])
    scorer, width = Scorer(mojo), mojo.features.one_hot_width
    rebuilt = scorer.score_matrix(matrix)[:, :width]
    hot = np.zeros_like(rebuilt)
    hot[1, 0] = 1.0
    found = scorer.squared_errors(matrix, missing=missing)[:, :width]
    np.testing.assert_array_equal(found, (rebuilt - hot) ** 2)
