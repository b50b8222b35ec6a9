"""Contributions beside the server's: the same rows, background rows and machine, in turns.

    python benchmarks/explain.py --h2o-root H2O_ROOT --runs 3

H2O trains the network S of ``networks.py`` and computes contributions on as many threads as the
machine has cores; ours run in one process. Every run of ``h2o`` is held to the server's numbers.
"""

import argparse
import csv
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from networks import GOLDEN, SHAPES, write_rows

from mojo_reader import Scorer, contributions, jax_contributions

Table = dict[str, list[str]]
_TARGET = 30.0


def table_of(path: Path) -> Table:
    """Return a CSV file's columns."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def timed(job: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a job takes, and what it returns."""
    start = time.perf_counter()
    found = job()
    return time.perf_counter() - start, found


def shown(seconds: list[float]) -> str:
    """Return the median, and the smallest and largest."""
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


def peak_of(job: Callable[[], Any]) -> float:
    """Return the megabytes that a job allocates at its peak."""
    tracemalloc.start()
    job()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def compare(server: Any, folder: Path, options: argparse.Namespace) -> None:
    """Train, explain in turns, and print."""
    from rest import quoted

    shape = SHAPES["S"]
    types = {name: "Enum" if name.startswith("c") else "Numeric" for name in shape.names}
    training = write_rows("S", folder / "training.csv", rows=20_000, target=True)
    frame = server.import_frame(training, {**types, "y": "Enum"})
    parameters = {
        "response_column": "y", "hidden": list(shape.hidden), "epochs": shape.epochs,
        "activation": shape.activation, "seed": 1, "variable_importances": False,
    }  # fmt: skip
    model = server.train("deeplearning", frame, parameters)
    server.download_mojo(model, folder / "model.zip")
    whole = write_rows("S", folder / "all.csv", rows=options.rows + options.background)
    lines = whole.read_text("utf-8").splitlines(keepends=True)
    (folder / "rows.csv").write_text("".join(lines[: options.rows + 1]), "utf-8")
    behind = [lines[0], *lines[options.rows + 1 :]]
    (folder / "background.csv").write_text("".join(behind), "utf-8")
    rows, background = table_of(folder / "rows.csv"), table_of(folder / "background.csv")
    frames = [server.import_frame(folder / name, types) for name in ("rows.csv", "background.csv")]

    def by_server() -> str:
        path = f"/4/Predictions/models/{quoted(model)}/frames/{quoted(frames[0])}"
        fields = {"predict_contributions": True, "background_frame": frames[1]}
        return str(server.wait(server.request("POST", path, fields)))

    scorer = Scorer(folder / "model.zip")
    theirs: list[float] = []
    jobs: dict[str, Callable[[], Any]] = {
        "margin": lambda: contributions(scorer, rows, background),
        "margin by JAX": lambda: jax_contributions(scorer, rows, background),
        "h2o": lambda: contributions(scorer, rows, background, method="h2o"),
    }
    jobs["margin by JAX"]()  # compiles
    ours: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(options.runs):
        seconds, made = timed(by_server)
        theirs.append(seconds)
        for name, job in jobs.items():
            seconds, found = timed(job)
            ours[name].append(seconds)
        header, *cells = server.download_frame(made)
        right = np.array(cells, np.float64)
        worst = max(
            float((np.abs(found[name] - right[:, place]) / (1 + np.abs(right[:, place]))).max())
            for place, name in enumerate(header)
        )
    cores = os.cpu_count()
    print(f"{options.rows:,} rows x {options.background:,} background rows of S, {cores} cores")
    print(f"server: {shown(theirs)}")
    for name, times in ours.items():
        ratio = statistics.median(theirs) / statistics.median(times)
        verdict = "met" if ratio >= _TARGET else "missed"
        print(f"{name}: {shown(times)}, {ratio:.1f} x, target of {_TARGET:g} x {verdict}")
    print(f"h2o beside the server's numbers: {worst:.1e}")
    few = {name: cells[:100] for name, cells in rows.items()}
    for others in (background, {name: cells * 10 for name, cells in background.items()}):
        count = len(next(iter(others.values())))
        peak = peak_of(lambda o=others: contributions(scorer, few, o))
        print(f"100 x {count:,}: {peak:.0f} MB")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--h2o-root", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--background", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="folder for the model and the rows")
    options = parser.parse_args()
    sys.path.insert(0, str(GOLDEN))
    from case import SCORER
    from lab import Server, find_release

    release = find_release(options.h2o_root, SCORER)
    with (
        Server(release, memory="1500m", threads=os.cpu_count() or 1) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        kept = options.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        compare(server, kept, options)


if __name__ == "__main__":
    main()
