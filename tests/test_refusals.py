"""What the reader says of files that are no MOJO, or contradict themselves."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from support import (
    FOREIGN_FOLDER,
    Edit,
    golden,
    ini_edit,
    ini_key,
    rewritten,
    zip_bytes,
)

from mojo_reader import Scorer, read_mojo
from mojo_reader.errors import (
    MojoDataError,
    MojoError,
    MojoFormatError,
    MojoUnsupportedError,
)
from mojo_reader.model import Classification

IRIS = golden("iris_tanh")
BINOMIAL = golden("bernoulli")


def failure(source: object) -> MojoError:
    with pytest.raises(MojoError) as caught:
        read_mojo(source)  # type: ignore[arg-type]
    return caught.value


def text_of(error: MojoError, path: Path) -> str:
    text = str(error)
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def test_an_absent_file_is_no_mojo_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_mojo("nowhere.zip")


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"", MojoFormatError, "the file is empty, expected a MOJO zip"),
        (b"a,b\n1,2\n", MojoFormatError, "expected a MOJO zip, found text"),
        (bytes(range(256)), MojoFormatError, "expected a MOJO zip, found binary data"),
        (
            zip_bytes({"readme.txt": b"x"}),
            MojoFormatError,
            "expected the member model.ini of an H2O MOJO, found none",
        ),
        (
            zip_bytes({"mine/model.ini": b"x"}),
            MojoFormatError,
            "expected the member model.ini of an H2O MOJO, found none; it stands in the folder "
            "mine/: zip that folder's content",
        ),
        (
            zip_bytes({"mojo/pipeline.pb": b"x"}),
            MojoUnsupportedError,
            "this is a Driverless AI MOJO2 pipeline; score it with Driverless AI's own runtime",
        ),
        (
            zip_bytes({"../model.ini": b"x"}),
            MojoFormatError,
            "the member's name leaves the zip (../model.ini)",
        ),
    ],
    ids=["empty", "text", "binary", "no model.ini", "nested", "mojo2", "dots"],
)
def test_files_that_are_no_mojo(
    tmp_path: Path, content: bytes, kind: type[MojoError], message: str
) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    error = failure(path)
    assert type(error) is kind
    assert text_of(error, path) == message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("deeplearning_pojo.java", "this is an H2O POJO and no MOJO; read it with read_model"),
        (
            "deeplearning_binary.bin",
            "this is an H2O binary model and no MOJO; read it with read_model",
        ),
        (
            "gbm.zip",
            "this is a MOJO of the algorithm 'Gradient Boosting Machine', and only Deep Learning "
            "can be read here; score it with H2O's own h2o-genmodel (model.ini algorithm)",
        ),
    ],
)
def test_other_files_that_h2o_writes(name: str, message: str) -> None:
    error = failure(FOREIGN_FOLDER / name)
    assert type(error) is MojoUnsupportedError
    assert text_of(error, FOREIGN_FOLDER / name) == message


@pytest.mark.parametrize("path", sorted(FOREIGN_FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_foreign_file_is_refused_by_name(path: Path) -> None:
    assert type(failure(path)) is MojoUnsupportedError


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_zip(tmp_path: Path, share: float) -> None:
    content = IRIS.path.read_bytes()
    path = tmp_path / "model.zip"
    path.write_bytes(content[: int(len(content) * share)])
    assert "the zip is truncated or damaged" in text_of(failure(path), path)


def test_a_damaged_member(tmp_path: Path) -> None:
    content = bytearray(IRIS.path.read_bytes())
    with zipfile.ZipFile(IRIS.path) as file:
        info = file.getinfo("model.ini")
    middle = info.header_offset + info.compress_size // 2
    content[middle : middle + 20] = bytes(20)
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    error = failure(path)
    assert isinstance(error, MojoFormatError)
    assert error.member == "model.ini"


def test_an_encrypted_zip(tmp_path: Path) -> None:
    content = bytearray(zip_bytes({"model.ini": b"x"}))
    # Bit 0 of the general purpose flags, in the local and in the central header.
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = content.index(signature) + offset
        flags = struct.unpack_from("<H", content, position)[0]
        struct.pack_into("<H", content, position, flags | 1)
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    assert text_of(failure(path), path) == "the zip is encrypted; decrypt it first (model.ini)"


def test_an_unknown_compression(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("model.ini", "x")
    assert "compression method 14 is not one that H2O writes" in str(failure(path))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model.ini", "x")
        file.writestr("model.ini", "y")
    assert text_of(failure(path), path) == "the member stands twice in the zip (model.ini)"


def test_a_link_in_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(IRIS.path) as file:
        file.extractall(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "model.ini")
    assert text_of(failure(tmp_path), tmp_path) == "a folder MOJO must not hold links (link)"


IRIS_WEIGHTS = ini_key("weight_layer0", "[1.0, 2.0]")


@pytest.mark.parametrize(
    ("edits", "kind", "message"),
    [
        (IRIS_WEIGHTS, MojoFormatError, "expected 40 numbers, found 2 (model.ini weight_layer0)"),
        (
            ini_key("weight_layer0", "[1.0, , 3.0]"),
            MojoFormatError,
            "number 1 of the array: ' ' is not a number (model.ini weight_layer0)",
        ),
        (
            ini_key("weight_layer0", "[1.0, inf]"),
            MojoFormatError,
            "number 1 of the array: ' inf' is not a number (model.ini weight_layer0)",
        ),
        (
            ini_key("weight_layer0", "1.0, 2.0"),
            MojoFormatError,
            "expected an array in brackets, found '1.0, 2.0' (model.ini weight_layer0)",
        ),
        (
            ini_key("bias_layer2", "[1.0, NaN, 2.0]"),
            MojoFormatError,
            "number 1 is nan, expected finite numbers (model.ini bias_layer2)",
        ),
        (
            ini_key("weight_layer1", None),
            MojoFormatError,
            "the key is missing (model.ini weight_layer1)",
        ),
        (
            ini_key("activation", "Sigmoid"),
            MojoUnsupportedError,
            "the activation 'Sigmoid' is not known; known are Rectifier, Tanh, ExpRectifier, "
            "Maxout, each also with WithDropout (model.ini activation)",
        ),
        (
            ini_key("_genmodel_encoding", "OneHotExplicit"),
            MojoUnsupportedError,
            "'OneHotExplicit' is not known here; known are AUTO, OneHotInternal, SortByResponse, "
            "Binary, Eigen, LabelEncoder, EnumLimited (model.ini _genmodel_encoding)",
        ),
        (
            ini_key("_genmodel_encoding", "null"),
            MojoFormatError,
            "the key is missing (model.ini _genmodel_encoding)",
        ),
        (
            ini_key("distribution", "modified_huber"),
            MojoUnsupportedError,
            "H2O itself cannot score the distribution modified_huber (model.ini distribution)",
        ),
        (
            ini_key("mojo_version", "2.00"),
            MojoUnsupportedError,
            "the MOJO version is 2.00, the newest known one is 1.10 (model.ini mojo_version)",
        ),
        (
            ini_key("mojo_version", "NaN"),
            MojoUnsupportedError,
            "the MOJO version is nan, the newest known one is 1.10 (model.ini mojo_version)",
        ),
        (
            ini_key("category", "Ordinal"),
            MojoUnsupportedError,
            "'Ordinal' is not known here; known are Binomial, Multinomial, Regression, "
            "AutoEncoder (model.ini category)",
        ),
        (
            ini_key("n_features", "five"),
            MojoFormatError,
            "'five' is not a 32-bit integer (model.ini n_features)",
        ),
        (
            ini_key("supervised", "True"),
            MojoFormatError,
            "expected true or false, found 'True' (model.ini supervised)",
        ),
        (
            ini_key("n_classes", "4"),
            MojoFormatError,
            "expected as many outputs and response levels as classes, found 3 outputs and 3 "
            "levels for 4 classes (model.ini n_classes)",
        ),
        (
            ini_key("hidden_dropout_ratios", "[0.0, 5.0, 0.0]"),
            MojoFormatError,
            "expected ratios from 0 to below 1, found [0.0, 5.0, 0.0] "
            "(model.ini hidden_dropout_ratios)",
        ),
        (
            ini_key("neural_network_sizes", "[4, 1000000000, 8, 3]"),
            MojoFormatError,
            "expected 4000000000 numbers, found 40 (model.ini weight_layer0)",
        ),
        (
            ini_key("norm_mul", "[1.0, 1.0, 1.0, 1.0, 1.0]"),
            MojoFormatError,
            "expected 4 numbers, one for each numeric column, found 5 (model.ini norm_mul)",
        ),
        (
            ini_key("norm_mul", "[1.0, 0.0, 1.0, 1.0]"),
            MojoFormatError,
            "expected factors other than 0 (model.ini norm_mul)",
        ),
        (
            ini_key("prior_class_distrib", "[0.5, 0.5, 0.5]"),
            MojoFormatError,
            "expected shares that sum to 1, found [0.5, 0.5, 0.5] (model.ini prior_class_distrib)",
        ),
        (
            ini_edit("[columns]", "[kolumns]"),
            MojoFormatError,
            "expected KEY = VALUE, found '[kolumns]' (model.ini)",
        ),
        (
            ini_key("n_columns", "-1"),
            MojoFormatError,
            "expected a count, found -1 (model.ini n_columns)",
        ),
        (
            ini_key("n_columns", None),
            MojoFormatError,
            "the key is missing (model.ini n_columns)",
        ),
        (
            ini_key("n_columns", "4"),
            MojoFormatError,
            "expected [domains], found 'Species' (model.ini)",
        ),
        (
            {"model.ini": lambda ini: ini[: ini.index(b"[domains]")]},
            MojoFormatError,
            "the section [domains] is missing (model.ini)",
        ),
        (
            {"domains/d000.txt": None},
            MojoFormatError,
            "the member is missing (domains/d000.txt)",
        ),
        (
            {"domains/d000.txt": b"a\nb\n"},
            MojoFormatError,
            "expected 3 levels, found 2 (domains/d000.txt)",
        ),
        (
            {"domains/d000.txt": b"a\nb\n\xff\n"},
            MojoFormatError,
            "expected UTF-8 text, found b'\\xff' (domains/d000.txt)",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_models_that_contradict_themselves(
    tmp_path: Path, edits: Mapping[str, Edit], kind: type[MojoError], message: str
) -> None:
    path = rewritten(IRIS.path, tmp_path / "model.zip", edits)
    error = failure(path)
    assert type(error) is kind
    assert text_of(error, path) == message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("cat_offsets", "[0, 5, 4, 9]", "expected offsets that start at 0 and grow"),
        ("cat_offsets", "[0, 5]", "expected 4 offsets, found 2"),
        ("default_threshold", None, "the key is missing"),
        ("balance_classes", None, "the key is missing"),
        ("n_classes", "3", "expected as many outputs and response levels as classes"),
    ],
)
def test_binomial_models_that_contradict_themselves(
    tmp_path: Path, key: str, value: str | None, message: str
) -> None:
    path = rewritten(BINOMIAL.path, tmp_path / "model.zip", ini_key(key, value))
    assert message in str(failure(path))


def test_hashed_levels_need_the_details(tmp_path: Path) -> None:
    hashed = golden("hashed")
    path = rewritten(hashed.path, tmp_path / "m.zip", {"experimental/modelDetails.json": None})
    error = failure(path)
    assert isinstance(error, MojoUnsupportedError)
    assert "experimental/modelDetails.json, which is missing" in str(error)


def test_an_encoded_model_of_mojo_100_needs_encoded_columns() -> None:
    case = golden("v3_28_encoding_binary_raw_columns")
    mojo = case.mojo()
    assert mojo.info.encoded_inputs
    with pytest.raises(MojoDataError) as caught:
        Scorer(mojo).predict(case.columns())
    assert str(caught.value).startswith(
        "the model was trained with categorical_encoding Binary and this MOJO (version 1.00) lacks "
        "the original levels, so the rows must carry its encoded columns; absent: "
    )


def test_a_level_that_stands_twice_means_its_last_position(tmp_path: Path) -> None:
    """As in Java's ``HashMap``, where the later entry replaces the earlier one."""

    def edit(levels: bytes) -> bytes:
        lines = levels.split(b"\n")
        lines[1] = lines[0]
        return b"\n".join(lines)

    path = rewritten(BINOMIAL.path, tmp_path / "m.zip", {"domains/d000.txt": edit})
    mojo = read_mojo(path)
    column = mojo.inputs[0]
    row = dict.fromkeys(mojo.features.names) | {column.name: column.levels[0]}
    assert Scorer(mojo).encode([row])[0, 0] == 1.0


def test_the_prior_correction_is_one_factor_a_class() -> None:
    output = golden("balance_classes_binomial").mojo().output
    assert isinstance(output, Classification)
    assert output.prior_factors is not None
    assert output.prior_factors.shape == (2,)
