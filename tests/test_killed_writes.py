"""Writing: killed at any moment, on a full disk, without permission, into a pipe that is closed.

``KILLS=200 pytest tests/test_killed_writes.py -s`` kills more often and prints the figures.
"""

import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from rules import first, some_first
from support import golden

from mojo_reader import read_mojo
from mojo_reader.errors import MojoOutputError
from mojo_reader.writer import write_mojo

KILLS = int(os.environ.get("KILLS", "10"))
SLOW_KILLS = max(1, KILLS // 10)
#: From ready to killed, at most: several writes of the small files here.
LONGEST_SECONDS = 0.5
#: Kills that are tried for each that is asked for.
MOST_ATTEMPTS = 20

# Writes the one and the other over and over, so that a kill nearly always hits a write.
ENDLESS = """
import itertools, sys
words = {words!r}
def write(source, target): {write}
write(sys.argv[1], sys.argv[3])
print("ready", flush=True)
for source in itertools.cycle(sys.argv[1:3]):
    write(source, sys.argv[3])
"""
WRITE_MOJO = """
    from mojo_reader import read_mojo
    from mojo_reader.writer import write_mojo
    write_mojo(read_mojo(source), target)
"""
PROGRAM = """
    from mojo_reader.cli import main
    try:
        main([word.format(source=source, target=target) for word in words])
    except SystemExit as done:
        if done.code: raise
"""
SCORER_MODEL = golden("binomial_tanh")
OTHER_MODEL = golden("iris_tanh")


def endless(write: str, *words: str) -> str:
    return ENDLESS.format(words=words, write=write)


def many_rows(target: Path, times: int) -> Path:
    header, *rows = (SCORER_MODEL.folder / "input.csv").read_text("utf-8").splitlines()
    target.write_text("\n".join([header, *rows * times]) + "\n", encoding="utf-8")
    return target


# --------------------------------------------------------------------------- killed


def kill_once(code: str, sources: list[Path], target: Path, seconds: float) -> None:
    """Start the endless writer, wait until it has written once, and kill it a little later."""
    command = [sys.executable, "-c", code, *map(str, sources), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != b"ready":
            assert process.poll() is None, "the writer ended by itself"
        time.sleep(seconds)
        process.kill()


def whole_bytes(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def leftovers(target: Path, known: set[str]) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path.name not in known)


def hold_to_old_or_new(
    code: str, sources: list[Path], target: Path, whole: Callable[[Path], str], kills: int
) -> None:
    """Kill the writer, and compare what stands there with what a whole write leaves.

    Args:
        code: the endless writer.
        sources: what it writes in turn.
        target: where to.
        whole: tells which source a file is of; equal for whole files of the same one.
        kills: how often.
    """
    delays = random.Random(4)  # noqa: S311 - a moment, no secret
    wholes = []
    for source in sources:
        kill_before_the_second(code, source, target)
        wholes.append(whole(target))
    assert wholes[0] != wholes[1]
    known = {path.name for path in target.parent.iterdir()}
    seen: Counter[str] = Counter()
    attempts = 0
    # Not every kill falls into a write, and at least one has to.
    while attempts < kills or not seen["killed while it wrote"]:
        attempts += 1
        assert attempts < MOST_ATTEMPTS * kills, "no kill fell into a write"
        kill_once(code, sources, target, delays.uniform(0, LONGEST_SECONDS))
        seen[f"file {wholes.index(whole(target))}"] += 1
        left = leftovers(target, known)
        assert len(left) <= 2  # a conversion writes two files
        for name in left:
            assert name.startswith(".")
            assert ".partial" in name
            (target.parent / name).unlink()
        seen["killed while it wrote"] += bool(left)
    print(f"\n{target.name}: {attempts} kills, {dict(seen)}")  # noqa: T201 - the figures


def kill_before_the_second(code: str, source: Path, target: Path) -> None:
    """Write one file whole."""
    once = code.partition("print(")[0]
    subprocess.run([sys.executable, "-c", once, str(source), "-", str(target)], check=True)


@pytest.mark.long
def test_predict_killed(tmp_path: Path) -> None:
    sources = [many_rows(tmp_path / f"rows{times}.csv", times) for times in (100, 150)]
    words = ("predict", str(SCORER_MODEL.path), "{source}", "-o", "{target}", "--quiet")
    code = endless(PROGRAM, *words)
    hold_to_old_or_new(code, sources, tmp_path / "o.csv", whole_bytes, KILLS)


@pytest.mark.long
def test_write_mojo_killed(tmp_path: Path) -> None:
    sources = [golden("wide_layers").path, golden("wide_layers_maxout").path]
    code = endless(WRITE_MOJO)
    hold_to_old_or_new(code, sources, tmp_path / "m.zip", whole_bytes, KILLS)


def whole_keras(path: Path) -> str:
    """Say which network a whole ``.keras`` file holds; Keras counts the names of operations on."""
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        config = file.read("config.json")
    return hashlib.sha256(re.sub(rb"_\d+", b"", config)).hexdigest()


# Keras takes seconds to start; the usual run leaves it to ONNX.
WHOLE = {"onnx": whole_bytes, **({"keras": whole_keras} if KILLS > 10 else {})}


@pytest.mark.parametrize("to", WHOLE)
@pytest.mark.long
def test_convert_killed(to: str, tmp_path: Path) -> None:
    sources = [SCORER_MODEL.path, OTHER_MODEL.path]
    code = endless(PROGRAM, "convert", "{source}", "--to", to, "-o", "{target}", "--quiet")
    hold_to_old_or_new(code, sources, tmp_path / f"m.{to}", WHOLE[to], SLOW_KILLS)


# Making a page takes seconds and writing it none, so that kills fall into a write of a large one.
REPORT = """
    import mojo_reader.cli.report as command
    command.emitters.report_page = lambda mojo, **_: mojo.info.sha256 * 200_000
    command._emitted = lambda *_: ([], [])
"""


@pytest.mark.long
def test_report_killed(tmp_path: Path) -> None:
    sources = [SCORER_MODEL.path, OTHER_MODEL.path]
    code = endless(REPORT + PROGRAM, "report", "{source}", "-o", "{target}", "--quiet")
    hold_to_old_or_new(code, sources, tmp_path / "r.html", whole_bytes, SLOW_KILLS)


# --------------------------------------------------------------------------- no room, no right

OLD = b"what stood there before\n"
FULL_DISK = """
import resource, sys
from mojo_reader.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
main(sys.argv[1:])
"""
# For root nothing is read-only, unless it gives up that right.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []


def said(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def program(*words: object) -> subprocess.CompletedProcess[str]:
    return said(*AS_ANYBODY, sys.executable, "-m", "mojo_reader", *words)


def words_for(command: str, folder: Path, target: Path) -> list[object]:
    model = shutil.copy(SCORER_MODEL.path, folder / "model.zip")
    rows = many_rows(folder / "rows.csv", 5)
    if command == "convert":
        return ["convert", model, "--to", target.suffix.removeprefix("."), "-o", target]
    if command == "report":
        return ["report", model, "-o", target]
    return [command, model, rows, "-o", target]


WRITERS = [("predict", "o.csv"), ("encode", "o.npy"), ("convert", "o.onnx")]
MORE_WRITERS = [
    ("predict", "o.csv.gz"),
    ("predict", "o.parquet"),
    ("encode", "o.csv"),
    ("convert", "o.keras"),
    ("report", "o.html"),
]
each_writer = pytest.mark.parametrize(("command", "name"), first(1, WRITERS))


def assert_one_sentence(done: subprocess.CompletedProcess[str], reason: str) -> None:
    assert done.returncode == 6, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("mojo2keras: ")
    assert reason in done.stderr


@pytest.mark.parametrize(("command", "name"), first(1, WRITERS + MORE_WRITERS))
def test_a_full_disk_is_one_sentence(command: str, name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    target.write_bytes(OLD)
    words = words_for(command, tmp_path, target)
    before = set(tmp_path.iterdir())
    done = said(sys.executable, "-c", FULL_DISK, *words)
    assert_one_sentence(done, "File too large")
    assert target.read_bytes() == OLD
    assert set(tmp_path.iterdir()) == before


@each_writer
def test_a_read_only_folder_is_one_sentence(command: str, name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    target.write_bytes(OLD)
    words = words_for(command, tmp_path, target)
    before = set(tmp_path.iterdir())
    tmp_path.chmod(0o555)  # pytest makes it writable again
    assert_one_sentence(program(*words), "Permission denied")
    assert target.read_bytes() == OLD
    assert set(tmp_path.iterdir()) == before


@each_writer
def test_a_folder_in_the_targets_place_is_one_sentence(
    command: str, name: str, tmp_path: Path
) -> None:
    target = tmp_path / name
    target.mkdir()
    words = words_for(command, tmp_path, target)
    assert_one_sentence(program(*words), "expected a file")
    assert not list(target.iterdir())


def test_a_device_without_room_is_one_sentence(tmp_path: Path) -> None:
    words = words_for("predict", tmp_path, Path("/dev/full"))
    assert_one_sentence(program(*words), "No space left on device")


def test_a_closed_pipe_is_no_complaint(tmp_path: Path) -> None:
    words = words_for("predict", tmp_path, Path("-"))
    many_rows(tmp_path / "rows.csv", 500)
    command_line = [sys.executable, "-m", "mojo_reader", *map(str, words)]
    with subprocess.Popen(
        command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
    assert process.returncode == 0
    assert complaint == ""


def test_write_mojo_says_what_it_cannot_do(tmp_path: Path) -> None:
    mojo = read_mojo(OTHER_MODEL.path)
    target = tmp_path / "m.zip"
    target.mkdir()
    with pytest.raises(MojoOutputError) as caught:
        write_mojo(mojo, target)
    assert str(caught.value) == (
        f"{target}: expected a file or a SavedModel to replace, found a folder of something else"
    )
    with pytest.raises(MojoOutputError) as caught:
        write_mojo(mojo, "/dev/full/m.zip")
    assert str(caught.value) == "/dev/full/m.zip: the folder /dev/full does not exist"


def test_write_mojo_on_a_full_disk(tmp_path: Path) -> None:
    target = tmp_path / "m.zip"
    target.write_bytes(OLD)
    code = (
        "import resource, sys\n"
        "from mojo_reader import read_mojo\n"
        "from mojo_reader.errors import MojoOutputError\n"
        "from mojo_reader.writer import write_mojo\n"
        "mojo = read_mojo(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))\n"
        "try: write_mojo(mojo, sys.argv[2])\n"
        "except MojoOutputError as error: print(error)\n"
    )
    done = said(sys.executable, "-c", code, OTHER_MODEL.path, target)
    assert done.stdout == f"{target}: the MOJO cannot be written: File too large\n"
    assert target.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "name", some_first(["o.csv.gz", "o.csv.zst", "o.csv", "o.parquet"], {"o.csv.gz"})
)
def test_a_disk_that_fills_up_in_the_middle_is_one_sentence(name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    words = words_for("predict", tmp_path, target)
    many_rows(tmp_path / "rows.csv", 200)
    before = set(tmp_path.iterdir())
    done = said(sys.executable, "-c", FULL_DISK, *words, "-q")
    assert_one_sentence(done, f"{target}: File too large")
    assert set(tmp_path.iterdir()) == before
