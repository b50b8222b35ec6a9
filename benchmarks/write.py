"""How long writing a large network takes, its parts, and how much memory.

    python benchmarks/write.py [--runs 5] [--width 7000]

A golden MOJO gets two hidden layers of ``--width`` units with seeded random weights (49 million for
7,000). Each figure is taken in a fresh process after its imports.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

GOLDEN = Path(__file__).parent.parent / "golden_mojos" / "regression_rectifier" / "model.zip"

_NETWORK = """
import dataclasses, itertools, json, sys, time, zlib
import numpy as np
from mojo_reader import read_mojo, write_mojo
from mojo_reader.java import text as java
from mojo_reader.formats.mojo.number_arrays import array_texts
from mojo_reader.making.rebuilding import network_arrays, rebuilt
def peak_memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
def wide(mojo, width):
    source = np.random.default_rng(20_260)
    sizes = [mojo.layers[0].inputs, width, width, mojo.layers[-1].units]
    layers = []
    for inputs, units in itertools.pairwise(sizes):
        bound = np.float32((6 / (inputs + units)) ** 0.5)
        kernel = (source.random((units, inputs), np.float32) * 2 - 1) * bound
        kernel.flags.writeable = False
        layers.append(dataclasses.replace(
            mojo.layers[0 if units == width else -1],
            kernels=(kernel.T,), biases=(source.normal(0, 0.1, units),),
        ))
    return rebuilt(mojo, layers=layers)
mojo = wide(read_mojo(sys.argv[1]), int(sys.argv[2]))
arrays = network_arrays(mojo.layers)
numbers = sum(array.size for array in arrays.values())
share = b"".join(array_texts(arrays["weight_layer1"][: numbers // 100]))
def deflated(level):
    return len(zlib.compress(share, level)) / len(share)
size = None
before = peak_memory()
start = time.perf_counter()
"""

_STEPS = {
    "write_mojo, read back and compared": "write_mojo(mojo, sys.argv[3])",
    "number text alone": "_ = sum(len(t) for a in arrays.values() for t in array_texts(a))",
    "one number at a time (1 % of them)": (
        "_ = [java.float_text(n) for n in arrays['weight_layer1'][: numbers // 100]]"
    ),
    "deflate, level 1 (1 % of the text)": "size = deflated(1)",
    "deflate, level 6 (1 % of the text)": "size = deflated(6)",
    "read_mojo of the file": "read_mojo(sys.argv[3])",
}
_REPORT = """
seconds = time.perf_counter() - start
print(json.dumps([seconds, numbers, before, peak_memory(), size]))
"""


def fresh(step: str, width: int, target: Path) -> list[float]:
    """Run a step in a fresh process: seconds, numbers, peak bytes before and after, ratio."""
    code = f"{_NETWORK}{step}{_REPORT}"
    command = [sys.executable, "-c", code, str(GOLDEN), str(width), str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return list(json.loads(done.stdout))


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--width", type=int, default=7000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        target = Path(name) / "wide.zip"
        for title, step in _STEPS.items():
            runs = [fresh(step, options.width, target) for _ in range(options.runs)]
            report(title, runs)
        print(f"the file: {target.stat().st_size / 1e6:.0f} MB")


def report(title: str, runs: list[list[float]]) -> None:
    """Print one line for a step."""
    seconds = [run[0] for run in runs]
    numbers, before, peak = runs[0][1], runs[0][2], statistics.median(run[3] for run in runs)
    print(
        f"{title:36} {statistics.median(seconds):7.2f} s ({min(seconds):.2f} to "
        f"{max(seconds):.2f}) for {numbers / 1e6:.1f} million numbers, peak {peak / 1e6:.0f} MB, "
        f"{before / 1e6:.0f} MB before" + (f", {runs[0][4]:.3f} of the size" if runs[0][4] else "")
    )


if __name__ == "__main__":
    main()
