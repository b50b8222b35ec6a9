"""How fast a network is trained on, beside Keras's own ``fit``.

    KERAS_BACKEND=jax python benchmarks/fit.py [--rows 200000] [--batches 32 256] [--runs 5]

Network S (``networks.py``) on seeded rows with a response, and the small one of a golden MOJO (8-6
Tanh) on made rows; one epoch a run: the loop of ``emit.fit``, and ``model.fit`` of the same
``training_model`` with the same optimizer. Runs are interleaved; what is compiled is compiled
before. Medians and ratios are printed, and the time of the whole command for one epoch of S, from
CSV to a proved MOJO.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from networks import GOLDEN, derived_network, write_rows

from emit.fit import loop, read_training_rows, row_columns
from emit.fit.rows import training_rows
from emit.keras_model import compile_config, to_keras
from emit.keras_model.training import training_model
from emit.proving.made_rows import check_rows
from mojo_reader import read_mojo
from mojo_reader.files.tables import TableRules
from mojo_reader.making.retraining import MOST_ROWS_OF_A_STEP
from mojo_reader.scoring.notices import Notices


class Ours:
    """The loop of ``emit.fit``."""

    def __init__(self, mojo: Any, batch: int) -> None:
        made, optimizer = training_model(mojo), optimizer_of(mojo, batch)
        self._trainer = loop.Trainer(made, optimizer, batch_size=batch, seed=0)

    def epoch(self, rows: loop.Rows) -> float:
        """Train on all rows once; return their mean deviance."""
        return self._trainer.epoch(rows, None)


class Keras:
    """``model.fit``."""

    def __init__(self, mojo: Any, batch: int) -> None:
        self._model = training_model(mojo, to_keras(mojo))
        loss = keras.losses.MeanAbsoluteError()
        self._model.compile(optimizer=optimizer_of(mojo, batch), loss=loss)
        self._batch = batch

    def epoch(self, rows: loop.Rows) -> float:
        """Train on all rows once; return their mean deviance."""
        zeros = np.zeros((len(rows[0]), 1), np.float32)
        done = self._model.fit(
            [rows[0], rows[1]], zeros, sample_weight=rows[2], batch_size=self._batch, verbose=0
        )
        return float(done.history["loss"][0])


def optimizer_of(mojo: Any, batch: int) -> Any:
    """Return H2O's own optimizer."""
    return compile_config.optimizer(compile_config.plan(mojo).parameters, rows_per_step=batch)


def made(mojo: Any, count: int) -> loop.Rows:
    """Return made rows with classes that mean nothing."""
    matrix = check_rows(mojo, rows=count)[:count].astype(np.float32)
    targets = np.random.default_rng(0).integers(0, 2, (count, 1)).astype(np.float32)
    return matrix, targets, np.ones(count, np.float32)


def measure(name: str, mojo: Any, rows: loop.Rows, batch: int, runs: int) -> None:
    """Measure one network with one batch size and print its line."""
    programs = {"ours": Ours(mojo, batch), "model.fit": Keras(mojo, batch)}
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for kind, program in programs.items():
        assert np.isfinite(program.epoch(rows)), kind
    for _ in range(runs):
        for kind, program in programs.items():
            start = time.perf_counter()
            program.epoch(rows)
            seconds[kind].append(time.perf_counter() - start)
    count = len(rows[0])
    rates = {name: count / statistics.median(times) for name, times in seconds.items()}
    spread = {
        name: f"{count / max(t):,.0f} to {count / min(t):,.0f}" for name, t in seconds.items()
    }
    print(
        f"{name}, {count:,} rows, batch {batch}: "
        + ", ".join(f"{kind} {rate:,.0f} rows/s ({spread[kind]})" for kind, rate in rates.items())
        + f"; ratio {rates['ours'] / rates['model.fit']:.2f}"
    )


def command(model: Path, rows: Path, batch: int) -> None:
    """Time one epoch of the command as a person runs it, and print its line."""
    words = [sys.executable, "-m", "mojo_reader", "fit", str(model), str(rows), "--epochs", "1"]
    start = time.perf_counter()
    done = subprocess.run([*words, "--batch-size", str(batch)], check=True, capture_output=True)
    seconds = time.perf_counter() - start
    print(f"the command, one epoch, batch {batch}: {seconds:.1f} s; it said:")
    print("  " + done.stderr.decode().splitlines()[-1])


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 256])
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(f"keras {keras.__version__}, jax {jax.__version__}, float32, ADADELTA")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = derived_network("S", folder)
        path = write_rows("S", folder / "rows.csv", rows=arguments.rows, target=True)
        # The derived network has the classes of the golden MOJO that it was made from.
        text = path.read_text("utf-8").replace(",class0\n", ",no\n").replace(",class1\n", ",yes\n")
        path.write_text(text, "utf-8")
        mojo = read_mojo(model)
        columns = row_columns(mojo, response="y", weights=None)
        table = read_training_rows(path, mojo, columns, TableRules(), Notices())
        rows = loop.float32_rows(training_rows(mojo, table, columns, Notices()))
        small = read_mojo(GOLDEN / "binomial_tanh" / "model.zip")
        for batch in arguments.batches:
            measure("S", mojo, rows, batch, arguments.runs)
            measure("8-6", small, made(small, arguments.rows), batch, arguments.runs)
        command(model, path, MOST_ROWS_OF_A_STEP)


if __name__ == "__main__":
    main()
