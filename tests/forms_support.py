"""The golden models that are kept in every form, and what tests change in them."""

import csv
import functools
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from support import GOLDEN_FOLDER, Golden

from mojo_reader import Mojo, Scorer, read_model
from mojo_reader.model import Form

FORMS_FOLDER = GOLDEN_FOLDER / "forms"
#: Of a release that exports weights alone; no MOJO stands beside them.
NEWEST_FOLDER = FORMS_FOLDER / "newest"
EXPORTED = "exported"
#: Where exported weights say less than a MOJO, the model cannot be had of them.
REFUSED = {
    "v3_32_encoding_binary": "categorical_encoding=Binary",
    "v3_36_balance_classes_binomial": "balance_classes=True",
    "v3_40_encoding_label": "categorical_encoding=LabelEncoder",
    "v3_46_encoding_eigen": "categorical_encoding=Eigen",
    "v3_46_encoding_enum_limited": "categorical_encoding=EnumLimited",
}

#: POJOs that hash levels by a seed that they do not say, or score otherwise than H2O's own model.
REFUSED_POJOS = {
    "v3_20_fewer_levels_skip",
    "v3_20_hashed",
    "v3_28_multinomial_exprectifier_dropout",
    "v3_46_hashed",
}


@dataclass(frozen=True)
class Formed:
    """A golden case in one of the forms that are no MOJO."""

    case: Golden
    form: Form
    path: Path

    @property
    def name(self) -> str:
        return f"{self.case.name}-{self.form.name.lower()}"

    def mojo(self) -> Mojo:
        return read_model(self.path)


@functools.cache
def form_cases() -> list[Golden]:
    """Return the cases that have a MOJO beside the other forms."""
    return [Golden(path.parent) for path in sorted(FORMS_FOLDER.glob("*/model.zip"))]


@functools.cache
def newest_cases() -> list[Golden]:
    return [Golden(path.parent) for path in sorted(NEWEST_FOLDER.glob("*/case.json"))]


def form_case(name: str) -> Golden:
    return Golden(FORMS_FOLDER / name)


def formed(case: Golden) -> list[Formed]:
    """Return the forms of a case that are no MOJO, and that hold the model."""
    paths = {
        Form.POJO: None if case.name in REFUSED_POJOS else next(case.folder.glob("*.java"), None),
        Form.BINARY: case.folder / "model.bin",
        Form.EXPORTED: None if case.name in REFUSED else case.folder / EXPORTED,
    }
    return [
        Formed(case, form, path)
        for form, path in paths.items()
        if path is not None and path.exists()
    ]


@functools.cache
def all_formed() -> list[Formed]:
    return [one for case in form_cases() for one in formed(case)]


def one_of_each_form() -> list[Formed]:
    """Return one model in each form: what a door does with it, it does with all."""
    return formed(form_case("v3_46_binomial_rectifier_dropout"))


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
