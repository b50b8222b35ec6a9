"""Run a mutant's tests in processes whose libraries are loaded: it then costs what its tests do."""

import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mutation.mutants import ROOT, Mutant

_COPIED = ("mojo_reader", "emit", "tests", "golden_mojos", "docs", "benchmarks", ".ci")
_FILES = (
    *("pyproject.toml", "hatch_build.py"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
)
#: What the tests import; never this project's own code, which is what changes.
_LOADED = (
    *("numpy", "construct", "typer", "rich", "pyarrow.csv", "pyarrow.parquet", "pandas", "polars"),
    *("pytest", "hypothesis", "xdist.plugin", "keras", "jax.export", "onnx", "onnxruntime"),
)
#: Looking for plugins takes longer than most tests. Hypothesis is loaded before pytest can rewrite
#: its assertions, of which the settings would make an error.
_OPTIONS = (
    *("-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--disable-plugin-autoload"),
    *("-p", "xdist.plugin", "-p", "_hypothesis_pytestplugin"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
#: Seconds of a processor, and of the clock, after which a mutant goes round for ever or waits for
#: what never comes, which is noticed, too.
_PROCESSOR, _CLOCK = 90, 600
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_LOADED))


class Judge:
    """A copy of the tree in which one mutant at a time has its tests."""

    def __init__(self, copy: Path) -> None:
        copy.mkdir()
        for name in _COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in _FILES:
            shutil.copy(ROOT / name, copy / name)
        self._copy = copy
        self._sound: dict[str, bool] = {}

    def verdict(self, mutant: Mutant, rounds: Iterable[Sequence[str]]) -> tuple[str, str]:
        """Return ``killed``, ``survived`` or ``no test``, and the test that killed it."""
        asked = False
        for tests in rounds:
            left = [test for test in tests if self._sound.get(test, True)]
            while left:
                with self._changed(mutant):
                    outcome = _run(left, self._copy)
                if outcome.passed:
                    asked = True
                    break
                blamed = [test for test in left if _is_of(test, outcome.failed)] or left
                if self._are_sound(blamed):
                    return "killed", outcome.failed or "no end, or no start"
                left = [test for test in left if self._sound[test]]
        return ("survived" if asked else "no test"), ""

    def _are_sound(self, tests: list[str]) -> bool:
        """Say whether tests pass without a mutant; remember it, of each one where they do not."""
        if any(test not in self._sound for test in tests):
            passed = _run(tests, self._copy).passed
            if not passed and len(tests) > 1:
                for test in tests:
                    self._are_sound([test])
            else:
                self._sound |= dict.fromkeys(tests, passed)
        return all(self._sound[test] for test in tests)

    @contextmanager
    def _changed(self, mutant: Mutant) -> Any:
        target = self._copy / mutant.path
        target.write_text(mutant.code(), "utf-8")
        try:
            yield
        finally:
            shutil.copyfile(ROOT / mutant.path, target)


class _Outcome(NamedTuple):
    passed: bool
    failed: str | None  # the first test that failed, or the file that could not be collected


class _First:
    """The plugin that tells the first test that fails."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self._pipe.send(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


def _is_of(test: str, failed: str | None) -> bool:
    return failed is not None and (test == failed or test.startswith(f"{failed}::"))


def _run(tests: Sequence[str], folder: Path) -> _Outcome:
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_in_child, args=(tuple(tests), str(folder), theirs))
    process.start()
    theirs.close()
    process.join(_CLOCK)
    if process.exitcode is None and process.pid is not None:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    try:
        failed = ours.recv()
    except EOFError:
        failed = None
    return _Outcome(process.exitcode == 0, failed)


def _in_child(tests: tuple[str, ...], folder: str, pipe: Connection) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR, _PROCESSOR))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = folder
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = False  # what one mutant's tests have compiled serves the next one's
    os._exit(int(pytest.main([*_OPTIONS, *tests], plugins=[_First(pipe)])))
