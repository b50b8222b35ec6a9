"""What training does: optimizer, loss, metrics, penalties, dropout."""

import json
from typing import Any

import jax
import keras
import numpy as np
import pytest
from keras_support import hand_made, predictions
from rules import some_first
from support import golden

from emit import to_keras
from emit.keras_model import compile_config
from emit.training_parameters import UNBOUNDED, training_parameters
from mojo_reader.model import Activation, Classification, Mojo, Reconstruction, Regression

MANUAL = {
    "adaptive_rate": False,
    "rate": 0.01,
    "rate_annealing": 1e-4,
    "momentum_start": 0.5,
    "momentum_stable": 0.5,
}


# --------------------------------------------------------------------------- parameters


def test_what_the_mojo_does_not_tell_gets_h2os_default() -> None:
    parameters = training_parameters({"rho": 0.95, "l1": "much", "l2": -1, "max_w2": 10})
    assert (parameters.rho, parameters.l1, parameters.l2, parameters.max_w2) == (0.95, 0, 0, 10)
    assert parameters.adaptive_rate is True
    assert "l1" in parameters.defaulted
    assert "rho" not in parameters.defaulted


@pytest.mark.parametrize("value", [3.4028235e38, UNBOUNDED, float("inf"), "Infinity", None])
def test_the_largest_max_w2_means_none(value: Any) -> None:
    assert training_parameters({"max_w2": value}).max_w2 is None


def test_the_mojos_own_parameters_are_taken() -> None:
    plan = compile_config.plan(golden("iris_l1_l2").mojo())
    assert (plan.parameters.l1, plan.parameters.l2) == (0.01, 0.01)
    assert plan.parameters.defaulted == ()
    assert plan.notes == (
        "fast_mode: H2O spares weights whose input or whose unit's gradient is 0 from l1 and l2; "
        "Keras shrinks all in each step",
    )
    assert compile_config.plan(golden("iris_tanh").mojo()).notes == ()


def test_absent_details_are_told() -> None:
    notes = compile_config.plan(hand_made()).notes
    assert notes == (
        "the MOJO has no modelDetails.json, so training parameters are not known; "
        "H2O's defaults were taken (ADADELTA, no penalties)",
    )


def test_details_that_lack_a_parameter_are_told() -> None:
    details = {"parameters": [{"name": "rho", "actual_value": 0.9}], "output": {}}
    notes = compile_config.plan(hand_made(details=json.dumps(details).encode())).notes
    assert notes[0].startswith("H2O's defaults were taken for max_w2, adaptive_rate, epsilon")


# --------------------------------------------------------------------------- optimizer


def test_adaptive_rate_is_adadelta() -> None:
    optimizer = to_keras(hand_made(), training={"rho": 0.9, "epsilon": 1e-6}).optimizer
    assert isinstance(optimizer, keras.optimizers.Adadelta)
    assert float(optimizer.learning_rate) == 1.0
    assert (optimizer.rho, optimizer.epsilon) == (0.9, 1e-6)


def test_h2os_accelerated_gradient_is_kerass_momentum() -> None:
    optimizer = to_keras(hand_made(), training=MANUAL).optimizer
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert (optimizer.momentum, optimizer.nesterov) == (0.5, False)
    assert optimizer._learning_rate.get_config() == {
        "initial_learning_rate": 0.005,
        "decay_steps": 1,
        "decay_rate": 1e-4,
        "staircase": False,
        "name": "InverseTimeDecay",
    }


def test_momentum_that_repeats_one_step_is_a_larger_rate() -> None:
    training = {**MANUAL, "nesterov_accelerated_gradient": False, "rate_annealing": 0.0}
    model = to_keras(hand_made(), training=training)
    assert model.optimizer.momentum == 0.0
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0075)
    assert compile_config.plan(hand_made(), training).notes[-1].startswith("momentum without")


def test_what_keras_cannot_do_is_told() -> None:
    training = {
        **MANUAL,
        "rate_decay": 0.5,
        "momentum_stable": 0.9,
        "sparsity_beta": 0.1,
        "elastic_averaging": True,
        "max_w2": 5.0,
    }
    notes = compile_config.plan(hand_made(levels=(600,)), training).notes
    assert [note.split(":")[0] for note in notes[1:]] == [
        "rate_decay",
        "momentum_start is taken",
        "max_w2",
        "sparsity_beta",
        "elastic_averaging",
    ]


# --------------------------------------------------------------------------- loss


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("iris_tanh", "SparseCategoricalCrossentropy"),
        ("binomial_tanh", "SparseCategoricalCrossentropy"),
        ("binomial_quadratic_loss", "MeanSquaredError"),
        ("gaussian", "MeanSquaredError"),
        ("laplace", "MeanAbsoluteError"),
        ("huber", "Huber"),
        ("poisson", "Poisson"),
        ("regression_huber_loss", "Huber"),
        ("autoencoder_not_standardized", None),
        ("gamma", None),
        ("tweedie", None),
        ("quantile", None),
        ("autoencoder_tanh", None),
    ],
)
def test_the_loss_follows_the_distribution(name: str, loss: str | None) -> None:
    model = to_keras(golden(name).mojo())
    assert (type(model.loss).__name__ if model.compiled else None) == loss


def test_a_loss_that_keras_lacks_is_told() -> None:
    notes = compile_config.plan(golden("tweedie").mojo()).notes
    assert notes == (
        "not compiled: Keras has no loss like H2O's tweedie deviance; training_model has it",
    )
    notes = compile_config.plan(golden("autoencoder_tanh").mojo()).notes
    assert notes == (
        "not compiled: Keras has no loss like H2O's reconstruction error; training_model has it",
    )


def raw_gradients(mojo: Mojo, targets: Any) -> tuple[Any, Any]:
    """Return Keras' gradient of the loss with respect to the raw outputs, and these."""
    loss = compile_config.plan(mojo).loss
    assert loss is not None
    model = to_keras(mojo)
    rows = np.full((len(targets), len(mojo.features.names)), np.nan, np.float32)
    after = model.layers[model.layers.index(model.get_layer("output")) + 1 :]
    outputs = outputs_of(model, "output", rows)

    def weighted(values: Any) -> Any:
        for layer in after:
            values = layer(values)
        return loss.weight * loss.function(targets, values)

    return np.asarray(jax.grad(weighted)(outputs)) * len(targets), outputs


@pytest.mark.parametrize(
    "name", some_first(["gaussian", "laplace", "huber", "poisson"], {"poisson"})
)
def test_the_weighted_losss_gradient_is_h2os(name: str) -> None:
    """H2O's is ``-2 * negHalfGradient(t, f)`` in standardized units (``Neurons.Linear``)."""
    mojo = golden(name).mojo()
    assert isinstance(mojo.output, Regression)
    targets = np.array([[10.0], [30.0], [31.0], [100.0]], np.float32)
    found, raw = raw_gradients(mojo, targets)
    wanted = (targets - mojo.output.norm_resp_sub) * mojo.output.norm_resp_mul
    residuals = {
        "gaussian": wanted - raw,
        "laplace": 0.5 * np.sign(wanted - raw),
        "huber": np.clip(wanted - raw, -1, 1),
        "poisson": wanted - np.exp(raw),
    }
    np.testing.assert_allclose(found, -2 * residuals[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "name", some_first(["iris_tanh", "binomial_tanh", "binomial_quadratic_loss"], {"iris_tanh"})
)
def test_a_classifiers_gradient_is_h2os(name: str) -> None:
    """``y - t``, or ``(y - t) (1 - y) y`` with Quadratic loss (``Neurons.Softmax``)."""
    mojo = golden(name).mojo()
    assert isinstance(mojo.output, Classification)
    places = np.array([0, 1, 1, 0])
    hot = np.eye(len(mojo.output.labels))[places]
    quadratic = name == "binomial_quadratic_loss"
    found, raw = raw_gradients(mojo, hot if quadratic else places[:, np.newaxis])
    probabilities = np.asarray(jax.nn.softmax(raw))
    wanted = probabilities - hot
    if quadratic:
        wanted = wanted * (1 - probabilities) * probabilities
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)


@pytest.mark.long
def test_fit_lowers_the_loss() -> None:
    for name in ("iris_tanh", "gaussian", "poisson", "momentum"):
        mojo = golden(name).mojo()
        model = to_keras(mojo)
        random = np.random.default_rng(0)
        rows = random.uniform(0, 2, (64, len(mojo.features.names)))
        targets = np.zeros(64) if isinstance(mojo.output, Classification) else np.full(64, 3.0)
        before = model.evaluate(rows, targets, verbose=0)[0]
        model.fit(rows, targets, epochs=5, verbose=0)
        assert model.evaluate(rows, targets, verbose=0)[0] < before


# --------------------------------------------------------------------------- penalties, dropout


@pytest.mark.parametrize("levels", [(3, 2), pytest.param((600, 2), marks=pytest.mark.long)])
def test_penalties_are_h2os_on_kernels_and_biases(levels: tuple[int, ...]) -> None:
    mojo = hand_made(levels=levels)
    model = to_keras(mojo, training={"l1": 0.25, "l2": 0.5})
    arrays = [array for layer in mojo.layers for array in (*layer.kernels, *layer.biases)]
    penalty = sum(0.25 * np.abs(a).sum() + 0.5 * 0.5 * (a.astype(float) ** 2).sum() for a in arrays)
    predictions(model, [[0, 0, 0.5, 0.5]])
    assert sum(map(float, model.losses)) == pytest.approx(float(penalty), rel=1e-5)


def test_max_w2_bounds_a_units_squared_weights() -> None:
    layer = to_keras(hand_made(), training={"max_w2": 4.0}).get_layer("hidden_1")
    bounded = np.asarray(layer.kernel_constraint(layer.kernel))
    norms = (bounded**2).sum(axis=0)
    before = (np.asarray(layer.kernel) ** 2).sum(axis=0)
    np.testing.assert_allclose(norms, np.minimum(before, 4.0), rtol=1e-4)
    assert (before > 4.0).any()
    assert to_keras(hand_made(), training={}).get_layer("hidden_1").kernel_constraint is None


def outputs_of(model: Any, name: str, rows: Any, *, training: bool = False) -> Any:
    """Return what a layer gives; a nested model's own ``output`` is inside it."""
    tensor = model.get_layer(name)._inbound_nodes[-1].output_tensors[0]
    part = keras.Model(model.input, tensor)
    return np.asarray(part(np.asarray(rows, np.float32), training=training))


@pytest.mark.long
def test_hidden_dropout_zeroes_in_training_and_shrinks_in_scoring() -> None:
    mojo = hand_made(dropout=0.25, hidden=(64,))
    model = to_keras(mojo)
    rows = np.full((2000, 4), 0.5, np.float32)
    full = outputs_of(model, "hidden_1", rows)
    name = "hidden_1_dropout_scale"
    trained = outputs_of(model, name, rows, training=True)
    kept = trained != 0
    assert kept.mean() == pytest.approx(0.75, abs=0.01)
    np.testing.assert_allclose(trained[kept], full[kept], rtol=1e-5)
    scored = outputs_of(model, name, rows)
    np.testing.assert_allclose(scored, 0.75 * full, rtol=1e-5)


@pytest.mark.parametrize("levels", [(3, 2), (600, 2)])
@pytest.mark.long
def test_input_dropout_only_zeroes_and_only_in_training(levels: tuple[int, ...]) -> None:
    training = {"input_dropout_ratio": 0.5}
    mojo = hand_made(levels=levels, hidden=(8,), activation=Activation.RECTIFIER)
    plain, model = to_keras(mojo), to_keras(mojo, training=training)
    rows = np.full((4000, 4), 1.0, np.float32)
    np.testing.assert_array_equal(predictions(model, rows), predictions(plain, rows))
    if "network_inputs" in [layer.name for layer in model.layers]:
        dropped = outputs_of(model, "input_dropout", rows, training=True)
        full = outputs_of(model, "network_inputs", rows)
        kept = dropped != 0
        assert kept[full != 0].mean() == pytest.approx(0.5, abs=0.02)
        np.testing.assert_array_equal(dropped[kept], full[kept])
    else:
        levels_mask = outputs_of(model, "hidden_1_levels_mask", rows, training=True)
        assert set(np.unique(levels_mask)) == {0.0, 1.0}
        assert levels_mask.mean() == pytest.approx(0.5, abs=0.02)
        numbers = outputs_of(model, "hidden_1_input_dropout", rows, training=True)
        assert set(np.unique(numbers)) == {0.0, 1.0}


def test_an_autoencoders_targets_are_its_inputs_size() -> None:
    mojo = golden("autoencoder_not_standardized").mojo()
    assert isinstance(mojo.output, Reconstruction)
    assert to_keras(mojo).output_shape == (None, mojo.features.width)
