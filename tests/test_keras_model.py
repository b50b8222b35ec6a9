"""How the Keras model is built: layers, kernels, inputs. Scores are in test_keras_golden.py."""

import dataclasses
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_support import compared_with_h2o, golden_rows, hand_made, predictions, saved
from rules import first
from support import golden

from emit import one_hot, to_keras
from emit.keras_model import network
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Activation, Mojo


def layer_names(model: Any) -> list[str]:
    return [layer.name for layer in model.layers]


def test_every_activation_and_inverse_link_has_its_translation() -> None:
    assert set(network.ACTIVATIONS) == set(Activation)


def test_layers_are_named_for_people() -> None:
    model = to_keras(hand_made(hidden=(4, 3), dropout=0.25))
    assert layer_names(model) == [
        "columns",
        "one_hot",
        "normalization",
        "network_inputs",
        "hidden_1",
        "hidden_1_dropout",
        "hidden_1_dropout_scale",
        "hidden_2",
        "hidden_2_dropout",
        "hidden_2_dropout_scale",
        "output",
        "output_softmax",
    ]
    assert model.name == "h2o_deep_learning"
    assert [tuple(tensor.shape) for tensor in model.inputs] == [(None, 4)]


def test_steps_that_a_model_lacks_are_absent() -> None:
    assert layer_names(to_keras(hand_made(levels=()))) == [
        "columns", "normalization", "hidden_1", "output", "output_softmax",
    ]  # fmt: skip
    assert layer_names(to_keras(hand_made(nums=0, classes=1)))[:4] == [
        "columns", "one_hot", "hidden_1", "output",
    ]  # fmt: skip


def test_steps_after_the_network_are_named() -> None:
    assert layer_names(to_keras(golden("poisson").mojo()))[-1] == "inverse_link"
    assert layer_names(to_keras(golden("gaussian").mojo()))[-1] == "response_units"
    assert layer_names(to_keras(golden("balance_classes_factors").mojo()))[-1] == "prior_correction"
    assert layer_names(to_keras(golden("autoencoder_tanh").mojo()))[-1] == "column_units"


def test_a_dense_layer_holds_h2os_own_kernel() -> None:
    mojo = hand_made(hidden=(5,))
    kernel, bias = to_keras(mojo).get_layer("hidden_1").get_weights()
    assert kernel.shape == (mojo.features.width, 5)
    np.testing.assert_array_equal(kernel, mojo.layers[0].kernels[0])
    np.testing.assert_array_equal(bias, mojo.layers[0].biases[0].astype(np.float32))


def test_no_weight_is_drawn_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object, **__: object) -> None:
        pytest.fail("weights were drawn at random")

    case = golden("binomial_tanh")
    with monkeypatch.context() as patch:
        patch.setattr(keras.initializers.GlorotUniform, "__call__", drawn)
        model = to_keras(case.mojo())
    # What a clone starts from is Keras's own choice.
    (dense,) = [layer for layer in model.layers if layer.name == "hidden_1"]
    assert type(dense.kernel_initializer) is keras.initializers.GlorotUniform
    cloned = keras.models.clone_model(model)
    assert np.unique(cloned.get_layer("hidden_1").kernel).size > 1


def test_maxout_is_the_larger_of_two_dense_layers() -> None:
    mojo = hand_made(activation=Activation.MAXOUT)
    model = to_keras(mojo)
    assert isinstance(model.get_layer("hidden_1"), keras.layers.Maximum)
    for name, kernel in zip(("hidden_1_a", "hidden_1_b"), mojo.layers[0].kernels, strict=True):
        np.testing.assert_array_equal(model.get_layer(name).get_weights()[0], kernel)


def wide_mojo(**options: Any) -> Mojo:
    return hand_made(levels=(600, 3), **options)


def test_a_wide_one_hot_block_is_gathered() -> None:
    mojo = wide_mojo()
    model = to_keras(mojo)
    rows = model.get_layer("hidden_1_levels").get_weights()[0]
    rest = model.get_layer("hidden_1").get_weights()[0]
    np.testing.assert_array_equal(np.vstack([rows, rest]), mojo.layers[0].kernels[0])
    assert "one_hot" not in layer_names(model)


@pytest.mark.parametrize(
    "name",
    first(
        2,
        [
            "multinomial_maxout",
            "autoencoder_tanh",
            "levels_only_tanh",
            "fewer_levels_mean",
            "one_unit",
        ],
    ),
)
def test_gathered_and_multiplied_blocks_both_equal_h2o(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = golden(name)
    mojo = case.mojo()
    multiplied = to_keras(mojo)
    monkeypatch.setattr(one_hot, "WIDEST_ONE_HOT", 0)
    monkeypatch.setattr(one_hot, "SLOTS_PER_COLUMN", 0)
    gathered = to_keras(mojo)
    assert layer_names(gathered) != layer_names(multiplied)
    assert compared_with_h2o(multiplied, case, mojo).passed
    assert compared_with_h2o(gathered, case, mojo).passed


def test_slots_that_follow_no_rule_are_looked_up() -> None:
    case = golden("fewer_levels_mean")
    mojo = case.mojo()
    first, *others = mojo.features.categorical
    # The same model with two levels of a column in each other's place, kernel rows included.
    moved = first.slots.copy()
    moved[[1, 2]] = moved[[2, 1]]
    kernel = mojo.layers[0].kernels[0].copy()
    kernel[moved[[1, 2]]] = kernel[moved[[2, 1]]]
    shuffled = dataclasses.replace(
        mojo,
        features=dataclasses.replace(
            mojo.features,
            categorical=(dataclasses.replace(first, slots=moved), *others),
        ),
        layers=(dataclasses.replace(mojo.layers[0], kernels=(kernel,)), *mojo.layers[1:]),
    )
    model = to_keras(shuffled)
    assert model.get_layer("one_hot_slots").get_layer("slot_of_code").trainable is False
    assert compared_with_h2o(model, case, shuffled).passed


@pytest.mark.long
def test_fifty_thousand_levels_are_cheap(tmp_path: Path) -> None:
    mojo = hand_made(levels=(50_000,), nums=1, hidden=(16,))
    start = time.process_time()
    path = saved(to_keras(mojo), tmp_path)
    model = keras.saving.load_model(path)
    assert predictions(model, [[49_999, 1.0]] * 1000).shape == (1000, 3)
    assert time.process_time() - start < 30
    # The kernel and the optimizer's two copies of it; no matrix of levels.
    assert path.stat().st_size < 4 * 4 * mojo.layers[0].kernels[0].size


@pytest.mark.parametrize("levels", [(3, 2), (600, 2)])
@pytest.mark.parametrize("code", first(1, [-1.0, np.inf, 600.0, 1e30, -np.inf]))
def test_what_is_no_code_is_missing(levels: tuple[int, ...], code: float) -> None:
    model = to_keras(hand_made(levels=levels))
    missing = predictions(model, [[np.nan, 1, 0.5, 0.5]])
    np.testing.assert_array_equal(predictions(model, [[code, 1, 0.5, 0.5]]), missing)
    assert not np.array_equal(predictions(model, [[0, 1, 0.5, 0.5]]), missing)


def test_a_missing_number_counts_as_the_mean() -> None:
    mojo = hand_made(norm=(1234.5678, 0.01))
    model = to_keras(mojo)
    mean = float(mojo.features.norm_sub[0])
    np.testing.assert_allclose(
        predictions(model, [[0, 1, np.nan, 1000.0]]),
        predictions(model, [[0, 1, mean, 1000.0]]),
        rtol=0,
        atol=1e-6,
    )


@pytest.mark.parametrize(("mean", "factor"), [(1e6 / 3, 1e3), (1e12 / 7, 1e-5), (0.1, 1e9)])
def test_the_mean_is_not_rounded_in_float32(mean: float, factor: float) -> None:
    model = to_keras(hand_made(levels=(), nums=1, norm=(mean, factor)))
    held = np.float32(mean)
    found = predictions(model.get_layer("normalization"), [[held], [np.nextafter(held, 2 * held)]])
    true = (np.array([held, np.nextafter(held, 2 * held)], np.float64) - mean) * factor
    np.testing.assert_allclose(found[:, 0], true, rtol=3e-7)


def test_only_built_in_layers_are_saved(tmp_path: Path) -> None:
    maxout = wide_mojo(activation=Activation.MAXOUT)
    for mojo in (hand_made(dropout=0.5), maxout, hand_made(nums=0)):
        with zipfile.ZipFile(saved(to_keras(mojo), tmp_path)) as archive:
            config = json.loads(archive.read("config.json"))
        for place in nested_objects(config):
            assert (
                place["module"] in {"builtins", "numpy", None}
                or place["module"].split(".")[0] == "keras"
            ), place
            assert place["class_name"] != "Lambda"


def nested_objects(config: Any) -> list[dict[str, Any]]:
    if isinstance(config, list):
        return [place for item in config for place in nested_objects(item)]
    if not isinstance(config, dict):
        return []
    found = [config] if {"class_name", "module"} <= set(config) else []
    return found + nested_objects(list(config.values()))


def test_float64_needs_jax_to_keep_64_bits() -> None:
    with pytest.raises(MojoUnsupportedError) as caught:
        to_keras(hand_made(), dtype="float64")
    assert str(caught.value) == (
        "JAX would compute a float64 model in float32: set the environment variable "
        "JAX_ENABLE_X64=1 before Python starts"
    )


def test_another_dtype_is_refused() -> None:
    with pytest.raises(MojoUnsupportedError, match="dtype must be float32 or float64, not float16"):
        to_keras(hand_made(), dtype="float16")


def test_predict_gives_the_same_as_a_call() -> None:
    case = golden("iris_tanh")
    mojo = case.mojo()
    model, rows = to_keras(mojo), golden_rows(case, mojo)
    np.testing.assert_allclose(model.predict(rows, verbose=0), predictions(model, rows), atol=1e-6)
