"""How the executions of the fuzzer ended, kept in a file from run to run.

    PYTHONPATH=tests python -m fuzz.totals FILE ...

prints the sum of files as JSON and exits with 1 if anything escaped.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fuzz.examination import Stage

ESCAPED: Final = "escaped"
_SAVE_EVERY: Final = 1_000
_DEEP: Final = (Stage.CROSS_CHECKS, Stage.ACCEPTED)


class Totals:
    """Counts of one run, added to those that the file has.

    Args:
        path: the JSON file; files that escaped are kept beside it.
    """

    def __init__(self, path: Path) -> None:
        earlier = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.path = path
        self.ends: Counter[str] = Counter(earlier.get("ends", {}))
        self.escapes: Counter[str] = Counter(earlier.get("escapes", {}))
        self._earlier_seconds: float = earlier.get("seconds", 0.0)
        self._started = time.monotonic()

    def add(self, stage: Stage) -> None:
        """Count one execution."""
        self.ends[stage] += 1
        if not self.ends.total() % _SAVE_EVERY:
            self.save()

    def escape(self, name: str, content: bytes) -> None:
        """Count an execution that broke the promise, and keep the first file of its kind."""
        if name not in self.escapes:
            number = len(self.escapes)
            self.path.with_name(f"{self.path.stem}_escape_{number}.zip").write_bytes(content)
            print(f"escape {number}: {name}", file=sys.stderr, flush=True)  # noqa: T201
        self.ends[ESCAPED] += 1
        self.escapes[name] += 1
        self.save()

    def save(self) -> None:
        """Write the file."""
        seconds = self._earlier_seconds + time.monotonic() - self._started
        summary = summarized(self.ends, self.escapes, seconds)
        self.path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def summarized(ends: Counter[str], escapes: Counter[str], seconds: float) -> dict[str, Any]:
    """Return counts, shares and speed."""
    total = ends.total()
    past_archive = total - ends[Stage.ARCHIVE]
    deep = sum(ends[stage] for stage in _DEEP)
    return {
        "executions": total,
        "ends": dict(ends),
        "past_the_archive": past_archive / total if total else 0.0,
        "at_the_cross_checks_or_beyond": deep / total if total else 0.0,
        "seconds": seconds,
        "executions_per_second": total / seconds if seconds else 0.0,
        "escapes": dict(escapes),
    }


def summed(paths: Sequence[Path]) -> dict[str, Any]:
    """Return the sum of files."""
    ends: Counter[str] = Counter()
    escapes: Counter[str] = Counter()
    seconds = 0.0
    for path in paths:
        part = json.loads(path.read_text("utf-8"))
        ends.update(part["ends"])
        escapes.update(part["escapes"])
        seconds += part["seconds"]
    return summarized(ends, escapes, seconds)


def main() -> int:
    """Print the sum of the files that are named."""
    total = summed([Path(word) for word in sys.argv[1:]])
    print(json.dumps(total, indent=2))  # noqa: T201
    return int(bool(total["escapes"]) or not total["executions"])


if __name__ == "__main__":
    sys.exit(main())
