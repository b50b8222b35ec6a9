"""Draw mutants and ask, for each, whether a test that runs its line notices.

``python -m mutation [--count 300] [--seed 1] [--minutes 50] [--processes 2]``, with ``tests`` on
``PYTHONPATH``. First the README's tests run once, to see which test runs which line; then each
mutant has its own tests, in a copy of the tree. Mutants that the time leaves no room for are told.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from mutation.mutants import ROOT, Mutant, drawn
from mutation.selection import Selection

#: A mutant that takes longer goes round for ever, which is noticed, too.
_TIMEOUT = 180
_COPIED = ("mojo_reader", "emit", "tests", "golden_mojos", "docs", "benchmarks", ".ci")
_FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


def main() -> int:
    asked = _arguments()
    end = time.monotonic() + 60 * asked.minutes
    with tempfile.TemporaryDirectory() as work:
        selection = Selection.measured(Path(work), asked.contexts)
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(asked.processes):
            copies.put(_copy(Path(work) / f"copy {number}"))

        def judge(mutant: Mutant) -> str:
            if time.monotonic() > end:
                return "no time"
            copy = copies.get()
            try:
                return _judged(mutant, copy, selection)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(asked.processes) as pool:
            mutants = drawn(asked.count, asked.seed)
            results = Counter(_told(mutants, pool.map(judge, mutants)))
    judged = results["killed"] + results["survived"] + results["no test"]
    print(f"{dict(results)}; killed {results['killed']} of {judged}")
    return 0


def _told(mutants: list[Mutant], results: Iterator[str]) -> Iterator[str]:
    for mutant, result in zip(mutants, results, strict=True):
        if result not in {"killed", "no time"}:
            what = f"{mutant.operator} {mutant.position}"
            print(f"{result}: {mutant.path}:{mutant.line} {what}", flush=True)
        yield result


def _judged(mutant: Mutant, copy: Path, selection: Selection) -> str:
    changed, tests = mutant.code(), selection.tests(mutant.path, mutant.line)
    if changed is None:
        return "the same"
    if not tests:
        return "no test"
    target = copy / mutant.path
    target.write_text(changed, "utf-8")
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-x",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
    ]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    try:
        done = subprocess.run(
            [*command, *tests],
            cwd=copy,
            env=environment,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "killed"
    finally:
        shutil.copyfile(ROOT / mutant.path, target)
    return "survived" if done.returncode == 0 else "killed"


def _copy(target: Path) -> Path:
    target.mkdir()
    for name in _COPIED:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy(ROOT / name, target / name)
    return target


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--contexts", type=Path, help="the .coverage of an earlier run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
