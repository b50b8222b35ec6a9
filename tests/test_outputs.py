"""Outputs: no name of one is that of an input, of another output, or of another format."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import golden

from mojo_reader import read_mojo
from mojo_reader.cli import main
from mojo_reader.errors import OutputNameError
from mojo_reader.files.outputs import own_descriptor, separate
from mojo_reader.files.score import encode_file, score_file
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.writer import write_mojo

MODEL = golden("binomial_tanh")
ROWS = (MODEL.folder / "input.csv").read_bytes()
SCORES = (MODEL.folder / "expected.csv").read_bytes()

Link = Callable[[Path, Path], None]


def as_itself(_target: Path, _link: Path) -> None:
    """Name the file by its own name."""


LINKS: dict[str, Link] = {
    "itself": as_itself,
    "symbolic": lambda target, link: link.symlink_to(target),
    "hard": lambda target, link: link.hardlink_to(target),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of every input, in which the program runs."""
    shutil.copy(MODEL.path, tmp_path / "model.zip")
    for name in ("model.keras", "model.html", "model.onnx", "model.csv", "model.npy"):
        shutil.copy(MODEL.path, tmp_path / name)
    for name in ("rows.csv", "rows.columns.json", "rows.html", "rows.failed.keras", "rows.npy"):
        (tmp_path / name).write_bytes(ROWS)
    for name in ("scores.csv", "scores.html", "scores.columns.json"):
        (tmp_path / name).write_bytes(SCORES)
    shutil.unpack_archive(tmp_path / "model.zip", tmp_path / "unpacked")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command that has to refuse its output, and return its sentence."""
    before = contents(Path())
    with pytest.raises(SystemExit) as caught:
        main(words)
    said = capfd.readouterr()
    assert caught.value.code == 2, said
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert contents(Path()) == before
    return said.err


# Each command with an output in the place of each input: the input's file, the words.
TAKEN = [
    ("rows.csv", "predict model.zip rows.csv -o OUT"),
    ("model.csv", "predict model.csv rows.csv -o OUT"),
    ("rows.csv", "predict model.zip 'r*.csv' -o OUT"),
    ("rows.csv", "encode model.zip rows.csv -o OUT"),
    ("rows.npy", "encode model.zip rows.npy --format csv -o OUT"),
    ("model.npy", "encode model.npy rows.csv -o OUT"),
    ("model.html", "report model.html -o OUT"),
    ("rows.html", "report model.zip --rows rows.html -o OUT"),
    ("scores.html", "report model.zip --rows rows.csv --expected scores.html -o OUT"),
    ("model.keras", "convert model.keras -o OUT"),
    ("model.onnx", "convert model.onnx --to onnx -o OUT"),
    ("model.zip", "fit model.zip rows.csv -o OUT"),
    ("model.keras", "fit model.keras rows.csv --keras OUT"),
]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(("taken", "words"), TAKEN)
def test_an_output_is_no_input_under_any_name(
    capfd: pytest.CaptureFixture[str], folder: Path, taken: str, words: str, link: str
) -> None:
    output = folder / taken
    if link != "itself":
        output = folder / f"linked{Path(taken).suffix}"
        LINKS[link](folder / taken, output)
    said = refused(capfd, *(word.strip("'").replace("OUT", str(output)) for word in words.split()))
    assert "the same run reads as" in said
    assert str(output) in said


DERIVED = [
    "convert model.zip -o rows.keras --check rows.columns.json",
    "convert model.zip -o scores.keras --check rows.csv --expected scores.columns.json",
    "convert model.zip -o rows.keras --keep-failed --check rows.failed.keras",
    "convert model.keras",
    "report model.html",
    "fit model.zip rows.columns.json --format csv --keras rows.keras",
]


@pytest.mark.parametrize("words", DERIVED)
def test_a_derived_name_is_no_input(
    capfd: pytest.CaptureFixture[str], folder: Path, words: str
) -> None:
    assert folder.exists()
    assert "the same run reads as" in refused(capfd, *words.split())


INSIDE = [
    "predict unpacked rows.csv -o unpacked/scored.csv",
    "encode unpacked rows.csv -o unpacked/domains/../matrix.npy",
    "convert unpacked -o unpacked/domains/model.keras",
    "report unpacked -o linked/report.html",
    "fit unpacked rows.csv -o unpacked/model.zip",
]


@pytest.mark.parametrize("words", INSIDE)
def test_an_output_is_not_put_into_a_models_folder(
    capfd: pytest.CaptureFixture[str], folder: Path, words: str
) -> None:
    (folder / "linked").symlink_to(folder / "unpacked")
    assert "in the folder that the same run reads as MODEL" in refused(capfd, *words.split())


def test_a_models_folder_that_is_named_by_a_dot(
    capfd: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "unpacked")
    with pytest.raises(SystemExit) as caught:
        main(["convert", ".", "--to", "onnx", "--quiet"])
    assert (caught.value.code, capfd.readouterr().err) == (0, "")
    assert (folder / "unpacked.onnx").exists()


def test_a_folder_that_is_replaced_holds_no_input(
    capfd: pytest.CaptureFixture[str], folder: Path
) -> None:
    old = folder / "old.saved_model"
    old.mkdir()
    (old / "saved_model.pb").touch()
    shutil.copy(MODEL.path, old / "model.zip")
    words = ("convert", "old.saved_model/model.zip", "--to", "saved-model", "-o", str(old))
    assert "this folder holds what the same run reads as MODEL" in refused(capfd, *words)


TWICE = [
    "fit model.zip rows.csv -o out.zip --plot out.zip",
    "fit model.zip rows.csv -o out.zip --keras k.keras --plot k.columns.json",
    "fit model.zip rows.csv -o ./out.zip --plot unpacked/../out.zip",
]


@pytest.mark.parametrize("words", TWICE)
def test_outputs_are_not_each_other(
    capfd: pytest.CaptureFixture[str], folder: Path, words: str
) -> None:
    assert folder.exists()
    assert "this is what the same run writes as" in refused(capfd, *words.split())


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("write", [score_file, encode_file])
def test_files_of_rows_and_the_model_stay(
    write: Callable[..., object], link: str, folder: Path
) -> None:
    mojo = read_mojo("model.zip")
    before = contents(folder)
    for taken in ("rows.csv", "model.zip"):
        output = folder / taken
        if link != "itself":
            output = folder / f"linked-{taken}"
            LINKS[link](folder / taken, output)
            before = contents(folder)
        with pytest.raises(OutputNameError, match="the same run reads as the"):
            write(mojo, [folder / "rows.csv"], output)
        assert contents(folder) == before


@pytest.mark.parametrize("link", LINKS)
def test_a_mojo_is_not_written_over_what_it_was_read_from(link: str, folder: Path) -> None:
    output = folder / "model.zip"
    if link != "itself":
        output = folder / "linked.zip"
        LINKS[link](folder / "model.zip", output)
    before = contents(folder)
    with (folder / "model.zip").open("rb") as stream:
        models = [read_mojo("model.zip"), read_mojo(stream), rebuilt(read_mojo("model.zip"))]
    for mojo in models:
        with pytest.raises(OutputNameError, match="the same run reads as the model"):
            write_mojo(mojo, output)
    with pytest.raises(OutputNameError, match="in the folder that the same run reads as the model"):
        write_mojo(read_mojo("unpacked"), folder / "unpacked" / "m.zip")
    assert contents(folder) == before
    write_mojo(models[2], folder / "new.zip")
    write_mojo(models[2], folder / "new.zip")  # what this run wrote may be written again


def test_what_cannot_be_destroyed_may_be_named_twice(tmp_path: Path) -> None:
    separate([("-o", os.devnull), ("--plot", os.devnull)], [("ROWS", os.devnull)])
    with pytest.raises(OutputNameError):
        separate([("-o", tmp_path / "a"), ("--plot", tmp_path / "x" / ".." / "a")], [])


def test_own_open_files_are_told_through_links(tmp_path: Path) -> None:
    link = tmp_path / "out.csv"
    link.symlink_to("/dev/stdout")
    (tmp_path / "fd").symlink_to("/dev/fd")
    assert own_descriptor(link) == own_descriptor("/dev/stdout") == 1
    assert own_descriptor(tmp_path / "fd" / "7") == own_descriptor("/proc/self/fd/7") == 7
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (loop, tmp_path / "7", "/dev/null", "1", ""):
        assert own_descriptor(path) is None
