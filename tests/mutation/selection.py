"""Which tests run a line, from coverage's contexts, and how long each takes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Self
from xml.etree import ElementTree as ET

from coverage import CoverageData

from mutation.mutants import ROOT, Mutant

#: A mutant first has the fastest tests of so many functions, then as many as take so long.
_FIRST = 12
_SECONDS = 30.0


class Selection:
    """The tests of each line, the fastest first."""

    def __init__(self, contexts: Path, times: Path) -> None:
        self._data = CoverageData(str(contexts))
        self._data.read()
        if not any(self._data.measured_contexts()):
            # pytest-cov notes no test where xdist has a way to share tests and no process (-n 0).
            sys.exit(f"{contexts} does not say which test ran what: measure it with -n 1 or more")
        self._times = _times(times)

    @classmethod
    def measured(cls, work: Path, earlier: Path | None) -> Self:
        """Run the tests once, or read what an earlier run found: ``NAME`` and ``NAME.xml``."""
        file = work / "contexts"
        times = work / "times.xml"
        if earlier is not None:
            shutil.copy(earlier, file)
            shutil.copy(earlier.with_name(f"{earlier.name}.xml"), times)
        else:
            command = [sys.executable, "-m", "pytest", "-q", "--cov", "--cov-context=test"]
            command += ["--cov-report=", f"--junitxml={times}"]
            environment = os.environ | {"COVERAGE_FILE": str(file)}
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
        return cls(file, times)

    def rounds(self, mutant: Mutant) -> Iterator[list[str]]:
        """Yield tests that run its line; those of its file where it runs at import only."""
        lines = self._data.contexts_by_lineno(str(ROOT / mutant.path))
        found = _tests(lines.get(mutant.line, []))
        if not found:
            found = _tests([context for contexts in lines.values() for context in contexts])
        tests = self._one_of_each_first(found)
        yield tests[:_FIRST]
        spent = accumulate(self._times.get(test, 1.0) for test in tests[_FIRST:])
        yield [
            test for test, seconds in zip(tests[_FIRST:], spent, strict=True) if seconds <= _SECONDS
        ]

    def _one_of_each_first(self, names: set[str]) -> list[str]:
        """Sort, so that many cases of one function do not hide the others."""
        seen: dict[str, int] = {}
        ranks = []
        for seconds, name in sorted((self._times.get(name, 1.0), name) for name in names):
            function = re.sub(r"\[.*", "", name, flags=re.DOTALL)
            seen[function] = seen.get(function, 0) + 1
            ranks.append((seen[function], seconds, name))
        return [name for *_, name in sorted(ranks)]


def _tests(contexts: list[str]) -> set[str]:
    return {context.rpartition("|")[0] for context in contexts if context}


def _times(file: Path) -> dict[str, float]:
    """Return the seconds of each test: of its set-up, too."""
    return {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": float(
            case.get("time", 1.0)
        )
        for case in ET.parse(file).iter("testcase")  # noqa: S314 - written by pytest just before
    }
