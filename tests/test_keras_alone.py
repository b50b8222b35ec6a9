"""Saved models in processes with Keras alone, on each backend."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from keras_support import golden_rows, golden_scores, hand_made, x64
from support import Golden, golden, scored_cases

from emit import to_keras
from emit.keras_model.parity import check_rows
from mojo_reader import Scorer
from mojo_reader.comparing.comparison import Comparer, Comparison
from mojo_reader.model import Activation, Mojo

PROGRAM = Path(__file__).parent / "keras_alone.py"
ACTIVATIONS = [Activation.TANH, Activation.RECTIFIER, Activation.EXP_RECTIFIER, Activation.MAXOUT]

pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")


def run_alone(folder: Path, backend: str, dtype: str, *how: str) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "KERAS_BACKEND": backend,
        "JAX_ENABLE_X64": "1" if dtype == "float64" else "0",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-P", str(PROGRAM), str(folder), *how]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def save(mojo: Mojo, rows: np.ndarray, folder: Path, name: str, dtype: str) -> None:
    with x64(dtype):
        to_keras(mojo, dtype=dtype).save(folder / f"{name}.keras")
    np.save(folder / f"{name}.rows.npy", rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.long
def test_every_activation_keeps_its_type(dtype: str, tmp_path: Path) -> None:
    """Keras narrows float64 in some operations, which shows in the type or in the digits."""
    mojos = {
        f"{activation}_{dropout}_{levels[0]}_{classes}": hand_made(
            activation=activation, dropout=dropout, levels=levels, classes=classes
        )
        for activation in ACTIVATIONS
        for dropout, levels, classes in ((0.0, (3, 2), 1), (0.25, (600,), 2))
    }
    for name, mojo in mojos.items():
        save(mojo, check_rows(mojo, rows=32), tmp_path, name, dtype)
    run_alone(tmp_path, "jax", dtype)
    for name, mojo in mojos.items():
        scores = np.load(tmp_path / f"{name}.scores.npy")
        assert scores.dtype == dtype, name
        comparer = Comparer(Scorer(mojo), dtype)
        comparer.add(np.load(tmp_path / f"{name}.rows.npy"), scores)
        assert comparer.result().passed, (name, comparer.result())


def scored_alone(
    cases: list[Golden], backend: str, dtype: str, folder: Path
) -> dict[str, Comparison]:
    """Score golden cases with Keras alone and compare with H2O's scores."""
    mojos = {case.name: case.mojo() for case in cases}
    for case in cases:
        mojo = mojos[case.name]
        save(mojo, golden_rows(case, mojo), folder, case.name, dtype)
    run_alone(folder, backend, dtype)
    compared = {}
    for case in cases:
        mojo = mojos[case.name]
        # Keras on PyTorch multiplies matrices in float32, whatever the model's type is.
        held = "float32" if backend == "torch" else dtype
        comparer = Comparer(Scorer(mojo), held)
        comparer.add(
            np.load(folder / f"{case.name}.rows.npy"),
            np.load(folder / f"{case.name}.scores.npy"),
            expected=golden_scores(case, mojo),
        )
        compared[case.name] = comparer.result()
    return compared


def assert_all_pass(compared: dict[str, Comparison]) -> None:
    failed = {name: comparison for name, comparison in compared.items() if not comparison.passed}
    assert not failed, failed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.long
def test_a_saved_model_needs_keras_alone(dtype: str, tmp_path: Path) -> None:
    names = ["iris_tanh", "hashed", "levels_thousand", "autoencoder_tanh", "poisson_maxout"]
    assert_all_pass(scored_alone([golden(name) for name in names], "jax", dtype, tmp_path))


@pytest.mark.tensorflow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensorflow_gives_h2os_numbers(dtype: str, tmp_path: Path) -> None:
    assert_all_pass(scored_alone(scored_cases(), "tensorflow", dtype, tmp_path))


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pytorch_gives_h2os_numbers(dtype: str, tmp_path: Path) -> None:
    assert_all_pass(scored_alone(scored_cases(), "torch", dtype, tmp_path))


@pytest.mark.parametrize(
    "backend",
    [
        "jax",
        pytest.param("tensorflow", marks=pytest.mark.tensorflow),
        pytest.param("torch", marks=pytest.mark.torch),
    ],
)
@pytest.mark.long
def test_the_compiled_model_keeps_the_mean(backend: str, tmp_path: Path) -> None:
    """Compilers join constants that stand apart in the model, scalars above all."""
    mojos = {
        f"{nums}_{ratio:g}": hand_made(
            levels=(),
            nums=nums,
            norm=(ratio / 7, 7.0),
            activation=Activation.RECTIFIER,
            classes=1,
        )
        for nums in (1, 2, 20)
        for ratio in (1e-3, 1.0, 2e3, 1e6, 1e9, 1e12)
    }
    for name, mojo in mojos.items():
        # What float32 holds, so that only the model itself rounds.
        held = check_rows(mojo, rows=200).astype(np.float32).astype(np.float64)
        save(mojo, held, tmp_path, name, "float32")
    run_alone(tmp_path, backend, "float32", "predict")
    for name, mojo in mojos.items():
        comparer = Comparer(Scorer(mojo), "float32")
        comparer.add(
            np.load(tmp_path / f"{name}.rows.npy"), np.load(tmp_path / f"{name}.scores.npy")
        )
        assert comparer.result().passed, (name, comparer.result())
