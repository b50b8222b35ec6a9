r"""Times onnxruntime on emitted ONNX models, one thread, against Java and the NumPy scorer.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS=1 \
        python benchmarks/onnx_scoring.py [--jar h2o.jar]

With --jar, H2O's own ``score0`` runs on one thread, and targets are multiples of its speed: of its
median call once the JIT has compiled it. (The mean of a cold pass is twice that, and would flatter
ONNX.) Without, ratios to the scorer, which say less: the scorer computes rows whose label hangs by
a thread again in Java's order, and ONNX does not.

``matrix`` is the like for like: both sides read the encoded row matrix, as ``score0`` does.
``columns`` is what a service does: texts are looked up too, on both sides.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from networks import derived_network

from emit.onnx_model import to_onnx
from emit.onnx_model.parity import check_onnx
from emit.proving.made_rows import make_rows
from mojo_reader import Mojo, Scorer, read_mojo

#: Least multiple of the speed of Java's score0, and ratio to the scorer where there is no Java.
JAVA_TARGETS = {"S": 23.0, "L": 30.0, "W": 6000.0}
TARGETS = {"S": 1.2, "L": 1.15, "W": 1.4}
BATCH = 1024
#: Rows of a pass of score0, which goes through the whole one-hot block of W for each.
JAVA_ROWS = {"S": 1024, "L": 128, "W": 64}
#: Passes of score0, most of which warm the JIT up.
JAVA_PASSES = {"S": 120, "L": 40, "W": 60}
SCORE0 = Path(__file__).parent / "java" / "Score0.java"


def session(mojo: Mojo, inputs: str) -> tuple[Any, float]:
    """Return a session of one thread, and the seconds that it took to load."""
    content = to_onnx(mojo, inputs=inputs).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    before = time.perf_counter()
    loaded = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return loaded, time.perf_counter() - before


def alternated(*jobs: Callable[[], Any], rounds: int, repeats: int) -> list[float]:
    """Return the median seconds of each job; they take turns, so that noise meets all."""
    times: list[list[float]] = [[] for _ in jobs]
    for job in jobs:
        job()
    for _ in range(rounds):
        for job, seconds in zip(jobs, times, strict=True):
            before = time.perf_counter()
            for _ in range(repeats):
                job()
            seconds.append((time.perf_counter() - before) / repeats)
    return [statistics.median(seconds) for seconds in times]


def java_seconds(name: str, jar: Path, model: Path, matrix: Any) -> float:
    """Return the seconds of a call of score0: the median of a pass, with the JIT warm."""
    rows = model.with_suffix(".rows")
    rows.write_bytes(matrix[: JAVA_ROWS[name]].astype("<f8").tobytes())
    command = ["java", "-XX:ActiveProcessorCount=1", "-cp", str(jar), str(SCORE0), str(model)]
    words = [str(rows), str(matrix.shape[1]), str(JAVA_PASSES[name])]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[1]) * 1e-9


def compare_with_java(name: str, call: float, row: float, single: list[float]) -> None:
    """Print how ONNX stands to score0, and whether that is what was asked for."""
    times, wanted = call / row, JAVA_TARGETS[name]
    print(f"  score0 {call * 1e6:.1f} us a row, onnx {row * 1e6:.2f} us: {times:.1f} x")
    print(f"    target {wanted} x: {verdict(times >= wanted)}")
    for kind, seconds in zip(("matrix", "columns"), single[1:], strict=True):
        print(f"  one row, {kind}: {seconds * 1e6:.1f} us: {verdict(seconds <= call)}")


def verdict(met: bool) -> str:  # noqa: FBT001 - the answer itself
    """Say whether a target is met."""
    return "met" if met else "MISSED"


def measure(name: str, path: Path, rounds: int, jar: Path | None) -> None:
    """Print one network's figures."""
    mojo = read_mojo(path)
    rows = make_rows(mojo, rows=BATCH)
    columns = {key: cells[:BATCH] for key, cells in rows.columns.items()}
    feeds = {key: cells[:, np.newaxis] for key, cells in columns.items()}
    matrix = rows.matrix[:BATCH]
    fast = Scorer(mojo, dtype="float32")
    by_matrix, _ = session(mojo, "matrix")
    by_columns, load = session(mojo, "columns")
    proof = check_onnx(to_onnx(mojo), mojo)
    narrow = matrix.astype(np.float32)
    one, one_feeds = matrix[:1], {key: cells[:1] for key, cells in feeds.items()}
    batch = alternated(
        lambda: fast.score_matrix(matrix),
        lambda: by_matrix.run(None, {"matrix": narrow}),
        lambda: fast.score(columns),
        lambda: by_columns.run(None, feeds),
        rounds=rounds,
        repeats=5,
    )
    single = alternated(
        lambda: fast.score_matrix(one),
        lambda: by_matrix.run(None, {"matrix": narrow[:1]}),
        lambda: by_columns.run(None, one_feeds),
        rounds=rounds,
        repeats=200,
    )
    outcome = "passed" if proof.passed else f"FAILED ({proof.off} of {proof.rows} rows off)"
    print(f"{name}: proof {outcome}, largest {proof.max_rel:.2g}, columns load {load:.3f} s")
    if jar is not None:
        call = statistics.median(java_seconds(name, jar, path, matrix) for _ in range(3))
        compare_with_java(name, call, batch[1] / BATCH, single)
    for kind, ours, onnx in (("matrix", *batch[:2]), ("columns", *batch[2:])):
        ratio = ours / onnx
        print(
            f"  batch, {kind}: scorer {ours * 1e3:.3f} ms, onnx {onnx * 1e3:.3f} ms: {ratio:.2f} x"
        )
    print(f"    ratio target {TARGETS[name]} x: {verdict(batch[0] / batch[1] >= TARGETS[name])}")


def main() -> None:
    """Measure the networks that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=list(TARGETS))
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--jar", type=Path, help="H2O's jar, to time its score0 too")
    given = parser.parse_args()
    print(f"onnxruntime {onnxruntime.__version__}, NumPy {np.__version__}, load {os.getloadavg()}")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.networks:
            measure(name, derived_network(name, Path(folder)), given.rounds, given.jar)


if __name__ == "__main__":
    main()
