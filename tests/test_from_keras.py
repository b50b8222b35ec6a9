"""Keras models that ``to_keras`` made, back to MOJOs: the same where nothing was changed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_support import predictions, saved, trained, x64
from rules import Of, each_rule_first, first, holding, some_first
from support import Golden, assert_close, golden, golden_cases

from emit import check_parity, from_keras, to_keras, training_model
from emit.written_back import check_matrix
from mojo_reader import Mojo, Scorer, read_mojo, write_mojo
from mojo_reader.comparing.sameness import same_model
from mojo_reader.details import DETAILS
from mojo_reader.errors import MojoUnsupportedError, ParityError
from mojo_reader.making.origin import own_version
from mojo_reader.making.rebuilding import rebuilt

#: What from_keras changes on purpose.
MARKED = ("uuid", "origin", f"kept.members[{DETAILS}]")
#: One of each activation, with and without levels, gathered, hashed, in each category.
CHAIN = (
    *("binomial_exprectifier", "multinomial_maxout", "regression_maxout_dropout"),
    *("levels_thousand", "hashed", "fewer_levels_mean", "poisson", "no_hidden_layer"),
    *("autoencoder_levels_tanh_dropout", "balance_classes_binomial"),
)


@pytest.fixture
def blank_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no first weights: ``to_keras`` replaces them at once, and drawing takes the time."""
    for name in ("VarianceScaling", "RandomUniform"):
        kind = getattr(keras.initializers, name)
        monkeypatch.setattr(kind, "__call__", lambda _, shape, dtype=None: np.zeros(shape, dtype))


def assert_unchanged(case: Golden, dtype: str) -> None:
    mojo = case.mojo()
    with x64(dtype):
        back = from_keras(to_keras(mojo, dtype=dtype), mojo, check=dtype == "float32")
    assert same_model(back, mojo, ignore=MARKED)
    assert not same_model(back, mojo, ignore=MARKED[1:])


@pytest.mark.usefixtures("blank_layers")
@pytest.mark.parametrize("case", each_rule_first(holding(golden_cases(), Of.FILE), Of.ACTIVATIONS))
def test_an_untouched_model_comes_back_bit_by_bit(case: Golden) -> None:
    assert_unchanged(case, "float32")


@pytest.mark.long
@pytest.mark.usefixtures("blank_layers")
@pytest.mark.parametrize("case", holding(golden_cases(), Of.MODEL), ids=lambda case: case.name)
def test_an_untouched_model_of_float64_comes_back_bit_by_bit(case: Golden) -> None:
    assert_unchanged(case, "float64")


@pytest.mark.parametrize("name", some_first(CHAIN, {"fewer_levels_mean"}))
def test_a_trained_model_comes_back_as_it_predicts(name: str, tmp_path: Path) -> None:
    mojo = golden(name).mojo()
    model = trained(to_keras(mojo), mojo)
    back = from_keras(model, mojo)
    assert not same_model(back, mojo, ignore=MARKED)
    path = tmp_path / "retrained.zip"
    write_mojo(back, path)
    found = read_mojo(path)
    assert same_model(found, back, ignore=())
    comparison = check_parity(model, found, Scorer(found).encode(golden(name).columns()))
    assert comparison.passed, comparison
    assert comparison.max_rel <= 1e-5


@pytest.mark.parametrize(
    "name", some_first(["iris_tanh", "levels_thousand", "multinomial_maxout"], {"iris_tanh"})
)
@pytest.mark.parametrize("dtype", first(1, ["float32", "float64"]))
def test_a_loaded_model_comes_back(name: str, dtype: str, tmp_path: Path) -> None:
    mojo = golden(name).mojo()
    with x64(dtype):
        loaded = keras.saving.load_model(saved(to_keras(mojo, dtype=dtype), tmp_path))
        assert same_model(from_keras(loaded, mojo), mojo, ignore=MARKED)


@pytest.mark.parametrize("name", ["gamma", "levels_thousand", "autoencoder_tanh"])
def test_a_training_model_comes_back(name: str, tmp_path: Path) -> None:
    mojo = golden(name).mojo()
    made = training_model(mojo)
    assert same_model(from_keras(made, mojo), mojo, ignore=MARKED)
    loaded = keras.saving.load_model(saved(made, tmp_path))
    assert same_model(from_keras(loaded, mojo), mojo, ignore=MARKED)


def test_each_weight_arrives_in_its_place() -> None:
    mojo = golden("levels_thousand").mojo()
    model = to_keras(mojo)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    back = from_keras(model, mojo)
    levels = model.get_layer("hidden_1_levels").get_weights()[0]
    kernel, bias = model.get_layer("hidden_1").get_weights()
    assert np.array_equal(back.layers[0].kernels[0], np.concatenate([levels, kernel]))
    assert np.array_equal(back.layers[0].biases[0], bias.astype(np.float64))


def test_a_changed_bias_is_the_float32_and_the_others_stay_float64() -> None:
    mojo = golden("iris_tanh").mojo()
    model = to_keras(mojo)
    kernel, bias = model.get_layer("output").get_weights()
    bias[1] = 0.1
    model.get_layer("output").set_weights([kernel, bias])
    old, new = mojo.layers[-1].biases[0], from_keras(model, mojo).layers[-1].biases[0]
    assert new[1] == np.float32(0.1)
    assert (new[[0, 2]] == old[[0, 2]]).all()
    assert (old.astype(np.float32).astype(np.float64) != old).all()


def test_only_what_is_new_is_new() -> None:
    mojo = golden("iris_tanh").mojo()
    back = from_keras(to_keras(mojo), mojo, uuid="42")
    assert back.info.uuid == "42"
    assert back.info.origin == f"mojo2keras {own_version()}, from uuid {mojo.info.uuid}"
    marked = back.kept.members[DETAILS].decode()
    assert f'"Of the original model (uuid {mojo.info.uuid}), before retraining.' in marked
    again = from_keras(to_keras(back), back)
    assert again.info.uuid not in {"42", mojo.info.uuid}
    assert -(1 << 63) <= int(again.info.uuid or "") < 1 << 63


@pytest.mark.long
def test_hidden_layers_may_have_another_width() -> None:
    mojo = golden("iris_rectifier").mojo()
    sizes = (4, 6, 5, 3)
    model = _network(sizes, mojo, "relu")
    back = from_keras(model, mojo)
    assert [(layer.inputs, layer.units) for layer in back.layers] == [(4, 6), (6, 5), (5, 3)]
    rows = Scorer(back).encode(golden("iris_rectifier").columns())
    found = predictions(model, rows).astype(np.float64)
    assert_close(found, Scorer(back).score_matrix(rows), tolerance=1e-5)


def _network(sizes: tuple[int, ...], mojo: Mojo, activation: str) -> Any:
    """A network of other widths behind the column handling that to_keras makes."""
    model = to_keras(mojo)
    outputs = model.get_layer("normalization")(model.inputs[0])
    for index, units in enumerate(sizes[1:-1], 1):
        dense = keras.layers.Dense(units, activation=activation, name=f"hidden_{index}")
        outputs = dense(outputs)
    outputs = keras.layers.Dense(sizes[-1], activation="softmax", name="output")(outputs)
    return keras.Model(model.inputs[0], outputs)


BACK_AND_FORTH = """
import sys
import numpy as np
from emit import from_keras, to_keras
from mojo_reader import read_mojo
from mojo_reader.details import DETAILS
from mojo_reader.comparing.sameness import same_model

for path in sys.argv[1:]:
    mojo = read_mojo(path)
    back = from_keras(to_keras(mojo), mojo)
    assert same_model(back, mojo, ignore=("uuid", "origin", f"kept.members[{DETAILS}]")), path
"""


@pytest.mark.parametrize(
    "backend",
    [
        "jax",
        pytest.param("tensorflow", marks=pytest.mark.tensorflow),
        pytest.param("torch", marks=pytest.mark.torch),
    ],
)
@pytest.mark.long
def test_every_backend_gives_the_weights_back(backend: str) -> None:
    paths = [golden(name).path for name in ("iris_tanh", "levels_thousand", "multinomial_maxout")]
    environment = {**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", BACK_AND_FORTH, *map(str, paths)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --------------------------------------------------------------------------- refusals

Change = Callable[[Any], Any]


def _with_weight(layer: str, value: float) -> Change:
    def change(model: Any) -> Any:
        kernel, bias = model.get_layer(layer).get_weights()
        kernel[2, 1] = value
        model.get_layer(layer).set_weights([kernel, bias])
        return model

    return change


def _quantized(model: Any) -> Any:
    model.get_layer("hidden_2").quantize("int8")
    return model


def _made_from(name: str) -> Change:
    return lambda _: to_keras(golden(name).mojo())


def _own(*layers: Any) -> Change:
    return lambda _: keras.Sequential([keras.Input((4,)), *layers])


def _path(_: Any) -> Any:
    return "model.keras"


IRIS = "iris_tanh"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            _with_weight("hidden_2", float("nan")),
            "expected finite float32 numbers in the kernel of the layer 'hidden_2', found nan "
            "at [2, 1]",
        ),
        (
            _with_weight("output", float("-inf")),
            "expected finite float32 numbers in the kernel of the layer 'output', found -inf "
            "at [2, 1]",
        ),
        (_path, "expected a keras.Model, found a str; load it with Keras first"),
        (_quantized, "the layer 'hidden_2' is quantized (int8)"),
        (
            _made_from("no_hidden_layer"),
            "expected a Dense layer 'hidden_1', found none: the model was not made from this MOJO "
            "by to_keras",
        ),
        (
            _made_from("four_hidden_layers"),
            "expected 2 hidden layers as in the MOJO, found a layer 'hidden_3'",
        ),
        (
            _made_from("multinomial_tanh_dropout"),
            "expected the Dense layer 'hidden_1' with 4 inputs, found 26: its kernel has the shape "
            "(26, 8)",
        ),
        (
            _made_from("multinomial_maxout"),
            "expected a Dense layer 'hidden_1', found a Maximum",
        ),
        (
            _own(
                keras.layers.Dense(3, name="hidden_1", use_bias=False),
                keras.layers.Dense(3, name="hidden_2"),
                keras.layers.Dense(3, name="output"),
            ),
            "the layer 'hidden_1' has no bias",
        ),
        (
            _own(
                keras.layers.Dense(3, name="hidden_1"),
                keras.layers.Dense(3, name="hidden_2"),
                keras.layers.Dense(2, name="output"),
            ),
            "expected the Dense layer 'output' with 3 units, found 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change: Change, message: str) -> None:
    mojo = golden(IRIS).mojo()
    with pytest.raises(MojoUnsupportedError) as caught:
        from_keras(change(to_keras(mojo)), mojo)
    assert str(caught.value) == message


# --------------------------------------------------------------------------- the check


def _with_keys(name: str, keys: dict[str, str]) -> Any:
    """The Keras model of a MOJO whose constants are not those of the golden one."""
    return to_keras(rebuilt(golden(name).mojo(), keys=keys))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("iris_tanh", {"norm_sub": "[5.0, 3.0, 3.7, 1.2]"}),
        ("iris_tanh", {"norm_mul": "[1.2, 2.3, 0.6, 1.3]"}),
        ("iris_tanh", {"activation": "ExpRectifier"}),
        ("balance_classes_binomial", {"prior_class_distrib": "[0.4, 0.6]"}),
        ("gaussian", {"norm_resp_sub": "[0.0]"}),
        ("poisson", {"distribution": "gaussian"}),
    ],
)
def test_a_model_of_another_mojo_is_found_by_what_it_predicts(
    name: str, keys: dict[str, str]
) -> None:
    model, mojo = _with_keys(name, keys), golden(name).mojo()
    with pytest.raises(ParityError, match="made from another MOJO, or more than its weights"):
        from_keras(model, mojo)
    assert same_model(from_keras(model, mojo, check=False), mojo, ignore=MARKED)


def test_the_check_says_what_differs() -> None:
    mojo = golden("gaussian").mojo()
    model = to_keras(rebuilt(mojo, keys={"norm_resp_sub": "[0.0]"}))
    row = check_matrix(mojo.features)[:1]
    expected, found = Scorer(mojo).score_matrix(row)[0, 0], predictions(model, row)[0, 0]
    with pytest.raises(ParityError) as caught:
        from_keras(model, mojo)
    assert str(caught.value) == (
        "the Keras model does not predict what the MOJO does with the model's weights: expected "
        f"{expected:.6g} in output 0 of a row that was made, found {found:.6g}; it was made from "
        "another MOJO, or more than its weights was changed"
    )
