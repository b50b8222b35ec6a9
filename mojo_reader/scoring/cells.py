"""Cells and columns of any kind: which cells are missing, and what holds them."""

import decimal
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.java import text as java

#: What is dropped around a number's text.
BLANKS: Final = java.BLANKS
# pandas's NA and NaT, told by name because pandas is not a dependency.
_MISSING_TYPES: Final = ("NAType", "NaTType")
_NUMBER_KINDS: Final = "iubf"
_FLOAT_KIND: Final = "f"
_TIME_KIND: Final = "M"
_DURATION_KIND: Final = "m"


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


def cell_at(values: Any, row: int) -> Any:
    """Return one cell of a column of any kind, as Python has it."""
    cell = values.iloc[row] if hasattr(values, "iloc") else values[row]
    return cell.as_py() if is_arrow(cell) else cell


def arrow_column(values: Any) -> Any | None:
    """Return a column that Arrow holds, also inside of pandas or polars; None for any other."""
    if is_arrow(values):
        return values
    if hasattr(getattr(values, "dtype", None), "pyarrow_dtype"):
        return getattr(values, "array", values).__arrow_array__()
    if _from_module(values, "polars") and importlib.util.find_spec("pyarrow") is not None:
        from mojo_reader.scoring.arrow import polars_column

        return polars_column(values)
    return None


def _from_module(value: object, module: str) -> bool:
    return type(value).__module__.partition(".")[0] == module


def numeric_array(values: Any) -> NDArray[Any] | None:
    """Return a ``(rows,)`` NumPy array of numbers or booleans; None for any other column."""
    array = _as_array(values)
    if array is None or array.ndim != 1 or array.dtype.kind not in _NUMBER_KINDS:
        return None
    return array


def time_array(values: Any) -> NDArray[Any] | None:
    """Return a ``(rows,)`` NumPy array of times; None for any other column."""
    array = _as_array(values)
    if array is None or array.ndim != 1 or array.dtype.kind != _TIME_KIND:
        return None
    return array


def _as_array(values: Any) -> NDArray[Any] | None:
    """Return a NumPy view of arrays, series and Arrow columns; None for plain sequences."""
    # Only who has imported it has such arrays, and its import takes a tenth of NumPy's.
    if "numpy.ma" in sys.modules and isinstance(values, np.ma.MaskedArray):
        return _unmasked(values)
    if isinstance(values, (np.ndarray, memoryview)):
        return np.asarray(values)
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype) and hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    return None


def _unmasked(values: "np.ma.MaskedArray[Any, Any]") -> NDArray[Any]:
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
    """Return the cells of a column as Python has them; those of an array keep what they are.

    Raises:
        MojoDataError: it is no column, or one of several dimensions.
    """
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
