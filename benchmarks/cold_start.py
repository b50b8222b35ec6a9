"""From nothing to the first answer: the images' scorers beside the JVM, whole processes.

    python benchmarks/cold_start.py --jar h2o.jar [--networks S L] [--runs 9] [--models FOLDER]

The environments are made as the Dockerfiles make them (.docker/install.sh), and their installed
sizes are printed, without __pycache__. Each process reads the model, scores one row, and ends; runs
are interleaved, after one of each for nothing. Medians; smallest and largest in parentheses.
"""

import argparse
import csv
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from networks import SHAPES, derived_network, write_rows
from score import interleaved, middle, predict_csv, spread

from emit import to_onnx
from mojo_reader import read_mojo

ROOT = Path(__file__).parent.parent


def environment(folder: Path, requirement: str) -> Path:
    """Make an image's environment, and return its Python."""
    script = str(ROOT / ".docker" / "install.sh")
    subprocess.run([script, str(folder), requirement], cwd=ROOT, check=True)
    return folder / "bin" / "python"


def installed(python: Path) -> int:
    """Return the bytes of an environment's files."""
    files = (path for path in python.parent.parent.rglob("*") if "__pycache__" not in path.parts)
    return sum(path.stat().st_size for path in files if path.is_file() and not path.is_symlink())


def one_row(name: str, folder: Path) -> tuple[Path, Path]:
    """Write one row as CSV and as a line of JSON."""
    table = write_rows(name, folder / f"{name}_one.csv", rows=1)
    with table.open(newline="") as file:
        (row,) = csv.DictReader(file)
    levels = SHAPES[name].names[: len(SHAPES[name].levels)]
    cells = {
        column: text if column in levels else float(text) if text else None
        for column, text in row.items()
    }
    lines = folder / f"{name}_one.jsonl"
    lines.write_text(json.dumps(cells) + "\n")
    return table, lines


def reading(python: Path, script: str, model: Path, lines: Path) -> list[str]:
    """Return the command of an image's scorer: the process itself and no shell's child."""
    words = [str(python), str(ROOT / ".docker" / script), str(model)]
    return ["bash", "-c", f"exec {shlex.join(words)} < {shlex.quote(str(lines))}"]


def compare(key: str, model: Path, pythons: dict[str, Path], folder: Path, options: Any) -> None:
    """Print one network's figures."""
    graph = folder / f"{key}.onnx"
    graph.write_bytes(to_onnx(read_mojo(model)).SerializeToString())
    table, lines = one_row(key, folder)
    commands = {
        "slim scorer": reading(pythons["slim"], "score_mojo.py", model, lines),
        "onnxruntime": reading(pythons["onnx"], "score_onnx.py", graph, lines),
    }
    if options.jar:
        target = folder / "scored.csv"
        commands["PredictCsv"] = predict_csv(options.jar, model, table, target, "1g")
    interleaved(1, commands)
    print(f"{key} ({model.name}); load {os.getloadavg()[0]:.1f}")
    for label, runs in interleaved(options.runs, commands).items():
        seconds = spread([run.seconds for run in runs])
        peak = middle([run.peak for run in runs])
        print(f"  {label:12} {seconds} s to the first answer, peak {peak / 1e6:.0f} MB")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["S", "L"])
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--jar", type=Path, help="H2O's h2o.jar or h2o-genmodel.jar")
    parser.add_argument("--models", type=Path, help="folder that keeps networks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = options.models or folder
        kept.mkdir(exist_ok=True)
        pythons = {
            "slim": environment(folder / "slim", "."),
            "onnx": environment(folder / "onnx", "onnxruntime>=1.20"),
        }
        sizes = ", ".join(f"{n} {installed(p) / 1e6:.1f} MB" for n, p in pythons.items())
        print(f"installed: {sizes}")
        for key in options.networks:
            model = kept / f"{key}_derived.zip"
            if not model.exists():
                derived_network(key, kept)
            compare(key, model, pythons, folder, options)


if __name__ == "__main__":
    main()
