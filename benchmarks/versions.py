"""Rows in memory, or whole processes from CSV to CSV, by two checkouts of this package in turns.

    git worktree add ../before COMMIT
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python benchmarks/versions.py ../before . \
        [--networks S W] [--dtypes float64 float32] [--rounds 10] [--rows 8192] [--models FOLDER]
    python benchmarks/versions.py ../before . --processes [--networks S L W] [--rounds 5]

Each checkout has a process of its own, one thread, and is asked in turns, so that what other
programs take meets both. A round is the smallest of four passes in processor time, its share of the
rate of a product of 512 rows measured right after, and the median of 300 single rows. With
--processes: seconds by the clock and of the processor of ``predict``, all rows and one row.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

_SINGLE = 300


def child(model: str, dtype: str, rows: int) -> None:
    """Measure a round for each line of the standard input."""
    from score import product_rate

    from mojo_reader import Scorer, read_mojo

    mojo = read_mojo(model)
    scorer = Scorer(mojo, dtype=dtype)
    random, features = np.random.default_rng(0), mojo.features
    codes = [random.integers(0, len(feature.levels), rows) for feature in features.categorical]
    matrix = np.column_stack([*codes, random.normal(50, 10, (rows, len(features.numeric)))])
    single = [row[None].copy() for row in matrix[:_SINGLE]]
    products = 2.0 * len(features.numeric) * mojo.layers[0].units
    products += 2.0 * sum(layer.kernels[0].size for layer in mojo.layers[1:])
    scorer.score_matrix(matrix)
    for _ in sys.stdin:
        passes = [timed(scorer, matrix, time.thread_time) for _ in range(4)]
        rate = product_rate(max(layer.units for layer in mojo.layers), dtype)
        alone = statistics.median(timed(scorer, row, time.perf_counter) for row in single)
        row = min(passes) / rows
        print(json.dumps([row * 1e6, products / row / rate, alone * 1e6]), flush=True)


def timed(scorer: Any, matrix: Any, clock: Any) -> float:
    """Return the seconds of one call by a clock."""
    start = clock()
    scorer.score_matrix(matrix)
    return float(clock() - start)


def compare(model: Path, dtype: str, given: argparse.Namespace) -> None:
    """Print both checkouts' figures of one network."""
    command = [sys.executable, __file__, "--child", str(model), dtype, str(given.rows)]
    running = {}
    for checkout in given.checkouts:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "OPENBLAS_NUM_THREADS": "1"}
        running[checkout] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
    found: dict[Path, list[list[float]]] = {checkout: [] for checkout in running}
    for _ in range(given.rounds):
        for checkout, process in running.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            found[checkout].append(json.loads(process.stdout.readline()))
    for checkout, process in running.items():
        process.communicate()
        rows, shares, single = zip(*found[checkout], strict=True)
        print(
            f"{model.stem} {dtype} {checkout.name:>12}: best {min(rows):.2f} us a row, "
            f"{max(shares):.2f} of the product rate; medians {statistics.median(rows):.2f} us, "
            f"{statistics.median(shares):.2f}; one row {min(single):.1f} us, median "
            f"{statistics.median(single):.1f}"
        )


def compare_processes(name: str, kept: Path, given: argparse.Namespace) -> None:
    """Print both checkouts' whole processes from CSV to CSV, and from a CSV of one row."""
    from networks import write_rows
    from score import interleaved, ours, spread

    model, rows = network(name, kept), kept / f"{name}.csv"
    if not rows.exists():
        write_rows(name, rows)
    with tempfile.TemporaryDirectory() as folder:
        one = write_rows(name, Path(folder) / "one.csv", rows=1)
        target = Path(folder) / "scored.csv"
        # Not the package of the folder that this runs in.
        commands = {
            f"{name} {what} {checkout.name:>12}": [
                "env", f"PYTHONPATH={checkout}", "PYTHONSAFEPATH=1", *ours(model, table, target)
            ]
            for what, table in (("all rows", rows), ("one row ", one))
            for checkout in given.checkouts
        }  # fmt: skip
        interleaved(1, commands)  # which also writes the bytecode
        for label, runs in interleaved(given.rounds, commands).items():
            clock = spread([run.seconds for run in runs], digits=3)
            processor = spread([run.processor for run in runs], digits=3)
            print(f"{label}: {clock} s, processor {processor} s")


def network(name: str, kept: Path) -> Path:
    """Return a derived network, made where it is not there yet."""
    from networks import derived_network

    model = kept / f"{name}_derived.zip"
    return model if model.exists() else derived_network(name, kept)


def main() -> None:
    """Compare what was asked for."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", type=Path, nargs="+")
    parser.add_argument("--networks", nargs="+", default=["S", "W"])
    parser.add_argument("--dtypes", nargs="+", default=["float64", "float32"])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--models", type=Path, help="folder that keeps the networks")
    parser.add_argument("--processes", action="store_true", help="whole processes instead")
    given = parser.parse_args()
    given.checkouts = [checkout.resolve() for checkout in given.checkouts]
    with tempfile.TemporaryDirectory() as folder:
        kept = given.models or Path(folder)
        for name in given.networks:
            if given.processes:
                compare_processes(name, kept, given)
                continue
            for dtype in given.dtypes:
                compare(network(name, kept), dtype, given)


if __name__ == "__main__":
    main()
