"""SavedModels, made and run by TensorFlow, against the scorer, and how ``convert`` writes them."""

import sys
from pathlib import Path

import numpy as np
import pytest
from support import golden

from emit.saved_model import check_saved_model, export_saved_model
from mojo_reader import Scorer
from mojo_reader.converting.targets import EMITTERS, Target
from mojo_reader.errors import MojoOutputError
from mojo_reader.files.atomic import replacing


@pytest.mark.tensorflow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", ["iris_tanh", "hashed", "autoencoder_tanh", "levels_thousand", "poisson_maxout"]
)
def test_a_saved_model_passes_the_proof(name: str, dtype: str, tmp_path: Path) -> None:
    mojo = golden(name).mojo()
    path = tmp_path / "m.saved_model"
    # Other tests may have loaded it: Keras does, where it is installed.
    loaded_before = "tensorflow" in sys.modules
    export_saved_model(mojo, path, dtype=dtype)
    assert check_saved_model(path, mojo, dtype=dtype).passed
    matrix = Scorer(mojo).encode(golden(name).columns())
    found = check_saved_model(path, mojo, matrix, dtype=dtype)
    assert found.passed
    assert found.rows == len(matrix)
    assert loaded_before or "tensorflow" not in sys.modules


@pytest.mark.tensorflow
def test_the_proof_catches_another_models_file(tmp_path: Path) -> None:
    path = tmp_path / "m.saved_model"
    export_saved_model(golden("iris_tanh").mojo(), path)
    assert not check_saved_model(path, golden("iris_rectifier").mojo()).passed


def test_a_failure_of_the_other_process_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        MojoOutputError, match="TensorFlow could not check the SavedModel: "
    ) as error:
        check_saved_model(tmp_path / "absent", golden("iris_tanh").mojo(), np.zeros((1, 4)))
    assert "\n" not in str(error.value)


def test_every_target_has_an_emitter() -> None:
    assert set(EMITTERS) == set(Target)
    assert len({emitter.suffix for emitter in EMITTERS.values()}) == len(Target)


def test_a_folder_replaces_a_model_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "m.saved_model"
    for content in ("first", "second"):
        with replacing(target) as partial:
            partial.mkdir()
            (partial / "saved_model.pb").write_text(content)
    assert (target / "saved_model.pb").read_text() == "second"
    other = tmp_path / "mine.saved_model"
    other.mkdir()
    (other / "notes.txt").write_text("keep")
    refused = pytest.raises(MojoOutputError, match="found a folder of something else")
    with refused, replacing(other):
        pass
    assert (other / "notes.txt").read_text() == "keep"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.saved_model", "mine.saved_model"]


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "m.saved_model"
    target.mkdir()
    (target / "saved_model.pb").write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(target) as partial:  # noqa: PT012 - inside
        partial.mkdir()
        raise ZeroDivisionError
    assert (target / "saved_model.pb").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["m.saved_model"]
