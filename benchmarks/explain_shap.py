"""Contributions beside ``shap.DeepExplainer``: the same network and pairs, in turns.

    python benchmarks/explain_shap.py MODEL ROWS BACKGROUND --runs 3

The model (a MOJO of Rectifier or Tanh layers, as ``explain.py --keep FOLDER`` leaves one in
FOLDER/model.zip) becomes a ``torch.nn.Sequential`` in float64 over the expanded inputs, so that
shap has nothing of the one-hot encoding to do; its output is what ``margin`` explains. Needs torch
and shap. ``--memory`` explains 100 rows against 100 and 10,000 background rows instead, each in a
process of its own, and prints what a process takes more at its peak than before.
"""

import argparse
import csv
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader import Mojo, Scorer, contributions, formulas
from mojo_reader.model import Activation

_TARGET = 5.0
_MEMORY = (100, 10_000)
_SEED = 1
Array = NDArray[Any]


def table_of(path: Path) -> dict[str, list[str]]:
    """Return a CSV file's columns."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def expanded(mojo: Mojo, matrix: Array) -> Array:
    """Return the network's inputs ``(rows, width)`` of encoded rows."""
    features, cats = mojo.features, len(mojo.features.categorical)
    slots = np.empty((len(matrix), cats), np.int64)
    for index, feature in enumerate(features.categorical):
        places = formulas.code_places(np, matrix[:, index], len(feature.levels))
        slots[:, index] = feature.slots[places.astype(np.int64)]
    block = formulas.one_hot_block(slots, features.one_hot_width)
    return np.hstack([block, formulas.network_numbers(np, matrix[:, cats:], features, "float64")])


def sequential(mojo: Mojo) -> Any:
    """Return the network of two classes up to the logit of the second one."""
    import torch

    kinds = {Activation.RECTIFIER: torch.nn.ReLU, Activation.TANH: torch.nn.Tanh}
    parts: list[Any] = []
    scale = 1.0
    for place, layer in enumerate(mojo.layers):
        kernel, bias = layer.kernels[0].astype(np.float64) * scale, layer.biases[0]
        last = place == len(mojo.layers) - 1
        if last:
            kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
        linear = torch.nn.Linear(*kernel.shape, dtype=torch.float64)
        linear.weight.data = torch.tensor(kernel.T.copy())
        linear.bias.data = torch.tensor(bias)
        parts.append(linear)
        if not last:
            parts.append(kinds[layer.activation]())
        scale = layer.scale
    return torch.nn.Sequential(*parts).eval()


def timed(job: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a job takes, and what it returns."""
    start = time.perf_counter()
    found = job()
    return time.perf_counter() - start, found


def compare(options: argparse.Namespace) -> None:
    """Explain in turns, and print."""
    import shap
    import torch

    scorer = Scorer(options.model)
    rows, background = table_of(options.rows), table_of(options.background)
    inputs, others = (
        torch.tensor(expanded(scorer.mojo, scorer.encode(table))) for table in (rows, background)
    )
    network = sequential(scorer.mojo)

    def by_shap() -> Array:
        explainer = shap.DeepExplainer(network, others)
        return np.asarray(explainer.shap_values(inputs, check_additivity=False))[..., 0]

    times: dict[str, list[float]] = {"shap.DeepExplainer": [], "contributions": []}
    for _ in range(options.runs):
        seconds, theirs = timed(by_shap)
        times["shap.DeepExplainer"].append(seconds)
        seconds, found = timed(lambda: contributions(scorer, rows, background))
        times["contributions"].append(seconds)
    for name, seconds_of in times.items():
        least, most = min(seconds_of), max(seconds_of)
        print(f"{name}: {statistics.median(seconds_of):.2f} s ({least:.2f} to {most:.2f})")
    ratio = statistics.median(times["shap.DeepExplainer"])
    ratio /= statistics.median(times["contributions"])
    verdict = "met" if ratio >= _TARGET else "missed"
    print(f"{len(inputs):,} rows x {len(others):,}: {ratio:.1f} x, target {_TARGET:g} x {verdict}")
    ours = np.stack([found[name] for name in list(found)[:-1]], axis=1)
    print(
        f"largest contribution {np.abs(ours).max():.2g}, difference {difference(ours, theirs):.1e}"
    )


def difference(ours: Array, theirs: Array) -> float:
    """Return the largest difference; the inputs that no level sets by name have zeros."""
    width = min(ours.shape[1], theirs.shape[1])
    return float(np.abs(ours[:, -width:] - theirs[:, -width:]).max())


def child(options: argparse.Namespace) -> None:
    """Explain against so many background rows, and print the peak of this process's memory."""
    scorer = Scorer(options.model)
    rows, background = table_of(options.rows), table_of(options.background)
    few = {name: cells[:100] for name, cells in rows.items()}
    count = len(next(iter(background.values())))
    draw = np.random.default_rng(_SEED).integers(0, count, options.others)
    many = scorer.encode_rows({n: [cells[i] for i in draw] for n, cells in background.items()})
    contributions(scorer, {name: cells[:1] for name, cells in few.items()}, background)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    contributions(scorer, few, many)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"before": before / 1e3, "after": after / 1e3}))


def memory() -> None:
    """Print what contributions take, of a hundred times the pairs."""
    for others in _MEMORY:
        command = [sys.executable, __file__, *sys.argv[1:], "--others", str(others)]
        peak = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        more = peak["after"] - peak["before"]
        print(f"100 x {others:,}: peak {peak['after']:.0f} MB, {more:.0f} MB of it by this call")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("background", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--others", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.others is not None:
        child(options)
    elif options.memory:
        memory()
    else:
        compare(options)


if __name__ == "__main__":
    main()
