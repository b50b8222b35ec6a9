"""The gradients that train: H2O's formulas, written out again from its Java source."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras_support import hand_made, x64
from numpy.typing import NDArray
from rules import some_first
from support import golden

from emit import to_keras, training_model
from emit.keras_model import compile_config
from emit.keras_model.deviance import GRADIENTS, deviance_of, distribution_of
from emit.keras_model.training import network_inputs
from emit.training_parameters import training_parameters
from mojo_reader import Mojo, Scorer
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.formulas import DEVIANCES, DISTRIBUTION_OF_LOSS
from mojo_reader.model import Activation, Classification, Reconstruction, Regression
from mojo_reader.scoring.encoding import one_hot_slots, standardized

Array = NDArray[np.float64]
LARGEST_EXP = 1e19


# --------------------------------------------------------------------------- H2O's formulas


def bounded_exp(values: Array) -> Array:
    """``hex.DistributionFactory.LogExpUtil.exp``."""
    with np.errstate(over="ignore"):
        return np.minimum(LARGEST_EXP, np.exp(values))


def neg_half_gradient(name: str, y: Array, f: Array, *, alpha: float, power: float) -> Array:
    """``negHalfGradient`` of each class in ``hex/DistributionFactory.java``."""
    formulas: dict[str, Callable[[], Array]] = {
        "gaussian": lambda: y - f,
        "laplace": lambda: np.where(f > y, -0.5, 0.5),
        "quantile": lambda: np.where(y > f, 0.5 * alpha, 0.5 * (alpha - 1)),
        "huber": lambda: np.where(np.abs(y - f) <= 1, y - f, np.where(f >= y, -1.0, 1.0)),
        "poisson": lambda: y - bounded_exp(f),
        "gamma": lambda: y * bounded_exp(-f) - 1,
        "tweedie": lambda: y * bounded_exp(f * (1 - power)) - bounded_exp(f * (2 - power)),
    }
    return formulas[name]()


def softmax(raw: Array) -> Array:
    weights = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def h2o_output_gradient(mojo: Mojo, raw: Array, targets: Array, loss: str = "Automatic") -> Array:
    """``setOutputLayerGradient`` in ``hex/deeplearning/Neurons.java``, ``(rows, units)``."""
    parameters = compile_config.plan(mojo).parameters
    options = {"alpha": parameters.quantile_alpha, "power": parameters.tweedie_power}
    match mojo.output:
        case Classification() as output:
            t, y = np.eye(len(output.labels))[targets[:, 0].astype(int)], softmax(raw)
            return (y - t) * (1 - y) * y if loss == "Quadratic" else y - t
        case Regression() as output:
            t = (targets - output.norm_resp_sub) * output.norm_resp_mul
            return -2 * neg_half_gradient(output.distribution, t, raw, **options)
        case Reconstruction():
            activated = {
                Activation.TANH: np.tanh,
                Activation.RECTIFIER: lambda x: np.maximum(x, 0),
                Activation.EXP_RECTIFIER: lambda x: np.where(x >= 0, x, np.expm1(np.minimum(x, 0))),
            }[mojo.layers[-1].activation](raw)
            # `autoEncoderGradient` is taken for dE/dnet as it is, without dy/dnet.
            return -2 * neg_half_gradient("gaussian", expanded(mojo, targets), activated, **options)


def expanded(mojo: Mojo, matrix: Array) -> Array:
    """``Neurons.Input.setInput``: one-hot block, then numbers, 0 where one is missing."""
    slots = one_hot_slots(matrix, mojo.features)
    inputs = np.zeros((len(matrix), mojo.features.width))
    for column in range(slots.shape[1]):
        hot = slots[:, column] >= 0
        inputs[hot, slots[hot, column]] += 1
    inputs[:, mojo.features.one_hot_width :] = standardized(matrix, mojo.features)
    return inputs


# --------------------------------------------------------------------------- gradients


def deviance_gradient(made: Any, raw: Array, targets: Array) -> tuple[Array, Array]:
    """Return the deviances of raw outputs, and their gradient."""
    deviance = made.get_layer("deviance")
    dtype = deviance.inputs[0].dtype

    def total(values: Any) -> tuple[Any, Any]:
        rows = deviance([values, jnp.asarray(targets, dtype)])
        # As `mean_absolute_error` against zeros takes them.
        return jnp.sum(jnp.abs(rows)), rows

    gradient, rows = jax.grad(total, has_aux=True)(jnp.asarray(raw, dtype))
    assert str(rows.dtype) == str(gradient.dtype) == dtype
    return np.asarray(rows), np.asarray(gradient)


RAW = np.array([-60.0, -3.0, -1.0, -0.2, 0.0, 1e-3, 0.4, 1.0, 2.5, 50.0])


def some_outputs(mojo: Mojo) -> tuple[Array, Array]:
    """Raw outputs far and near, with targets: each raw output with each target."""
    random = np.random.default_rng(0)
    match mojo.output:
        case Classification() as output:
            raw = random.normal(0, 4, (60, len(output.labels)))
            raw[:3] *= 30
            return raw, (np.arange(60) % len(output.labels))[:, np.newaxis].astype(float)
        case Regression() as output:
            wanted = np.array([0.0, 0.3, 1.1, 2.0, 40.0]) + 0.05 * output.standardize
            wanted = wanted / output.norm_resp_mul + output.norm_resp_sub
            raw, targets = np.meshgrid(
                RAW, wanted[1:] if output.distribution == "gamma" else wanted
            )
            return raw.reshape(-1, 1), targets.reshape(-1, 1)
        case Reconstruction():
            count = len(mojo.features.names)
            rows = random.uniform(0, 2, (40, count))
            rows = mojo_rows(mojo, rows)
            return random.normal(0, 2, (40, mojo.features.width)), rows


def mojo_rows(mojo: Mojo, uniform: Array) -> Array:
    """Codes and numbers near the mean, some missing."""
    features, rows = mojo.features, uniform.copy()
    cats = len(features.categorical)
    rows[:, :cats] = np.floor(rows[:, :cats])
    rows[:, cats:] = (rows[:, cats:] - 1) / features.norm_mul + features.norm_sub
    rows[::7] = np.nan
    return rows


CASES = [
    *("gaussian", "laplace", "quantile", "huber", "poisson", "gamma", "tweedie"),
    *("v3_28_tweedie", "regression_huber_loss", "regression_absolute_loss", "not_standardized"),
    *("binomial_tanh", "binomial_quadratic_loss", "iris_tanh", "balance_classes_multinomial"),
    *("autoencoder_tanh", "autoencoder_rectifier", "autoencoder_exprectifier"),
    *("autoencoder_not_standardized", "no_hidden_layer"),
]


SOME_CASES = ["gamma", "huber", "binomial_quadratic_loss", "iris_tanh", "autoencoder_tanh"]


@pytest.mark.parametrize(
    ("name", "dtype"),
    some_first(
        [*((name, "float64") for name in CASES), *((name, "float32") for name in SOME_CASES)],
        {("gamma", "float64")},
    ),
)
def test_the_gradient_at_the_raw_output_is_h2os(name: str, dtype: str) -> None:
    mojo = golden(name).mojo()
    raw, targets = some_outputs(mojo)
    with x64(dtype):
        made = training_model(mojo, to_keras(mojo, dtype=dtype))
        rows, found = deviance_gradient(made, raw, targets)
    loss = compile_config.plan(mojo).parameters.loss
    wanted = h2o_output_gradient(mojo, raw.astype(dtype).astype(float), targets, loss)
    tolerance = {"float32": 2e-4, "float64": 1e-11}[dtype]
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    assert (rows > 0).all()


@pytest.mark.long
def test_the_quadratic_loss_of_many_classes_has_h2os_gradient() -> None:
    mojo = golden("iris_tanh").mojo()
    training = {"loss": "Quadratic"}
    raw, targets = some_outputs(mojo)
    with x64("float64"):
        made = training_model(mojo, to_keras(mojo, dtype="float64"), training=training)
        rows, found = deviance_gradient(made, raw, targets)
    np.testing.assert_allclose(found, h2o_output_gradient(mojo, raw, targets, "Quadratic"), 1e-11)
    hot = np.eye(3)[targets[:, 0].astype(int)]
    np.testing.assert_allclose(
        rows[:, 0], 0.5 * ((softmax(raw) - hot) ** 2).sum(axis=1), rtol=1e-11, atol=1e-30
    )
    notes = compile_config.plan(mojo, training).notes
    assert notes[-1] == (
        "not compiled: Keras has no loss like H2O's Quadratic loss of more than two classes; "
        "training_model has it"
    )


def test_each_distribution_of_h2o_is_there() -> None:
    names = {"gaussian", "laplace", "quantile", "huber", "poisson", "gamma", "tweedie"}
    assert set(DEVIANCES) == set(GRADIENTS) == names
    assert set(DISTRIBUTION_OF_LOSS.values()) <= names
    assert set(compile_config.REGRESSION_LOSSES) == names


@pytest.mark.parametrize("name", sorted(DEVIANCES))
def test_a_deviance_is_0_at_its_target_and_its_slope_is_the_gradient(name: str) -> None:
    parameters = training_parameters({"quantile_alpha": 0.8, "tweedie_power": 1.3})
    deviance = deviance_of(name, parameters)
    raw = np.linspace(-3.05, 3.0, 60)
    linked = name in {"poisson", "gamma", "tweedie"}
    at_target = deviance.value(np, np.exp(raw) if linked else raw, raw)
    np.testing.assert_allclose(at_target, 0, atol=1e-12)
    targets, step = np.full(60, 0.7), 1e-6
    slope = (deviance.value(np, targets, raw + step) - deviance.value(np, targets, raw - step)) / (
        2 * step
    )
    np.testing.assert_allclose(deviance.gradient(np, targets, raw), slope, rtol=1e-6, atol=1e-6)


def test_a_kink_has_h2os_side() -> None:
    """``f > y`` in Laplace's formula and ``y > f`` in quantile's are false at the target."""
    parameters, at = training_parameters({"quantile_alpha": 0.8}), np.array([1.0])
    assert deviance_of("laplace", parameters).gradient(np, at, at) == -1.0
    assert deviance_of("quantile", parameters).gradient(np, at, at) == pytest.approx(0.2)


def test_auto_is_what_the_loss_stands_for() -> None:
    for loss, distribution in DISTRIBUTION_OF_LOSS.items():
        assert distribution_of("AUTO", training_parameters({"loss": loss})) == distribution
    absolute = training_parameters({"loss": "Absolute"})
    assert distribution_of("gaussian", absolute) == "gaussian"  # H2O's gradient asks no loss


def test_a_distribution_that_h2o_trains_no_network_with_is_refused() -> None:
    with pytest.raises(MojoUnsupportedError) as error:
        deviance_of("ordinal", training_parameters({}))
    assert str(error.value) == "nothing is known of how H2O trains a ordinal distribution"


@pytest.mark.long
def test_balanced_classes_train_before_their_correction() -> None:
    """H2O's loss sees what the softmax gives, not what the correction of priors makes of it."""
    mojo = golden("balance_classes_binomial").mojo()
    with x64("float64"):
        model = to_keras(mojo, dtype="float64")
        made = training_model(mojo, model)
        rows = Scorer(mojo).encode(golden("balance_classes_binomial").columns())[:20]
        deviances = np.asarray(made([rows, np.ones((20, 1))]))[:, 0]
        corrected = np.asarray(model(rows))
    assert isinstance(mojo.output, Classification)
    drawn = corrected / mojo.output.prior_factors
    drawn /= drawn.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(deviances, -np.log(drawn[:, 1]), rtol=1e-6)
    assert np.abs(deviances + np.log(corrected[:, 1])).max() > 0.1


# --------------------------------------------------------------------------- weights


def h2o_weight_gradients(
    mojo: Mojo, matrix: Array, targets: Array, l1: float, l2: float
) -> list[tuple[Array, Array]]:
    """``bprop`` and ``update_bias`` in ``hex/deeplearning/Neurons.java``, rows averaged.

    Each layer's kernel ``(inputs, units)`` and bias; without fast mode, as Keras steps.
    """
    activations = [expanded(mojo, matrix)]
    sums = []
    for layer in mojo.layers:
        sums.append(activations[-1] @ layer.kernels[0].astype(float) + layer.biases[0])
        activate = {Activation.TANH: np.tanh, Activation.RECTIFIER: lambda x: np.maximum(x, 0)}
        activations.append(activate.get(layer.activation, lambda x: x)(sums[-1]))
    error = h2o_output_gradient(mojo, sums[-1], targets)
    found = []
    for index in reversed(range(len(mojo.layers))):
        layer, before = mojo.layers[index], activations[index]
        kernel, bias = layer.kernels[0].astype(float), layer.biases[0]
        found.append((
            before.T @ error / len(matrix) + np.sign(kernel) * l1 + kernel * l2,
            error.mean(axis=0) + np.sign(bias) * l1 + bias * l2,
        ))  # fmt: skip
        if index:
            slope = {
                Activation.TANH: 1 - before**2,
                Activation.RECTIFIER: (before > 0).astype(float),
            }[mojo.layers[index - 1].activation]
            error = (error @ kernel.T) * slope
    return found[::-1]


def keras_weight_gradients(made: Any, matrix: Array, targets: Array) -> dict[str, NDArray[Any]]:
    """Gradient of the mean deviance plus the penalties, by layer and variable."""
    fixed = [variable.value for variable in made.non_trainable_variables]

    def objective(trainable: Any) -> Any:
        rows, _, penalties = made.stateless_call(
            trainable, fixed, [matrix, targets], training=True, return_losses=True
        )
        return jnp.mean(jnp.abs(rows)) + sum(penalties)

    gradients = jax.grad(objective)([variable.value for variable in made.trainable_variables])
    return {
        variable.path: np.asarray(gradient)
        for variable, gradient in zip(made.trainable_variables, gradients, strict=True)
    }


WEIGHT_CASES = {
    "tanh classes": {"levels": (3, 2), "hidden": (6, 5), "activation": Activation.TANH},
    "rectifier classes": {"levels": (4,), "hidden": (6, 5), "activation": Activation.RECTIFIER},
    "response": {"levels": (3, 2), "hidden": (6,), "classes": 1},
    "gathered": {"levels": (600, 2), "hidden": (6, 5), "activation": Activation.RECTIFIER},
    "gathered, first code empty": {"levels": (600, 2), "hidden": (4,), "drop_first": True},
    "gathered alone": {"levels": (600,), "nums": 0, "hidden": (4,)},
}


@pytest.mark.parametrize("case", WEIGHT_CASES)
@pytest.mark.long
def test_the_gradient_at_every_weight_is_h2os_with_its_penalties(case: str) -> None:
    options: dict[str, Any] = WEIGHT_CASES[case]
    mojo, l1, l2 = hand_made(**options), 0.03, 0.2
    random = np.random.default_rng(1)
    matrix = random.uniform(0, 2.99, (32, len(mojo.features.names)))
    cats = len(mojo.features.categorical)
    matrix[:, :cats] = np.floor(matrix[:, :cats])
    matrix[5] = np.nan
    targets = random.integers(0, 2, (32, 1)).astype(float)
    with x64("float64"):
        training = {"l1": l1, "l2": l2}
        model = to_keras(mojo, dtype="float64", training=training)
        found = keras_weight_gradients(
            training_model(mojo, model, training=training), matrix, targets
        )
    for index, (kernel, bias) in enumerate(h2o_weight_gradients(mojo, matrix, targets, l1, l2)):
        name = "output" if index == len(mojo.layers) - 1 else f"hidden_{index + 1}"
        ours = found[f"{name}/kernel"]
        if f"{name}_levels/embeddings" in found:
            rows = found[f"{name}_levels/embeddings"]
            ours = np.concatenate([rows, ours[: len(mojo.features.numeric)]])
        np.testing.assert_allclose(ours, kernel, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found[f"{name}/bias"], bias, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "name", some_first(["autoencoder_tanh", "autoencoder_rectifier", "poisson"], {"poisson"})
)
@pytest.mark.long
def test_golden_networks_have_h2os_gradient_at_every_weight(name: str) -> None:
    """An autoencoder's output passes its error on without its activation's derivative."""
    mojo = golden(name).mojo()
    matrix = mojo_rows(mojo, np.random.default_rng(2).uniform(0, 2, (30, len(mojo.features.names))))
    targets = matrix if isinstance(mojo.output, Reconstruction) else np.arange(30.0)[:, np.newaxis]
    with x64("float64"):
        model = to_keras(mojo, dtype="float64")
        found = keras_weight_gradients(training_model(mojo, model), matrix, targets)
    for index, (kernel, bias) in enumerate(h2o_weight_gradients(mojo, matrix, targets, 0, 0)):
        name = "output" if index == len(mojo.layers) - 1 else f"hidden_{index + 1}"
        np.testing.assert_allclose(found[f"{name}/kernel"], kernel, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(found[f"{name}/bias"], bias, rtol=1e-9, atol=1e-11)


@pytest.mark.long
def test_a_maxouts_error_goes_to_the_larger_candidate() -> None:
    """``Maxout.bprop``: the winner's weights get the gradient, the other's none."""
    mojo = hand_made(levels=(3,), nums=2, hidden=(4,), activation=Activation.MAXOUT, classes=1)
    matrix = np.array([[1.0, 0.3, 1.9]])
    targets = np.array([[3.0]])
    with x64("float64"):
        made = training_model(mojo, to_keras(mojo, dtype="float64", training={}), training={})
        found = keras_weight_gradients(made, matrix, targets)
    inputs, (hidden, output) = expanded(mojo, matrix), mojo.layers
    sums = [
        inputs @ k.astype(float) + b for k, b in zip(hidden.kernels, hidden.biases, strict=True)
    ]
    winner = (sums[1] > sums[0]).astype(int)[0]
    raw = np.maximum(*sums) @ output.kernels[0].astype(float) + output.biases[0]
    error = h2o_output_gradient(mojo, raw, targets) @ output.kernels[0].T.astype(float)
    for candidate, letter in enumerate("ab"):
        wanted = inputs.T @ np.where(winner == candidate, error, 0)
        np.testing.assert_allclose(found[f"hidden_1_{letter}/kernel"], wanted, rtol=1e-9)


@pytest.mark.parametrize(
    "name",
    some_first(["autoencoder_tanh", "hashed", "levels_only", "fewer_levels_mean"], {"hashed"}),
)
def test_an_autoencoders_target_is_its_expanded_input(name: str) -> None:
    """Dense or gathered, with levels that share a slot, without numbers: the same target."""
    mojo = golden(name).mojo()
    rows = mojo_rows(mojo, np.random.default_rng(3).uniform(0, 2, (8, len(mojo.features.names))))
    with x64("float64"):
        columns = keras.Input((rows.shape[1],), dtype="float64")
        inputs = network_inputs(mojo.features, columns, "float64")
        found = np.asarray(keras.Model(columns, inputs)(rows))
    np.testing.assert_allclose(found, expanded(mojo, rows), rtol=1e-12, atol=1e-12)


# --------------------------------------------------------------------------- what is told


def notes_of(mojo: Mojo, training: dict[str, Any]) -> list[str]:
    return [note.partition(":")[0] for note in compile_config.plan(mojo, training).notes[1:]]


def test_what_h2o_does_otherwise_inside_the_layers_is_told() -> None:
    elu = hand_made(activation=Activation.EXP_RECTIFIER, dropout=0.5)
    assert notes_of(elu, {}) == ["ExpRectifier", "hidden_dropout_ratios"]
    assert notes_of(hand_made(activation=Activation.RECTIFIER, dropout=0.5), {}) == []
    maxout = hand_made(activation=Activation.MAXOUT)
    assert notes_of(maxout, {"l1": 0.1, "max_w2": 1.0}) == ["fast_mode", "Maxout", "max_w2"]
    assert notes_of(hand_made(), {"l2": 0.1, "fast_mode": False}) == []
