"""What tests share: the golden cases, and one way to compare with H2O's scores."""

import csv
import functools
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings
from numpy.typing import NDArray

from mojo_reader import Mojo, Scorer, read_mojo
from mojo_reader.model import Classification
from mojo_reader.model.levels import MISSING_MARKS

GOLDEN_FOLDER = Path(__file__).parent.parent / "golden_mojos"
#: Of a property that says no number of its own, in the runs that repeat the same draws.
REPEATABLE_EXAMPLES = 50
FOREIGN_FOLDER = Path(__file__).parent / "foreign"
# Cases as in GOLDEN_FOLDER, of models drawn at random, that not every emitter can hold.
DRAWN_FOLDER = Path(__file__).parent / "drawn"


def pip_install(extra: str) -> str:
    """Return what installs an extra: of the tests' own checkout, or of the package."""
    checkout = GOLDEN_FOLDER.parent
    if (checkout / "mojo_reader").exists():
        return f"pip install -e '{checkout}[{extra}]'"
    return f"pip install 'mojo2keras[{extra}]'"


@dataclass(frozen=True)
class Golden:
    """A MOJO that H2O wrote, rows, and the scores that H2O gave them."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def path(self) -> Path:
        return self.folder / "model.zip"

    @functools.cached_property
    def case(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "case.json").read_text("utf-8")))

    @property
    def refused(self) -> bool:
        """The rows do not fit the model, and there is no score."""
        return bool(self.case.get("refused"))

    @property
    def equal_names(self) -> bool:
        """H2O gives two output columns one name, so that no mapping holds them."""
        header = self.expected().header or []
        return len(set(header)) < len(header)

    @property
    def has_exp(self) -> bool:
        return bool(self.case["has_exp"])

    @property
    def java(self) -> bool:
        """The Java scorer gave the scores (else the server did)."""
        return bool(self.case["oracle"] == "java")

    def mojo(self) -> Mojo:
        """Return the model, which is read once: nothing in it can be changed."""
        return _read(self.path, self.case.get("base_model"))

    def columns(self) -> dict[str, list[str | None]]:
        """Return the input as ``PredictCsv`` reads it: marks missing, backslash an escape."""
        header, *rows = read_csv(self.folder / "input.csv", escapechar="\\")
        return {
            name: [_cell(row, position) for row in rows] for position, name in enumerate(header)
        }

    def expected(self) -> "Expected":
        header, *rows = read_csv(self.folder / "expected.csv")
        labelled = self.case["category"] in {"Binomial", "Multinomial"}
        start = 1 if labelled else 0
        return Expected(
            header=None if self.case.get("header_misaligned") else header,
            labels=[row[0] for row in rows] if labelled else None,
            values=np.array([list(map(_number, row[start:])) for row in rows], np.float64),
        )


@functools.cache
def _read(path: Path, base_model: str | None) -> Mojo:
    return read_mojo(path, base_model=base_model)


@dataclass(frozen=True)
class Expected:
    """H2O's scores: labels for classes, and all numbers."""

    header: list[str] | None
    labels: list[str] | None
    values: NDArray[np.float64]  # (rows, columns)


def _cell(row: list[str], position: int) -> str | None:
    text = row[position] if position < len(row) else ""
    return None if text in MISSING_MARKS else text


def _number(text: str) -> float:
    return float("nan") if text in {"", "NA"} else float(text)


def read_csv(path: Path, **options: Any) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, **options))


@functools.cache
def golden_cases() -> list[Golden]:
    return [golden(path.parent.name) for path in sorted(GOLDEN_FOLDER.glob("*/case.json"))]


@functools.cache
def golden(name: str) -> Golden:
    return Golden(GOLDEN_FOLDER / name)


def scored_cases() -> list[Golden]:
    return [case for case in golden_cases() if not case.refused]


def cases_of_each_kind() -> list[Golden]:
    """Return one scored case of each kind of model, activation, distribution and encoding."""
    found: dict[tuple[str, ...], Golden] = {}
    for case in scored_cases():
        info = case.mojo().info
        found.setdefault((info.category, info.activation, info.distribution), case)
        found.setdefault((info.category, info.categorical_encoding), case)
    return list({case.name: case for case in found.values()}.values())


def assert_close(
    actual: NDArray[np.float64], expected: NDArray[np.float64], *, tolerance: float = 0.0
) -> None:
    """Hold the one parity rule: NaN for NaN, else within tolerance * (1 + |expected|)."""
    assert actual.shape == expected.shape
    same_nan = np.isnan(actual) == np.isnan(expected)
    assert same_nan.all(), f"NaN in other places: {np.argwhere(~same_nan)[:5].tolist()}"
    with np.errstate(invalid="ignore"):
        difference = np.abs(actual - expected) / (1 + np.abs(expected))
    difference[(actual == expected) | np.isnan(expected)] = 0.0
    worst = np.unravel_index(int(np.argmax(difference)), difference.shape) if actual.size else None
    assert not (difference > tolerance).any(), (
        f"{actual[worst]!r} for {expected[worst]!r} at {worst}"
    )


def scored(scorer: Scorer, table: object) -> Expected:
    """Score a table by position: two output columns may have one name."""
    matrix = scorer.encode(table)
    values = scorer.defined_matrix(matrix)
    output = scorer.mojo.output
    labels = None
    if isinstance(output, Classification):
        labels = [output.labels[index] for index in scorer.label_indices(values, matrix)]
    return Expected(header=list(output.columns), labels=labels, values=values)


Edit = Callable[[bytes], bytes]


def rewritten(source: Path, target: Path, edits: Mapping[str, Edit | bytes | None]) -> Path:
    """Copy a MOJO with some members changed, replaced, or left out (None)."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        names = [*old.namelist(), *(name for name in edits if name not in old.namelist())]
        for name in names:
            edit = edits.get(name, _unchanged)
            if edit is None:
                continue
            content = edit if isinstance(edit, bytes) else edit(old.read(name))
            new.writestr(name, content)
    return target


def _unchanged(content: bytes) -> bytes:
    return content


def ini_edit(old: str, new: str) -> Mapping[str, Edit]:
    """Return the edit of ``model.ini`` that replaces a text that stands in it once."""

    def edit(content: bytes) -> bytes:
        assert content.count(old.encode()) == 1, f"{old!r} does not stand once in model.ini"
        return content.replace(old.encode(), new.encode())

    return {"model.ini": edit}


def ini_key(key: str, value: str | None) -> Mapping[str, Edit]:
    """Return the edit of ``model.ini`` that sets a key, or removes its line (None)."""

    def edit(content: bytes) -> bytes:
        lines = content.decode().split("\n")
        positions = [i for i, line in enumerate(lines) if line.startswith(f"{key} =")]
        assert len(positions) == 1, f"{key} does not stand once in model.ini"
        lines[positions[0]] = "" if value is None else f"{key} = {value}"
        return "\n".join(lines).encode()

    return {"model.ini": edit}


def examples(count: int) -> int:
    """Return how often a property is tried: the profile ``random`` of conftest tries more."""
    return max(1, count * settings.default.max_examples // REPEATABLE_EXAMPLES)


def missing_time(kind: type[np.generic]) -> Any:
    """Return NumPy's missing time or duration without a unit, which NumPy 2.5 deprecates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return kind("NaT")


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()
