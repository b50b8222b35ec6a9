"""Blank lines of CSV: rows that miss everything, taken out before a reader slows down at them."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.scoring.arrow import bool_array, int_array, null, pc

_LF: Final = 0x0A
_CR: Final = 0x0D
_QUOTE: Final = 0x22


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WithoutBlankLines:
    """Records without the blank ones.

    Attributes:
        data: the others, which may be none.
        rows: ``(others,)`` int64, which rows they were.
        count: number of all rows.
    """

    data: bytes
    rows: NDArray[np.int64]
    count: int

    def filled(self, array: Any) -> Any:
        """Return a column of the others with null in the blank rows."""
        places = np.zeros(self.count, np.int64)
        present = np.zeros(self.count, np.bool_)
        places[self.rows], present[self.rows] = np.arange(len(self.rows)), True
        indices = int_array(places)
        return array.take(pc.if_else(bool_array(present), indices, null(indices.type)))


def without_blank_lines(piece: bytes) -> WithoutBlankLines | None:
    """Take the blank lines out of records.

    Args:
        piece: whole records, whose quotes are in order.

    Returns:
        None where there are none, or where lines end in ways that are not told apart here.
    """
    if not _may_have_blank_lines(piece):
        return None
    data = np.frombuffer(piece, np.uint8)
    ends = np.flatnonzero(data == _LF)
    if piece.count(b"\r") != piece.count(b"\r\n"):
        return None
    if b'"' in piece:
        ends = ends[np.searchsorted(np.flatnonzero(data == _QUOTE), ends) % 2 == 0]
    starts = np.concatenate(([0], ends[:-1] + 1))
    carriage = (data[ends - 1] == _CR) & (ends > starts)
    blank = ends - starts == carriage
    kept = np.ones(len(data), np.bool_)
    kept[ends[blank]] = False
    kept[ends[blank & carriage] - 1] = False
    unended = int(len(data) > int(ends[-1]) + 1)
    rows = np.flatnonzero(np.append(~blank, np.ones(unended, np.bool_)))
    return WithoutBlankLines(data=data[kept].tobytes(), rows=rows, count=len(ends) + unended)


def _may_have_blank_lines(piece: bytes) -> bool:
    if b"\n" not in piece:
        return False
    if b"\r" in piece and b"\n\r\n" in piece:
        return True
    # Several times as fast as a search for two characters.
    feeds = np.flatnonzero(np.frombuffer(piece, np.uint8) == _LF)
    return bool((np.diff(feeds) == 1).any()) or piece.startswith((b"\n", b"\r\n"))
