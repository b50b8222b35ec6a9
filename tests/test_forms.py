"""A model in any form that H2O writes: the same scores, on every door that takes a model."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from forms_support import (
    FORMS_FOLDER,
    Formed,
    all_formed,
    form_cases,
    one_of_each_form,
    scores,
)
from rows_support import numbers_of, rows_file, run, table_of
from rules import some_first
from support import Golden, assert_close

from mojo_reader import Scorer, convert, list_base_models, read_model, read_mojo, write_mojo
from mojo_reader.comparing.sameness import same_model
from mojo_reader.errors import MojoError, MojoUnsupportedError
from mojo_reader.model import Classification, Form, Regression
from mojo_reader.reader import find_mojo

pytestmark = pytest.mark.filterwarnings(
    "ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning",
    "ignore::mojo_reader.scoring.row_warnings.UnseenLevelWarning",
)
EVERY = pytest.mark.parametrize(
    "one",
    some_first(all_formed(), one_of_each_form()),
    ids=[one.name for one in all_formed()],
)
EACH_FORM = pytest.mark.parametrize(
    "one", one_of_each_form(), ids=[one.form.name.lower() for one in one_of_each_form()]
)


def regression(form: Form) -> Formed:
    """A regression, whose link does not tell the distribution."""
    found = [one for one in all_formed() if one.form is form]
    return next(one for one in found if isinstance(one.mojo().output, Regression))


def test_there_are_pairs_of_many_releases() -> None:
    assert {one.form for one in one_of_each_form()} == set(Form) - {Form.MOJO}
    for form in (Form.POJO, Form.BINARY):
        found = [one for one in all_formed() if one.form is form]
        assert len(found) >= 24
        assert len({one.case.case["h2o_version"] for one in found}) >= 6


@EVERY
def test_every_form_scores_what_h2o_said(one: Formed) -> None:
    mojo, expected = one.mojo(), one.case.expected()
    assert mojo.info.form is one.form
    # What a server of 3.20 says of a model names no release.
    told = one.form is not Form.EXPORTED or mojo.info.h2o_version != "unknown"
    assert not told or mojo.info.h2o_version == one.case.case["h2o_version"]
    labels, numbers = scores(mojo, one.case)
    assert labels == expected.labels
    assert_close(numbers, expected.values, tolerance=1e-10)


@EVERY
def test_the_scores_are_those_of_the_mojo_to_the_last_bit(one: Formed) -> None:
    mojo, other = one.case.mojo(), one.mojo()
    rows = one.case.columns()
    expected = Scorer(mojo, exact=True).score(rows)
    found = Scorer(other, exact=True).score(rows)
    assert list(found) == list(expected)
    for name, numbers in expected.items():
        assert np.array_equal(found[name], numbers, equal_nan=numbers.dtype.kind == "f")


@EVERY
def test_the_mojo_that_is_written_of_it_is_the_same_model(one: Formed, tmp_path: Path) -> None:
    mojo, path = one.mojo(), tmp_path / "model.zip"
    write_mojo(mojo, path)
    written = read_mojo(path)
    assert same_model(mojo, written, ignore=())
    assert written.info.form is Form.MOJO
    # Whoever reads the MOJO knows what its source did not say.
    assert written.info.lacks == mojo.info.lacks


# --------------------------------------------------------------------------- ways to give it


@EACH_FORM
def test_a_path_its_bytes_and_streams_are_one_model(one: Formed) -> None:
    mojo = one.mojo()
    assert mojo.info.source == str(one.path.resolve())
    assert len(mojo.info.sha256) == 64
    if one.path.is_dir():
        return
    content = one.path.read_bytes()
    for source in (content, io.BytesIO(content), Once(content), bytearray(content)):
        found = read_model(source)
        assert same_model(found, mojo, ignore=())
        assert found.info.sha256 == mojo.info.sha256
        assert found.info.source is None
    with one.path.open("rb") as file:
        assert read_model(file).info.source == mojo.info.source


class Once(io.RawIOBase):
    """A stream that cannot be wound back, as a pipe."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._stream = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: bytearray) -> int:
        return self._stream.readinto(buffer)


def test_a_mojo_is_read_as_before() -> None:
    for case in form_cases()[:3]:
        assert same_model(read_model(case.path), case.mojo(), ignore=())
        with case.path.open("rb") as file:
            assert same_model(read_model(Once(file.read())), case.mojo(), ignore=())


@EACH_FORM
def test_a_folder_with_one_model_is_that_model(one: Formed, tmp_path: Path) -> None:
    if one.path.is_dir():
        assert find_mojo(one.path) == one.path
        return
    place = tmp_path / one.path.name
    shutil.copy(one.path, place)
    (tmp_path / "notes.txt").write_text("not a model")
    assert find_mojo(tmp_path) == place


@EACH_FORM
def test_none_of_them_has_base_models(one: Formed) -> None:
    with pytest.raises(MojoUnsupportedError, match="no stacked ensemble") as caught:
        read_model(one.path, base_model="DL_1")
    assert str(caught.value).startswith(f"{one.path}: ")
    assert list_base_models(one.path) == ()


@EACH_FORM
def test_read_mojo_reads_mojos_alone(one: Formed) -> None:
    with pytest.raises(MojoError) as caught:
        read_mojo(one.path)
    assert "read_model" in str(caught.value)


# --------------------------------------------------------------------------- the program


@EACH_FORM
def test_inspect_says_the_form_the_release_and_what_is_lacking(
    one: Formed, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(capfd, "inspect", one.path, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["model"]["form"] == one.form.value
    assert said["model"]["h2o_version"] == "3.46.0.7"
    lacks = one.mojo().info.lacks
    assert any(one.form.value in note for note in said["notes"]) is bool(lacks)
    for what in lacks:
        assert any(what in note for note in said["notes"])
    assert ("state" in said) is (one.form is Form.BINARY)
    shown = run(capfd, "inspect", one.path)
    assert shown.code == 0
    assert one.form.value in shown.out


@EACH_FORM
def test_predict_and_verify(one: Formed, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows, expected = rows_file(one.case, tmp_path), one.case.expected()
    done = run(capfd, "predict", one.path, rows, "-q")
    assert done.code == 0, done.err
    header, found = table_of(done.out)
    assert header == expected.header
    assert_close(numbers_of(found, 1), expected.values, tolerance=1e-10)
    done = run(capfd, "verify", one.path, rows, "--expected", one.case.folder / "expected.csv")
    assert done.code == 0, done.err


@EACH_FORM
def test_to_mojo_writes_what_it_read(
    one: Formed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "model.zip"
    done = run(capfd, "to-mojo", one.path, "-o", target, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["form"] == one.form.value
    assert same_model(read_mojo(target), one.mojo(), ignore=())
    done = run(capfd, "diff", target, one.path, "--exit-code")
    assert done.code == 0, done.out
    said = json.loads(run(capfd, "inspect", target, "--json").out)
    told = " ".join(note for note in said["notes"] if note.startswith("this MOJO does not say"))
    assert all(what in told for what in one.mojo().info.lacks)


def test_to_mojo_destroys_no_input(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for one in one_of_each_form():
        place = tmp_path / f"{one.form.name}.zip"
        (shutil.copytree if one.path.is_dir() else shutil.copy)(one.path, place)
        target = place / "model.json" if one.path.is_dir() else place
        before = target.read_bytes()
        done = run(capfd, "to-mojo", place, "-o", target)
        assert done.code == 2, done.err
        assert target.read_bytes() == before
    done = run(capfd, "to-mojo", one.path, "-o", tmp_path / "model.mojo")
    assert done.code == 2
    assert ".zip" in done.err


@EACH_FORM
def test_encode_writes_the_matrix_of_the_mojo(
    one: Formed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = rows_file(one.case, tmp_path)
    for model, name in ((one.path, "a.npy"), (one.case.path, "b.npy")):
        done = run(capfd, "encode", model, rows, "-o", tmp_path / name, "-q")
        assert done.code == 0, done.err
    a, b = (np.load(tmp_path / name) for name in ("a.npy", "b.npy"))
    assert np.array_equal(a, b, equal_nan=True)


@EACH_FORM
def test_convert_writes_beside_the_model(one: Formed, tmp_path: Path) -> None:
    place = tmp_path / one.path.name
    (shutil.copytree if one.path.is_dir() else shutil.copy)(one.path, place)
    made = convert(place, to="onnx", rows=one.case.columns())
    assert made.path.parent == tmp_path
    assert made.path.suffix == ".onnx"
    assert all(proof.passed for proof in made.proofs.values())


# --------------------------------------------------------------------------- training on


@pytest.mark.long
def test_fit_needs_the_distribution_that_a_pojo_lacks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = regression(Form.POJO)
    mojo = one.mojo()
    rows = tmp_path / "rows.csv"
    _with_response(one.case, rows, mojo.output.response)
    target = tmp_path / "retrained.zip"
    words = ("fit", one.path, rows, "-o", target, "--epochs", 1, "--validation-split", 0, "-q")
    done = run(capfd, *words)
    assert done.code == 3
    assert "--distribution" in done.err
    own = one.case.mojo().info.distribution
    done = run(capfd, *words, "--distribution", "bernoulli")
    assert done.code == 3
    assert own in done.err
    done = run(capfd, *words, "--distribution", own, "--learning-rate", 1e-7)
    assert done.code in {0, 1}, done.err
    if done.code == 0:
        assert read_mojo(target).info.distribution == own


def test_a_distribution_that_is_known_is_not_changed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = regression(Form.BINARY)
    rows = tmp_path / "rows.csv"
    _with_response(one.case, rows, one.mojo().output.response)
    done = run(capfd, "fit", one.path, rows, "-o", tmp_path / "a.zip", "--distribution", "tweedie")
    assert done.code == 3
    assert "the model's own distribution is" in done.err


def _with_response(case: Golden, path: Path, response: str) -> None:
    """Write a case's rows with H2O's own scores as the response."""
    columns, scores = case.columns(), case.expected().values[:, 0]
    columns[response] = [repr(float(score)) for score in scores]
    lines = zip(*columns.values(), strict=True)
    text = "\n".join(",".join(f'"{cell or ""}"' for cell in line) for line in lines)
    path.write_text(",".join(f'"{name}"' for name in columns) + "\n" + text + "\n", "utf-8")


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("path", sorted((FORMS_FOLDER / "refused").iterdir()), ids=lambda p: p.name)
def test_what_is_no_deep_learning_is_refused_by_name(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(capfd, "inspect", path)
    assert done.code == 3
    assert done.err.startswith(f"mojo2keras: {path}: ")
    assert len(done.err.splitlines()) == 1
    named = {"gbm": "gbm", "ensemble": "ensemble", "exprectifier": "exprectifier"}[path.stem]
    assert named in done.err.removeprefix(f"mojo2keras: {path}: ").lower().replace(" ", "")


def test_a_classifier_has_its_labels() -> None:
    for one in one_of_each_form():
        output, expected = one.mojo().output, one.case.mojo().output
        assert isinstance(output, Classification)
        assert isinstance(expected, Classification)
        assert (output.labels, output.threshold) == (expected.labels, expected.threshold)
