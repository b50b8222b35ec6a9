"""What ``report`` takes for many rows: time, processor time and memory of the whole command.

    python benchmarks/report.py [--rows 200000 1000000] [--runs 3] [--folder FOLDER]

Network S (``networks.py``), derived, on seeded rows with a response; first without rows, which is
what loading the runtimes and comparing made rows takes, then with each number of rows, and last the
smallest number with background rows and groups. Runs are interleaved.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from networks import derived_network, write_rows
from score import interleaved, spread

from mojo_reader import read_mojo
from mojo_reader.model import Classification

_SEED = 20_270
_MB = 1 / (1 << 20)


def labelled(model: Path, path: Path, rows: int) -> Path:
    """Write rows with one of the model's labels each, drawn by seed."""
    output = read_mojo(model).output
    if not isinstance(output, Classification):
        message = f"{model} has no classes"
        raise TypeError(message)
    plain = write_rows("S", path.with_suffix(".plain"), rows=rows)
    drawn = np.random.default_rng(_SEED).integers(0, len(output.labels), rows)
    with plain.open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as sink:
        sink.write(f"{next(source).rstrip()},{output.response}\n")
        for line, label in zip(source, drawn.tolist(), strict=True):
            sink.write(f"{line.rstrip()},{output.labels[label]}\n")
    plain.unlink()
    return path


def commands(folder: Path, counts: list[int]) -> dict[str, list[str]]:
    """Return the commands to run, by what they are of."""
    model = derived_network("S", folder)
    words = [sys.executable, "-m", "mojo_reader", "report", str(model), "-q"]
    target = ["-o", str(folder / "report.html")]
    made = {"no rows": [*words, *target]}
    paths = [labelled(model, folder / f"rows_{count}.csv", count) for count in counts]
    for count, path in zip(counts, paths, strict=True):
        made[f"{count:,} rows"] = [*words, "--rows", str(path), *target]
    more = ["--background", str(paths[0]), "--by", "c2", "--by", "n0"]
    name = f"{counts[0]:,} rows, as many of the background, two columns of groups"
    made[name] = [*words, "--rows", str(paths[0]), *more, *target]
    return made


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        found = interleaved(given.runs, commands(folder, given.rows))
    print("| | time | processor time | peak memory |\n|---|---|---|---|")
    for name, runs in found.items():
        time = spread([run.seconds for run in runs], digits=1)
        used = spread([run.processor for run in runs], digits=1)
        peak = spread([run.peak for run in runs], _MB, digits=0)
        print(f"| {name} | {time} s | {used} s | {peak} MB |")


if __name__ == "__main__":
    main()
