"""How time and memory grow with rows, columns, levels and units.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE \
        python benchmarks/growth.py [rows columns levels units] [--quick] [--runs 3]
                                    [--seconds 900] [--json FILE] [--charts docs]

Each size is a process of its own, of which the smallest of some runs counts:

    rows     1 to 10,000,000 of network S, from CSV to CSV by ``predict``
    columns  10 to 10,000 numbers, 64 hidden units; the model is read, and 2,000 rows scored
    levels   10 to 1,000,000 of one column, 8 hidden units; the same
    units    10 to 3,000 in each of two hidden layers; the same

Times are of the processor. The slope is that of the logarithms, what the smallest size takes being
taken off, over the sizes that take more than twice as much: 1 is proportional, 2 of units, whose
weights are their square. A size whose time or memory is 1.5 times what the two before it let expect
is named. ``--quick`` stops a decade earlier, ``--seconds`` before
the next size. Charts are made of the same run, or of a run before by ``--charts docs --from FILE``.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from charts import plain_ticks
from networks import SHAPES, Shape, derived_network, write_rows
from score import ours, process

_SIZES = {
    "rows": [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000],
    "columns": [10, 30, 100, 300, 1_000, 3_000, 10_000],
    "levels": [10, 100, 1_000, 10_000, 100_000, 1_000_000],
    "units": [10, 30, 100, 300, 1_000, 3_000],
}
_LABELS = {
    "rows": "rows of network S",
    "columns": "numeric columns",
    "levels": "levels of one column",
    "units": "units of each of two hidden layers",
}
_BLOCK_ROWS = 100_000
_SCORED_ROWS = 2_000
_SCORE_RUNS = 3
#: A size counts where a quantity is so many times that of the smallest.
_COUNTS = 2.0
#: Smaller slopes are none.
_FLAT = 0.15
#: Over this many times the expected, a size has left the line.
_LEFT = 1.5


@dataclass(frozen=True, kw_only=True)
class Point:
    """One size.

    Attributes:
        size: how many.
        read: seconds to read the model; None where a whole process is measured.
        score: seconds to score, or of the whole process.
        peak: memory in bytes.
    """

    size: int
    read: float | None
    score: float
    peak: int


# --------------------------------------------------------------------------- measuring


def shape(kind: str, size: int) -> Shape:
    """Return the network of one size."""
    levels = (size,) if kind == "levels" else ()
    numbers = size if kind == "columns" else 10
    hidden = {"columns": (64,), "levels": (8,), "units": (size, size)}[kind]
    return Shape(
        levels=levels, numbers=numbers, hidden=hidden, activation="Rectifier", classes=0,
        rows=_SCORED_ROWS, golden="regression_rectifier", epochs=1.0,
    )  # fmt: skip


def child(model: str) -> None:
    """Read a model, score encoded rows, and print what it cost."""
    from mojo_reader import Scorer, read_mojo

    start = time.process_time()
    mojo = read_mojo(model)
    read = time.process_time() - start
    scorer = Scorer(mojo)
    random = np.random.default_rng(0)
    levels = [len(feature.levels) for feature in mojo.features.categorical]
    codes = [random.integers(0, count, _SCORED_ROWS) for count in levels]
    numbers = random.normal(50.0, 10.0, (_SCORED_ROWS, len(mojo.features.numeric)))
    matrix = np.column_stack([*codes, numbers])
    scorer.score_matrix(matrix)
    score = math.inf
    for _ in range(_SCORE_RUNS):
        start = time.process_time()
        scorer.score_matrix(matrix)
        score = min(score, time.process_time() - start)
    status = Path("/proc/self/status").read_text("utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    print(json.dumps({"read": read, "score": score, "peak": int(peak.split()[1]) * 1024}))


def child_said(model: Path) -> dict[str, float]:
    """Run ``child`` in a process of its own, on one thread, and return what it printed."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--child", str(model)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def rows_file(folder: Path, size: int) -> Path:
    """Write rows of S: a block of them, again and again."""
    block = write_rows("S", folder / "block.csv", rows=min(size, _BLOCK_ROWS))
    header, _, lines = block.read_bytes().partition(b"\n")
    path = folder / "rows.csv"
    with path.open("wb") as sink:
        sink.write(header + b"\n")
        for _ in range(size // min(size, _BLOCK_ROWS)):
            sink.write(lines)
    return path


def measured(kind: str, size: int, runs: int, folder: Path) -> Point:
    """Measure one size."""
    if kind == "rows":
        model = folder / "S_derived.zip"
        if not model.exists():
            derived_network("S", folder)
        command = ours(model, rows_file(folder, size), folder / "scored.csv")
        found = [process(command) for _ in range(runs if size < 10 * _BLOCK_ROWS else 1)]
        score, peak = min(one.processor for one in found), min(one.peak for one in found)
        return Point(size=size, read=None, score=score, peak=peak)
    SHAPES[kind] = shape(kind, size)
    model = derived_network(kind, folder)
    said = [child_said(model) for _ in range(runs)]
    return Point(
        size=size,
        read=min(one["read"] for one in said),
        score=min(one["score"] for one in said),
        peak=int(min(one["peak"] for one in said)),
    )


def run(kinds: list[str], given: argparse.Namespace) -> dict[str, list[Point]]:
    """Measure what was asked for, as far as the time goes."""
    end = time.monotonic() + given.seconds
    found: dict[str, list[Point]] = {}
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            found[kind] = []
            for size in _SIZES[kind][: -1 if given.quick else None]:
                if time.monotonic() > end:
                    print(f"{kind}: no time for {size:,} and more", file=sys.stderr)
                    break
                found[kind].append(measured(kind, size, given.runs, Path(name)))
                print(f"{kind} {size:,} of {_SIZES[kind][-1]:,}", file=sys.stderr)
    return found


# --------------------------------------------------------------------------- what it says


def slope(points: list[tuple[int, float]]) -> float:
    """Return the slope of the logarithms where the size counts; NaN where it does not.

    It counts where a quantity is more than twice what the smallest size takes, which is taken off:
    imports, and the calls themselves.
    """
    fixed = points[0][1]
    first = next((at for at, (_, value) in enumerate(points) if value > _COUNTS * fixed), None)
    if first is None:
        return math.nan
    # A single size has no slope: it has one with the size before.
    first = min(first, len(points) - 2)
    used = [(size, value - fixed) for size, value in points[first:] if value > fixed]
    if len(used) < 2:  # noqa: PLR2004 - a line
        return math.nan
    sizes, values = np.log(np.array(used, float)).T
    return float(np.polyfit(sizes, values, 1)[0])


def slope_text(points: list[tuple[int, float]]) -> str:
    """Return the slope as it is printed."""
    found = slope(points)
    return f"{found:.2f}" if abs(found) >= _FLAT else "flat"


def leaving(points: list[tuple[int, float]], power: float) -> list[int]:
    """Return the sizes at which a quantity grows faster than by a power of the size.

    What does not depend on the size counts for what it is: the expected is a fixed part and one in
    proportion, by the two sizes before.
    """
    found = []
    for first, second, third in zip(points, points[1:], points[2:], strict=False):
        bases = [size**power for size, _ in (first, second, third)]
        step = max((second[1] - first[1]) / (bases[1] - bases[0]), second[1] / bases[1])
        if third[1] > _LEFT * (second[1] + step * (bases[2] - bases[1])):
            found.append(third[0])
    return found


def quantities(points: list[Point]) -> dict[str, list[tuple[int, float]]]:
    """Return what is drawn and fitted, by name."""
    found = {}
    if points and points[0].read is not None:
        found["read the model, s"] = [(p.size, p.read or 0.0) for p in points]
        found["score 2,000 rows, s"] = [(p.size, p.score) for p in points]
    else:
        found["whole process, s"] = [(p.size, p.score) for p in points]
    found["peak memory, MB"] = [(p.size, p.peak / 1e6) for p in points]
    return found


def table(kind: str, points: list[Point]) -> str:
    """Return one table and what it says, as Markdown."""
    columns = quantities(points)
    lines = [f"| {_LABELS[kind]} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for place, point in enumerate(points):
        cells = [f"{values[place][1]:.3g}" if values[place][1] < 1_000 else  # noqa: PLR2004
                 f"{values[place][1]:,.0f}" for values in columns.values()]  # fmt: skip
        lines.append(f"| {point.size:,} | {' | '.join(cells)} |")
    slopes = [slope_text(values) for values in columns.values()]
    lines.append(f"| slope | {' | '.join(slopes)} |")
    power = 2.0 if kind == "units" else 1.0
    left = [
        f"{name.rpartition(', ')[0]} at {size:,}"
        for name, values in columns.items()
        for size in leaving(values, power)
    ]
    lines.append("")
    lines.append("Off the line: " + ("; ".join(left) if left else "nothing") + ".")
    return "\n".join(lines)


def draw(kind: str, points: list[Point], folder: Path) -> Path:
    """Draw one chart, time beside memory, and return its path."""
    from emit.pictures.style import LINES, picture

    path = folder / f"growth_{kind}.svg"
    with picture(path, width=8.0, height=3.2) as figure:
        both = figure.subplots(1, 2)
        for place, (name, values) in enumerate(quantities(points).items()):
            axes = both[int(name.endswith("MB"))]
            sizes, numbers = zip(*values, strict=True)
            label = f"{name.rpartition(', ')[0]} (slope: {slope_text(values)})"
            axes.plot(sizes, numbers, marker="o", ms=3, color=LINES[place], label=label)
        for axes, unit in zip(both, ("seconds of processor time", "MB"), strict=True):
            axes.set(xscale="log", yscale="log", xlabel=_LABELS[kind], ylabel=unit)
            for axis in (axes.xaxis, axes.yaxis):
                plain_ticks(axis)
            axes.legend(loc="upper left")
        both[1].set_ylim(10, max(1_000, 2 * max(point.peak for point in points) / 1e6))
    return path


def main() -> None:
    """Measure, or read what was measured, and print and draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(_SIZES))
    parser.add_argument("--quick", action="store_true", help="stop a decade earlier")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=900, help="no size starts after these")
    parser.add_argument("--json", type=Path, help="keep what was measured here")
    parser.add_argument("--from", type=Path, dest="kept", help="take what was measured before")
    parser.add_argument("--charts", type=Path, metavar="FOLDER", help="draw charts there")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child)
        return
    unknown = set(given.kinds) - set(_SIZES)
    if unknown:
        parser.error(f"expected some of {', '.join(_SIZES)}, found {', '.join(sorted(unknown))}")
    if given.kept:
        content: dict[str, Any] = json.loads(given.kept.read_text("utf-8"))
        found = {kind: [Point(**point) for point in points] for kind, points in content.items()}
    else:
        found = run(given.kinds or list(_SIZES), given)
    if given.json:
        kept = {kind: [asdict(point) for point in points] for kind, points in found.items()}
        given.json.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    for kind, points in found.items():
        if not points:
            print(f"\n{_LABELS[kind]}: not measured")
            continue
        print(f"\n{table(kind, points)}")
        if given.charts:
            draw(kind, points, given.charts)


if __name__ == "__main__":
    main()
