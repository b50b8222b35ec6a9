"""How fast scoring is, beside H2O's Java scorer and this machine's own limits.

    python benchmarks/score.py [--networks S L W] [--runs 7] [--jar h2o.jar] [--h2o-root DIR]
                               [--models DIR] [--long 5000000]

Runs of ours and of Java are interleaved; medians, their spread, and ratios are printed. Without
--h2o-root the networks are derived from golden MOJOs (see networks.py). --models keeps networks and
rows for the next time. --long also scores that many rows of S and prints the peak memory.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
from networks import SHAPES, derived_network, trained_networks, write_rows

from mojo_reader import Scorer, read_mojo
from mojo_reader.files.tables import read_rows
from mojo_reader.scoring.blas import one_blas_thread

_JAVA_ROWS = 2_000
_MATRIX_ROWS = 20_000
_HEAPS = ("128m", "256m", "512m", "1g", "2g")
# The network's first layer reads the one-hot block by a gather; only products are counted.
_PRODUCT_ROWS = 512


@dataclass(frozen=True)
class Done:
    """One process: seconds by the clock and of the processor, peak memory in bytes."""

    seconds: float
    peak: int
    processor: float


def process(command: list[str]) -> Done:
    """Run a command to its end."""
    # Without bytecode each process would compile every file anew, which no installation does.
    hidden = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    start = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(child.pid, peak))
    watcher.start()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    watcher.join()
    if child.returncode:
        message = f"failed with {child.returncode}: {' '.join(command)}"
        raise RuntimeError(message)
    return Done(seconds, peak[0], used.ru_utime + used.ru_stime)


def _watch(pid: int, peak: list[int]) -> None:
    """Keep the peak memory that Linux states for a process.

    ``ru_maxrss`` of a child counts what its parent had when it was started.
    """
    while True:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        if not lines:  # it has ended
            return
        peak[0] = int(lines[0].split()[1]) * 1024
        time.sleep(0.01)


def interleaved(runs: int, commands: dict[str, list[str]]) -> dict[str, list[Done]]:
    """Run each command in turn, as many times."""
    found: dict[str, list[Done]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(process(command))
    return found


def middle(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def spread(values: list[float], unit: float = 1.0, digits: int = 2) -> str:
    """Return the median, and the smallest and the largest."""
    shown = (middle(values) * unit, min(values) * unit, max(values) * unit)
    return "{0:.{3}f} ({1:.{3}f} to {2:.{3}f})".format(*shown, digits)


# --------------------------------------------------------------------------- whole processes


def predict_csv(jar: Path, model: Path, rows: Path, target: Path, heap: str) -> list[str]:
    """Return the command of H2O's own program."""
    words = ["hex.genmodel.tools.PredictCsv", "--mojo", str(model), "--input", str(rows)]
    return ["java", f"-Xmx{heap}", "-cp", str(jar), *words, "--output", str(target), "--decimal"]


def ours(model: Path, rows: Path, target: Path, *options: str) -> list[str]:
    """Return the command of our program."""
    words = ["predict", str(model), str(rows), "-o", str(target), "-q", *options]
    return [sys.executable, "-m", "mojo_reader", *words]


def smallest_heap(jar: Path, model: Path, rows: Path, target: Path) -> str | None:
    """Return the smallest of some heaps with which PredictCsv ends well."""
    for heap in _HEAPS:
        try:
            process(predict_csv(jar, model, rows, target, heap))
        except RuntimeError:
            continue
        return heap
    return None


def compare_processes(
    name: str, model: Path, rows: Path, folder: Path, options: argparse.Namespace
) -> None:
    """Print whole processes from CSV to CSV, and from a one-row CSV."""
    target = folder / "scored.csv"
    one = write_rows(name, folder / "one.csv", rows=1)
    commands = {"ours": ours(model, rows, target), "ours, one row": ours(model, one, target)}
    if options.jar:
        commands["PredictCsv -Xmx4g"] = predict_csv(options.jar, model, rows, target, "4g")
        commands["PredictCsv, one row"] = predict_csv(options.jar, model, one, target, "4g")
        heap = smallest_heap(options.jar, model, rows, target) if options.small_heap else None
        if heap:
            small = f"PredictCsv -Xmx{heap}"
            commands[small] = predict_csv(options.jar, model, rows, target, heap)
            print(f"  smallest heap: {' '.join(commands[small])}")
    found = interleaved(options.runs, commands)
    for label, runs in found.items():
        peak = middle([run.peak for run in runs])
        seconds = spread([run.seconds for run in runs])
        print(f"  {label:22} {seconds:>24} s, peak {peak / 1e6:7.0f} MB")
    for label, runs in found.items():
        if label.startswith("PredictCsv"):
            mine = found["ours, one row" if "one row" in label else "ours"]
            faster = middle([r.seconds for r in runs]) / middle([r.seconds for r in mine])
            memory = middle([r.peak for r in mine]) / middle([r.peak for r in runs])
            print(f"  ours is {faster:.2f} x {label}; memory {memory:.3f} of its")


# --------------------------------------------------------------------------- in memory


def seconds_of(work: Callable[[], object], runs: int) -> list[float]:
    """Time some work, after once for nothing."""
    work()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def product_rate(units: int, dtype: str) -> float:
    """Return this machine's rate of matrix products of one thread, operations a second.

    The fastest of 50 short products: other programs that run beside leave some of them alone.
    """
    left = np.random.default_rng(0).random((_PRODUCT_ROWS, units)).astype(dtype)
    right = np.random.default_rng(1).random((units, units)).astype(dtype)
    out = np.empty((_PRODUCT_ROWS, units), dtype)
    fastest = min(seconds_of(lambda: np.matmul(left, right, out=out), 50))
    return 2.0 * _PRODUCT_ROWS * units * units / fastest


def score0(jar: Path, model: Path, matrix: np.ndarray, folder: Path) -> tuple[float, float]:
    """Return H2O's own seconds for a row in a pass, and of the middle single call."""
    source = Path(__file__).parent / "java" / "Score0.java"
    subprocess.run(["javac", "-cp", str(jar), "-d", str(folder), str(source)], check=True)
    matrix[:_JAVA_ROWS].astype("<f8").tofile(folder / "matrix.bin")
    command = ["java", "-Xmx4g", "-cp", f"{jar}{os.pathsep}{folder}", "Score0", str(model)]
    command += [str(folder / "matrix.bin"), str(matrix.shape[1]), "5"]
    done = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(done[0]) / min(_JAVA_ROWS, len(matrix)), float(done[1]) / 1e9


def compare_in_memory(
    name: str, model: Path, rows: Path, folder: Path, options: argparse.Namespace
) -> None:
    """Print encoded rows in memory, one core."""
    mojo = read_mojo(model)
    matrix = Scorer(mojo).encode(read_rows(rows, mojo))[:_MATRIX_ROWS]
    java = score0(options.jar, model, matrix, folder) if options.jar else None
    products = len(matrix) * 2.0 * len(mojo.features.numeric) * mojo.layers[0].units
    products += len(matrix) * 2.0 * sum(layer.kernels[0].size for layer in mojo.layers[1:])
    with one_blas_thread():
        for dtype in ("float64", "float32"):
            scorer = Scorer(mojo, dtype=dtype)
            scorer.score_matrix(matrix)
            seconds, rates = [], []
            for _ in range(options.runs):  # in turns, so that other programs meet both
                rates.append(product_rate(max(SHAPES[name].hidden), dtype))
                start = time.thread_time()
                scorer.score_matrix(matrix)
                seconds.append(time.thread_time() - start)
            shares = [products / taken / rate for taken, rate in zip(seconds, rates, strict=True)]
            ratio = f", {java[0] * len(matrix) / middle(seconds):.1f} x score0" if java else ""
            print(
                f"  batch, {dtype}: {spread(seconds, 1e6 / len(matrix))} us of processor time a "
                f"row, {spread(shares)} of {middle(rates) / 1e9:.0f} GFLOP/s{ratio}"
            )
        scorer = Scorer(mojo)
        single = [row[None].copy() for row in matrix[:_JAVA_ROWS]]
        found = [seconds_of(lambda r=row: scorer.score_matrix(r), 1)[0] for row in single]
    ratio = f", {middle(found) / java[1]:.2f} of score0's {java[1] * 1e6:.1f} us" if java else ""
    print(f"  one row, warm: p50 {middle(found) * 1e6:.1f} us{ratio}")


# --------------------------------------------------------------------------- limits


def print_limits(model: Path, rows: Path) -> None:
    """Print what this machine does at best: inflating the model, parsing the rows."""
    with zipfile.ZipFile(model) as file:
        packed = zlib.compress(file.read("model.ini"))
    size = len(zlib.decompress(packed))
    inflate = size / middle(seconds_of(lambda: zlib.decompress(packed), 5))
    options = pa_csv.ReadOptions(use_threads=False)
    parse = middle(seconds_of(lambda: pa_csv.read_csv(rows, read_options=options), 5))
    print(
        f"  limits: inflate {inflate / 1e6:.0f} MB/s; Arrow parses these rows at "
        f"{rows.stat().st_size / parse / 1e6:.0f} MB/s on one core"
    )


def print_memory(model: Path, folder: Path, rows: int) -> None:
    """Print the peak memory for 10 times the rows."""
    for count in (rows, rows * 10):
        table = write_rows("S", folder / "many.csv", rows=count)
        done = process(ours(model, table, folder / "scored.csv"))
        print(f"  {count:,} rows: {done.seconds:.2f} s, peak {done.peak / 1e6:.0f} MB")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["S", "L", "W"])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--jar", type=Path, help="H2O's h2o.jar, to run its scorer beside")
    parser.add_argument("--h2o-root", type=Path, help="where golden_mojos/lab.py finds H2O")
    parser.add_argument("--models", type=Path, help="folder that keeps networks and rows")
    parser.add_argument("--small-heap", action="store_true", help="also PredictCsv's smallest heap")
    parser.add_argument("--no-processes", action="store_true", help="only rows in memory")
    parser.add_argument("--long", type=int, default=0, metavar="ROWS", help="ten times these, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = options.models or folder
        kept.mkdir(exist_ok=True)
        models = networks(options, kept)
        for key, model in models.items():
            rows = kept / f"{key}.csv"
            if not rows.exists():
                write_rows(key, rows)
            print(f"{key} ({model.name}), {SHAPES[key].rows:,} rows; load {os.getloadavg()[0]:.1f}")
            print_limits(model, rows)
            compare_in_memory(key, model, rows, folder, options)
            if not options.no_processes:
                compare_processes(key, model, rows, folder, options)
        if options.long:
            print_memory(models["S"], folder, options.long // 10)


def networks(options: argparse.Namespace, kept: Path) -> dict[str, Path]:
    """Return the models, made where they are not there yet."""
    if options.h2o_root:
        absent = [key for key in options.networks if not (kept / f"{key}_h2o.zip").exists()]
        if absent:
            trained_networks(absent, options.h2o_root, kept)
        return {key: kept / f"{key}_h2o.zip" for key in options.networks}
    derived = {key: kept / f"{key}_derived.zip" for key in options.networks}
    return {
        key: path if path.exists() else derived_network(key, kept) for key, path in derived.items()
    }


if __name__ == "__main__":
    main()
