"""The number that a cell of a numeric column means.

Numbers, booleans as 0 and 1, ``Decimal``, dates and times as whole UTC milliseconds (a time without
a zone is taken as UTC), and texts by Java's rules (``Double.parseDouble``, blanks around dropped,
missing marks missing) or as a time.

Sources: ``hex.genmodel.easy.RowToRawDataConverter``, ``hex.genmodel.tools.PredictCsv``.
"""

import datetime as dt
import decimal
import numbers
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.java import text as java
from mojo_reader.model.levels import MISSING_MARKS
from mojo_reader.scoring.cells import BLANKS, is_missing
from mojo_reader.scoring.invalid import Invalid, OnInvalid, moved
from mojo_reader.scoring.times import UTC, moment_milliseconds, time_milliseconds

_PLAIN_NUMBER_TYPES: Final = frozenset({float, int, bool, type(None)})
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


def cell_numbers(cells: Sequence[Any], on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Return the number in each plain Python cell, ``(rows,)``, NaN for missing."""
    if _PLAIN_NUMBER_TYPES.issuperset(map(type, cells)):
        try:
            return np.array(cells, np.float64)
        except OverflowError:  # an integer past float64, which is named below
            pass
    return np.array([_number(row, cell, on_invalid) for row, cell in enumerate(cells)], np.float64)


def array_milliseconds(times: NDArray[Any], on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Return NumPy's times as milliseconds, ``(rows,)``; its own casts overflow without a word."""
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


def text_number(text: str, time_zone: str = UTC) -> float:
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
        return float(array_milliseconds(np.array([cell]), moved(on_invalid, row))[0])
    if isinstance(cell, np.timedelta64):  # NumPy counts it among the integers
        raise TypeError
    if isinstance(cell, (numbers.Real, decimal.Decimal, np.bool_)):
        return float(cell)
    raise TypeError
