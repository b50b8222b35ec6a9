"""Proves that a SQL statement, run in a database, predicts what the float64 scorer does."""

import dataclasses
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import TOLERANCES, Comparison, Expected, OutputOff
from mojo_reader.comparing.worst_rows import absolute_difference, relative_difference
from mojo_reader.errors import MojoDataError
from mojo_reader.model import CategoricalInput, Classification, Mojo, Reconstruction
from mojo_reader.model.levels import level_positions
from mojo_reader.scoring.outputs import ERROR_COLUMN
from mojo_reader.scoring.scorer import Scorer

from ..proving import proof
from ..proving.made_rows import MadeRows, affordable_rows, make_rows
from ..proving.raw_rows import raw_columns
from . import engines
from .columns import spelled
from .dialects import dialect_of
from .prediction import output_columns
from .reading import Read, read

_FLOAT64: Final = "float64"
#: Rows that are made at most, and of a large network as many as a database runs in a few seconds.
_ROWS: Final = 2_000
_WEIGHTS: Final = 20_000_000


def check_sql(  # noqa: PLR0913 - what a proof needs
    statement: str | Path,
    mojo: Mojo,
    table: object | None = None,
    *,
    dialect: str,
    connection: Any = None,
    expected: Expected | None = None,
    seed: int = 0,
    progress: proof.Progress | None = None,
    invalid_is_missing: bool = False,
) -> Comparison:
    """Compare a statement, run in a database, with the float64 scorer.

    sqlglot's parser of the dialect has to read it. It runs in DuckDB, Spark or SQLite where that
    is its dialect's and installed; else SQLite runs what the parser read. The labels that it
    gives must be those of its own probabilities, and an autoencoder's error the scorer's; rows
    where they are not are off.

    Args:
        statement: made by ``to_sql``, or the path of its file.
        mojo: what it was made from.
        table: raw rows, any table that the scorer takes; None makes rows.
        dialect: of the statement.
        connection: to the dialect's database, by Python's DB-API (psycopg's, say), in which the
            statement runs on a temporary table; None for what is said above.
        expected: H2O's own scores of ``table``; None for the scorer's.
        seed: of the rows that are made.
        progress: called with the number of rows done.
        invalid_is_missing: take a cell of ``table`` without a meaning as missing.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.

    Raises:
        MojoDataError: sqlglot's parser does not read it, or it is another model's.
    """
    text = statement.read_text("utf-8") if isinstance(statement, Path) else statement
    parsed = read(text, dialect_of(dialect))
    if table is None:
        made = make_rows(mojo, rows=_affordable(mojo), seed=seed)
        rows: NDArray[np.float64] | MadeRows = made
        columns, matrix = made.columns, made.matrix
    else:
        columns = raw_columns(mojo, table, invalid_is_missing=invalid_is_missing)
        rows = matrix = Scorer(mojo).encode(columns if invalid_is_missing else table)
    runner = _Runner(parsed, mojo, columns, matrix, connection)
    found = proof.compared(
        runner.predict,
        mojo,
        rows,
        dtype=_FLOAT64,
        batch=len(matrix),
        expected=expected,
        progress=progress,
    )
    return dataclasses.replace(
        found, labels_off=found.labels_off + runner.labels_off, outputs_off=runner.outputs_off
    )


class _Runner:
    """Predicts all rows at once, and checks what the statement gives beside its numbers."""

    def __init__(
        self,
        statement: Read,
        mojo: Mojo,
        columns: dict[str, NDArray[Any]],
        matrix: NDArray[np.float64],
        connection: Any,
    ) -> None:
        self.labels_off = 0
        self.outputs_off: tuple[OutputOff, ...] = ()
        self._statement, self._matrix, self._connection = statement, matrix, connection
        self._scorer = Scorer(mojo)
        self._rows = database_rows(statement, mojo, columns)
        names = tuple(spelled(name, statement.dialect) for name in output_columns(mojo))
        if statement.outputs[-len(names) :] != names:
            message = f"expected a statement that gives {list(names)}, found another model's"
            raise MojoDataError(message)
        self._width = len(names)

    def predict(self, _rows: slice) -> NDArray[Any]:
        """Return the predictions of all rows."""
        result = engines.run(self._statement, self._rows, self._connection)
        outputs = [row[-self._width :] for row in result]
        if len(outputs) != len(self._matrix):
            message = (
                f"expected {len(self._matrix):,} rows of the statement, found {len(outputs):,}"
            )
            raise MojoDataError(message)
        output = self._scorer.mojo.output
        if isinstance(output, Classification):
            values = _numbers([row[1:] for row in outputs])
            self._check_labels(np.array([row[0] for row in outputs], object), values)
            return values
        values = _numbers(outputs)
        if isinstance(output, Reconstruction):
            self._check_errors(values[:, -1])
            return values[:, :-1]
        return values

    def _check_labels(self, labels: NDArray[Any], values: NDArray[np.float64]) -> None:
        output = self._scorer.mojo.output
        if not isinstance(output, Classification):
            return
        undefined = np.isnan(values).any(axis=1)
        right = np.array([*output.labels, None], object)[
            np.where(undefined, -1, self._scorer.label_indices(values, self._matrix))
        ]
        wrong = labels != right
        if output.threshold is None:
            # H2O draws among classes that tie exactly; such rows are undecided.
            best = values == values.max(axis=1, keepdims=True)
            wrong &= (best.sum(axis=1) == 1) | undefined
        self.labels_off += int(wrong.sum())

    def _check_errors(self, errors: NDArray[np.float64]) -> None:
        right = self._scorer.anomaly_matrix(self._matrix)
        with np.errstate(over="ignore", invalid="ignore"):
            close = np.abs(errors - right) <= TOLERANCES[_FLOAT64].value * (1.0 + np.abs(right))
        off = ~(close | (np.isnan(right) & np.isnan(errors)) | (errors == right))
        with np.errstate(over="ignore"):
            off &= ~self._scorer.overflowing(self._matrix)
        if off.any():
            relative = relative_difference(absolute_difference(errors, right), right)
            largest = float(np.nan_to_num(relative[off], nan=np.inf).max())
            self.outputs_off = (OutputOff(name=ERROR_COLUMN, rows=int(off.sum()), largest=largest),)


def _numbers(rows: list[tuple[Any, ...]]) -> NDArray[np.float64]:
    """Return ``(rows, outputs)``, NaN for NULL."""
    return np.array(rows, object).astype(np.float64).reshape(len(rows), -1)


def _affordable(mojo: Mojo) -> int:
    weights = mojo.weight_count
    return affordable_rows(mojo, min(_ROWS, max(16, _WEIGHTS // max(1, weights))))


def database_rows(
    statement: Read, mojo: Mojo, columns: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Return the columns that the statement reads, by its names; every other missing text NULL."""
    given = {spelled(name, statement.dialect): cells for name, cells in columns.items()}
    for one in mojo.inputs:
        if isinstance(one, CategoricalInput):
            name = spelled(one.name, statement.dialect)
            given[name] = _with_nulls(given[name], one)
    rows = len(next(iter(columns.values())))
    others = np.full(rows, None, object)
    return {name: given.get(name, others) for name in statement.columns}


def _with_nulls(texts: NDArray[Any], one: CategoricalInput) -> NDArray[Any]:
    positions = level_positions(one)
    missing = np.array([positions.get(text) == one.missing for text in texts], bool)
    found = texts.copy()
    found[missing & (np.arange(len(texts)) % 2 == 1)] = None
    return found
