"""A saved Keras model is proved as the file has it, and no weight is drawn for that."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras_support import hand_made, saved

from emit import check_parity, to_keras
from emit.keras_model.loading import saved_model

NARROW = hand_made(levels=(3,), hidden=(4,))
GATHERED = hand_made(levels=(600,), hidden=(4,))


def rewritten(path: Path, member: str, change: Any) -> Path:
    """A copy of a saved model with one part changed; None leaves it out."""
    target = path.with_name("changed.keras")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            content = change(before.read(name)) if name == member else before.read(name)
            after.writestr(name, content)
    return target


def refused(*_: Any, **__: Any) -> None:
    raise AssertionError("a weight was made that the file replaces")


@pytest.mark.parametrize(
    "mojo",
    [
        pytest.param(NARROW, id="narrow"),
        pytest.param(GATHERED, id="gathered", marks=pytest.mark.long),
    ],
)
def test_no_weight_is_made_that_is_replaced(
    mojo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = to_keras(mojo)
    path = saved(model, tmp_path)
    for name in ("GlorotUniform", "RandomUniform", "Zeros"):
        monkeypatch.setattr(getattr(keras.initializers, name), "__call__", refused)
    found = saved_model(path)
    for mine, other in zip(found.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert not found.compiled
    assert check_parity(found, mojo).passed


@pytest.mark.long
def test_it_is_what_keras_loads(tmp_path: Path) -> None:
    path = saved(to_keras(GATHERED), tmp_path)
    found, wanted = saved_model(path), keras.saving.load_model(path, compile=False)
    for layer in wanted.layers:
        assert type(found.get_layer(layer.name)) is type(layer)
    assert [weight.path for weight in found.weights] == [weight.path for weight in wanted.weights]


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_a_weight_that_the_file_lacks_is_noticed(tmp_path: Path) -> None:
    def without_a_kernel(content: bytes) -> bytes:
        stored = io.BytesIO(content)
        with h5py.File(stored, "r+") as file:
            del file["layers/dense/vars/0"]
        return stored.getvalue()

    path = rewritten(saved(to_keras(NARROW), tmp_path), "model.weights.h5", without_a_kernel)
    with pytest.raises((KeyError, ValueError)):
        saved_model(path)


def test_an_initializer_that_keras_cannot_make_is_noticed(tmp_path: Path) -> None:
    path = saved(to_keras(NARROW), tmp_path)

    def broken(content: bytes) -> bytes:
        text = json.dumps(json.loads(content))
        assert '"GlorotUniform"' in text
        return text.replace('"GlorotUniform"', '"NoSuchThing"').encode()

    changed = rewritten(path, "config.json", broken)
    with pytest.raises((TypeError, ValueError), match="NoSuchThing"):
        saved_model(changed)
    with pytest.raises((TypeError, ValueError), match="NoSuchThing"):
        keras.saving.load_model(changed, compile=False)


def test_an_optimizer_starts_from_keras_own_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, ...]] = []
    zeros = keras.initializers.Zeros.__call__

    def counted(self: Any, shape: Any, dtype: Any = None) -> Any:
        made.append(tuple(shape))
        return zeros(self, shape, dtype)

    monkeypatch.setattr(keras.initializers.Zeros, "__call__", counted)
    model = to_keras(NARROW)
    shapes = {tuple(weight.shape) for weight in model.trainable_variables}
    # A metric's own numbers have no shape that takes a program of its own.
    assert shapes.isdisjoint(made)
    untouched = keras.optimizers.Adadelta(learning_rate=1.0)
    untouched.build(model.trainable_variables)
    assert shapes.issubset(made)
    for mine, other in zip(model.optimizer.variables, untouched.variables, strict=True):
        assert (mine.name, mine.dtype) == (other.name, other.dtype)
        np.testing.assert_array_equal(mine, other)
    assert "add_variable_from_reference" not in vars(model.optimizer)
