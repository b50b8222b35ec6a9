"""Many decimal texts as Java writes them (``-0.034, 1.5, 6.37E-4``) to numbers at once.

A number's digits are one whole number up to 2^53, which is divided by a power of ten up to 10^22:
both are exact as float64, so that the quotient is the nearest float64, which ``float`` gives, too.
What is longer is left to ``float``, one at a time.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_COMMA, _POINT, _MINUS, _BLANK, _EXPONENT, _ZERO = b",.- E0"
_POINT_OR_COMMA: Final = np.uint8(0xFF ^ _COMMA ^ _POINT)
_WORD: Final = 8
_PAD: Final = 2 * _WORD
_MOST_DIGITS: Final = 2 * _WORD
_NONE: Final = np.empty(0, np.intp)
_EXACT: Final = 1 << 53
_POWERS: Final = np.array([10.0**power for power in range(23)])
_WHOLE_POWERS: Final = np.array([10**power for power in range(_MOST_DIGITS + 1)], np.uint64)
# What of a word, whose first character stands lowest, are the digits of its last characters.
_DIGITS: Final = np.array(
    [
        int.from_bytes(b"\x00" * (_WORD - kept) + b"\x0f" * kept, "little")
        for kept in range(_WORD + 1)
    ],
    np.uint64,
)
# Numbers next to each other join to one of twice the digits: a factor, and the bits of the result.
_JOINS: Final = tuple(
    (np.uint64(factor), np.uint64(bits), np.uint64(mask))
    for factor, bits, mask in (
        (10, 8, 0x00FF_00FF_00FF_00FF),
        (100, 16, 0x0000_FFFF_0000_FFFF),
        (10_000, 32, 0xFFFF_FFFF),
    )
)


def plain_numbers(block: bytes) -> NDArray[np.float64] | None:
    """Return the numbers of a text that has a comma and a blank between them.

    Args:
        block: the text; a blank may stand before it.

    Returns:
        ``(count,)`` float64; None where it has another form, or many numbers are long.

    Raises:
        ValueError: a text is no number.
    """
    data = np.frombuffer(b"".join((b" " * _PAD, block, b", ")), np.uint8)
    # Points and commas differ in one bit.
    both = np.flatnonzero((data & _POINT_OR_COMMA) == _COMMA)
    points, ends = both[::2], both[1::2]
    if len(both) % 2 or (data[points] != _POINT).any() or (data[ends] != _COMMA).any():
        return None
    starts = np.empty_like(ends)
    starts[0] = _PAD + (data[_PAD] == _BLANK)
    starts[1:] = ends[:-1] + 2
    negative = data[starts] == _MINUS
    marks = np.flatnonzero(data == _EXPONENT) if b"E" in block else _NONE
    marked = np.searchsorted(ends, marks)
    whole = points - starts - negative
    if not (
        (whole > 0).all()
        and (marks > points[marked]).all()
        and (marked[1:] != marked[:-1]).all()
        and _nothing_else(data, ends, negative, marks)
    ):
        return None
    stops, power = ends, np.zeros(len(ends), np.int64)
    if marks.size:
        stops = ends.copy()
        stops[marked] = marks
        power[marked] = _exponents(data, marks, ends[marked])
    found, odd = _values(data, whole, points, stops, power)
    np.negative(found, out=found, where=negative)
    long = np.flatnonzero(odd)
    if len(long) > len(found) // 2:
        return None
    for place in long.tolist():
        found[place] = float(data[starts[place] : ends[place]].tobytes())
    return found


def _nothing_else(
    data: NDArray[np.uint8],
    ends: NDArray[np.intp],
    negative: NDArray[np.bool_],
    marks: NDArray[np.intp],
) -> bool:
    """Say whether all but digits stands where a number in Java's form, or a separator, has it."""
    if not (data[ends[:-1] + 1] == _BLANK).all():
        return False
    blanks = len(ends) - 1 + int(data[_PAD] == _BLANK)
    signs = int(np.count_nonzero(negative)) + int(np.count_nonzero(data[marks + 1] == _MINUS))
    digits = int(np.count_nonzero(data - np.uint8(_ZERO) <= np.uint8(9)))
    # A comma and a point of each; before and after stand what was added here.
    return digits + 2 * len(ends) + blanks + signs + len(marks) == len(data) - _PAD - 1


def _exponents(
    data: NDArray[np.uint8], marks: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Return the powers of ten that negative exponents of one or two digits divide by.

    Any other is too large a power.
    """
    first, second = (data.take(marks + place, mode="clip").astype(np.int64) for place in (2, 3))
    length = ends - marks - 2
    power = np.where(length == 1, first - _ZERO, 10 * (first - _ZERO) + second - _ZERO)
    known = (data[marks + 1] == _MINUS) & ((length == 1) | (length == 2))  # noqa: PLR2004 - digits
    return np.where(known, power, len(_POWERS))


def _values(
    data: NDArray[np.uint8],
    whole: NDArray[np.int64],
    points: NDArray[np.intp],
    stops: NDArray[np.intp],
    power: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return numbers without their signs, and which of them are too long to be right.

    Args:
        data: the text.
        whole: ``(count,)`` number of digits before the point.
        points: ``(count,)`` where the points are.
        stops: ``(count,)`` where the digits after them end.
        power: ``(count,)`` powers of ten to divide by.
    """
    digits = stops - points - 1
    power = power + digits
    odd = (digits < 1) | (digits > _MOST_DIGITS) | (whole > _WORD) | (power >= len(_POWERS))
    if odd.any():
        digits[odd] = power[odd] = 0
    # A word starts at any byte.
    words = np.ndarray((len(data) - _WORD + 1,), "<u8", data, strides=(1,))
    number = _joined(words[stops - _WORD] & _DIGITS[np.minimum(digits, _WORD)])
    more = _joined(words[stops - 2 * _WORD] & _DIGITS[np.maximum(digits - _WORD, 0)])
    number += more * _WHOLE_POWERS[_WORD]
    if whole.max() == 1:
        before = (data[points - 1] - np.uint8(_ZERO)).astype(np.uint64)
    else:
        before = _joined(words[points - _WORD] & _DIGITS[np.minimum(whole, _WORD)])
    odd |= before * _POWERS[digits] > _EXACT
    number += before * _WHOLE_POWERS[digits]
    odd |= number > _EXACT
    return number / _POWERS[power], odd


def _joined(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the numbers of eight digits, of which the first stands lowest, each in a byte."""
    for factor, bits, mask in _JOINS:
        higher = words >> bits
        words *= factor
        words += higher
        words &= mask
    return words
