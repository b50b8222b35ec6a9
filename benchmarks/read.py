"""How long reading takes, beside zlib inflating the same member, and how much memory.

    python benchmarks/read.py [--runs 9] [--jar h2o.jar] [MODEL]
    python benchmarks/read.py --binary [--runs 9] [--jar h2o.jar] [MODEL]
    python benchmarks/read.py --pojo [--runs 9] [MODEL]

Each figure is taken in a fresh process after its imports. Without MODEL the network
200-1024-1024-1024-1 is made from a golden MOJO with seeded random weights. With ``--binary`` a
binary model is read, beside the same bytes read into NumPy's arrays; without MODEL the H2O of the
jar trains such a network for one epoch. With ``--pojo`` a POJO is read, beside its text read into
memory; without MODEL one of the same network is made from a golden POJO.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from networks import derived_network
from pojos import derived_pojo

sys.path.append(str(Path(__file__).parent.parent / "golden_mojos"))

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

_FACTS = """
import io, json, sys, time
import numpy, construct
import mojo_reader.reader
from mojo_reader.formats.FORM import read_FORM
from mojo_reader.formats.limits import DEFAULT_LIMITS
imported = peak_memory()
start = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    facts = read_FORM(file, size, DEFAULT_LIMITS.warranted(size))
seconds = time.perf_counter() - start
state = facts.training
arrays = [*facts.weights, *facts.biases]
if state is not None:
    arrays += [*state.weight_ada, *state.bias_ada, *state.weight_momenta, *state.bias_momenta]
print(json.dumps([seconds, (peak_memory() - imported) / sum(array.nbytes for array in arrays)]))
"""

_ARRAYS = """
import json, os, sys, time
import numpy
imported = peak_memory()
size = os.path.getsize(sys.argv[1])
start = time.perf_counter()
arrays = []
with open(sys.argv[1], "rb") as file:
    while size:
        array = numpy.empty(min(size // 4, 1 << 20) or 1, numpy.float32)
        size -= file.readinto(array.view(numpy.uint8)[:size])
        arrays.append(array)
seconds = time.perf_counter() - start
print(json.dumps([seconds, (peak_memory() - imported) / sum(array.nbytes for array in arrays)]))
"""

_TEXT = """
import json, sys, time
imported = peak_memory()
start = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    text = file.read()
seconds = time.perf_counter() - start
print(json.dumps([seconds, (peak_memory() - imported) / len(text)]))
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


def trained_binary(jar: Path, folder: Path) -> Path:
    """Let a real H2O train the network 200-1024-1024-1024-1 with ADADELTA, and save it."""
    from lab import Release, Server

    random.seed(0)
    names = [*(f"x{number}" for number in range(200)), "y"]
    rows = [[repr(random.gauss(0, 1)) for _ in names] for _ in range(64)]
    table = folder / "rows.csv"
    table.write_text("".join(",".join(cells) + "\n" for cells in [names, *rows]), "utf-8")
    with Server(Release(version="0", jar=jar), memory="1500m", threads=1) as server:
        frame = server.import_frame(table, dict.fromkeys(names, "Numeric"))
        parameters = {"response_column": "y", "hidden": [1024] * 3, "epochs": 1, "seed": 1}
        model = server.train("deeplearning", frame, parameters)
        server.download_binary(model, folder / "model.bin")
    return folder / "model.bin"


def compare_form(form: str, model: Path, runs: int) -> None:
    """Print how long a form takes, beside its bytes, and the memory over its arrays."""
    figures: dict[str, list[tuple[float, float]]] = {}
    least, code = _LEAST[form]
    for _ in range(runs):
        figures.setdefault(least, []).append(fresh(code, model))
        reading = fresh(_FACTS.replace("FORM", form), model)
        figures.setdefault(f"read_{form}", []).append(reading)
    floor = statistics.median(seconds for seconds, _ in figures[least])
    print(f"{model.name}, {model.stat().st_size / 1e6:.1f} MB, {runs} runs")
    for name, found in figures.items():
        seconds = [run[0] for run in found]
        middle, memory = statistics.median(seconds), statistics.median(run[1] for run in found)
        print(
            f"{name:14} {middle:7.4f} s ({min(seconds):.4f} to {max(seconds):.4f}), "
            f"{middle / floor:5.2f} x the bytes, memory {memory:5.2f} x the arrays"
        )


#: What reads the bytes and makes nothing of them.
_LEAST = {"binary": ("NumPy's arrays", _ARRAYS), "pojo": ("file.read", _TEXT)}


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--jar", type=Path, help="H2O's h2o.jar, to run its reader beside")
    parser.add_argument("--binary", action="store_true", help="read a binary model")
    parser.add_argument("--pojo", action="store_true", help="read a POJO")
    options = parser.parse_args()
    if options.binary and not (options.model or options.jar):
        parser.error("--binary needs a MODEL, or the --jar that trains one")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.binary:
            binary = options.model or trained_binary(options.jar, folder)
            compare_form("binary", binary, options.runs)
            return
        if options.pojo:
            pojo = options.model or derived_pojo((1024, 1024, 1024), 200, folder)
            compare_form("pojo", pojo, options.runs)
            return
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
