"""Which tests run a line, from coverage's contexts."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

from coverage import CoverageData

from mutation.mutants import ROOT

#: Tests for one mutant: one of each function first, so that many cases of one do not hide others.
_MOST = 40


class Selection:
    """The tests of each line."""

    def __init__(self, data: CoverageData) -> None:
        self._data = data

    @classmethod
    def measured(cls, work: Path, earlier: Path | None) -> Self:
        """Run the tests once, or read what an earlier run found."""
        file = work / "contexts"
        if earlier is not None:
            shutil.copy(earlier, file)
        else:
            command = [sys.executable, "-m", "pytest", "-q", "--cov", "--cov-context=test"]
            environment = os.environ | {"COVERAGE_FILE": str(file)}
            subprocess.run([*command, "--cov-report="], cwd=ROOT, env=environment, check=True)
        data = CoverageData(str(file))
        data.read()
        return cls(data)

    def tests(self, path: str, line: int) -> list[str]:
        """Return tests that run the line; those of its file where it runs at import only."""
        lines = self._data.contexts_by_lineno(str(ROOT / path))
        found = _tests(lines.get(line, []))
        if not found:
            found = _tests([context for contexts in lines.values() for context in contexts])
        return _one_of_each_first(found)[:_MOST]


def _tests(contexts: list[str]) -> list[str]:
    return sorted({context.partition("|")[0] for context in contexts if context})


def _one_of_each_first(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    ranks = []
    for name in names:
        function = re.sub(r"\[.*", "", name)
        seen[function] = seen.get(function, 0) + 1
        ranks.append((seen[function], name))
    return [name for _, name in sorted(ranks)]
