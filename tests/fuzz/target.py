"""The coverage-guided fuzz target.

    PYTHONPATH=tests python -m fuzz.target --totals FILE [LIBFUZZER OPTION ...] CORPUS SEEDS
    PYTHONPATH=tests python -m fuzz.target --form binary --totals FILE [OPTION ...] CORPUS
    PYTHONPATH=tests python -m fuzz.target --form pojo --totals FILE [OPTION ...] CORPUS
    PYTHONPATH=tests python -m fuzz.target --form exported --totals FILE [OPTION ...] CORPUS

An escape is an exception that is no ``MojoError``, a promise that is broken, more than a second, or
more memory than the bound. The run goes on after one and keeps the file beside the totals;
``fuzz.totals`` tells at the end.
"""

import argparse
import gc
import resource
import sys
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Final

import atheris

PACKAGE: Final = "mojo_reader"
# Only what reads is instrumented: the scorer's branches would drown the reader's.
_SCORING: Final = [
    f"{PACKAGE}.scoring.{path.stem}"
    for path in (Path(__file__).parents[2] / PACKAGE / "scoring").glob("*.py")
]
with atheris.instrument_imports(include=[PACKAGE], exclude=_SCORING):
    from fuzz.binary_mutators import mutated_binary
    from fuzz.examination import (
        examine,
        forbid_warnings,
        read_any,
        read_binary_model,
        read_exported_folder,
        read_pojo_source,
    )
    from fuzz.exported_mutators import mutated_exported
    from fuzz.mutators import Mutation, mutated, pack, unpack
    from fuzz.pojo_mutators import mutated_pojo
    from fuzz.totals import Totals
    from mojo_reader import Mojo

SECONDS: Final = 1.0
#: Growth of the process's peak by one execution; Python's and NumPy's own pools come in steps.
GROWTH_BYTES: Final = 64 << 20
#: Writing back takes most of the time: one accepted file in so many, told by its bytes.
_ROUND_TRIP_EVERY: Final = 8
_RAW_SHARE: Final = 0.03
#: Of the mutations, those that start from a sound file: a corpus drifts to what is refused early.
_FRESH_SHARE: Final = 0.5
_KINDS: Final = list(Mutation)
_SEEDS: Final = [
    unpack(path.read_bytes()) for path in sorted((Path(__file__).parent / "seeds").glob("*.zip"))
]


def mutator(content: bytes, max_size: int, seed: int) -> bytes:
    """Change a file: mostly its members, now and then the bytes of the zip."""
    random = Random(seed)  # noqa: S311 - a mutation is no secret
    if random.random() < _RAW_SHARE:
        return bytes(atheris.Mutate(content, max_size))
    try:
        fresh = random.random() < _FRESH_SHARE
        members = random.choice(_SEEDS) if fresh else unpack(content)
    except Exception:  # noqa: BLE001 - the bytes of the zip were changed before
        return bytes(atheris.Mutate(content, max_size))
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        members = mutated(members, random.choice(_KINDS), random)
    try:
        made = pack(members)
    except (UnicodeError, ValueError, zipfile.LargeZipFile):
        return content
    return made if len(made) <= max_size else content


_Mutator = Callable[[bytes, int, int], bytes]


def mutator_of(mutated_seed: Callable[[Random], bytes]) -> _Mutator:
    """Return what changes a real model of a form; now and then what the fuzzer found."""

    def change(content: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)  # noqa: S311 - a mutation is no secret
        if random.random() < _RAW_SHARE:
            return bytes(atheris.Mutate(content, max_size))
        made = mutated_seed(random)
        return made if len(made) <= max_size else content

    return change


#: What changes a file of a form, and what reads it.
_FORMS: Final[Mapping[str, tuple[_Mutator, Callable[[bytes], Mojo]]]] = {
    "mojo": (mutator, read_any),
    "binary": (mutator_of(mutated_binary), read_binary_model),
    "pojo": (mutator_of(mutated_pojo), read_pojo_source),
    "exported": (mutator_of(mutated_exported), read_exported_folder),
}


class Target:
    """One execution: examine the file, watch the clock and the memory."""

    def __init__(self, totals: Totals, read: Callable[[bytes], Mojo]) -> None:
        self._totals = totals
        self._read = read

    def __call__(self, content: bytes) -> None:
        peak = _peak_bytes()
        # The processor's time: another process may take the wall clock's.
        started = time.thread_time()
        try:
            again = not zlib.crc32(content) % _ROUND_TRIP_EVERY
            stage = examine(content, round_trip=again, read=self._read)
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
    parser.add_argument("--totals", type=Path, required=True)
    parser.add_argument("--form", choices=list(_FORMS), default="mojo")
    arguments, rest = parser.parse_known_args()
    forbid_warnings()
    # What was imported stays; a collection that looks at all of it would cost more than a run.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    # A hang is found by the clock above; -timeout ends what never comes back. libFuzzer likes small
    # files best, and the smallest are those that are refused first.
    options = ["-timeout=20", "-rss_limit_mb=2048", "-reduce_inputs=0", *rest]
    change, read = _FORMS[arguments.form]
    target = Target(Totals(arguments.totals), read)
    atheris.Setup([sys.argv[0], *options], target, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
