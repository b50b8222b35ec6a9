"""How long the program takes to start, beside importing NumPy and beside the JVM.

    KERAS_BACKEND=jax python benchmarks/start.py [--runs 11] [--jar h2o.jar] [--convert]

Whole processes, interleaved: ``import numpy`` in a fresh interpreter, ``--version``, ``inspect``,
and ``predict`` of a CSV of one row of network S, beside PredictCsv. With ``--convert`` also
``convert`` of a golden MOJO of the iris rows, beside importing Keras and JAX. Python's bytecode is
written before, as an installation does. Medians; smallest and largest in parentheses.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from networks import GOLDEN, derived_network, write_rows
from score import interleaved, middle, ours, predict_csv, spread

#: What each may take, over what, as the targets say.
TARGETS = {
    "--version": ("import numpy", 1.7),
    "inspect": ("import numpy", 2.6),
    "predict, one row": ("import numpy", 3.4),
    "predict, one row ": ("PredictCsv", 1.2),
}


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--jar", type=Path, help="H2O's h2o.jar, to run PredictCsv beside")
    parser.add_argument("--convert", action="store_true", help="also convert, which loads Keras")
    options = parser.parse_args()
    program = [sys.executable, "-m", "mojo_reader"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, rows = derived_network("S", folder), write_rows("S", folder / "one.csv", rows=1)
        commands = {
            "import numpy": [sys.executable, "-c", "import numpy"],
            "--version": [*program, "--version"],
            "inspect": [*program, "inspect", str(model)],
            "predict, one row": ours(model, rows, folder / "scored.csv"),
        }
        if options.jar:
            java = predict_csv(options.jar, model, rows, folder / "java.csv", "4g")
            commands["PredictCsv"] = java
        if options.convert:
            iris = str(GOLDEN / "iris_tanh" / "model.zip")
            commands["import keras, jax"] = [sys.executable, "-c", "import keras, jax"]
            commands["convert"] = [*program, "convert", iris, "-o", str(folder / "iris.keras")]
        interleaved(1, commands)
        found = interleaved(options.runs, commands)
    seconds = {name: [run.seconds for run in runs] for name, runs in found.items()}
    for name, times in seconds.items():
        print(f"{name:20} {spread(times, digits=3):>26} s")
    for name, (other, target) in TARGETS.items():
        if other in seconds:
            ratio = middle(seconds[name.strip()]) / middle(seconds[other])
            print(f"{name.strip()}: {ratio:.2f} x {other} (target {target})")
    if options.convert:
        rest = middle(seconds["convert"]) - middle(seconds["import keras, jax"])
        print(f"convert: its imports and {rest:.2f} s (target 0.6 s)")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
