"""Writing: a model comes back as it was, whole or not at all; and what ``rebuilt`` changes."""

import contextlib
import dataclasses
import io
import os
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rules import each_rule_first
from support import Golden, golden, golden_cases, ini_key, rewritten, scored, scored_cases

from mojo_reader import Mojo, Scorer, read_mojo, write_mojo
from mojo_reader.comparing.sameness import same_model
from mojo_reader.details import DETAILS
from mojo_reader.errors import MojoError, MojoFormatError, MojoOutputError, exit_code
from mojo_reader.formats.limits import Limits
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.model import Activation, Classification, Layer

IRIS = golden("iris_tanh")
README = "experimental/README.md"
pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
each_case = pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)


def written(mojo: Mojo) -> bytes:
    buffer = io.BytesIO()
    write_mojo(mojo, buffer)
    return buffer.getvalue()


# --------------------------------------------------------------------------- back as it was


@each_case
def test_a_golden_comes_back_the_same(case: Golden) -> None:
    mojo = case.mojo()
    back = read_mojo(written(mojo))
    assert same_model(mojo, back)
    assert same_model(mojo, back, ignore=())
    assert list(back.kept.keys) == list(mojo.kept.keys)


@pytest.mark.parametrize("case", each_rule_first(scored_cases()))
def test_a_golden_comes_back_with_its_scores_to_the_last_bit(case: Golden) -> None:
    mojo = case.mojo()
    before = scored(Scorer(mojo, exact=True), case.columns())
    after = scored(Scorer(read_mojo(written(mojo)), exact=True), case.columns())
    assert after.header == before.header
    assert after.labels == before.labels
    assert after.values.tobytes() == before.values.tobytes()


@pytest.mark.parametrize(
    "case",
    [case for case in golden_cases() if not case.case.get("base_model")],
    ids=lambda case: case.name,
)
def test_members_are_written_in_h2os_order_and_byte_by_byte(case: Golden) -> None:
    with (
        zipfile.ZipFile(case.path) as old,
        zipfile.ZipFile(io.BytesIO(written(case.mojo()))) as new,
    ):
        assert new.namelist() == old.namelist()
        for name in old.namelist():
            # Numbers in model.ini may have other digits; tests/test_layout.py compares those.
            assert name == "model.ini" or new.read(name) == old.read(name)


def test_a_base_model_becomes_a_mojo_of_its_own() -> None:
    (case, *_) = [case for case in golden_cases() if case.case.get("base_model")]
    mojo = case.mojo()
    back = read_mojo(written(mojo))
    assert (mojo.info.base_model, back.info.base_model) == (case.case["base_model"], None)
    assert same_model(mojo, back, ignore=())


def test_a_folder_is_written_as_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(IRIS.path) as file:
        file.extractall(tmp_path / "folder")
    write_mojo(read_mojo(tmp_path / "folder"), tmp_path / "model.zip")
    assert same_model(read_mojo(tmp_path / "model.zip"), IRIS.mojo(), ignore=())


def test_unknown_keys_and_members_come_back(tmp_path: Path) -> None:
    path = rewritten(
        IRIS.path,
        tmp_path / "more.zip",
        ini_key("timestamp", "now\nzone = a = b\nempty =") | {"extra/notes.bin": b"\0\xff"},
    )
    back = read_mojo(written(read_mojo(path)))
    assert (back.kept.keys["zone"], back.kept.keys["empty"]) == ("a = b", "")
    assert back.kept.members["extra/notes.bin"] == b"\0\xff"


def test_an_array_of_no_layer_is_dropped(tmp_path: Path) -> None:
    more = ini_key("timestamp", "now\nweight_layer9 = [1.0]\nbias_layer00 = [2.0]")
    mojo = read_mojo(rewritten(IRIS.path, tmp_path / "more.zip", more))
    assert not {"weight_layer9", "bias_layer00"} & set(mojo.kept.keys)
    assert same_model(read_mojo(written(mojo)), mojo, ignore=())


def test_columns_may_share_a_file_of_levels(tmp_path: Path) -> None:
    case = golden("binomial_tanh")

    def shared(content: bytes) -> bytes:
        lines = b"2: 3 d002.txt", b"2: 5 d001.txt"
        offsets = b"[0, 12, 18, 22]", b"[0, 12, 18, 24]"
        sizes = b"[26, 8, 6, 2]", b"[28, 8, 6, 2]"
        for old, new in (lines, offsets, sizes):
            assert content.count(old) == 1
            content = content.replace(old, new)
        start, _, rest = content.partition(b"weight_layer0 = [")
        return start + b"weight_layer0 = [" + b"0.5, " * 16 + rest

    path = rewritten(case.path, tmp_path / "shared.zip", {"model.ini": shared})
    mojo = read_mojo(path)
    with zipfile.ZipFile(io.BytesIO(written(mojo))) as file:
        assert file.namelist().count("domains/d001.txt") == 1
        assert "domains/d002.txt" in file.namelist()


def test_the_same_model_has_the_same_bytes_and_no_date(tmp_path: Path) -> None:
    content = written(IRIS.mojo())
    write_mojo(IRIS.mojo(), str(tmp_path / "model.zip"))
    assert (tmp_path / "model.zip").read_bytes() == content
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        dates = {info.date_time for info in file.infolist()}
        kinds = {info.compress_type for info in file.infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}
    assert kinds == {zipfile.ZIP_DEFLATED}


# --------------------------------------------------------------------------- what fails


def refusal(mojo: Mojo, target: object) -> MojoOutputError:
    with pytest.raises(MojoOutputError) as caught:
        write_mojo(mojo, target)  # type: ignore[arg-type]
    assert exit_code(caught.value) == 6
    return caught.value


@contextlib.contextmanager
def full_disk(free: int) -> Iterator[None]:
    """Let no file grow past so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("free", [0, 1000, 10_000, 11_900])
def test_a_failed_write_leaves_the_old_file(tmp_path: Path, free: int) -> None:
    target = tmp_path / "model.zip"
    target.write_bytes(b"old")
    with full_disk(free):
        error = refusal(IRIS.mojo(), target)
    assert str(error) == f"{target}: the MOJO cannot be written: File too large"
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_old_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "model.zip"
    target.write_bytes(b"old")
    target.chmod(0o640)
    write_mojo(IRIS.mojo(), target)
    assert same_model(read_mojo(target), IRIS.mojo(), ignore=())
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_a_device_is_written_through() -> None:
    write_mojo(golden("iris_tanh").mojo(), os.devnull)
    assert Path(os.devnull).is_char_device()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "model.zip"
    error = refusal(IRIS.mojo(), target)
    assert str(error) == f"{target}: the folder {target.parent} does not exist"


def test_a_stream_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (tmp_path / "file").open("rb") as stream:
        error = refusal(IRIS.mojo(), stream)
    assert str(error) == "the MOJO cannot be written: write"
    with Path("/dev/full").open("wb", buffering=0) as stream:
        error = refusal(IRIS.mojo(), stream)
    assert str(error) == "the MOJO cannot be written: No space left on device"


def test_what_no_longer_follows_from_its_keys_is_refused(tmp_path: Path) -> None:
    mojo = golden("binomial_tanh").mojo()
    assert isinstance(mojo.output, Classification)
    target = tmp_path / "model.zip"
    by_hand = dataclasses.replace(mojo, output=dataclasses.replace(mojo.output, threshold=0.25))
    assert str(refusal(by_hand, target)) == (
        f"{target}: the model does not follow from its keys: output.threshold is 0.25 in the "
        "model and would be 0.42448182672609763 in the MOJO; change a model with "
        "mojo_reader.making.rebuilding.rebuilt"
    )
    by_hand = dataclasses.replace(mojo, layers=mojo.layers[:-1])
    assert str(refusal(by_hand, target)) == (
        f"{target}: the model does not follow from its keys, so that no MOJO can hold it: "
        "the key is missing (model.ini weight_layer2)"
    )
    short = dataclasses.replace(mojo.kept, columns=mojo.kept.columns[:-1])
    assert str(refusal(dataclasses.replace(mojo, kept=short), target)) == (
        f"{target}: the model does not follow from its keys, so that no MOJO can hold it: "
        "expected 8 elements, found 7 (model.ini)"
    )
    assert not list(tmp_path.iterdir())


def test_a_member_that_was_too_large_to_keep_is_not_lost(tmp_path: Path) -> None:
    mojo = read_mojo(IRIS.path, limits=Limits(details_bytes=10))
    target = tmp_path / "model.zip"
    assert str(refusal(mojo, target)).startswith(
        f"{target}: the member was not kept when the model was read (modelDetails.json has"
    )
    write_mojo(rebuilt(mojo, members={DETAILS: None}), target)
    assert DETAILS not in read_mojo(target).kept.members


def test_a_model_above_the_reading_limits_is_written() -> None:
    with pytest.raises(MojoError, match="the limit is"):
        read_mojo(IRIS.path, limits=Limits(weights=10))
    assert read_mojo(written(IRIS.mojo()), limits=Limits(weights=144)).layers


# --------------------------------------------------------------------------- rebuilt


def dense(like: Layer, inputs: int, units: int, **changes: object) -> Layer:
    source = np.random.default_rng(inputs * 100 + units)
    return dataclasses.replace(
        like,
        kernels=tuple(source.normal(size=(inputs, units)).astype(np.float32) for _ in like.kernels),
        biases=tuple(source.normal(size=units) for _ in like.biases),
        **changes,  # type: ignore[arg-type]
    )


@each_case
def test_nothing_changed_is_the_same_model(case: Golden) -> None:
    mojo = case.mojo()
    assert same_model(mojo, rebuilt(mojo), ignore=())
    again = rebuilt(mojo, layers=mojo.layers)
    assert same_model(mojo, again, ignore=())
    assert (again.info.sha256, again.info.base_model) == ("", mojo.info.base_model)


@pytest.mark.parametrize("name", ["iris_tanh", "multinomial_maxout"])
def test_hidden_widths_and_their_number_may_change(name: str) -> None:
    mojo = golden(name).mojo()
    first, last = mojo.layers[0], mojo.layers[-1]
    layers = [
        dense(first, first.inputs, 7),
        dense(first, 7, 5),
        dense(first, 5, 3),
        dense(last, 3, last.units),
    ]
    made = read_mojo(written(rebuilt(mojo, layers=layers)))
    assert made.kept.keys["neural_network_sizes"] == f"[{first.inputs}, 7, 5, 3, {last.units}]"
    assert made.kept.keys["hidden_dropout_ratios"] == "[0.0, 0.0, 0.0, 0.0]"
    for ours, asked in zip(made.layers, layers, strict=True):
        for kernel, other in zip(ours.kernels, asked.kernels, strict=True):
            assert kernel.tobytes() == other.tobytes()
        for bias, other in zip(ours.biases, asked.biases, strict=True):
            assert bias.tobytes() == other.tobytes()
    arrays = [key for key in made.kept.keys if "_layer" in key]
    assert arrays == [f"{kind}_layer{index}" for index in range(4) for kind in ("weight", "bias")]


def test_dropout_follows_from_the_layers() -> None:
    mojo = golden("binomial_rectifier_dropout").mojo()
    first, second, last = mojo.layers
    kept = rebuilt(mojo, layers=[first, second, dense(last, last.inputs, last.units)])
    assert kept.kept.keys["hidden_dropout_ratios"] == mojo.kept.keys["hidden_dropout_ratios"]
    none = dataclasses.replace(first, dropout=0.25, scale=0.75)
    made = rebuilt(mojo, layers=[none, second, last])
    assert made.kept.keys["hidden_dropout_ratios"] == f"[0.25, {second.dropout}, 0.0]"
    assert made.layers[0].scale == 0.75


def test_another_activation_comes_with_its_key() -> None:
    mojo = IRIS.mojo()
    layers = [
        *(dataclasses.replace(layer, activation=Activation.RECTIFIER) for layer in mojo.layers[:2]),
        mojo.layers[2],
    ]
    made = rebuilt(mojo, layers=layers, keys={"activation": "Rectifier"})
    assert [layer.activation for layer in made.layers[:2]] == [Activation.RECTIFIER] * 2


def test_keys_and_members_are_set_and_removed() -> None:
    mojo = IRIS.mojo()
    made = rebuilt(
        mojo,
        keys={"origin": "a test, from uuid 1", "uuid": "2", "timestamp": None, "license": ""},
        members={README: None, DETAILS: b"{}"},
    )
    assert (made.info.origin, made.info.uuid) == ("a test, from uuid 1", "2")
    assert list(made.kept.keys)[-1] == "origin"
    assert "timestamp" not in made.kept.keys
    assert dict(made.kept.members) == {DETAILS: b"{}"}
    assert same_model(read_mojo(written(made)), made, ignore=())
    assert (mojo.info.origin, list(mojo.kept.members)) == (None, [DETAILS, README])


def test_a_rebuilt_model_does_not_follow_the_arrays_it_was_given() -> None:
    mojo = IRIS.mojo()
    kernel = np.asfortranarray(mojo.layers[0].kernels[0].copy())
    made = rebuilt(
        mojo,
        layers=[dataclasses.replace(mojo.layers[0], kernels=(kernel,)), *mojo.layers[1:]],
    )
    kernel[:] = 0
    assert same_model(made, mojo)
    assert not made.layers[0].kernels[0].flags.writeable


def refused(mojo: Mojo, **changes: object) -> str:
    with pytest.raises(MojoFormatError) as caught:
        rebuilt(mojo, **changes)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"weight_layer0": "[1.0]"},
            "the key follows from the layers; give those (model.ini weight_layer0)",
        ),
        (
            {"neural_network_sizes": "[4, 3]"},
            "the key follows from the layers; give those (model.ini neural_network_sizes)",
        ),
        (
            {"origin": "two\nlines"},
            "expected a key and a text that fit one line, found 'origin' and 'two\\nlines' "
            "(model.ini origin)",
        ),
        (
            {"origin": " a blank before"},
            "expected a key and a text that fit one line, found 'origin' and ' a blank before' "
            "(model.ini origin)",
        ),
        (
            {"a = b": "c"},
            "expected a key and a text that fit one line, found 'a = b' and 'c' (model.ini a = b)",
        ),
        (
            {"#comment": "c"},
            "expected a key and a text that fit one line, found '#comment' and 'c' "
            "(model.ini #comment)",
        ),
        (
            {"origin": "\ud800"},
            "expected a key and a text that fit one line, found 'origin' and '\\ud800' "
            "(model.ini origin)",
        ),
        ({"": "c"}, "expected a key and a text that fit one line, found '' and 'c' (model.ini)"),
        ({"n_classes": None}, "the key is missing (model.ini n_classes)"),
        ({"nums": "five"}, "'five' is not a 32-bit integer (model.ini nums)"),
        (
            {"norm_mul": "[1.0]"},
            "expected 4 numbers, one for each numeric column, found 1 (model.ini norm_mul)",
        ),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, str | None], message: str) -> None:
    assert refused(IRIS.mojo(), keys=keys) == message


def test_members_that_are_made_of_the_model_are_refused() -> None:
    message = "the member is made of the model's keys, columns and levels"
    for name in ("model.ini", "domains/d000.txt"):
        assert refused(IRIS.mojo(), members={name: b""}) == f"{message} ({name})"


def test_layers_that_do_not_fit_are_refused() -> None:
    mojo = IRIS.mojo()
    first, second, last = mojo.layers
    wrong: list[tuple[list[Layer], str]] = [
        ([], "expected at least one layer, found none (model.ini neural_network_sizes)"),
        (
            [first, second, dense(last, 8, 2)],
            "expected a network from 4 inputs to 3 outputs, found one from 4 to 2 "
            "(model.ini neural_network_sizes)",
        ),
        (
            [first, dense(second, 9, 8), last],
            "expected 10 inputs, found 9 (model.ini weight_layer1)",
        ),
        (
            [dataclasses.replace(first, kernels=first.kernels * 2), second, last],
            "expected 1 kernel(s) of one shape (inputs, units) for Tanh, found "
            "[(4, 10), (4, 10)] (model.ini weight_layer0)",
        ),
        (
            [dataclasses.replace(first, kernels=(np.zeros(40, np.float32),)), second, last],
            "expected 1 kernel(s) of one shape (inputs, units) for Tanh, found [(40,)] "
            "(model.ini weight_layer0)",
        ),
        (
            [dataclasses.replace(first, kernels=()), second, last],
            "expected 1 kernel(s) of one shape (inputs, units) for Tanh, found [] "
            "(model.ini weight_layer0)",
        ),
        (
            [dataclasses.replace(first, biases=(np.zeros(9),)), second, last],
            "expected 1 bias(es) of 10 numbers, found [(9,)] (model.ini bias_layer0)",
        ),
        (
            [dataclasses.replace(first, activation=Activation.RECTIFIER), second, last],
            "layer 0 has the activation Rectifier, and by this key it would have Tanh "
            "(model.ini activation)",
        ),
        (
            [dataclasses.replace(first, dropout=0.5, scale=0.5), second, last],
            "layer 0 has the dropout 0.5 and the factor 0.5, and by its keys (activation, "
            "hidden_dropout_ratios) it would have 0.0 and 1.0 (model.ini hidden_dropout_ratios)",
        ),
        (
            [dataclasses.replace(first, biases=(np.full(10, np.nan),)), second, last],
            "number 0 is nan, expected finite numbers (model.ini bias_layer0)",
        ),
    ]
    for layers, message in wrong:
        assert refused(mojo, layers=layers) == message
