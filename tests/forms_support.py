"""The golden models that are kept in every form, and what tests change in them."""

import csv
import functools
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from support import GOLDEN_FOLDER, Golden

from mojo_reader import Mojo, Scorer

FORMS_FOLDER = GOLDEN_FOLDER / "forms"
#: Of a release that exports weights alone; no MOJO stands beside them.
NEWEST_FOLDER = FORMS_FOLDER / "newest"
EXPORTED = "exported"


@functools.cache
def form_cases() -> list[Golden]:
    """Return the cases that have a MOJO beside the other forms."""
    return [Golden(path.parent) for path in sorted(FORMS_FOLDER.glob("*/model.zip"))]


@functools.cache
def newest_cases() -> list[Golden]:
    return [Golden(path.parent) for path in sorted(NEWEST_FOLDER.glob("*/case.json"))]


def form_case(name: str) -> Golden:
    return Golden(FORMS_FOLDER / name)


def scores(mojo: Mojo, case: Golden) -> tuple[list[str] | None, NDArray[np.float64]]:
    """Return labels, where there are any, and all numbers in H2O's order of columns."""
    found = Scorer(mojo).score(case.columns())
    labels = list(found.pop("predict")) if case.expected().labels is not None else None
    return labels, np.column_stack(list(found.values()))


def copied(case: Golden, folder: Path) -> Path:
    """Return a copy of a case's exported weights."""
    return Path(shutil.copytree(case.folder / EXPORTED, folder / EXPORTED))


def change_model(exported: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the server says of the model."""
    path = exported / "model.json"
    document = json.loads(path.read_text("utf-8"))
    change(document["models"][0])
    path.write_text(json.dumps(document), "utf-8")


def set_parameter(model: dict[str, Any], name: str, value: Any) -> None:
    next(item for item in model["parameters"] if item["name"] == name)["actual_value"] = value


def change_numbers(path: Path, change: Callable[[str], str]) -> None:
    """Write every number below the one-line header anew."""
    header, *rows = csv.reader(path.read_text("utf-8").splitlines())
    lines: Iterable[list[str]] = [header, *([change(cell) for cell in row] for row in rows)]
    path.write_text("".join(",".join(line) + "\n" for line in lines), "utf-8")
