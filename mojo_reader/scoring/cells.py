"""What one cell means: level text to a position, anything numeric to float64.

Categorical column: None, NaN, NaT and null are missing. A text is a level, compared exactly;
one that is no level is missing when it is a missing mark, else unseen. Integers and floats with
an integral value become their decimal text, booleans ``true`` and ``false``; they are never
codes.

Numeric column: numbers, booleans as 0 and 1, ``Decimal``, dates and times as UTC milliseconds
(a time without a zone is taken as UTC), and texts by Java's rules (``Double.parseDouble``, blanks
around dropped, missing marks missing).

Sources: ``hex.genmodel.easy.RowToRawDataConverter``, ``hex.genmodel.tools.PredictCsv``.
"""

import datetime
import decimal
import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader import java
from mojo_reader.errors import MojoDataError
from mojo_reader.model import CategoricalInput

MISSING_MARKS: Final = ("", "NA", "N/A", "-")
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MILLISECOND: Final = datetime.timedelta(milliseconds=1)
# pandas's NA and NaT, told by name because pandas is not a dependency.
_MISSING_TYPES: Final = ("NAType", "NaTType")
_PLAIN_NUMBER_TYPES: Final = frozenset({float, int, bool, type(None)})
_INTEGER_KINDS: Final = "iub"
_FLOAT_KIND: Final = "f"
_TIME_KIND: Final = "M"


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """A cell that has no meaning in its column.

    Attributes:
        row: position in the table, from 0.
        cell: the value.
        expected: what would have been read.
    """

    row: int
    cell: object
    expected: str

    def error(self, column: str) -> MojoDataError:
        """Return the error that names the place; rows are counted from 1."""
        return MojoDataError(
            f"row {self.row + 1}, column {column!r}: expected {self.expected}, "
            f"found {self.cell!r:.80}"
        )


OnInvalid = Callable[[Invalid], None]
"""Called for a cell without meaning; it raises, or returns to have the cell read as missing."""


# --------------------------------------------------------------------------- levels


class LevelLookup:
    """Finds the position of a cell's level in ``CategoricalInput.table``."""

    def __init__(self, column: CategoricalInput) -> None:
        self.missing = column.missing
        self.unseen = column.unseen
        self._positions = level_positions(column)

    def positions(self, values: Any, on_invalid: OnInvalid) -> NDArray[np.int64]:
        """Return the position of each cell.

        Args:
            values: a sequence or array of cells.
            on_invalid: called for a cell that cannot be a level.

        Returns:
            ``(rows,)`` int64.
        """
        cells = _cell_list(values)
        try:
            found: list[int | None] = list(map(self._positions.get, cells))
        except TypeError:  # an unhashable cell, which is named below
            found = [None] * len(cells)
        if None in found:
            for row, position in enumerate(found):
                if position is None:
                    found[row] = self._position(row, cells[row], on_invalid)
        return np.array(found, np.int64)

    def _position(self, row: int, cell: object, on_invalid: OnInvalid) -> int:
        if is_missing(cell):
            return self.missing
        text = _level_text(cell)
        if text is None:
            on_invalid(Invalid(row=row, cell=cell, expected="a level's text"))
            return self.missing
        return self._positions.get(text, self.unseen)


def level_positions(column: CategoricalInput) -> dict[str, int]:
    """Return the position of every text that the column knows, the missing marks included."""
    positions = {level: position for position, level in enumerate(column.levels)}
    if column.prefixed:
        prefix = f"{column.name}."
        for level, position in list(positions.items()):
            if level.startswith(prefix):
                positions.setdefault(level.removeprefix(prefix), position)
    for mark in MISSING_MARKS:
        positions.setdefault(mark, column.missing)
    return positions


def _level_text(cell: object) -> str | None:
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, numbers.Integral):
        return str(int(cell))
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return None


# --------------------------------------------------------------------------- numbers


def number_values(values: Any, on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Return the number in each cell, NaN for missing.

    Args:
        values: a sequence or array of cells.
        on_invalid: called for a cell that is no number.

    Returns:
        ``(rows,)`` float64.
    """
    array = _as_array(values)
    if array is not None and array.ndim == 1:
        if array.dtype.kind in _INTEGER_KINDS or array.dtype.kind == _FLOAT_KIND:
            return array.astype(np.float64)
        if array.dtype.kind == _TIME_KIND:
            return _milliseconds(array)
    cells = _cell_list(values)
    if _PLAIN_NUMBER_TYPES.issuperset(map(type, cells)):
        try:
            return np.array(cells, np.float64)
        except OverflowError:  # an integer past float64, which is named below
            pass
    return np.array(
        [_number(row, cell, on_invalid) for row, cell in enumerate(cells)], np.float64
    )


def _milliseconds(times: NDArray[Any]) -> NDArray[np.float64]:
    microseconds = times.astype("datetime64[us]")
    result = microseconds.astype(np.int64) / 1000.0
    result[np.isnat(times)] = np.nan
    return np.asarray(result, np.float64)


def _number(row: int, cell: object, on_invalid: OnInvalid) -> float:
    if isinstance(cell, float):
        return cell
    if is_missing(cell):
        return float("nan")
    try:
        return _number_of(cell)
    except (ValueError, TypeError, OverflowError):
        on_invalid(Invalid(row=row, cell=cell, expected="a number"))
        return float("nan")


def _number_of(cell: object) -> float:
    if isinstance(cell, str):
        return float("nan") if cell in MISSING_MARKS else java.parse_double(cell)
    if isinstance(cell, datetime.datetime):
        aware = cell if cell.tzinfo else cell.replace(tzinfo=datetime.UTC)
        return (aware - _EPOCH) / _MILLISECOND
    if isinstance(cell, datetime.date):
        midnight = datetime.datetime(cell.year, cell.month, cell.day, tzinfo=datetime.UTC)
        return (midnight - _EPOCH) / _MILLISECOND
    if isinstance(cell, np.datetime64):
        return float(_milliseconds(np.array([cell]))[0])
    if isinstance(cell, (numbers.Real, decimal.Decimal, np.bool_)):
        return float(cell)
    raise TypeError


# --------------------------------------------------------------------------- any cell


def is_missing(cell: object) -> bool:
    """Say whether a cell is None, NaN, NaT or pandas's NA."""
    if cell is None or type(cell).__name__ in _MISSING_TYPES:
        return True
    if isinstance(cell, (float, np.floating)):
        return bool(cell != cell)  # noqa: PLR0124 - what NaN is
    if isinstance(cell, decimal.Decimal):
        return cell.is_nan()
    return isinstance(cell, np.datetime64) and bool(np.isnat(cell))


def _as_array(values: Any) -> NDArray[Any] | None:
    """Return a NumPy view of arrays, series and Arrow columns; None for plain sequences."""
    if isinstance(values, np.ndarray):
        return values
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype) and hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    return None


def _cell_list(values: Any) -> Sequence[Any]:
    array = _as_array(values)
    if array is not None:
        if array.ndim != 1:
            message = f"expected a column of one dimension, found {array.ndim}"
            raise MojoDataError(message)
        # tolist() turns times into plain integers; keep their type.
        return list(array) if array.dtype.kind == _TIME_KIND else array.tolist()
    if hasattr(values, "to_pylist"):
        return list(values.to_pylist())
    if isinstance(values, (list, tuple)):
        return values
    if isinstance(values, Iterable):
        return list(values)
    message = f"expected a column of values, found {type(values).__name__}"
    raise MojoDataError(message)
