"""Lines of ``sa[I] = LITERALf;`` to float32 at the speed of NumPy.

A network of 2 million weights is 100 MB of such lines, so that one number at a time takes too
long. Here a block of lines is taken apart by arithmetic on eight characters at once. It knows the
lines that H2O writes, with the next index on each, and marks those that it does not know: they
are read one at a time.

Exact: 13 digits and a power of ten up to 22 are float64 numbers, so that their quotient is rounded
once; the few that lie between two float32 numbers are marked.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mojo_reader.formats.pojo.literals import HALF_BIT, LOST_BITS

_Places = NDArray[np.int64]
_Words = NDArray[np.uint64]
_Marks = NDArray[np.bool_]

_NAME: Final = b"sa["
_ASSIGNS: Final = b"] = "
_ENDS: Final = b"f;"
_ENDS_WORD: Final = np.uint16(int.from_bytes(_ENDS, "little"))
#: The end of an index: four digits, of which there are 10,000.
_INDEX_DIGITS: Final = 4
_ROUND: Final = 10**_INDEX_DIGITS
#: By the last four digits of an index, the eight characters that end what stands before a literal.
_INDEX_ENDS: Final = np.frombuffer(
    b"".join(b"%04d%b" % (index, _ASSIGNS) for index in range(_ROUND)), "<u8"
)
#: What stands before them is compared by two words of eight characters.
_HEADS: Final = range(8, 17)
#: So much of a line's start holds all that, and the start of the literal.
_START: Final = 32
#: So much of a line's end, without the line feed, holds a literal's last digits.
_END: Final = 20
_FEWEST_LINES: Final = 64
_MOST_DECIMALS: Final = 12
_MOST_POWER: Final = 22
_POWERS: Final = np.array([10.0**power for power in range(_MOST_POWER + 1)])
_EXPONENT_WIDTHS: Final = (3, 4)
_MINUS_POWER: Final = np.uint16(int.from_bytes(b"E-", "little"))
_BYTE: Final = np.uint64(0xFF)
_TEXT_OF_ZEROS: Final = np.uint64(0x3030303030303030)
_ABOVE_NINE: Final = np.uint64(0x7676767676767676)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)
_HALF_WORD: Final = np.uint64(0xFFFFFFFF)
_PAIRS: Final = np.uint64(0x000000FF000000FF)
_FIRST_PAIRS: Final = np.uint64(100 + (1_000_000 << 32))
_OTHER_PAIRS: Final = np.uint64(1 + (10_000 << 32))
_LOST_BITS: Final = np.uint64(LOST_BITS)


class FloatLines(NamedTuple):
    """A block of lines.

    Attributes:
        values: ``(n,)`` float32.
        unknown: ``(n,)`` bool: the line has another form, and its number is not read.
        starts: ``(n + 1,)`` where each line starts in the block, last where it ends.
    """

    values: NDArray[np.float32]
    unknown: _Marks
    starts: _Places


def read_float_lines(text: bytes, begin: int, end: int, first: int) -> FloatLines:
    """Read lines whose indices go on from a first one.

    Args:
        text: holds the lines.
        begin: where they start; each has its line feed.
        end: where they end.
        first: the index that the first line should have.
    """
    if len(text) < end + _START:
        text += bytes(_START)  # so much is taken from a line's start on
    codes = np.frombuffer(text, np.uint8, end - begin, begin)
    ends: _Places = (codes == ord("\n")).nonzero()[0] + begin
    starts = np.concatenate(([begin], ends + 1))
    count = len(ends)
    values = np.zeros(count, np.float32)
    unknown = np.ones(count, np.bool_)
    # Of the first line the blanks may be missing.
    second = text[starts[1] : starts[1] + _START] if count > 1 else b""
    indent = len(second) - len(second.lstrip(b" \t"))
    for start, stop in _runs(first, count):
        head = second[:indent] + _NAME + str(first + start)[:-_INDEX_DIGITS].encode()
        lines = slice(start, stop)
        if len(head) in _HEADS and stop - start >= _FEWEST_LINES and ends[start] >= _END:
            index = (first + start) % _ROUND
            rows = _Rows(text, starts[lines], _START)
            known = rows.words(0) == _word(head[:8])
            known &= rows.words(len(head) - 8) == _word(head[-8:])
            known &= rows.words(len(head)) == _INDEX_ENDS[index : index + stop - start]
            literal = len(head) + 8
            lengths = ends[lines] - starts[lines] - (literal + len(_ENDS))
            tails = _Rows(text, ends[lines] - _END, _END)
            values[lines], read = _literals(rows.words(literal), tails, lengths)
            known &= read
            np.logical_not(known, out=unknown[lines])
    return FloatLines(values, unknown, starts)


def _runs(first: int, count: int) -> list[tuple[int, int]]:
    """Cut lines where another digit of the index changes than the last four."""
    begin = max(_ROUND // 10 - first, 0)
    runs = []
    while begin < count:
        stop = min(count, (first + begin) // _ROUND * _ROUND + _ROUND - first)
        runs.append((begin, stop))
        begin = stop
    return runs


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


class _Rows:
    """The characters from some places of a text on, ``(n, width)``."""

    def __init__(self, text: bytes, places: _Places, width: int) -> None:
        self._width = width
        self._count = len(places)
        every = np.ndarray((len(text) - width + 1,), f"V{width}", buffer=text, strides=(1,))
        self._taken = every[places]

    def words(self, column: int) -> _Words:
        """Return the ``(n,)`` eight characters from a column on, the first one lowest."""
        return self._columns(column, "<u8")

    def halves(self, column: int) -> NDArray[np.uint32]:
        """Return the ``(n,)`` four characters from a column on, likewise."""
        return self._columns(column, "<u4")

    def pairs(self, column: int) -> NDArray[np.uint16]:
        """Return the ``(n,)`` two characters from a column on, likewise."""
        return self._columns(column, "<u2")

    def _columns(self, column: int, kind: str) -> NDArray[Any]:
        return np.ndarray(
            (self._count,), kind, buffer=self._taken, offset=column, strides=(self._width,)
        )


def _literals(head: _Words, tails: _Rows, lengths: _Places) -> tuple[NDArray[np.float32], _Marks]:
    """Read ``-0.123f;``, ``1.5E-7f;`` and the like.

    Args:
        head: ``(n,)`` the first characters.
        tails: the last ones, up to the semicolon.
        lengths: ``(n,)`` numbers of characters in front of the letter.

    Returns:
        The ``(n,)`` numbers, and which of them were read.
    """
    negative = (head & _BYTE) == ord("-")
    head = head >> (negative.view(np.uint8) << np.uint8(3))
    whole = (head & _BYTE) - np.uint64(ord("0"))
    known = (whole <= 9) & (head & np.uint64(0xFF00) == ord(".") << 8)  # noqa: PLR2004 - a digit
    known &= tails.pairs(_END - 2) == _ENDS_WORD
    low, high = tails.words(_END - 10), tails.halves(_END - 14)
    decimals = lengths - negative - 2
    power = decimals
    for width in _EXPONENT_WIDTHS:
        # Of ``E-3f;`` and ``E-12f;``: the digits end in front of it.
        scaled = (tails.pairs(_END - 2 - width) == _MINUS_POWER).nonzero()[0]
        if scaled.size:
            last = tails.words(_END - 10)[scaled]
            exponent, sound = _eight_digits(last, np.full(1, width - 2))
            known[scaled] &= sound
            low, high = low.copy(), high.copy()
            low[scaled] = tails.words(_END - 10 - width)[scaled]
            high[scaled] = tails.halves(_END - 14 - width)[scaled]
            power = decimals.copy() if power is decimals else power
            decimals[scaled] -= width
            power[scaled] += exponent.astype(np.int64) - width
    known &= (decimals > 0) & (decimals <= _MOST_DECIMALS) & (power <= _MOST_POWER)
    decimals = np.minimum(np.maximum(decimals, 1), _MOST_DECIMALS)
    low_digits, low_sound = _eight_digits(low, np.minimum(decimals, 8))
    high_digits, high_sound = _four_digits(high, np.maximum(decimals - 8, 0))
    known &= low_sound & high_sound
    digits = whole * _POWERS[decimals] + (high_digits * 1e8 + low_digits)
    wide = digits / _POWERS[np.minimum(np.maximum(power, 0), _MOST_POWER)]
    known &= (wide.view(np.uint64) & _LOST_BITS) != HALF_BIT
    values = wide.astype(np.float32)
    np.negative(values, out=values, where=negative)
    return values, known


def _eight_digits(words: _Words, count: _Places) -> tuple[NDArray[np.float64], _Marks]:
    """Read the last ``count`` of eight characters as a number.

    Returns:
        The ``(n,)`` numbers, and which of them are digits indeed.
    """
    others = ((8 - count) << 3).view(np.uint64)
    digits = (words ^ _TEXT_OF_ZEROS) >> others << others
    sound = ((digits | (digits + _ABOVE_NINE)) & _HIGH_BITS) == 0
    digits = digits * np.uint64(10) + (digits >> np.uint64(8))
    first = (digits & _PAIRS) * _FIRST_PAIRS
    other = (digits >> np.uint64(16) & _PAIRS) * _OTHER_PAIRS
    return ((first + other) >> np.uint64(32)).astype(np.float64), sound


def _four_digits(words: NDArray[np.uint32], count: _Places) -> tuple[NDArray[np.uint32], _Marks]:
    """Read the last ``count`` of four characters, likewise."""
    others = ((4 - count) << 3).astype(np.uint32)
    digits = (words ^ np.uint32(_TEXT_OF_ZEROS & _HALF_WORD)) >> others << others
    sound = (
        (digits | (digits + np.uint32(_ABOVE_NINE & _HALF_WORD)))
        & np.uint32(_HIGH_BITS & _HALF_WORD)
    ) == 0
    digits = digits * np.uint32(10) + (digits >> np.uint32(8))
    return (digits & np.uint32(0xFF)) * np.uint32(100) + (digits >> np.uint32(16) & 0xFF), sound
