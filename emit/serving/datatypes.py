"""The protocol's datatypes: what a tensor's bytes and numbers mean.

Source: the Open Inference Protocol, version 2, tensor data types and the binary tensor data
extension.
"""

import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.scoring.notices import shown

from .refusals import Refused

TEXT: Final = "BYTES"
#: Bytes are little-endian on the wire.
_NUMBERS: Final[dict[str, np.dtype[Any]]] = {
    "BOOL": np.dtype("?"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
_RANGES: Final = {
    name: (int(np.iinfo(kind).min), int(np.iinfo(kind).max))
    for name, kind in _NUMBERS.items()
    if kind.kind in "iu"
}
_LENGTH: Final = struct.Struct("<I")


def check_datatype(name: str, datatype: str) -> None:
    """Require one of the protocol's datatypes.

    Raises:
        Refused: it is none.
    """
    if datatype not in _NUMBERS and datatype != TEXT:
        message = f"input {name!r}: expected a datatype such as BYTES or FP64, found {datatype!r}"
        raise Refused(message)


def check_integers(name: str, datatype: str, cells: Sequence[Any]) -> None:
    """Require that the integers of a tensor are of its datatype; null is missing in any.

    Raises:
        Refused: one is out of its range, or has a fraction.
    """
    bounds = _RANGES.get(datatype)
    if bounds is None:
        return
    low, high = bounds
    for row, cell in enumerate(cells, 1):
        kind = type(cell)
        if kind is int and low <= cell <= high:
            continue
        if kind is float and not (cell.is_integer() and low <= cell <= high):
            pass
        elif kind is not int:
            continue  # a text, null or true, which mean what they do in a cell
        message = (
            f"input {name!r}, row {row:,}: expected an integer of {datatype} (from {low:,} to "
            f"{high:,}), found {shown(cell)}"
        )
        raise Refused(message)


def cells_of_bytes(name: str, datatype: str, rows: int, data: bytes) -> Any:
    """Decode a tensor's bytes.

    Returns:
        ``(rows,)`` numbers in an array that shares the bytes, or a list of texts.

    Raises:
        Refused: the bytes are not so many values.
    """
    if datatype == TEXT:
        return _texts(name, rows, data)
    kind = _NUMBERS[datatype]
    if len(data) != rows * kind.itemsize:
        raise _other_length(name, datatype, rows)
    return np.frombuffer(data, kind)


def bytes_of_cells(values: NDArray[Any]) -> bytes:
    """Encode an output: texts with their lengths before them, numbers as little-endian FP64."""
    if values.dtype == np.object_:
        texts = [text.encode() for text in values.ravel().tolist()]
        return b"".join([part for text in texts for part in (_LENGTH.pack(len(text)), text)])
    return np.ascontiguousarray(values, "<f8").tobytes()


def decoded_text(name: str, text: bytes) -> str:
    """Decode one text.

    Raises:
        Refused: it is not UTF-8.
    """
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        message = f"input {name!r}: expected text in UTF-8, found {text!r:.60}"
        raise Refused(message) from error


def _texts(name: str, rows: int, data: bytes) -> list[str]:
    cells: list[str] = []
    start, end = 0, len(data)
    known: dict[bytes, str] = {}
    while start < end:
        stop = start + 4
        if stop > end:
            raise _other_length(name, TEXT, rows)
        first, start = stop, stop + int.from_bytes(data[start:stop], "little")
        if start > end:
            raise _other_length(name, TEXT, rows)
        text = data[first:start]
        found = known.get(text)
        if found is None:
            found = known[text] = decoded_text(name, text)
        cells.append(found)
    if len(cells) != rows:
        raise _other_length(name, TEXT, rows)
    return cells


def _other_length(name: str, datatype: str, rows: int) -> Refused:
    message = (
        f"input {name!r}: expected {rows:,} values of {datatype}, found data of another length"
    )
    return Refused(message)
