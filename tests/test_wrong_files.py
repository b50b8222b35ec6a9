"""Files and folders that hold a MOJO somewhere, or stand for one: named, with what to give."""

import json
import shutil
from pathlib import Path

import pytest
from support import golden, rewritten, zip_bytes

from emit.training_parameters import training_parameters
from mojo_reader import read_mojo
from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.model import CategoricalEncoding

IRIS = golden("iris_tanh")
DETAILS = "experimental/modelDetails.json"


def refusal(path: Path) -> str:
    with pytest.raises(MojoUnsupportedError) as caught:
        read_mojo(path)
    return str(caught.value)


def test_a_git_lfs_pointer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    )
    with pytest.raises(MojoFormatError) as caught:
        read_mojo(path)
    assert str(caught.value) == (
        f"{path}: this is a Git LFS pointer and not the file that it stands for; fetch that with "
        "'git lfs pull'"
    )


@pytest.mark.parametrize("unpacked", [False, True])
def test_an_mlflow_model_names_the_mojo_inside(unpacked: bool, tmp_path: Path) -> None:  # noqa: FBT001
    folder = tmp_path / "saved"
    inside = folder / "data" / "model.zip"
    inside.parent.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    if unpacked:
        inside = inside.with_suffix("")
        shutil.unpack_archive(IRIS.path, inside)
    else:
        inside.write_bytes(IRIS.path.read_bytes())
    assert refusal(folder) == (
        f"{folder}: this is an MLflow model, and the MOJO inside is {inside}; give that"
    )
    assert read_mojo(inside).info.uuid == IRIS.mojo().info.uuid


def test_an_mlflow_model_without_a_mojo_is_named(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "model.h2o").write_bytes(b"\x1c\xed")
    assert "an MLflow model, and it holds no MOJO; load it with mlflow" in refusal(tmp_path)


def test_a_saved_spark_stage_names_the_mojo_inside(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    (folder / "metadata").mkdir(parents=True)
    (folder / "metadata" / "part-00000").write_text("{}")
    (folder / "mojo_model").write_bytes(IRIS.path.read_bytes())
    assert refusal(folder) == (
        f"{folder}: this is a stage that Spark has saved, and the MOJO inside is "
        f"{folder / 'mojo_model'}; give that"
    )


def test_a_spark_stage_with_a_table_says_how_to_get_it_out(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "part-00000").write_text("{}")
    (tmp_path / "mojo").mkdir()
    (tmp_path / "mojo" / "part-0.parquet").write_bytes(b"PAR1")
    assert "load it with MojoTransformer.load and write them with write_mojo" in refusal(tmp_path)


def test_an_ensemble_without_deep_learning_says_so() -> None:
    info = (
        "[info]\nalgorithm = Stacked Ensemble\nsubmodel_count = 0\nbase_models_num = 0\n"
        "n_columns = 0\n[columns]\n\n[domains]\n"
    )
    with pytest.raises(MojoUnsupportedError) as caught:
        read_mojo(zip_bytes({"model.ini": info.encode()}))
    assert str(caught.value) == (
        "<bytes>: this is a stacked ensemble, and none of its base models is deep learning"
    )


# --------------------------------------------------------------------------- modelDetails.json


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("encoding_one_hot_internal", CategoricalEncoding.ONE_HOT_INTERNAL),
        ("encoding_sort_by_response", CategoricalEncoding.SORT_BY_RESPONSE),
        ("encoding_eigen", CategoricalEncoding.EIGEN),
    ],
)
def test_the_encoding_is_that_of_training(
    name: str, encoding: CategoricalEncoding, tmp_path: Path
) -> None:
    assert golden(name).mojo().info.categorical_encoding is encoding
    stripped = rewritten(golden(name).path, tmp_path / "m.zip", {DETAILS: None})
    known = encoding if encoding is CategoricalEncoding.EIGEN else CategoricalEncoding.AUTO
    assert read_mojo(stripped).info.categorical_encoding is known


@pytest.mark.parametrize("told", ["Binary", "nonsense", 3, None])
def test_details_that_contradict_the_file_change_nothing(told: object, tmp_path: Path) -> None:
    def edit(content: bytes) -> bytes:
        details = json.loads(content)
        for parameter in details["parameters"]:
            if parameter["name"] == "categorical_encoding":
                parameter["actual_value"] = told
        return json.dumps(details).encode()

    path = rewritten(golden("binomial_tanh").path, tmp_path / "m.zip", {DETAILS: edit})
    assert read_mojo(path).info.categorical_encoding is CategoricalEncoding.AUTO


def test_an_infinite_max_w2_is_no_bound() -> None:
    found = training_parameters({"max_w2": "Infinity"})
    assert found.max_w2 is None
    assert "max_w2" not in found.defaulted
    assert training_parameters({"max_w2": 10.0}).max_w2 == 10.0
    assert "max_w2" in training_parameters({"max_w2": "much"}).defaulted
