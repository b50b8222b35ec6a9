"""How fast Spark scores, beside ``Scorer.score_batches`` in one process, from the same files.

    python benchmarks/spark.py [--rows 1000000 20000000] [--cores 1 2] [--runs 3]
                               [--model S.zip] [--folder DIR]

Each measurement is a process of its own: it reads Parquet files, scores them with one BLAS thread
in each worker, and drops the predictions, after a warm-up with the first file. Runs are
interleaved, medians are printed, and their ratio for each core. Spark's JVM works beside its Python
workers, so the seconds of processor time that all of its processes took are printed too, and with
--pin Spark and the other process have one core alone. The peak memory of a Python worker is what
Linux states.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from networks import SHAPES, derived_network, level_texts
from score import middle, spread

from mojo_reader import Scorer, read_mojo
from mojo_reader.scoring.blas import one_blas_thread

_FILE_ROWS = 1_000_000
_GROUP_ROWS = 100_000
_BATCH_ROWS = 10_000  # what Spark sends to Python at once
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One job.

    Attributes:
        rows: that came out.
        seconds: wall.
        python: seconds of processor time of the Python workers.
        jvm: seconds of processor time of the JVM.
        memory: peak of the largest Python worker, bytes.
        jvm_memory: peak of the JVM, bytes.
    """

    rows: int
    seconds: float
    python: float
    jvm: float = 0.0
    memory: int
    jvm_memory: int = 0


# --------------------------------------------------------------------------- rows


def write_files(folder: Path, files: int) -> None:
    """Write the files of rows that are not there yet."""
    shape = SHAPES["S"]
    texts = [pa.array(level_texts(column, count)) for column, count in enumerate(shape.levels)]
    for number in range(files):
        path = folder / f"rows_{number:03d}.parquet"
        if path.exists():
            continue
        source = np.random.default_rng(number)
        first = number * _FILE_ROWS
        columns = {"id": np.arange(first, first + _FILE_ROWS)}
        for place, levels in enumerate(texts):
            columns[f"c{place}"] = levels.take(source.integers(0, len(levels), _FILE_ROWS))
        for place in range(shape.numbers):
            columns[f"n{place}"] = np.round(source.normal(50.0, 10.0, _FILE_ROWS), 4)
        pq.write_table(pa.table(columns), path, row_group_size=_GROUP_ROWS)


def paths(folder: Path, rows: int) -> list[str]:
    """Return the files that hold the first rows."""
    return [str(folder / f"rows_{number:03d}.parquet") for number in range(rows // _FILE_ROWS)]


# --------------------------------------------------------------------------- one process


def measure_alone(model: Path, files: list[str], _cores: int) -> Measured:
    """Score in this process, with one thread."""
    pa.set_cpu_count(1)
    scorer = Scorer(read_mojo(model))
    with one_blas_thread():
        _score_alone(scorer, files[:1])
        start, before = time.perf_counter(), time.process_time()
        rows = _score_alone(scorer, files)
    return Measured(
        rows=rows,
        seconds=time.perf_counter() - start,
        python=time.process_time() - before,
        memory=_peak(os.getpid()),
    )


def _score_alone(scorer: Scorer, files: list[str]) -> int:
    columns = ["id", *(column.name for column in scorer.mojo.inputs)]
    batches = (
        batch
        for path in files
        for batch in pq.ParquetFile(path).iter_batches(_BATCH_ROWS, columns=columns)
    )
    return sum(batch.num_rows for batch in scorer.score_batches(batches))


# --------------------------------------------------------------------------- Spark


def measure_spark(model: Path, files: list[str], cores: int) -> Measured:
    """Score with as many Python workers as cores."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(f"local[{cores}]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    _score_spark(spark, model, files[:1])
    workers, jvm = _processes("pyspark.daemon"), _processes("org.apache.spark")
    start, before = time.perf_counter(), (_processor(workers), _processor(jvm))
    rows = _score_spark(spark, model, files)
    measured = Measured(
        rows=rows,
        seconds=time.perf_counter() - start,
        python=_processor(workers) - before[0],
        jvm=_processor(jvm) - before[1],
        memory=max(map(_peak, workers)),
        jvm_memory=max(map(_peak, jvm)),
    )
    spark.stop()
    return measured


def _score_spark(spark: Any, model: Path, files: list[str]) -> int:
    from pyspark.sql import Observation, functions

    from emit.spark import score_dataframe

    counted = Observation()
    scored = score_dataframe(spark.read.parquet(*files), str(model), keep=["id"])
    rows, total = functions.count("predict").alias("rows"), functions.sum("id").alias("total")
    scored.observe(counted, rows, total).write.format("noop").mode("overwrite").save()
    found = counted.get
    assert found["total"] == found["rows"] * (found["rows"] - 1) // 2, "other rows came out"
    return int(found["rows"])


# --------------------------------------------------------------------------- what Linux states


def _processes(command: str) -> list[int]:
    """Return the processes that stem from this one and have some word in their command."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int(_stat(int(folder.name))[1])
    found = [os.getpid()]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return [one for one in found if command in Path(f"/proc/{one}/cmdline").read_text()]


def _stat(process: int) -> list[str]:
    """Return the fields after the name, which may hold anything."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _processor(processes: list[int]) -> float:
    """Return the seconds of processor time of processes and of those that they waited for."""
    return sum(sum(map(int, _stat(process)[11:15])) for process in processes) / _TICKS


def _peak(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


# --------------------------------------------------------------------------- all of it


KINDS = {"alone": measure_alone, "spark": measure_spark}


def measure(kind: str, options: argparse.Namespace, rows: int, cores: int) -> Measured:
    """Measure in a process of its own."""
    arguments = ["--measure", kind, "--rows", str(rows), "--cores", str(cores)]
    places = ["--model", str(options.model), "--folder", str(options.folder)]
    command = [sys.executable, __file__, *arguments, *places]
    if options.pin:
        command = ["taskset", "--cpu-list", ",".join(map(str, range(cores))), *command]
    hidden = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def print_measured(label: str, found: list[Measured], rows: int, cores: int) -> float:
    """Print the runs of one kind, and return its rows a second for each core."""
    assert all(one.rows == rows for one in found), f"{rows} rows went in, {found} came out"
    seconds = [one.seconds for one in found]
    rate = rows / middle(seconds) / cores
    python, jvm = (
        middle([getattr(one, kind) for one in found]) / rows * 1e6 for kind in ("python", "jvm")
    )
    memory, jvm_memory = (
        max(getattr(one, kind) for one in found) / 1e6 for kind in ("memory", "jvm_memory")
    )
    print(
        f"  {label:15} {spread(seconds, digits=1):>25} s, {rate:8,.0f} rows/s a core; processor "
        f"time a row: Python {python:.2f}, JVM {jvm:.2f} us; peak memory: worker {memory:.0f}, "
        f"JVM {jvm_memory:.0f} MB"
    )
    return rate


def compare(options: argparse.Namespace, rows: int) -> None:
    """Print one number of rows."""
    print(f"{rows:,} rows of S; load {os.getloadavg()[0]:.1f}")
    kinds = [("alone", 1), *(("spark", cores) for cores in options.cores)]
    found: dict[tuple[str, int], list[Measured]] = {kind: [] for kind in kinds}
    for _ in range(options.runs):
        for kind, cores in kinds:
            found[kind, cores].append(measure(kind, options, rows, cores))
    alone = print_measured("in one process", found["alone", 1], rows, 1)
    for cores in options.cores:
        rate = print_measured(f"Spark local[{cores}]", found["spark", cores], rows, cores)
        print(f"    {rate / alone:.2f} of it, a core")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 20_000_000])
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--model", type=Path, help="a MOJO of the network S; derived without it")
    parser.add_argument("--folder", type=Path, help="keeps the rows for the next time")
    parser.add_argument("--pin", action="store_true", help="as many processors as cores, no more")
    parser.add_argument("--measure", choices=KINDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        files = paths(options.folder, options.rows[0])
        found = KINDS[options.measure](options.model, files, options.cores[0])
        print(json.dumps(asdict(found)))
        return
    if any(rows % _FILE_ROWS for rows in options.rows):
        parser.error(f"--rows are multiples of {_FILE_ROWS:,}")
    with tempfile.TemporaryDirectory() as name:
        options.folder = options.folder or Path(name)
        options.model = options.model or derived_network("S", Path(name))
        write_files(options.folder, max(options.rows) // _FILE_ROWS)
        for rows in options.rows:
            compare(options, rows)


if __name__ == "__main__":
    main()
