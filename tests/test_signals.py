"""Signals: a run that is ended leaves nothing behind; what a killed one left is named."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import golden

from mojo_reader.cli import main
from mojo_reader.cli.signals import ending_by_signals
from mojo_reader.errors import EndedByHangUp, EndedByTermination
from mojo_reader.files.atomic import left_behind, remove_unfinished, replacing

MODEL = golden("iris_tanh")
ROWS = (MODEL.folder / "input.csv").read_bytes()
OLD = b"what stood there before\n"
LONGEST_SECONDS = 120


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Signals as a terminal has them, also where the tests run under nohup or in the background."""
    usual = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for outputs, with an old one."""
    (tmp_path / "o.csv").write_bytes(OLD)
    return tmp_path


def waiting(folder: Path, *before: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Start a run that waits for more rows, its output half written; return it and the half."""
    known = set(folder.iterdir())
    command = [sys.executable, "-m", "mojo_reader", "predict", MODEL.path, "-", "-q"]
    process = subprocess.Popen(
        [*before, *map(str, command), "-o", folder / "o.csv"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(ROWS)
    process.stdin.flush()
    until = time.monotonic() + LONGEST_SECONDS
    while not (new := set(folder.iterdir()) - known):
        assert process.poll() is None, "the run ended by itself"
        assert time.monotonic() < until
        time.sleep(0.01)
    return process, new.pop()


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait for a run, its rows at an end where it still reads."""
    _, said = process.communicate(timeout=LONGEST_SECONDS)
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 129, "ended by SIGHUP"),
        (signal.SIGINT, 130, "interrupted"),
    ],
)
def test_an_end_by_a_signal_leaves_nothing(
    folder: Path, number: signal.Signals, code: int, said: str
) -> None:
    process, _ = waiting(folder)
    process.send_signal(number)
    assert ended(process) == (code, f"mojo2keras: {said}\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"o.csv": OLD}


def test_nohup_is_respected(folder: Path) -> None:
    process, _ = waiting(folder, "nohup")
    process.send_signal(signal.SIGHUP)
    assert ended(process) == (0, "")
    assert [path.name for path in folder.iterdir()] == ["o.csv"]


def test_what_a_killed_run_left_is_named_and_kept(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process, partial = waiting(folder)
    words = ["predict", str(MODEL.path), str(MODEL.folder / "input.csv"), "-o"]
    with pytest.raises(SystemExit):
        main([*words, str(folder / "other.csv")])
    assert partial.name not in capfd.readouterr().err, "it is being written"
    process.kill()
    ended(process)
    with pytest.raises(SystemExit):
        main([*words, str(folder / "other.csv")])
    assert f"'{partial}': left by a run that was killed, and may be deleted" in (
        capfd.readouterr().err
    )
    with pytest.raises(SystemExit):
        main([*words, str(folder / "other.csv"), "--quiet"])
    assert partial.name not in capfd.readouterr().err
    assert partial.exists()


def test_what_is_left_behind_is_told_from_what_is_written(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = {
        f".m.{dead.pid:08x}00c0ffee.partial.keras",
        f".m.{dead.pid:08x}00c0ffee.partial.old",
        ".m.00c0ffee.partial",
        f".m.{os.getpid():08x}00c0ffee.partial.csv",
    }
    others = {f".m.{os.getppid():08x}00c0ffee.partial.csv", "m.partial.csv", ".m.partial", ".x"}
    for name in left | others:
        (tmp_path / name).touch()
    with replacing(tmp_path / "now.csv") as partial:
        partial.touch()
        found = left_behind([tmp_path, tmp_path, tmp_path / "nowhere"])
    assert {path.name for path in found} == left
    assert len(found) == len(left)


def wait_for_handler(process: subprocess.Popen[bytes]) -> None:
    """Wait until a program takes SIGTERM itself; before that the system ends it."""
    status = Path(f"/proc/{process.pid}/status")
    caught = 0
    while process.poll() is None and status.exists() and not caught >> (signal.SIGTERM - 1) & 1:
        lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
        caught = int(lines["SigCgt"], 16)
        time.sleep(0.01)


@pytest.mark.long
@pytest.mark.parametrize("name", ["m.keras", "r.html"])
def test_a_slow_command_that_is_ended(tmp_path: Path, name: str) -> None:
    shutil.copy(MODEL.path, tmp_path / "model.zip")
    command = "convert" if name.endswith("keras") else "report"
    words = [sys.executable, "-m", "mojo_reader", command, "model.zip", "-o", name]
    for seconds in (1.0, 2.0, 3.0, 4.0):
        with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE) as process:
            wait_for_handler(process)
            time.sleep(seconds)
            process.terminate()
            code, said = ended(process)
        # Once its work is done and said, the interpreter that closes takes no signal any more.
        done = code == -signal.SIGTERM and (tmp_path / name).exists()
        assert done or code in {0, 143}, said
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
        (tmp_path / name).unlink(missing_ok=True)


# --------------------------------------------------------------------------- as a library


def test_signals_are_taken_only_while_the_program_runs() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    for number, error in ((signal.SIGTERM, EndedByTermination), (signal.SIGHUP, EndedByHangUp)):
        with pytest.raises(error), ending_by_signals():
            signal.raise_signal(number)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_a_handler_of_somebody_else_stays() -> None:
    came: list[int] = []
    was = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        with ending_by_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGTERM, was)
    assert came == [signal.SIGTERM]


def test_the_program_runs_in_any_thread(tmp_path: Path) -> None:
    words = ["predict", str(MODEL.path), str(MODEL.folder / "input.csv"), "-q", "-o"]
    codes: list[object] = []

    def run() -> None:
        with pytest.raises(SystemExit) as caught:
            main([*words, str(tmp_path / "o.csv")])
        codes.append(caught.value.code)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_signal_where_no_block_cleans_up(tmp_path: Path) -> None:
    interrupted = replacing(tmp_path / "o.csv")
    interrupted.__enter__().touch()
    remove_unfinished()
    assert not list(tmp_path.iterdir())
