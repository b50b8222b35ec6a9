"""How long reading takes, beside zlib inflating the same member, and how much memory.

    python benchmarks/read.py [--runs 9] [--jar h2o.jar] [MODEL]

Each figure is taken in a fresh process after its imports. Without MODEL the network
200-1024-1024-1024-1 is made from a golden MOJO with seeded random weights.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from networks import derived_network

# A process's largest memory by its own count: `resource` would count its parent's, too.
_PEAK = """
def peak_memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
"""

_OURS = """
import json, sys, time
import numpy, construct
from mojo_reader.reader import read_mojo
start = time.perf_counter()
read_mojo(sys.argv[1])
seconds = time.perf_counter() - start
print(json.dumps([seconds, peak_memory()]))
"""

_INFLATE = """
import json, sys, time, zipfile
with zipfile.ZipFile(sys.argv[1]) as file:
    start = time.perf_counter()
    with file.open("model.ini") as member:
        while member.read(1 << 18):
            pass
    seconds = time.perf_counter() - start
print(json.dumps([seconds, peak_memory()]))
"""


def fresh(code: str, model: Path) -> tuple[float, float]:
    """Run code in a fresh process; return its seconds and its peak memory in bytes."""
    # A traced or tuned interpreter would not be what a user runs.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDEVMODE"}
    command = [sys.executable, "-c", _PEAK + code, str(model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def java(jar: Path, model: Path, folder: Path) -> tuple[float, float]:
    """Run H2O's own reader; return its seconds and its peak memory in bytes."""
    source = Path(__file__).parent / "java" / "ReadMojo.java"
    if not (folder / "ReadMojo.class").exists():
        subprocess.run(["javac", "-cp", str(jar), "-d", str(folder), str(source)], check=True)
    command = ["java", "-cp", f"{jar}{os.pathsep}{folder}", "ReadMojo", str(model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--jar", type=Path, help="H2O's h2o.jar, to run its reader beside")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = options.model or derived_network("R", folder)
        figures: dict[str, list[tuple[float, float]]] = {}
        for _ in range(options.runs):
            figures.setdefault("zlib inflate", []).append(fresh(_INFLATE, model))
            figures.setdefault("read_mojo", []).append(fresh(_OURS, model))
            if options.jar:
                figures.setdefault("h2o-genmodel", []).append(java(options.jar, model, folder))
        report(model, figures)


def report(model: Path, figures: dict[str, list[tuple[float, float]]]) -> None:
    """Print one line for each reader."""
    inflate = statistics.median(seconds for seconds, _ in figures["zlib inflate"])
    print(f"{model.name}, {len(figures['read_mojo'])} runs")
    for name, runs in figures.items():
        seconds = [run[0] for run in runs]
        middle = statistics.median(seconds)
        peak = statistics.median(run[1] for run in runs)
        print(
            f"{name:14} {middle:7.3f} s ({min(seconds):.3f} to {max(seconds):.3f}), "
            f"{middle / inflate:5.2f} x inflate, peak {peak / 1e6:6.0f} MB"
        )


if __name__ == "__main__":
    main()
