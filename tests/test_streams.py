"""Pipes, devices and standard streams: written through, closed, full, or left by their reader."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rules import first
from support import golden

MODEL = golden("iris_tanh")
HEADER = b"predict,Iris-setosa,Iris-versicolor,Iris-virginica\n"
ROWS = 150


@dataclass
class Done:
    """What a line of shell came to."""

    code: int
    out: bytes
    err: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model and rows."""
    shutil.copy(MODEL.path, tmp_path / "model.zip")
    for name in ("input.csv", "expected.csv"):
        shutil.copy(MODEL.folder / name, tmp_path)
    return tmp_path


def shell(folder: Path, line: str, **environment: str) -> Done:
    """Run a line of bash in which ``m2k`` is the program; the code is the program's own."""
    program = shlex.join([sys.executable, "-m", "mojo_reader"])
    script = f'set -o pipefail\nm2k() {{ {program} "$@"; }}\n{line}\n'
    made = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )
    return Done(made.returncode, made.stdout, made.stderr.decode(errors="replace"))


def assert_no_traceback(done: Done) -> None:
    assert "Traceback" not in done.err
    assert "Exception ignored" not in done.err


# --------------------------------------------------------------------------- written through


@pytest.mark.parametrize(
    "line",
    first(
        2,
        [
            "m2k predict model.zip input.csv -q -o /dev/fd/7 7>> log",
            "m2k predict model.zip input.csv -q -o link.csv >> log",
            "m2k predict model.zip input.csv -q -o /dev/stdout >> log",
            "m2k predict model.zip input.csv -q -o - >> log",
            "m2k encode model.zip input.csv -q -o /dev/stdout >> log",
        ],
    ),
)
def test_an_open_file_is_written_on(folder: Path, line: str) -> None:
    (folder / "log").write_text("what stood there\n", "utf-8")
    (folder / "link.csv").symlink_to("/dev/stdout")
    done = shell(folder, line)
    assert (done.code, done.err) == (0, "")
    first, header, *rows = (folder / "log").read_bytes().splitlines(keepends=True)
    assert first == b"what stood there\n"
    assert header == HEADER or b"encode" in line.encode()
    assert len(rows) == ROWS
    assert (folder / "link.csv").is_symlink()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def through_a_pipe(folder: Path, words: str, name: str) -> bytes:
    os.mkfifo(folder / name)
    done = shell(folder, f"cat {name} > copy & m2k {words} -q -o {name}; code=$?; wait; exit $code")
    assert (done.code, done.err) == (0, "")
    assert (folder / name).is_fifo()
    return (folder / "copy").read_bytes()


@pytest.mark.long
def test_named_pipes_are_written_through(folder: Path) -> None:
    assert through_a_pipe(folder, "predict model.zip input.csv", "p.csv").startswith(HEADER)
    matrix = np.load(BytesIO(through_a_pipe(folder, "encode model.zip input.csv", "p.npy")))
    assert len(matrix) == ROWS
    scored = through_a_pipe(folder, "predict model.zip input.csv", "p.parquet")
    assert pq.read_table(BytesIO(scored)).num_rows == ROWS
    assert through_a_pipe(folder, "convert model.zip --to onnx", "p.onnx")


def test_parquet_follows_what_stands_in_a_file(folder: Path) -> None:
    (folder / "log").write_bytes(b"before\n")
    done = shell(folder, "m2k predict model.zip input.csv -q --format parquet >> log")
    assert (done.code, done.err) == (0, "")
    written = (folder / "log").read_bytes()
    assert written.startswith(b"before\nPAR1")
    assert pq.read_table(BytesIO(written.removeprefix(b"before\n"))).num_rows == ROWS


def test_devices_stay(folder: Path) -> None:
    done = shell(folder, "m2k predict model.zip input.csv -q -o /dev/null")
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert Path(os.devnull).is_char_device()


@pytest.mark.long
def test_a_full_device_is_named(folder: Path) -> None:
    for line, name in (
        ("m2k predict model.zip input.csv -q > /dev/full", "standard output"),
        ("m2k inspect model.zip > /dev/full", "standard output"),
        ("m2k predict model.zip input.csv -q -o /dev/full", "/dev/full"),
    ):
        done = shell(folder, line)
        assert (done.code, done.err) == (6, f"mojo2keras: {name}: No space left on device\n")


# --------------------------------------------------------------------------- a reader that leaves

EARLY = [
    "inspect model.zip",
    "predict model.zip input.csv -q",
    "verify model.zip input.csv --expected expected.csv",
    "--help",
    "inspect model.zip --json",
    "diff model.zip model.zip",
    "predict model.zip input.csv -q -o /dev/stdout",
    "verify model.zip input.csv --expected expected.csv --json",
    "convert model.zip --to onnx -o m.onnx",
    "report model.zip -o r.html",
    "--version",
]


@pytest.mark.parametrize("words", first(2, EARLY))
def test_a_reader_that_leaves_early_is_no_error(folder: Path, words: str) -> None:
    # The reader has gone before the first byte, so that nothing depends on who is faster.
    done = shell(folder, f"{{ sleep 0.1; m2k {words}; echo $? >&3; }} 3>code | true")
    assert (folder / "code").read_text() == "0\n"
    assert done.err == ""


def test_what_is_scored_for_a_reader_that_left_ends_at_once(folder: Path) -> None:
    header, *rows = (folder / "input.csv").read_text("utf-8").splitlines()
    (folder / "many.csv").write_text("\n".join([header, *rows * 500]), "utf-8")
    done = shell(folder, "{ m2k predict model.zip many.csv; echo $? >&3; } 3>code | head -1")
    assert (done.out, done.err) == (HEADER, "")
    assert (folder / "code").read_text() == "0\n"


def test_a_verdict_counts_without_a_reader(folder: Path) -> None:
    scores = (
        (folder / "expected.csv").read_text("utf-8").replace("\nIris-setosa,", "\nIris-versicolor,")
    )
    (folder / "expected.csv").write_text(scores, "utf-8")
    line = "{ m2k verify model.zip input.csv --expected expected.csv; echo $? >&3; } 3>code | true"
    assert "labels differ" in shell(folder, line).err
    assert (folder / "code").read_text() == "1\n"


# --------------------------------------------------------------------------- closed, ASCII


@pytest.mark.parametrize(
    ("line", "code", "said"),
    first(
        4,
        [
            ("m2k predict model.zip input.csv >&-", 6, "standard output: it is closed"),
            ("m2k predict model.zip input.csv -q -o o.csv <&- >&- 2>&-", 0, ""),
            ("m2k predict model.zip - <&-", 6, "standard input: it is closed"),
            ("m2k predict model.zip input.csv -o /dev/fd/9", 6, "/dev/fd/9: Bad file descriptor"),
            ("m2k inspect model.zip >&-", 6, "standard output: it is closed"),
            ("m2k predict model.zip input.csv -q -o o.csv >&-", 0, ""),
            ("m2k predict - input.csv <&-", 6, "standard input: it is closed"),
            ("m2k inspect nowhere.zip 2>&-", 2, ""),
            ("m2k inspect $'no\\x1b[31m'", 2, "no\\x1b[31m: no such file or folder"),
        ],
    ),
)
def test_closed_streams(folder: Path, line: str, code: int, said: str) -> None:
    done = shell(folder, line)
    assert (done.code, done.out) == (code, b"")
    assert done.err == (f"mojo2keras: {said}\n" if said else "")
    if code == 0:
        assert (folder / "o.csv").read_bytes().startswith(HEADER)
