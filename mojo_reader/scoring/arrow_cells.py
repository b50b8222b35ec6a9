"""Cells of Arrow columns: each distinct level is looked up once, numbers are cast."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader.scoring.arrow import bool_values, float_values, int_values, pc
from mojo_reader.scoring.invalid import Invalid, OnInvalid, moved
from mojo_reader.scoring.levels import LookUp, by_distinct, report
from mojo_reader.scoring.numbers import cell_numbers

_DAY_MILLISECONDS: Final = 86_400_000
_TO_MILLISECONDS: Final = {"s": 1000.0, "ms": 1.0}
_NARROW_FLOATS: Final = {pa.float32(): np.float32, pa.float16(): np.float16}
_PER_MILLISECOND: Final = {"us": 1000, "ns": 1_000_000}


def arrow_positions(
    column: Any, missing: int, look_up: LookUp, on_invalid: OnInvalid
) -> NDArray[np.int64]:
    """Return the position of each cell's level.

    Args:
        column: an Arrow array or chunked array.
        missing: the position of null.
        look_up: returns the positions of plain Python cells.
        on_invalid: called for a cell that cannot be a level.

    Returns:
        ``(rows,)`` int64.
    """
    parts = [
        _chunk_positions(chunk, missing, look_up, moved(on_invalid, start))
        for start, chunk in _chunks(column)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _chunk_positions(
    chunk: Any, missing: int, look_up: LookUp, on_invalid: OnInvalid
) -> NDArray[np.int64]:
    if not _has_dictionary(chunk.type):
        return look_up(_cells(chunk), on_invalid)
    if not pa.types.is_dictionary(chunk.type):
        chunk = pc.dictionary_encode(chunk)
    # The index of null is -1.
    codes = int_values(chunk.indices)
    return by_distinct(_cells(chunk.dictionary), codes, missing, look_up, on_invalid)


def _has_dictionary(kind: Any) -> bool:
    """Say whether a type is a dictionary, or becomes one."""
    types = pa.types
    return any(
        of_kind(kind)
        for of_kind in (
            types.is_dictionary,
            types.is_string,
            types.is_large_string,
            types.is_boolean,
            types.is_integer,
            types.is_float32,
            types.is_float64,
            types.is_decimal128,
        )
    )


def arrow_numbers(column: Any, on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Return the number in each cell, NaN for null.

    Args:
        column: an Arrow array or chunked array.
        on_invalid: called for a cell that is no number.

    Returns:
        ``(rows,)`` float64.
    """
    parts = []
    for start, chunk in _chunks(column):
        values = _chunk_numbers(chunk)
        if values is None and pa.types.is_dictionary(chunk.type):
            values = _dictionary_numbers(chunk, moved(on_invalid, start))
        elif values is None:
            # A type that Arrow does not cast as we do.
            values = cell_numbers(_cells(chunk), moved(on_invalid, start))
        parts.append(values)
    return np.concatenate(parts) if parts else np.empty(0)


def _dictionary_numbers(chunk: Any, on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Read each distinct cell once: a long text may stand in every row."""
    invalid: list[Invalid] = []
    distinct = arrow_numbers(chunk.dictionary, invalid.append)
    indices = int_values(chunk.indices)
    report(invalid, indices, on_invalid)
    return np.append(distinct, np.nan)[indices]  # the index of null is -1: the last entry


def _chunk_numbers(chunk: Any) -> NDArray[np.float64] | None:
    kind, types = chunk.type, pa.types
    if types.is_float64(kind):
        return float_values(chunk)
    if types.is_integer(kind) or types.is_floating(kind):
        return float_values(chunk.cast(pa.float64(), safe=False))
    if types.is_boolean(kind):
        numbers = bool_values(chunk).astype(np.float64)
        numbers[bool_values(chunk.is_null())] = np.nan
        return numbers
    return _chunk_times(chunk)


def _chunk_times(chunk: Any) -> NDArray[np.float64] | None:
    kind, types = chunk.type, pa.types
    if types.is_timestamp(kind):
        return _with_nulls(_milliseconds(int_values(chunk.cast(pa.int64())), kind.unit), chunk)
    if types.is_date64(kind):
        return _with_nulls(_milliseconds(int_values(chunk.cast(pa.int64())), "ms"), chunk)
    if types.is_date32(kind):
        days = int_values(chunk.cast(pa.int32()).cast(pa.int64()))
        return _with_nulls(np.asarray(days * float(_DAY_MILLISECONDS), np.float64), chunk)
    return None


def _milliseconds(ticks: NDArray[np.int64], unit: str) -> NDArray[np.float64]:
    if unit in _TO_MILLISECONDS:
        return np.asarray(ticks * _TO_MILLISECONDS[unit])
    return np.asarray(ticks // _PER_MILLISECOND[unit], np.float64)


def _with_nulls(values: NDArray[np.float64], chunk: Any) -> NDArray[np.float64]:
    if chunk.null_count:
        values = np.where(bool_values(chunk.is_null()), np.nan, values)
    return values


def _chunks(column: Any) -> Iterator[tuple[int, Any]]:
    """Yield each chunk with the row that it starts at."""
    start = 0
    for chunk in getattr(column, "chunks", (column,)):
        yield start, chunk
        start += len(chunk)


def _cells(chunk: Any) -> list[Any]:
    """Return plain Python cells; one that Python has no value for stays an Arrow scalar."""
    narrow = _NARROW_FLOATS.get(chunk.type)
    if narrow is not None:  # a Python float would have digits that nobody wrote
        return list(float_values(chunk.cast(pa.float64())).astype(narrow))
    try:
        return list(chunk.to_pylist())
    except (ValueError, OverflowError):  # a time out of Python's range, a text that is not UTF-8
        return [_cell(scalar) for scalar in chunk]


def _cell(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return scalar
