"""Arrow arrays from NumPy and plain texts, and back, without a copy where there can be none.

``pyarrow.array`` imports pandas wherever it is installed (a fifth of a second), so arrays are
made from their buffers here.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: Positions of texts that Python looks up before Arrow, whose functions have to be imported, could.
_FEW: Final = 64
_MOST_BYTES: Final = 2**31 - 1


class _Functions:
    """Arrow's functions, each looked up when it is first asked for.

    ``pyarrow.compute`` makes a wrapper for each of its functions when it is imported, which takes
    as long as scoring 20,000 rows; what it makes them of is asked here.
    """

    def __getattr__(self, name: str) -> Any:
        found = _registered(name)
        if found is None:
            import pyarrow.compute

            found = getattr(pyarrow.compute, name)
        setattr(self, name, found)
        return found


def _registered(name: str) -> Any:
    """Return one of Arrow's own functions; None where only ``pyarrow.compute`` has it."""
    try:
        # No name that Arrow promises.
        from pyarrow import _compute

        function = _compute.get_function(name.removesuffix("_"))  # and_
        options_class = function._doc.options_class  # noqa: SLF001 - as it does itself
        options: Any = getattr(_compute, options_class) if options_class else None
    except (ImportError, AttributeError, KeyError):
        return None

    def call(*arguments: Any, **chosen: Any) -> Any:
        return function.call(arguments, options(**chosen) if chosen else None)

    return call


pc: Final[Any] = _Functions()
"""``pyarrow.compute``, whose functions take their options by name here."""


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
    """Return a ``string`` array; None is null.

    Raises:
        pyarrow.ArrowInvalid: the texts have 2 GB or more.
    """
    encoded = [(text or "").encode() for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    if offsets[-1] > _MOST_BYTES:
        message = f"texts of {offsets[-1]:,} bytes, more than an array of text can have"
        raise pa.ArrowInvalid(message)
    valid = _bitmap(np.array([text is not None for text in texts], np.bool_))
    places = pa.py_buffer(offsets.astype(np.int32))
    buffers = [valid, places, pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


@cache
def text_scalar(text: str) -> Any:
    """Return one text as an Arrow scalar; a plain text as argument would import pandas."""
    return text_array([text])[0]


def chosen_texts(texts: Sequence[str], positions: NDArray[np.int64]) -> Any:
    """Return the texts at ``(rows,)`` positions as a ``string`` array; a negative one is null."""
    if len(positions) <= _FEW:
        return text_array([texts[place] if place >= 0 else None for place in positions.tolist()])
    # One more, null, is what -1 takes.
    places = np.where(positions < 0, len(texts), positions)
    return taken(text_array([*texts, None]), places)


def taken(array: Any, places: NDArray[np.int64]) -> Any:
    """Return the entries of an array at ``(rows,)`` places."""
    return pc.take(array, int_array(places))


def decoded(array: Any) -> Any:
    """Return a dictionary's entries; any other array as it is."""
    return pc.take(array.dictionary, array.indices) if pa.types.is_dictionary(array.type) else array


def float_texts(values: NDArray[np.float64]) -> Any:
    """Return ``(rows,)`` numbers as Arrow writes them, a ``string`` array; NaN is null."""
    array = float_array(values, nan_is_null=bool(np.isnan(values).any()))
    return pc.cast(array, target_type=pa.string())


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
    """Return an array's integers of any width, ``(rows,)``, -1 for null."""
    length, offset = len(array), array.offset
    if length == 0:
        return np.empty(0, np.int64)
    validity, data = array.buffers()
    stored = np.dtype(str(array.type))
    values = np.frombuffer(data, stored, length, offset * stored.itemsize)
    values = values.astype(np.int64, copy=False)
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
