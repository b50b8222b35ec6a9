r"""Whether converted models predict H2O's numbers on a GPU, and how fast beside the CPU.

    python benchmarks/gpu.py [--platform gpu] [--networks S L W] [--batches 1024 8192 ...]
                             [--runs 5] [--seconds 280]

Needs the extra ``[keras]`` with a CUDA build of JAX (``pip install 'jax[cuda13]'``), and takes five
minutes. Where JAX finds no GPU it says so in one line and ends with 0. ``--platform cpu`` runs the
same on the CPU, to see that the program itself works.

Parity: float32 and float64 models of Keras and of StableHLO on made rows against the float64
Scorer, by the contract that ``convert`` proves models by. Keras multiplies as JAX does by default,
which on a GPU of NVIDIA's since Ampere is TF32, of 10 bits: that line says how far off it is, and
the verdict takes JAX's precision ``highest``. Speed: rows a second of StableHLO's program by
batch, with copies to the device and back, and without them, beside the Scorer on this machine's
CPU; contributions by JAX and in NumPy; one epoch of ``fit``. What there is no time for is left out,
and said.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

_BATCHES = [1_024, 8_192, 65_536, 262_144, 1_048_576]
_DTYPES = ("float32", "float64")
#: Numbers that the widest array of a batch may have: a GPU of 8 GB holds a few of them.
_MOST_CELLS = 300_000_000
#: Rows that the Scorer is timed with at most: its rate is that of larger batches.
_SCORED = 8_192
_EXPLAINED, _BACKGROUND = 1_000, 100
_FIT_ROWS = 200_000


@dataclass
class Run:
    """What was asked for, and how it went.

    Attributes:
        networks: their names.
        batches: rows of each.
        runs: of each timing, after one for nothing.
        platform: ``gpu`` or ``cpu``, JAX's name.
        end: when to stop, by ``time.monotonic``.
        proved: number of proofs that passed.
        failures: those that failed.
        left_out: what there was no time or memory for.
        rows: of contributions and of ``fit``.
    """

    networks: list[str]
    batches: list[int]
    runs: int
    platform: str
    end: float
    rows: int
    proved: int = 0
    failures: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def late(self, what: str) -> bool:
        """Say whether there is no time left for something, which is noted then."""
        if time.monotonic() < self.end:
            return False
        self.left_out.append(what)
        return True

    def seconds(self, work: Callable[[], object]) -> float:
        """Return the median seconds of some work, after once for nothing."""
        work()
        found = []
        for _ in range(self.runs):
            start = time.perf_counter()
            work()
            found.append(time.perf_counter() - start)
        return statistics.median(found)


def device(platform: str) -> Any:
    """Return JAX's first device of a platform; None where there is none."""
    import jax

    try:
        return jax.devices(platform)[0]
    except RuntimeError:
        return None


# --------------------------------------------------------------------------- parity


def prove(name: str, mojo: Any, run: Run) -> None:
    """Print the proofs of one network's models."""
    import jax

    from emit.keras_model import to_keras
    from emit.keras_model.parity import check_parity
    from emit.stablehlo import check_stablehlo, to_stablehlo

    for dtype in _DTYPES:
        if run.late(f"parity of {name}, {dtype}"):
            return
        model = to_keras(mojo, dtype=dtype)
        with jax.default_matmul_precision("highest"):
            verdict(f"{name} Keras {dtype}", check_parity(model, mojo), run)
        if dtype == "float32" and run.platform != "cpu":
            # Whatever comes of it is what a user sees who sets nothing: no part of the verdict.
            verdict(f"{name} Keras {dtype}, JAX's default", check_parity(model, mojo), None)
        program = to_stablehlo(mojo, dtype=dtype)
        verdict(f"{name} StableHLO {dtype}", check_stablehlo(program, mojo), run)


def verdict(what: str, proof: Any, run: Run | None) -> None:
    """Print one proof; with a run, a failed one is kept."""
    outcome = "passed" if proof.passed else "FAILED"
    print(
        f"  {what:36} {outcome}  {proof.rows:>7,} rows  {proof.off} off, {proof.labels_off} labels "
        f"off, {proof.undecided} undecided, {proof.beyond} beyond  largest {proof.max_rel:.1e}"
    )
    if run is None:
        return
    if proof.passed:
        run.proved += 1
    else:
        run.failures.append(what)


# --------------------------------------------------------------------------- speed


def rates(name: str, mojo: Any, run: Run, chosen: Any) -> None:
    """Print rows a second by batch, on the device and by the Scorer on the CPU."""
    import jax

    from emit.proving.made_rows import check_rows
    from emit.stablehlo import to_stablehlo
    from mojo_reader import Scorer

    print(f"{name}: rows a second, with copies (without); the Scorer on this machine's CPU")
    made = check_rows(mojo)
    widest = max(made.shape[1], *(layer.units for layer in mojo.layers))
    calls = {dtype: jax.jit(to_stablehlo(mojo, dtype=dtype).call) for dtype in _DTYPES}
    scorers = {dtype: Scorer(mojo, dtype=dtype) for dtype in _DTYPES}
    scored: dict[tuple[str, int], float] = {}
    for batch in run.batches:
        what = f"{name}, batch {batch:,}"
        if run.late(what):
            continue
        if batch * widest > _MOST_CELLS:
            run.left_out.append(f"{what} (memory)")
            continue
        matrix = np.resize(made, (batch, made.shape[1]))
        cells = []
        for dtype, call in calls.items():
            rows = matrix.astype(dtype)
            there = jax.device_put(rows, chosen)
            copied = run.seconds(lambda c=call, r=rows: np.asarray(c(jax.device_put(r, chosen))))
            alone = run.seconds(lambda c=call, t=there: c(t).block_until_ready())
            few = matrix[:_SCORED]
            if (dtype, len(few)) not in scored:
                seconds = run.seconds(lambda s=scorers[dtype], f=few: s.score_matrix(f))
                scored[dtype, len(few)] = seconds / len(few)
            cpu = scored[dtype, len(few)] * batch
            cells.append(
                f"{dtype} {batch / copied:>12,.0f} ({batch / alone:,.0f}); Scorer "
                f"{batch / cpu:,.0f}, {cpu / copied:.1f} x"
            )
        print(f"  {batch:>9,}  " + "  |  ".join(cells))


def explain(name: str, mojo: Any, run: Run) -> None:
    """Print the time of contributions by JAX, and in NumPy, and how far they are apart."""
    from emit.explaining import jax_contributions
    from emit.proving.made_rows import make_rows
    from mojo_reader import Scorer, contributions

    if run.late(f"contributions of {name}"):
        return
    scorer = Scorer(mojo)
    count = min(_EXPLAINED, run.rows)
    columns = make_rows(mojo, rows=count, seed=1).columns
    rows = {key: cells[:count] for key, cells in columns.items()}
    others = {key: cells[-_BACKGROUND:] for key, cells in columns.items()}
    found = jax_contributions(scorer, rows, others)
    right = contributions(scorer, rows, others)
    apart = max(float(np.max(np.abs(found[key] - right[key]) / (1 + np.abs(right[key]))))
                for key in right)  # fmt: skip
    if not apart <= 1e-9:  # noqa: PLR2004 - the contract of jax_contributions
        run.failures.append(f"contributions of {name} ({apart:.1e} apart)")
    jax_seconds = run.seconds(lambda: jax_contributions(scorer, rows, others))
    cpu_seconds = run.seconds(lambda: contributions(scorer, rows, others))
    print(
        f"{name}: contributions of {count:,} rows with {_BACKGROUND} others: JAX "
        f"{jax_seconds:.2f} s, NumPy {cpu_seconds:.2f} s, {cpu_seconds / jax_seconds:.1f} x; "
        f"{apart:.1e} apart"
    )


def train(name: str, mojo: Any, run: Run) -> None:
    """Print the rate of one epoch of ``fit``, by batch."""
    from fit import Ours, made

    count = min(_FIT_ROWS, run.rows * 20)
    for batch in (32, 256, 8_192):
        if run.late(f"fit of {name}, batch {batch:,}"):
            continue
        rows, program = made(mojo, count), Ours(mojo, batch)
        if not np.isfinite(program.epoch(rows)):
            run.failures.append(f"fit of {name}: the deviance is not finite")
        seconds = run.seconds(lambda p=program, r=rows: p.epoch(r))
        print(
            f"{name}: one epoch of {count:,} rows, batch {batch:,}: {count / seconds:,.0f} rows/s"
        )


# --------------------------------------------------------------------------- all of it


def measure(run: Run, chosen: Any) -> None:
    """Measure the networks that were asked for."""
    import jax
    from networks import derived_network

    from mojo_reader import read_mojo

    with tempfile.TemporaryDirectory() as folder, jax.default_device(chosen):
        mojos = {name: read_mojo(derived_network(name, Path(folder))) for name in run.networks}
        print("Parity with the float64 Scorer on made rows:")
        for name, mojo in mojos.items():
            prove(name, mojo, run)
        for name, mojo in mojos.items():
            rates(name, mojo, run, chosen)
        for name in ("S", "W"):
            if name in mojos:
                explain(name, mojos[name], run)
        if "S" in mojos:
            train("S", mojos["S"], run)


def conclude(run: Run) -> int:
    """Print the verdict and return the exit code."""
    if run.left_out:
        print("left out: " + "; ".join(run.left_out))
    if run.failures:
        print("verdict: FAILED: " + "; ".join(run.failures))
        return 1
    models = len(run.networks) * len(_DTYPES) * 2
    if run.proved < models:
        print(f"verdict: INCOMPLETE: {run.proved} of {models} models were proved")
        return 1
    print(f"verdict: all {models} models predict the Scorer's numbers on this device")
    return 0


def main() -> int:
    """Read the command line, look for the device, and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--platform", choices=["gpu", "cpu"], default="gpu")
    parser.add_argument("--networks", nargs="+", default=["S", "L", "W"])
    parser.add_argument("--batches", nargs="+", type=int, default=_BATCHES)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10_000, help="fewer are explained and fitted")
    parser.add_argument("--seconds", type=float, default=280, help="nothing starts after these")
    given = parser.parse_args()
    # Before JAX and Keras are imported.
    os.environ["JAX_ENABLE_X64"] = "1"
    os.environ["KERAS_BACKEND"] = "jax"
    if given.platform == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
    try:
        import jax
    except ImportError:
        print("NOT RUN: gpu (JAX is not installed: pip install 'mojo2keras[keras]' 'jax[cuda13]')")
        return 0
    chosen = device(given.platform)
    if chosen is None:
        print("NOT RUN: gpu (JAX finds no GPU: it needs a CUDA build, pip install 'jax[cuda13]')")
        return 0
    print(f"{chosen.device_kind}, JAX {jax.__version__}, {os.cpu_count()} cores beside it")
    end = time.monotonic() + given.seconds
    warnings.filterwarnings("ignore", message="column .*levels that the model does not know")
    run = Run(given.networks, given.batches, given.runs, given.platform, end, given.rows)
    measure(run, chosen)
    return conclude(run)


if __name__ == "__main__":
    sys.exit(main())
