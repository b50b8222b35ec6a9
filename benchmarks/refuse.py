"""What the worst files under 10 MB cost: refused, or read, inspected and scored.

    python benchmarks/refuse.py [--only TEXT]

Every model of ``tests/attacks``, and models that are sound and large; every file of rows of
``tests/attacks``, and rows that are refused, or end, late. Each runs in a process of its own: CPU
seconds and seconds after the imports, and the largest memory of the process, imports included.
"""

import argparse
import contextlib
import csv
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support import golden, rewritten

from mojo_reader import read_mojo
from mojo_reader.cli import main as program
from mojo_reader.details import DETAILS

# What a child may map, and its CPU seconds: a file that takes more ends its child alone.
_MOST_MAPPED = 6 << 30
_MOST_SECONDS = 100
_MOST_FILE_BYTES = 10_000_000
_TARGET_SECONDS = 10.0
_TARGET_BYTES = 1_000_000_000
MIXED = golden("binomial_tanh")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file: how it is made, and what is done with it."""

    kind: str
    name: str
    build: Callable[[Path], Path]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a file took."""

    size: int
    code: int = -1
    cpu: float = 0.0
    seconds: float = 0.0
    peak: int = 0
    failed: str = ""

    def line(self, title: str) -> str:
        """Return a row of the table; CPU of two cores may be twice the seconds."""
        above = self.cpu > 2 * _TARGET_SECONDS or self.peak > _TARGET_BYTES
        return (
            f"| {title} | {self.size:,} | {self.code} | {self.cpu:.2f} s | {self.seconds:.2f} s "
            f"| {self.peak / 1e6:,.0f} MB | {self.failed or 'above' * above} |"
        )


def models() -> Iterator[Case]:
    """Yield the models."""
    from attacks import folders, sizes, zips
    from attacks.details import DETAILS_ATTACKS
    from attacks.large import LARGE

    for attack in (*zips.ATTACKS, *folders.ATTACKS, *sizes.ATTACKS, *LARGE):
        yield Case(kind="model", name=attack.name, build=attack.build)
    for name, content, _ in DETAILS_ATTACKS:
        yield Case(kind="model", name=f"details: {name}", build=_details(content))


def _details(content: bytes) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        return rewritten(golden("iris_tanh").path, folder / "model.zip", {DETAILS: content})

    return build


def rows() -> Iterator[Case]:
    """Yield the files of rows: refused early, refused at the last row, or scored."""
    from attacks.rows import NAMES, PARQUET, TEXT

    for attack in (*PARQUET, *TEXT):
        yield Case(kind="rows", name=attack.name, build=attack.build)
    full = b"Athens,red,round,30,1.5,2.5,0.5\n"
    java = b"Athens,red,round,1d,1d,1d,0.5d\n"
    cell = b'{"age": 1, "city": "x"}\n'
    for name, file, start, row, count in (
        ("2.4 million blank lines", "rows.csv.zst", NAMES, b"\n", 2_400_000),
        ("2.4 million short rows", "rows.csv.zst", NAMES, b"a\n1,2\n", 1_200_000),
        ("2.4 million rows", "rows.csv.zst", NAMES, full, 2_400_000),
        ("2.4 million rows of Java's numbers", "rows.csv.zst", NAMES, java, 2_400_000),
        ("2.4 million quoted rows", "rows.csv.zst", NAMES, b'"a"\n', 2_400_000),
        ("quotes inside of cells", "rows.csv.zst", NAMES, b'a"b,1"2\n', 2_400_000),
        ("2.4 million empty objects", "rows.jsonl.zst", cell, b"{}\n", 2_400_000),
        ("2.4 million objects", "rows.jsonl.zst", cell, cell, 2_400_000),
        ("120 MB of long rows", "rows.csv.zst", NAMES, full[:-1] + b"," * 900 + b"\n", 120_000),
    ):
        yield Case(kind="rows", name=f"{name}, a bad one last", build=late(file, start, row, count))
    for name, row in (("blank lines", b"\n"), ("one short cell a row", b"1\n")):
        yield Case(kind="rows", name=f"9.9 MB of {name}", build=plain(row))


def late(file: str, start: bytes, row: bytes, count: int) -> Callable[[Path], Path]:
    """Return what writes rows of which the last one is refused."""
    from attacks.rows import packed_text

    bad = b'{"age": []}\n' if ".jsonl" in file else b"x,x,x,x,x,x,x\n"
    return packed_text(file, start, row, count, bad)


def plain(row: bytes) -> Callable[[Path], Path]:
    """Return what writes plain text just under 10 MB."""
    from attacks.rows import NAMES

    def build(folder: Path) -> Path:
        path = folder / "rows.csv"
        path.write_bytes(NAMES + row * (9_900_000 // len(row)))
        return path

    return build


# --------------------------------------------------------------------------- in a child


class Commands:
    """Runs the program, as a shell would, and adds up what its commands take.

    Attributes:
        cpu: seconds of all cores.
        seconds: by the clock.
    """

    def __init__(self) -> None:
        self.cpu = self.seconds = 0.0

    def run(self, *words: object) -> int:
        """Run one command, and return its exit code."""
        start, cpu = time.perf_counter(), time.process_time()
        try:
            program(list(map(str, words)))
        except SystemExit as ended:
            return int(ended.code or 0)
        finally:
            self.seconds += time.perf_counter() - start
            self.cpu += time.process_time() - cpu
        return 0


def run_model(path: Path, folder: Path, commands: Commands) -> int:
    """Inspect a model, and score one row of zeros."""
    code = commands.run("inspect", path)
    if code:
        return code
    table = folder / "rows.csv"
    with table.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.writer(sink)
        names = [column.name for column in read_mojo(path).inputs]
        writer.writerow(names)
        writer.writerow(["0"] * len(names))
    return commands.run("predict", path, table, "-o", folder / "scored.csv")


def run_rows(path: Path, folder: Path, commands: Commands) -> int:
    """Score rows by a small network."""
    return commands.run("predict", MIXED.path, path, "-o", folder / "scored.csv", "--quiet")


def measure(kind: str, path: Path, folder: Path) -> None:
    """Do what is done with a file, and print its cost."""
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401

    import mojo_reader.files.score  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MAPPED, _MOST_MAPPED))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    commands = Commands()
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        code = (run_model if kind == "model" else run_rows)(path, folder, commands)
    # By the process's own count: resource would count its parent's, too.
    with Path("/proc/self/status").open() as status:
        peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    made = {"code": code, "cpu": commands.cpu, "seconds": commands.seconds, "peak": peak}
    print(json.dumps(made))


def cost(case: Case) -> Cost:
    """Make a file, and measure it in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = case.build(folder)
        size = packed_size(path)
        if size >= _MOST_FILE_BYTES:
            return Cost(size=size)
        words = [sys.executable, __file__, "--measure", case.kind, str(path), name]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        if done.returncode:
            return Cost(size=size, failed=f"exit {done.returncode}: {done.stderr[-200:]}")
        return Cost(size=size, **json.loads(done.stdout))


def packed_size(path: Path) -> int:
    """Return the size of a file; that of a folder is its zip's."""
    if not path.is_dir():
        return path.stat().st_size
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as file:
        for member in path.rglob("*"):
            if member.is_file() and not member.is_symlink():
                file.write(member, member.relative_to(path))
    return len(content.getvalue())


def main() -> None:
    """Print a line for each file, the dearest last, and what is above the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="files whose kind or name has this text")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        kind, path, folder = options.measure
        measure(kind, Path(path), Path(folder))
        return
    found = []
    for case in (*rows(), *models()):
        title = f"{case.kind}: {case.name}"
        if options.only in title:
            figures = cost(case)
            if figures.size < _MOST_FILE_BYTES:
                found.append((figures.cpu, figures.line(title)))
                print(found[-1][1], file=sys.stderr, flush=True)
    print("| file | bytes | exit | CPU | time | peak | |\n|---|---|---|---|---|---|---|")
    print("\n".join(line for _, line in sorted(found)))


if __name__ == "__main__":
    main()
