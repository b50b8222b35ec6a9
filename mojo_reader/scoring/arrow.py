"""Arrow arrays from NumPy and plain texts, and back, without a copy where there can be none.

``pyarrow.array`` imports pandas wherever it is installed (a fifth of a second), so arrays are
made from their buffers here.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def float_array(values: NDArray[np.float64], *, nan_is_null: bool = False) -> Any:
    """Return a ``double`` array on the memory of a ``(rows,)`` float64 array."""
    contiguous = np.ascontiguousarray(values, np.float64)
    valid = _bitmap(~np.isnan(contiguous)) if nan_is_null else None
    return pa.Array.from_buffers(pa.float64(), len(contiguous), [valid, pa.py_buffer(contiguous)])


def int_array(values: NDArray[np.int64]) -> Any:
    """Return an ``int64`` array on the memory of a ``(rows,)`` int64 array."""
    contiguous = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(contiguous), [None, pa.py_buffer(contiguous)])


def bool_array(values: NDArray[np.bool_]) -> Any:
    """Return a ``bool`` array with the content of a ``(rows,)`` bool array."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bitmap(values)])


def text_array(texts: Sequence[str | None]) -> Any:
    """Return a ``string`` array; None is null."""
    encoded = [(text or "").encode() for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    valid = _bitmap(np.array([text is not None for text in texts], np.bool_))
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    large = pa.Array.from_buffers(pa.large_string(), len(texts), buffers)
    return large.cast(pa.string())


@cache
def text_scalar(text: str) -> Any:
    """Return one text as an Arrow scalar; a plain text as argument would import pandas."""
    return text_array([text])[0]


def chosen_texts(texts: Sequence[str], positions: NDArray[np.int64]) -> Any:
    """Return the texts at ``(rows,)`` positions as a ``string`` array; a negative one is null."""
    indices = int_array(np.maximum(positions, 0))
    chosen = text_array(texts).take(indices)
    if len(positions) and positions.min() < 0:
        chosen = pc.if_else(bool_array(positions >= 0), chosen, null(pa.string()))
    return chosen


def float_values(array: Any) -> NDArray[np.float64]:
    """Return a ``double`` array's values, ``(rows,)``, NaN for null."""
    length, offset = len(array), array.offset
    if length == 0:
        return np.empty(0)
    validity, data = array.buffers()
    values = np.frombuffer(data, np.float64, length, offset * 8)
    if validity is None or array.null_count == 0:
        return values
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    return np.where(bits[offset : offset + length], values, np.nan)


def int_values(array: Any) -> NDArray[np.int64]:
    """Return an ``int64`` array's values, ``(rows,)``, -1 for null."""
    length, offset = len(array), array.offset
    if length == 0:
        return np.empty(0, np.int64)
    validity, data = array.buffers()
    values = np.frombuffer(data, np.int64, length, offset * 8)
    if validity is None or array.null_count == 0:
        return values
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    return np.where(bits[offset : offset + length], values, -1)


def bool_values(array: Any) -> NDArray[np.bool_]:
    """Return a ``bool`` array's values, ``(rows,)``, False for null."""
    length, offset = len(array), array.offset
    if length == 0:
        return np.empty(0, np.bool_)
    validity, data = array.buffers()
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    if validity is not None:
        bits &= np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[: len(bits)]
    return bits[offset : offset + length].astype(np.bool_)


def null(kind: Any) -> Any:
    """Return the null of a type."""
    return pa.nulls(1, kind)[0]


def polars_column(values: Any) -> Any | None:
    """Return a polars series as Arrow has it; None where Arrow has nothing of the kind."""
    if str(values.dtype) == "Object":  # polars hands pointers on
        return None
    try:
        return pa.chunked_array(values)
    except pa.ArrowInvalid:  # integers of 128 bits
        return None
    except OSError:  # polars before 1.33 streams decimals, times and categories as bare integers
        return values.to_arrow()


def one_chunk(column: Any) -> Any:
    """Return a chunked array as one array; an array as it is."""
    if not hasattr(column, "chunks"):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks()


def _bitmap(valid: NDArray[np.bool_]) -> Any:
    return pa.py_buffer(np.packbits(valid, bitorder="little"))
