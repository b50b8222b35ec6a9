"""What one cell means: a missing one, a number, or none that has a meaning.

Categorical column: ``mojo_reader.scoring.levels``.

Numeric column: numbers, booleans as 0 and 1, ``Decimal``, dates and times as whole UTC
milliseconds (a time without a zone is taken as UTC), and texts by Java's rules
(``Double.parseDouble``, blanks around dropped, missing marks missing) or as a time.

Sources: ``hex.genmodel.easy.RowToRawDataConverter``, ``hex.genmodel.tools.PredictCsv``.
"""

import datetime as dt
import decimal
import importlib.util
import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.java import text as java
from mojo_reader.scoring.notices import Count, Notices, shown
from mojo_reader.scoring.times import moment_milliseconds, time_milliseconds

MISSING_MARKS: Final = ("", "NA", "N/A", "-")
#: What is dropped around a number's text.
BLANKS: Final = "".join(map(chr, range(0x21)))
# pandas's NA and NaT, told by name because pandas is not a dependency.
_MISSING_TYPES: Final = ("NAType", "NaTType")
_PLAIN_NUMBER_TYPES: Final = frozenset({float, int, bool, type(None)})
_NUMBER_KINDS: Final = "iubf"
_FLOAT_KIND: Final = "f"
_TIME_KIND: Final = "M"
_DURATION_KIND: Final = "m"
# Milliseconds in one step of NumPy's times; finer ones are cut to microseconds first.
_STEP_MILLISECONDS: Final = {
    "W": 604_800_000.0,
    "D": 86_400_000.0,
    "h": 3_600_000.0,
    "m": 60_000.0,
    "s": 1000.0,
    "ms": 1.0,
}
_CALENDAR_UNITS: Final = ("Y", "M")


class RowError(MojoDataError):
    """Something is wrong with one row.

    Args:
        row: position of the row, from 0; the text counts from 1.
        problem: what follows ``row N`` in the text, with its punctuation.
        file: the file of the row, when known.
        member: unused; what every error of this project takes.
        key: unused.
    """

    def __init__(
        self,
        row: int,
        problem: str,
        *,
        file: str | None = None,
        member: str | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(f"row {row + 1:,}{problem}", file=file, member=member, key=key)
        self.row = row
        self.problem = problem

    def moved(self, rows: int) -> "RowError":
        """Return the same error for a row that stands ``rows`` further down."""
        return RowError(self.row + rows, self.problem, file=self.file)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the row when the error crosses a process boundary."""
        return _row_error, (self.row, self.problem, self.file)


def _row_error(row: int, problem: str, file: str | None) -> RowError:
    return RowError(row, problem, file=file)


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

    def error(self, column: str) -> RowError:
        """Return the error that names the place; rows are counted from 1."""
        problem = f", column {column!r}: expected {self.expected}, found {shown(self.cell)}"
        return RowError(self.row, problem)


OnInvalid = Callable[[Invalid], None]
"""Called for a cell without meaning; it raises, or returns to have the cell read as missing."""


def moved(on_invalid: OnInvalid, rows: int) -> OnInvalid:
    """Return a handler of cells that stand ``rows`` further down than they say."""

    def handle(invalid: Invalid) -> None:
        on_invalid(Invalid(row=invalid.row + rows, cell=invalid.cell, expected=invalid.expected))

    return handle


def invalid_handler(column: str, notices: Notices, *, invalid_is_missing: bool) -> OnInvalid:
    """Return what to do with cells without a meaning: count them, or raise."""

    def handle(invalid: Invalid) -> None:
        if not invalid_is_missing:
            raise invalid.error(column)
        notices.invalid.setdefault(column, Count()).add(1, invalid.cell)

    return handle


# --------------------------------------------------------------------------- numbers


def number_values(values: Any, on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Return the number in each cell, NaN for missing.

    Args:
        values: a sequence or array of cells.
        on_invalid: called for a cell that is no number.

    Returns:
        ``(rows,)`` float64.
    """
    if isinstance(values, list):
        return _cell_numbers(values, on_invalid)
    arrow = arrow_column(values)
    if arrow is not None:
        from mojo_reader.scoring import arrow_cells  # noqa: PLC0415 - needs pyarrow

        return arrow_cells.number_values(arrow, _cell_numbers, on_invalid)
    numbers = numeric_array(values)
    if numbers is not None:
        with np.errstate(over="ignore"):
            return numbers.astype(np.float64)
    array = _as_array(values)
    if array is not None and array.ndim == 1 and array.dtype.kind == _TIME_KIND:
        return _milliseconds(array, on_invalid)
    return _cell_numbers(cell_list(values), on_invalid)


def _cell_numbers(cells: Sequence[Any], on_invalid: OnInvalid) -> NDArray[np.float64]:
    if _PLAIN_NUMBER_TYPES.issuperset(map(type, cells)):
        try:
            return np.array(cells, np.float64)
        except OverflowError:  # an integer past float64, which is named below
            pass
    return np.array([_number(row, cell, on_invalid) for row, cell in enumerate(cells)], np.float64)


def _milliseconds(times: NDArray[Any], on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Return NumPy's times as milliseconds; NumPy's own casts overflow without a word."""
    unit, steps = np.datetime_data(times.dtype)
    missing = np.isnat(times)
    if unit in _CALENDAR_UNITS:
        days = times.astype("datetime64[D]")
        for row in np.flatnonzero((days.astype(times.dtype) != times) & ~missing).tolist():
            on_invalid(Invalid(row=row, cell=times[row], expected="a number"))
            missing[row] = True
        times, unit, steps = days, "D", 1
    if unit in _STEP_MILLISECONDS:
        result = times.astype(np.int64) * (_STEP_MILLISECONDS[unit] * steps)
    else:
        result = (times.astype("datetime64[us]").astype(np.int64) // 1000).astype(np.float64)
    result[missing] = np.nan
    return np.asarray(result, np.float64)


def _number(row: int, cell: object, on_invalid: OnInvalid) -> float:
    if isinstance(cell, float):
        return cell
    if is_missing(cell):
        return float("nan")
    try:
        return _number_of(cell, row, on_invalid)
    except (ValueError, TypeError, ArithmeticError):
        on_invalid(Invalid(row=row, cell=cell, expected="a number"))
        return float("nan")


def text_number(text: str, time_zone: str = "UTC") -> float:
    """Read a number's text, or a time's; blanks around are dropped, a missing mark is NaN.

    Args:
        text: as ``Double.parseDouble`` takes it, a mark, or an ISO date or time.
        time_zone: zone of a time that names none.

    Raises:
        ValueError: it is none of these.
    """
    bare = text.strip(BLANKS)
    if bare in MISSING_MARKS:
        return float("nan")
    try:
        return java.parse_double(bare)
    except ValueError:
        milliseconds = time_milliseconds(bare, time_zone)
        if milliseconds is None:
            raise
        return milliseconds


def _number_of(cell: object, row: int, on_invalid: OnInvalid) -> float:
    if isinstance(cell, str):
        return text_number(cell)
    if isinstance(cell, dt.datetime):
        aware = cell if cell.tzinfo else cell.replace(tzinfo=dt.UTC)
        return moment_milliseconds(aware)
    if isinstance(cell, dt.date):
        midnight = dt.datetime(cell.year, cell.month, cell.day, tzinfo=dt.UTC)
        return moment_milliseconds(midnight)
    if isinstance(cell, np.datetime64):
        return float(_milliseconds(np.array([cell]), moved(on_invalid, row))[0])
    if isinstance(cell, np.timedelta64):  # NumPy counts it among the integers
        raise TypeError
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
    return isinstance(cell, (np.datetime64, np.timedelta64)) and bool(np.isnat(cell))


def is_arrow(values: object) -> bool:
    """Say whether a column is an Arrow array, without importing pyarrow."""
    return _from_module(values, "pyarrow")


def arrow_column(values: Any) -> Any | None:
    """Return a column that Arrow holds, also inside of pandas or polars; None for any other."""
    if is_arrow(values):
        return values
    if hasattr(getattr(values, "dtype", None), "pyarrow_dtype"):
        return getattr(values, "array", values).__arrow_array__()
    if _from_module(values, "polars") and importlib.util.find_spec("pyarrow") is not None:
        from mojo_reader.scoring.arrow import polars_column  # noqa: PLC0415 - an extra

        return polars_column(values)
    return None


def _from_module(value: object, module: str) -> bool:
    return type(value).__module__.partition(".")[0] == module


def numeric_array(values: Any) -> NDArray[Any] | None:
    """Return a one-dimensional NumPy array of numbers or booleans; None for any other column."""
    array = _as_array(values)
    if array is None or array.ndim != 1 or array.dtype.kind not in _NUMBER_KINDS:
        return None
    return array


def _as_array(values: Any) -> NDArray[Any] | None:
    """Return a NumPy view of arrays, series and Arrow columns; None for plain sequences."""
    if isinstance(values, np.ma.MaskedArray):
        return _unmasked(values)
    if isinstance(values, (np.ndarray, memoryview)):
        return np.asarray(values)
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype) and hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    return None


def _unmasked(values: np.ma.MaskedArray[Any, Any]) -> NDArray[Any]:
    """Put what is missing in the place of what is masked."""
    kind = values.dtype.kind
    if values.dtype.names is not None:  # records, which mean nothing in a cell
        return np.asarray(values.data)
    if kind == _FLOAT_KIND:
        return values.filled(np.nan)
    if kind in _TIME_KIND + _DURATION_KIND:
        # Of the column's own unit: NumPy 2.5 deprecates a time without one.
        missing: Any = np.array("NaT", values.dtype)
        return values.filled(missing)
    cells = values.data.astype(object)
    cells[np.ma.getmaskarray(values)] = None
    return np.asarray(cells)


def cell_list(values: Any) -> Sequence[Any]:
    """Return the cells of a column as Python has them; those of an array keep what they are."""
    array = _as_array(values)
    if array is not None:
        if array.ndim != 1:
            message = f"expected a column of one dimension, found {array.ndim}"
            raise MojoDataError(message)
        # tolist() turns times and durations into plain integers, and a float32 into a float64 with
        # digits that nobody wrote; keep their type.
        kind = array.dtype.kind
        kept = kind in _TIME_KIND + _DURATION_KIND
        kept |= kind == _FLOAT_KIND and array.dtype != np.float64
        return list(array) if kept else array.tolist()
    if hasattr(values, "to_pylist"):
        return list(values.to_pylist())
    if isinstance(values, (list, tuple)):
        return values
    if isinstance(values, Iterable):
        return list(values)
    message = f"expected a column of values, found {type(values).__name__}"
    raise MojoDataError(message)
