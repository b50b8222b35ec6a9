"""The training model as a Keras model: saved, loaded alone, and sharing its layers."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from support import golden
from training_support import training_columns

from emit import to_keras, training_model
from mojo_reader import Mojo, Scorer
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Classification, Reconstruction, Regression

PROGRAM = Path(__file__).parent / "train_alone.py"


def keras_inputs(name: str) -> tuple[Mojo, NDArray[np.float32], NDArray[np.float32]]:
    """Rows that a golden model can be trained on, as ``[x, y]``."""
    mojo, columns = golden(name).mojo(), training_columns(name, rows=80)
    matrix = Scorer(mojo).encode(columns).astype(np.float32)
    match mojo.output:
        case Classification() as output:
            places = [output.labels.index(cell) for cell in columns[output.response]]
            targets = np.array(places, np.float32)[:, np.newaxis]
        case Regression() as output:
            targets = np.array(columns[output.response], np.float32)[:, np.newaxis]
        case Reconstruction():
            targets = matrix
    return mojo, matrix, targets


ALONE = [
    *("gaussian", "laplace", "quantile", "huber", "poisson", "gamma", "tweedie"),
    *("binomial_tanh", "iris_tanh", "autoencoder_tanh", "autoencoder_rectifier"),
]


def train_alone(folder: Path, backend: str) -> dict[str, tuple[float, float]]:
    for name in ALONE:
        mojo, rows, targets = keras_inputs(name)
        training_model(mojo).save(folder / f"{name}.keras")
        np.save(folder / f"{name}.x.npy", rows)
        np.save(folder / f"{name}.y.npy", targets)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-P", str(PROGRAM), str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: (float(first), float(last)) for name, first, last in lines}


def assert_all_learn(losses: dict[str, tuple[float, float]]) -> None:
    assert set(losses) == set(ALONE)
    worse = {name: (first, last) for name, (first, last) in losses.items() if not last < first}
    assert not worse


@pytest.mark.long
def test_it_loads_and_trains_with_keras_alone(tmp_path: Path) -> None:
    assert_all_learn(train_alone(tmp_path, "jax"))


@pytest.mark.tensorflow
def test_it_trains_with_keras_alone_on_tensorflow(tmp_path: Path) -> None:
    assert_all_learn(train_alone(tmp_path, "tensorflow"))


@pytest.mark.torch
def test_it_trains_with_keras_alone_on_pytorch(tmp_path: Path) -> None:
    assert_all_learn(train_alone(tmp_path, "torch"))


@pytest.mark.long
def test_what_it_learns_is_in_the_model_that_predicts() -> None:
    mojo, rows, targets = keras_inputs("iris_tanh")
    model = to_keras(mojo)
    made = training_model(mojo, model)
    before = np.asarray(model(rows))
    made.fit([rows, targets], np.zeros((len(rows), 1)), epochs=2, verbose=0)
    assert np.abs(np.asarray(model(rows)) - before).max() > 1e-4


@pytest.mark.long
def test_a_model_from_a_file_can_be_given(tmp_path: Path) -> None:
    mojo, rows, targets = keras_inputs("poisson")
    model = to_keras(mojo)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        training_model(mojo, loaded)([rows, targets]), training_model(mojo, model)([rows, targets])
    )


def test_a_model_without_its_layers_is_refused() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="last")])
    with pytest.raises(MojoUnsupportedError) as error:
        training_model(golden("iris_tanh").mojo(), model)
    assert str(error.value) == (
        "expected a model that to_keras made, found one without a layer 'output'"
    )
