"""Draw mutants and ask, for each, whether a test that runs its line notices.

``python -m mutation [--count 300] [--seed 1] [--minutes 50] [--processes 2]``, with ``tests`` on
``PYTHONPATH``. First the README's tests run once, to see which test runs which line and for how
long; then each mutant has its own tests, in a copy of the tree. Mutants that the time leaves no
room for are told; ``--results FILE`` keeps the verdicts, and goes on with what is there.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

from mutation.judging import Judge
from mutation.mutants import Mutant, drawn
from mutation.selection import Selection


def main() -> int:
    asked = _arguments()
    end = time.monotonic() + 60 * asked.minutes
    results = _Results(asked.results)
    with tempfile.TemporaryDirectory() as work:
        selection = Selection.measured(Path(work), asked.contexts)
        judges: SimpleQueue[Judge] = SimpleQueue()
        for number in range(asked.processes):
            judges.put(Judge(Path(work) / f"copy {number}"))

        def judge(mutant: Mutant) -> None:
            if mutant in results.known:
                return
            if time.monotonic() > end:
                results.tell(mutant, "no time", "")
                return
            own = judges.get()
            try:
                results.tell(mutant, *own.verdict(mutant, selection.rounds(mutant)))
            finally:
                judges.put(own)

        with ThreadPoolExecutor(asked.processes) as pool:
            list(pool.map(judge, drawn(asked.count, asked.seed)))
    counts = Counter(results.known.values())
    judged = counts["killed"] + counts["survived"] + counts["no test"]
    print(f"{dict(counts)}; killed {counts['killed']} of {judged}")
    return 0


class _Results:
    """The verdicts, which a file keeps as they come."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.known: dict[Mutant, str] = {}
        if file is not None and file.exists():
            for line in file.read_text("utf-8").splitlines():
                kept = json.loads(line)
                self.known[Mutant(**kept["mutant"])] = kept["verdict"]

    def tell(self, mutant: Mutant, verdict: str, by: str) -> None:
        self.known[mutant] = verdict
        if verdict not in {"killed", "no time"}:
            what = f"{mutant.operator} {mutant.position}"
            print(f"{verdict}: {mutant.path}:{mutant.line} {what}", flush=True)
        if self._file is not None and verdict != "no time":
            kept = {"verdict": verdict, "by": by, "mutant": asdict(mutant)}
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--contexts", type=Path, help="FILE of an earlier run, beside it FILE.xml")
    parser.add_argument("--results", type=Path, help="where the verdicts go as they come")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
