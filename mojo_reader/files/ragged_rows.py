"""Rows of CSV that have fewer or more cells than the header, made as long as it is.

Arrow's reader refuses them; Python's takes many times as long.
"""

from typing import Final

import numpy as np

_LF: Final = 0x0A
_CR: Final = 0x0D
_QUOTE: Final = 0x22
# What a piece of a megabyte may grow by.
_MOST_ADDED: Final = 8 << 20


def squared(piece: bytes, width: int, separator: str) -> bytes | None:
    """Fill short rows up with empty cells, and drop cells past the header.

    Args:
        piece: whole records, whose quotes are in order.
        width: cells of a row.
        separator: one character between cells.

    Returns:
        The records; None where lines end in ways that are not told apart here, or they would take
        too much.
    """
    if piece.count(b"\r") != piece.count(b"\r\n"):
        return None
    if not piece.endswith(b"\n"):
        piece += b"\n"
    data = np.frombuffer(piece, np.uint8)
    ends, marks = np.flatnonzero(data == _LF), np.flatnonzero(data == ord(separator))
    if b'"' in piece:
        quotes = np.flatnonzero(data == _QUOTE)
        ends, marks = (at[np.searchsorted(quotes, at) % 2 == 0] for at in (ends, marks))
    rows = np.searchsorted(ends, marks)
    counts = np.bincount(rows, minlength=len(ends))
    lacking = np.maximum(width - 1 - counts, 0)
    if int(lacking.sum()) > _MOST_ADDED:
        return None
    ends = ends - ((data[ends - 1] == _CR) & (ends > 0))
    # The mark before the first cell that is too many.
    surplus = np.arange(len(marks)) - (np.cumsum(counts) - counts)[rows] == width - 1
    change = np.zeros(len(data), np.int8)
    change[marks[surplus]] = 1
    change[ends[rows[surplus]]] = -1
    kept = np.cumsum(change, dtype=np.int8) == 0
    ends = np.concatenate(([0], np.cumsum(kept)))[ends]
    return np.insert(data[kept], np.repeat(ends, lacking), ord(separator)).tobytes()
