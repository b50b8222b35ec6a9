"""How far an epoch of `fit` moves the loss, beside an epoch of H2O's own training.

    KERAS_BACKEND=jax python benchmarks/fit_h2o.py --h2o-root DIR [--rows 400] [--runs 3]

A real H2O trains a network for one epoch, and two epochs more by its checkpoint; `fit` trains the
first one's MOJO for as many epochs, with batches of several sizes. The loss is the scorer's on the
rows that all were trained on. Medians over seeds; the seconds are `fit`'s in Python, compiled.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from emit.fit import FitOptions, fit
from mojo_reader import Scorer, read_mojo

sys.path.insert(0, str(Path(__file__).parent.parent / "golden_mojos"))
KINDS = ("binomial", "multinomial", "regression")
EPOCHS = 2
#: Batch size (None for the default) and epochs.
CHOICES = ((None, EPOCHS), (1, EPOCHS), (4, EPOCHS), (8, EPOCHS), (32, EPOCHS), (32, 10 * EPOCHS))


def table(kind: str, rows: int, seed: int) -> dict[str, np.ndarray]:
    """Return rows of six numbers, a column of levels, and a response that follows from them."""
    source = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {f"n{i}": source.normal(size=rows) for i in range(6)}
    levels = source.integers(0, 4, rows)
    columns["c"] = np.array([f"level{level}" for level in levels])
    signal = columns["n0"] - columns["n1"] * columns["n2"] + 0.7 * (levels - 1.5)
    signal = signal + source.normal(size=rows) * 0.5
    if kind == "regression":
        columns["y"] = signal
    else:
        cuts = [0.0] if kind == "binomial" else [-0.8, 0.8]
        columns["y"] = np.array([f"class{n}" for n in np.searchsorted(cuts, signal)])
    return columns


def loss(mojo: Any, columns: dict[str, np.ndarray]) -> float:
    """Return the mean deviance on rows: cross entropy, or the squared error."""
    scorer = Scorer(mojo)
    given = {name: cells for name, cells in columns.items() if name != "y"}
    if mojo.info.category == "Regression":
        return float(np.mean((scorer.predict(given) - columns["y"]) ** 2))
    places = np.searchsorted(mojo.output.labels, columns["y"])
    chosen = scorer.predict_proba(given)[np.arange(len(places)), places]
    return float(-np.log(chosen).mean())


def trained_by_h2o(
    server: Any, kind: str, columns: dict[str, np.ndarray], folder: Path, seed: int
) -> tuple[Any, Any]:
    """Return H2O's model after one epoch, and after two more."""
    path = folder / f"{kind}{seed}.csv"
    lines = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    enum = {"c"} | ({"y"} if kind != "regression" else set())
    types = {name: "Enum" if name in enum else "Numeric" for name in columns}
    frame = server.import_frame(path.resolve(), types)
    parameters = {
        "response_column": "y", "hidden": [20, 20], "epochs": 1, "seed": seed + 1,
        "reproducible": True, "overwrite_with_best_model": False, "stopping_rounds": 0,
        "train_samples_per_iteration": 0, "variable_importances": False,
    }  # fmt: skip
    first = server.train("deeplearning", frame, parameters)
    more = parameters | {"epochs": 1 + EPOCHS, "checkpoint": first}
    second = server.train("deeplearning", frame, more)
    made = []
    for name in (first, second):
        server.download_mojo(name, folder / f"{name}.zip")
        made.append(read_mojo(folder / f"{name}.zip"))
    return made[0], made[1]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--h2o-root", type=Path, required=True, help="where golden_mojos/lab.py finds H2O"
    )
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    from case import SCORER
    from lab import Server, find_release

    with (
        tempfile.TemporaryDirectory() as name,
        Server(find_release(arguments.h2o_root, SCORER), memory="1500m", threads=1) as server,
    ):
        for kind in KINDS:
            found: dict[str, list[float]] = {}
            seconds: dict[str, list[float]] = {}
            for seed in range(arguments.runs):
                columns = table(kind, arguments.rows, seed)
                first, second = trained_by_h2o(server, kind, columns, Path(name), seed)
                found.setdefault("at start", []).append(loss(first, columns))
                found.setdefault(f"H2O, {EPOCHS} epochs more", []).append(loss(second, columns))
                for batch, epochs in CHOICES:
                    chosen = {} if batch is None else {"batch_size": batch}
                    options = FitOptions(epochs=epochs, validation_split=0.0, seed=seed, **chosen)
                    label = f"fit, batch {batch or 'by default'}, {epochs} epochs"
                    start = time.perf_counter()
                    result = fit(first, columns, options)
                    seconds.setdefault(label, []).append(time.perf_counter() - start)
                    found.setdefault(label, []).append(loss(result.mojo, columns))
            print(f"{kind}, {arguments.rows:,} rows", flush=True)
            for label, losses in found.items():
                took = f", {statistics.median(seconds[label]):.1f} s" if label in seconds else ""
                print(f"  {label:32} {statistics.median(losses):.3f}{took}")


if __name__ == "__main__":
    main()
