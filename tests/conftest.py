"""Fixtures and the report of what did not run."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support import REPEATABLE_EXAMPLES, Golden

# The same draws in every run; the group `random` of .ci/run draws others each time, and more.
settings.register_profile(
    "repeatable",
    max_examples=REPEATABLE_EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
)
settings.register_profile(
    "random", max_examples=10 * REPEATABLE_EXAMPLES, deadline=None, print_blob=True
)
settings.load_profile("repeatable")

# Keras reads this once, when it is imported.
os.environ.setdefault("KERAS_BACKEND", "jax")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--deprecations",
        action="store_true",
        help="fail on what a dependency deprecates, which else is only shown",
    )
    parser.addoption(
        "--write-outputs",
        action="store_true",
        help="write what the documentation's examples print into its pages, where it differs",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("deprecations"):
        filters = config.getini("filterwarnings")
        filters[:] = [line for line in filters if not line.startswith("default::")]


#: More processes than these would import the frameworks for little.
_MOST_PROCESSES = 8


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use the cores for a run of many tests; single tests and the groups' services run here."""
    groups = config.getoption("markexpr") not in {"", "long", "hypothesis"}
    few = all("::" in name or name.endswith(".py") for name in config.args)
    return 0 if groups or few else min(os.cpu_count() or 1, _MOST_PROCESSES)


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _java() -> bool:
    return shutil.which("java") is not None and bool(os.environ.get("H2O_JAR"))


def _client() -> bool:
    """H2O's client stands in the folder of the jar."""
    return _installed("requests") and _installed("tabulate")


def _spark() -> bool:
    return _installed("pyspark") and shutil.which("java") is not None


def _postgres() -> bool:
    from postgres_support import programs

    return programs() is not None and _installed("psycopg")


def _chromium() -> bool:
    return all(map(shutil.which, ("chromium", "chromedriver"))) and _installed("selenium")


def _node() -> bool:
    """Say whether somebody had npm install them: the tests of the base ask no network."""
    packages = os.environ.get("NODE_PACKAGES")
    return bool(packages and shutil.which("node")) and Path(packages, "node_modules").is_dir()


def _axe() -> bool:
    packages = os.environ.get("NODE_PACKAGES", "")
    return Path(packages, "node_modules", "axe-core", "axe.min.js").is_file()


@functools.cache
def _r_package(name: str) -> bool:
    """Ask R; ``requireNamespace`` would load the package and look for its Python."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return False
    found = f"quit(status = !nzchar(system.file(package = '{name}')))"
    return subprocess.run([rscript, "-e", found], check=False).returncode == 0


def _r_check() -> bool:
    return _reticulate() and all(map(_r_package, ("testthat", "knitr", "rmarkdown")))


@functools.cache
def _reticulate() -> bool:
    """Ask R for a number of Python's: Debian's reticulate cannot start Python 3.12 and later."""
    rscript = shutil.which("Rscript")
    if rscript is None or not _r_package("reticulate"):
        return False
    code = "quit(status = reticulate::import('math')$sqrt(4) != 2)"
    environment = os.environ | {"RETICULATE_PYTHON": sys.executable}
    done = subprocess.run(
        [rscript, "-e", code], env=environment, capture_output=True, check=False, timeout=120
    )
    return done.returncode == 0


# A marked test runs only where its program or package is there; nothing else skips.
_NEEDS: dict[str, tuple[str, Callable[[], bool]]] = {
    "tensorflow": ("TensorFlow is not installed", lambda: _installed("tensorflow")),
    "openvino": (
        "OpenVINO is not installed, or ONNX is not",
        lambda: _installed("openvino") and _installed("onnx"),
    ),
    "torch": ("PyTorch is not installed", lambda: _installed("torch")),
    "java": ("no java on the path, or no H2O_JAR", _java),
    "h2o_client": ("no requests or no tabulate, which H2O's client needs", _client),
    "sklearn": ("scikit-learn is not installed", lambda: _installed("sklearn")),
    "mlflow": ("MLflow is not installed", lambda: _installed("mlflow")),
    "kserve": ("KServe is not installed", lambda: _installed("kserve")),
    "serve": (
        "no uvicorn, or no tritonclient, aiohttp and KServe to ask it",
        lambda: all(map(_installed, ("uvicorn", "tritonclient", "aiohttp", "kserve"))),
    ),
    "bentoml": ("BentoML is not installed", lambda: _installed("bentoml")),
    "fastapi": ("FastAPI is not installed", lambda: _installed("fastapi")),
    "spark": ("PySpark is not installed, or no java on the path", _spark),
    "shap": ("SHAP is not installed", lambda: _installed("shap")),
    "ray": ("Ray is not installed", lambda: _installed("ray")),
    "dask": ("Dask is not installed", lambda: _installed("dask")),
    "duckdb": ("DuckDB is not installed", lambda: _installed("duckdb")),
    "release": (
        "no build, Twine or hatchling",
        lambda: all(map(_installed, ("build", "twine", "hatchling"))),
    ),
    "node": ("no node on the path, or no NODE_PACKAGES that npm has installed", _node),
    "postgres": ("no PostgreSQL, or no psycopg", _postgres),
    "docs": ("Sphinx is not installed", lambda: _installed("sphinx")),
    "notebook": (
        "no nbclient or no ipykernel",
        lambda: all(map(_installed, ("nbclient", "ipykernel"))),
    ),
    "chromium": ("no chromium or chromedriver on the path, or no Selenium", _chromium),
    "axe": ("no NODE_PACKAGES in which npm has installed axe-core", _axe),
    "r": ("no Rscript, or no reticulate that can talk to this Python", _reticulate),
    "r_check": (
        "no Rscript with testthat, knitr, rmarkdown and a reticulate that can talk to this Python",
        _r_check,
    ),
    "r_keras3": ("no R package keras3", lambda: _r_package("keras3")),
}

# These run only where they are asked for by name.
_BY_NAME = {
    "isolated": "fresh environments take minutes",
    "r_check": "R CMD check takes minutes",
    "notebook": "starting Jupyter takes half a minute",
}

# How many long tests this run left out, for its summary.
_LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out where no ``-m`` asks for any marks; skip what cannot run here."""
    asked_for = config.getoption("markexpr")
    if not asked_for:
        _leave_out_long(config, items)
    for item in items:
        for mark, what in _BY_NAME.items():
            if item.get_closest_marker(mark) and mark not in asked_for:
                reason = f"{mark}: {what}; -m {mark} runs them"
                item.add_marker(pytest.mark.skip(reason=reason))
        marks = {mark.name for mark in item.iter_markers()}
        for mark in _NEEDS:
            if mark in marks and not _available(mark):
                item.add_marker(pytest.mark.skip(reason=f"{mark}: {_NEEDS[mark][0]}"))


@functools.cache
def _available(mark: str) -> bool:
    return _NEEDS[mark][1]()


def _leave_out_long(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        config.stash[_LEFT_OUT] = len(left_out)
    if hasattr(config, "workeroutput"):
        config.workeroutput["long_left_out"] = len(left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Count, beside the workers, what each of them left out alike: xdist does not tell it."""
    left_out = getattr(node, "workeroutput", {}).get("long_left_out", 0)
    if left_out and _LEFT_OUT not in node.config.stash:
        node.config.stash[_LEFT_OUT] = left_out
        node.config.hook.pytest_deselected(items=[types.SimpleNamespace()] * left_out)


_SPARK_MASTERS: list[str] = []


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A Spark session, whose master the summary names."""
    from spark_support import start_session

    session = start_session()
    _SPARK_MASTERS.append(session.sparkContext.master)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def large_forms(tmp_path_factory: pytest.TempPathFactory) -> Golden:
    """A network of two million weights in every form, with Java's scores; the group java."""
    from java_support import train_large

    return train_large(tmp_path_factory.mktemp("large"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    }
    for reason in sorted(reasons):
        group, _, why = reason.partition(": ")
        terminalreporter.write_line(f"NOT RUN: {group} ({why})")
    if left_out := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(f"NOT RUN: long ({left_out} tests; -m long runs them)")
    for master in _SPARK_MASTERS:
        terminalreporter.write_line(f"spark: ran on {master}")
