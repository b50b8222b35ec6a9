"""The doors of the scorer: memory, Arrow and files; and writing back."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import math
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from laboratory_subject import Subject, defined_rows, own_scores, scored, some_rows
from laboratory_verdicts import MESSAGE, Result, compared, of_comparison

from mojo_reader import Scorer, list_base_models, read_mojo, write_mojo
from mojo_reader.comparing.comparison import Comparer
from mojo_reader.comparing.sameness import differences
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.model import CategoricalInput

if TYPE_CHECKING:
    from laboratory_scores import Scores

Door = Callable[[Subject], Result | None]

JAVA_TOLERANCE: Final = 1e-10
SERVER_TOLERANCE: Final = 1e-9
BATCH_TOLERANCE: Final = 1e-12
#: What a CSV file says of a missing cell, though it be a level.
_MARKS: Final = frozenset({"", "NA", "N/A", "-"})
_BATCHES: Final = (1, 1, 2, 3, 7, 33, 200)


# -- beside H2O --------------------------------------------------------------------------


def scorer_door(one: Subject) -> Result | None:
    """The scorer beside Java."""
    return _beside_java(one, Scorer(one.mojo), JAVA_TOLERANCE)


def exact_door(one: Subject) -> Result | None:
    """The exact scorer beside Java, bit by bit."""
    return _beside_java(one, Scorer(one.mojo, exact=True), 0.0)


def _beside_java(one: Subject, scorer: Scorer, tolerance: float) -> Result | None:
    if one.java_refused:
        return {"verdict": "H2O stops", "rows": 0, "worst": 0.0, "message": one.java_refused}
    if one.java is None:
        return None
    return compared(*scored(scorer, scorer.encode(one.table)), one.java, tolerance)


def server_door(one: Subject) -> Result | None:
    """The scorer beside the server, on training rows."""
    if not one.plain.any():
        return None
    scorer = Scorer(one.mojo)
    found = scored(scorer, scorer.encode(one.table))
    return compared(*found, one.server, SERVER_TOLERANCE, one.plain)


def offset_door(one: Subject) -> Result | None:
    """The scorer that adds an offset as the server does, on training rows."""
    if "offset_column" not in one.plan.parameters:
        return None
    training = {name: cells[: one.plan.rows] for name, cells in one.table.items()}
    values = Scorer(one.mojo, offset="server").predict(training)[:, np.newaxis]
    return compared(values, None, one.server, SERVER_TOLERANCE)


def error_door(one: Subject) -> Result | None:
    """An autoencoder's errors beside Java's."""
    if one.java is None or one.java.errors is None:
        return None
    errors = Scorer(one.mojo).anomaly(one.table)[:, np.newaxis]
    right = dataclasses.replace(one.java, values=one.java.errors[:, np.newaxis])
    return compared(errors, None, right, JAVA_TOLERANCE)


def server_error_door(one: Subject) -> Result | None:
    """An autoencoder's errors beside the server's, on training rows."""
    if one.server.errors is None:
        return None
    errors = Scorer(one.mojo).anomaly(one.table, missing="server")[:, np.newaxis]
    right = dataclasses.replace(one.server, values=one.server.errors[:, np.newaxis])
    return compared(errors, None, right, SERVER_TOLERANCE, one.plain)


# -- beside the scorer -------------------------------------------------------------------


def float32_door(one: Subject) -> Result | None:
    """The float32 scorer, by the contract of float32."""
    scorer = Scorer(one.mojo, dtype="float32")
    matrix = scorer.encode(one.table)
    comparer = Comparer(Scorer(one.mojo), "float32")
    comparer.add(matrix, scorer.score_matrix(matrix))
    return of_comparison(comparer.result())


def batch_door(one: Subject) -> Result | None:
    """Batches of drawn sizes beside all rows at once."""
    source = random.Random(one.plan.seed)  # noqa: S311 - test data
    sizes = [source.choice(_BATCHES) for _ in next(iter(one.table.values()))]
    return _in_batches(Scorer(one.mojo), one, sizes, BATCH_TOLERANCE)


def exact_batch_door(one: Subject) -> Result | None:
    """Exact single rows and pairs beside all rows at once, bit by bit."""
    return _in_batches(Scorer(one.mojo, exact=True), one, [1, 2, 40] * 100, 0.0)


def _in_batches(scorer: Scorer, one: Subject, sizes: list[int], tolerance: float) -> Result:
    matrix = scorer.encode(one.table)
    expected = own_scores(scorer, matrix)
    starts = np.cumsum([0, *sizes])
    parts = [
        scored(scorer, matrix[start : start + size])
        for start, size in zip(starts, sizes, strict=False)
        if start < len(matrix)
    ]
    values = np.concatenate([part[0] for part in parts])
    labels = np.concatenate([part[1] for part in parts]) if one.labelled else None
    return compared(values, labels, expected, tolerance)


def score_door(one: Subject) -> Result | None:
    """``score()``: H2O's columns by name, where no two have one name."""
    names = one.mojo.output.columns
    if len(set(names)) < len(names):
        return None
    table, expected = defined_rows(one, one.table)
    found = Scorer(one.mojo).score(table)
    return _of_columns(one, list(found.values()), expected)


def records_door(one: Subject) -> Result | None:
    """Rows as dicts, one at a time."""
    table, expected = defined_rows(one, one.table)
    table, expected = some_rows(table, expected, range(0, len(expected.values), 17))
    scorer = Scorer(one.mojo)
    rows = [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]
    found = [scored(scorer, scorer.encode([row])) for row in rows]
    values = np.concatenate([part[0] for part in found])
    labels = np.concatenate([part[1] for part in found]) if one.labelled else None
    return compared(values, labels, expected, BATCH_TOLERANCE)


def arrow_door(one: Subject) -> Result | None:
    """Arrow batches."""
    table, expected = defined_rows(one, one.table)
    arrow = pa.table({name: _arrow(cells) for name, cells in table.items()})
    found = Scorer(one.mojo).score_batches(arrow).read_all()
    return _of_columns(one, [column.to_pylist() for column in found.columns], expected)


def _arrow(cells: list[Any]) -> Any:
    """Numbers as doubles; texts, booleans and moments as Arrow takes them."""
    if any(isinstance(cell, float) for cell in cells):
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    return pa.array(cells)


def typed_door(one: Subject) -> Result | None:
    """Levels that spell booleans and numbers, and times, as what they are, beside their texts."""
    table, expected = defined_rows(one, one.table)
    domains = {column.name: column.levels for column in one.plan.columns}
    times = {column.name for column in one.plan.columns if column.shape == "time"}
    typed = {
        name: [_moment(cell) if name in times else typed_cell(cell, domains.get(name, ()))
               for cell in cells]
        for name, cells in table.items()
    }  # fmt: skip
    changed = [name for name in table if typed[name] != table[name] or name in times]
    if not changed:
        return None
    scorer = Scorer(one.mojo)
    found = compared(*scored(scorer, scorer.encode(typed)), expected, BATCH_TOLERANCE)
    kinds = {name: {type(cell) for cell in typed[name]} - {type(None)} for name in typed}
    if found["verdict"] != "same" or any(len(kinds[name]) > 1 for name in changed):
        return found
    arrow = pa.table({name: _arrow(cells) for name, cells in typed.items()})
    columns = Scorer(one.mojo).score_batches(arrow).read_all().columns
    return _of_columns(one, [column.to_pylist() for column in columns], expected)


def typed_cell(cell: Any, levels: tuple[str, ...]) -> Any:
    """A level as the boolean or number that it spells, where no level before it does."""
    if not isinstance(cell, str):
        return cell
    for value, spellings in _VALUES.items():
        if cell in spellings and next(s for s in spellings if s in (*levels, cell)) == cell:
            return value == "true"
    number = _number_of(cell)
    if number is None:
        return cell
    whole = str(int(number)) if number.is_integer() else None
    if cell == whole:
        return int(number)
    return number if cell == repr(number) and whole not in levels else cell


def _number_of(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


#: Spellings of a boolean, the first first.
_VALUES: Final = {"true": ("true", "True", "TRUE"), "false": ("false", "False", "FALSE")}
_LATEST: Final = 4e12


def _moment(cell: Any) -> Any:
    """Milliseconds as a moment, where there is one."""
    if cell is None or not 0 <= cell < _LATEST or cell != int(cell):
        return cell
    return dt.datetime.fromtimestamp(cell / 1000, tz=dt.UTC)


def csv_door(one: Subject) -> Result | None:
    """A CSV file; a missing mark is missing there, though it be a level."""
    unmarked = {n: [None if c in _MARKS else c for c in cells] for n, cells in one.table.items()}
    # A level that Java trimmed before an encoding is found in a CSV, where blanks are tried away.
    for column in one.mojo.inputs:
        if isinstance(column, CategoricalInput) and not column.prefixed:
            unmarked[column.name] = [
                None
                if cell is not None and cell not in column.levels and cell.strip() != cell
                else cell
                for cell in unmarked[column.name]
            ]
    table, expected = defined_rows(one, unmarked)
    with tempfile.TemporaryDirectory() as work:
        source, target = Path(work, "rows.csv"), Path(work, "scored.csv")
        with source.open("w", encoding="utf-8", newline="") as sink:
            writer = csv.writer(sink, lineterminator="\n")
            writer.writerow(table)
            writer.writerows(zip(*map(_csv_cells, table.values()), strict=True))
        score_file(one.mojo, source, target, ScoreOptions(workers=1))
        with target.open(encoding="utf-8", newline="") as lines:
            _, *rows = csv.reader(lines)
    columns = [[np.nan if c == "NA" else c for c in cells] for cells in zip(*rows, strict=True)]
    if one.labelled:
        columns[0] = [row[0] for row in rows]
    return _of_columns(one, columns, expected)


def _csv_cells(cells: list[Any]) -> list[Any]:
    """Cells as texts that PredictCsv reads."""
    spelled = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
    return [spelled.get(cell, cell) if isinstance(cell, float) else cell for cell in cells]


def _of_columns(one: Subject, columns: list[Any], expected: Scores) -> Result:
    """Output columns, the label first, beside the scorer's."""
    labels = np.array(columns[0], object) if one.labelled else None
    values = np.array(columns[one.labelled :], np.float64).T
    return compared(values, labels, expected, BATCH_TOLERANCE)


# -- files of models ---------------------------------------------------------------------


def write_door(one: Subject) -> Result | None:
    """Written back and read: the very same model."""
    with tempfile.TemporaryDirectory() as work:
        target = Path(work, "written.zip")
        write_mojo(one.mojo, target)
        return _same_model(one.mojo, read_mojo(target))


def holder_door(one: Subject) -> Result | None:
    """Read out of an ensemble: the very same model as the one downloaded alone."""
    for holder in one.holders:
        path = one.folder / f"{holder}.zip"
        # H2O leaves out what the metalearner gives no weight.
        if one.key in list_base_models(path):
            return _same_model(one.mojo, read_mojo(path, base_model=one.key))
    return None


def _same_model(one: Any, other: Any) -> Result:
    ignored = ("uuid", "origin", "timestamp")
    first = next(differences(one, other, ignored), None)
    result: Result = {"verdict": "same", "rows": 1, "worst": 0.0}
    if first is None:
        return result
    return {**result, "verdict": "differs", "off": 1, "message": str(first)[:MESSAGE]}


DOORS: Final[dict[str, Door]] = {
    "scorer": scorer_door,
    "exact": exact_door,
    "server": server_door,
    "offset": offset_door,
    "errors": error_door,
    "errors server": server_error_door,
    "float32": float32_door,
    "batches": batch_door,
    "exact batches": exact_batch_door,
    "score()": score_door,
    "records": records_door,
    "typed": typed_door,
    "arrow": arrow_door,
    "csv": csv_door,
    "write back": write_door,
    "ensemble": holder_door,
}
