"""Raw rows to what training reads: the row matrix, targets and weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.files.sources import Source
from mojo_reader.files.tables import TableRules, read_rows
from mojo_reader.model import Mojo, Output, Reconstruction, Regression
from mojo_reader.model.distributions import DISTRIBUTIONS
from mojo_reader.scoring.column_values import number_values
from mojo_reader.scoring.columns import AbsentColumnError, Columns, named_columns
from mojo_reader.scoring.encoding import (
    DEFAULT_STRICTNESS,
    Encoder,
    standardized,
)
from mojo_reader.scoring.invalid import Invalid
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import Strictness
from mojo_reader.scoring.responses import raising, response_values

#: Fewest rows that training is tried on.
FEWEST_ROWS: Final = 10

_LARGEST: Final = float(np.finfo(np.float32).max)


@dataclass(frozen=True, kw_only=True, slots=True)
class RowColumns:
    """Which columns of the rows are no features.

    Attributes:
        response: None for an autoencoder, which trains on its input.
        weights: None where all rows weigh alike.
    """

    response: str | None
    weights: str | None

    @property
    def named(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(name for name in (self.response, self.weights) if name is not None)

    def absent(self, name: str, *, file: str | None = None) -> MojoDataError:
        """Return what to raise where the rows lack one of them."""
        message = f"the rows lack the weights column {name!r}"
        if name == self.response:
            message = f"the rows lack the response column {name!r} (--response names another)"
        return MojoDataError(message, file=file)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TrainingRows:
    """Rows to train on.

    Attributes:
        matrix: ``(rows, n_features)`` float64, as ``Scorer.encode`` returns it.
        targets: ``(rows, 1)`` float64: class positions, or the response in its own units. An
            autoencoder's are its matrix.
        weights: ``(rows,)`` float64, above 0.
        notes: what was left out, one sentence each.
    """

    matrix: NDArray[np.float64]
    targets: NDArray[np.float64]
    weights: NDArray[np.float64]
    notes: tuple[str, ...]

    def take(self, rows: NDArray[np.int64]) -> "TrainingRows":
        """Return some of the rows, by their ``(chosen,)`` positions."""
        matrix = self.matrix[rows]
        return TrainingRows(
            matrix=matrix,
            targets=matrix if self.targets is self.matrix else self.targets[rows],
            weights=self.weights[rows],
            notes=self.notes,
        )

    def __len__(self) -> int:
        return len(self.matrix)


def row_columns(mojo: Mojo, *, response: str | None, weights: str | None) -> RowColumns:
    """Return which columns hold the response and the weights.

    Args:
        mojo: the model.
        response: None takes the model's.
        weights: None weighs all rows alike.

    Raises:
        MojoDataError: an autoencoder is given a response, or one column has two uses.
    """
    if isinstance(mojo.output, Reconstruction):
        if response is not None:
            message = f"an autoencoder trains on its input and has no response {response!r}"
            raise MojoDataError(message)
    elif response is None:
        response = mojo.output.response
    features = {column.name for column in mojo.inputs}
    for name, use in ((response, "response"), (weights, "weights column")):
        if name in features:
            message = f"the {use} {name!r} is one of the model's features"
            raise MojoDataError(message)
    if response is not None and response == weights:
        message = f"the column {response!r} cannot be both response and weights"
        raise MojoDataError(message)
    return RowColumns(response=response, weights=weights)


def read_training_rows(
    sources: Source | Sequence[Source],
    mojo: Mojo,
    columns: RowColumns,
    rules: TableRules,
    notices: Notices,
) -> Any:
    """Read files of rows with their response and weights.

    Args:
        sources: CSV or Parquet files or patterns.
        mojo: the model.
        columns: which of the files' columns are no features.
        rules: how the files are read; what to keep is set here.
        notices: what was seen is added here.

    Returns:
        A ``pyarrow.Table`` that ``training_rows`` takes.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: a file is no table, lacks a column, or a cell has no meaning.
    """
    try:
        numbers = [columns.response] if isinstance(mojo.output, Regression) else []
        named = frozenset(name for name in (columns.weights, *numbers) if name is not None)
        rules = replace(rules, keep=columns.named, numbers=named)
        return read_rows(sources, mojo, rules, notices)
    except AbsentColumnError as error:
        raise columns.absent(error.column, file=error.file) from error


def training_rows(  # noqa: PLR0913 - the last two are options
    mojo: Mojo,
    table: object,
    columns: RowColumns,
    notices: Notices,
    *,
    skips_missing: bool = False,
    strictness: Strictness = DEFAULT_STRICTNESS,
) -> TrainingRows:
    """Encode rows with their targets and weights, and leave out those that cannot train.

    Args:
        mojo: the model.
        table: any table that the scorer takes, with response and weights.
        columns: which of its columns these are.
        notices: what was seen is added here.
        skips_missing: leave out rows that miss a feature (``missing_values_handling`` ``Skip``).
        strictness: what to refuse in the features.

    Raises:
        MojoDataError: a column is absent, a cell has no meaning or is out of the distribution's
            range, a level is none of the classes, or too few rows are left.
    """
    found, count = named_columns(table)
    for name in columns.named:
        if name not in found:
            raise columns.absent(name)
    if not count:
        raise MojoDataError("there are no rows")
    matrix = Encoder(mojo).encode(found, count, notices, strictness)
    weights = _weights(found, columns.weights, count)
    targets = matrix
    if columns.response is not None:
        targets = response_values(mojo, found, columns.response)[:, np.newaxis]
        _check_range(mojo.output, targets[:, 0], columns.response)
    reasons: dict[str, NDArray[np.bool_]] = {
        "a number that float32 cannot hold": _beyond_float32(mojo, matrix),
        "weight 0": weights == 0,
    }
    if columns.response is not None:
        reasons["no response"] = np.asarray(np.isnan(targets[:, 0]))
    if skips_missing:
        missing = np.asarray(np.isnan(matrix).any(axis=1))
        reasons["a missing cell (missing_values_handling Skip)"] = missing
    left_out = np.array(list(reasons.values())).any(axis=0)
    notes = [_left_out_note(why, rows) for why, rows in reasons.items() if rows.any()]
    kept = np.flatnonzero(~left_out)
    if len(kept) < FEWEST_ROWS:
        message = f"expected at least {FEWEST_ROWS} rows to train on, found {len(kept)}"
        if notes:
            message += f" ({'; '.join(notes)})"
        raise MojoDataError(message)
    rows = TrainingRows(matrix=matrix, targets=targets, weights=weights, notes=tuple(notes))
    return rows.take(kept) if left_out.any() else rows


def _left_out_note(why: str, rows: NDArray[np.bool_]) -> str:
    count = int(np.count_nonzero(rows))
    return f"{count:,} {'row' if count == 1 else 'rows'} left out: {why}"


def _beyond_float32(mojo: Mojo, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which rows would train on an infinite number."""
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = standardized(matrix, mojo.features)
        cells = np.abs(matrix) > _LARGEST
        beyond = cells.any(axis=1) | (np.abs(inputs) > _LARGEST).any(axis=1)
    return np.asarray(beyond)


# --------------------------------------------------------------------------- targets, weights


def _check_range(output: Output, numbers: NDArray[np.float64], name: str) -> None:
    if not isinstance(output, Regression):
        return
    _refuse(np.abs(numbers) > _LARGEST, numbers, "a number that float32 can hold", name)
    zero = DISTRIBUTIONS[output.distribution].zero
    if zero is not None:
        wrong = numbers < 0 if zero else numbers <= 0
        least = "of 0 or more" if zero else "above 0"
        _refuse(wrong, numbers, f"a number {least}, as {output.distribution} needs", name)


def _weights(columns: Columns, name: str | None, rows: int) -> NDArray[np.float64]:
    if name is None:
        return np.ones(rows)
    weights = number_values(columns[name], raising(name))
    wrong = ~((weights >= 0) & (weights <= _LARGEST))
    _refuse(wrong, weights, "a weight of 0 or more", name)
    return weights


def _refuse(
    wrong: NDArray[np.bool_], numbers: NDArray[np.float64], expected: str, name: str
) -> None:
    """Raise at the first row that is wrong."""
    if wrong.any():
        row = int(np.argmax(wrong))
        number = float(numbers[row])
        cell = None if np.isnan(number) else number
        raise Invalid(row=row, cell=cell, expected=expected).error(name)
