"""The coverage-guided fuzz target.

    PYTHONPATH=tests python -m fuzz.target [--totals FILE] [LIBFUZZER OPTION ...] CORPUS ...

Keeps going after an escape (an exception that is no ``MojoError``, a broken promise, more than a
second, more memory than the bound), writes the file beside the totals, and exits with 1 at the end.
The totals are added to those of earlier runs.
"""

import argparse
import gc
import json
import resource
import sys
import time
import traceback
import warnings
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

import atheris

PACKAGE: Final = "mojo_reader"
SECONDS: Final = 1.0
#: Growth of the process's peak by one execution; Python's and NumPy's own pools come in steps.
GROWTH_BYTES: Final = 64 << 20
_SAVE_EVERY: Final = 5_000
#: Writing back takes most of the time: one accepted file in so many, told by its bytes.
_ROUND_TRIP_EVERY: Final = 8
_RAW_SHARE: Final = 0.03
#: Of the mutations, those that start from a sound file: a corpus drifts to what is refused early.
_FRESH_SHARE: Final = 0.5

# Only what reads is instrumented: the scorer's branches would drown the reader's.
_SCORING: Final = [
    f"{PACKAGE}.scoring.{path.stem}"
    for path in (Path(__file__).parents[2] / PACKAGE / "scoring").glob("*.py")
]
with atheris.instrument_imports(include=[PACKAGE], exclude=_SCORING):
    from fuzz.examination import Stage, examine
    from fuzz.mutators import Mutation, mutated, pack, unpack

_KINDS: Final = list(Mutation)
_SEEDS: Final = [
    unpack(path.read_bytes()) for path in sorted((Path(__file__).parent / "seeds").glob("*.zip"))
]


class Totals:
    """What was seen, kept in a JSON file from run to run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self.seconds = 0.0
        self.escapes: dict[str, int] = {}
        if path.exists():
            earlier = json.loads(path.read_text("utf-8"))
            self.counts.update(earlier["ends"])
            self.seconds = earlier["seconds"]
            self.escapes = earlier["escapes"]
        self._earlier_seconds = self.seconds
        self._started = time.monotonic()
        self.escaped_now = 0

    def add(self, stage: Stage) -> None:
        """Count one execution."""
        self.counts[stage.value] += 1
        if not self.counts.total() % _SAVE_EVERY:
            self.save()

    def escape(self, name: str, content: bytes) -> None:
        """Count an execution that broke the promise, and keep the first of its kind."""
        self.escaped_now += 1
        self.counts["escaped"] += 1
        if name not in self.escapes:
            self.path.with_name(f"escape_{len(self.escapes)}.zip").write_bytes(content)
            print(f"escape {len(self.escapes)}: {name}", file=sys.stderr, flush=True)  # noqa: T201
        self.escapes[name] = self.escapes.get(name, 0) + 1
        self.save()

    def save(self) -> None:
        """Write the file."""
        self.seconds = self._earlier_seconds + time.monotonic() - self._started
        self.path.write_text(json.dumps(self.summary(), indent=2) + "\n", encoding="utf-8")

    def summary(self) -> dict[str, object]:
        """Return counts, shares and executions per second."""
        total = self.counts.total()
        past_archive = total - self.counts[Stage.ARCHIVE.value]
        deep = self.counts[Stage.CROSS_CHECKS.value] + self.counts[Stage.ACCEPTED.value]
        return {
            "executions": total,
            "ends": dict(self.counts),
            "past_the_archive": past_archive / total if total else 0.0,
            "at_the_cross_checks_or_beyond": deep / total if total else 0.0,
            "seconds": self.seconds,
            "executions_per_second": total / self.seconds if self.seconds else 0.0,
            "escapes": self.escapes,
        }


def mutator(content: bytes, max_size: int, seed: int) -> bytes:
    """Change a file: mostly its members, now and then the bytes of the zip."""
    random = Random(seed)  # noqa: S311 - a mutation is no secret
    if random.random() < _RAW_SHARE:
        return atheris.Mutate(content, max_size)  # type: ignore[no-any-return]
    try:
        fresh = random.random() < _FRESH_SHARE
        members = random.choice(_SEEDS) if fresh else unpack(content)
    except Exception:  # noqa: BLE001 - the bytes of the zip were changed before
        return atheris.Mutate(content, max_size)  # type: ignore[no-any-return]
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        members = mutated(members, random.choice(_KINDS), random)
    try:
        made = pack(members)
    except (UnicodeError, ValueError, zipfile.LargeZipFile):
        return content
    return made if len(made) <= max_size else content


class Target:
    """One execution: examine the file, watch the clock and the memory."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def __call__(self, content: bytes) -> None:
        peak = _peak_bytes()
        # The processor's time: another process may take the wall clock's.
        started = time.thread_time()
        try:
            stage = examine(content, round_trip=not zlib.crc32(content) % _ROUND_TRIP_EVERY)
        except Exception as error:  # noqa: BLE001 - every kind is an escape
            self._totals.escape(_signature(error), content)
            return
        seconds, growth = time.thread_time() - started, _peak_bytes() - peak
        if seconds > SECONDS:
            self._totals.escape(f"takes more than {SECONDS} s, {stage}", content)
        elif growth > GROWTH_BYTES:
            self._totals.escape(f"takes more than {GROWTH_BYTES} bytes, {stage}", content)
        else:
            self._totals.add(stage)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _signature(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"


def main() -> None:
    """Read the command line and fuzz; libFuzzer's options and corpora pass through."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--totals", type=Path, default=Path("totals.json"))
    arguments, rest = parser.parse_known_args()
    totals = Totals(arguments.totals)
    warnings.simplefilter("error")
    # What was imported stays; a collection that looks at all of it would cost more than a run.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    # A hang is found by the clock above; this one ends what never comes back.
    options = ["-timeout=20", "-rss_limit_mb=2048", "-reduce_inputs=0", *rest]
    atheris.Setup([sys.argv[0], *options], Target(totals), custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
