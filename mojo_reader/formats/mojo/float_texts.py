"""Many float32 numbers to text as ``Float.toString`` writes them, at the speed of NumPy.

The shortest digits that read back as the same number, by arithmetic on whole blocks; the texts are
those of ``java.float_text``, which takes the few numbers that the arithmetic cannot decide.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.java import text as java

SEPARATOR: Final = b", "
_DIGITS: Final = 9  # as many as a float32 can need
_SMALLEST_PLAIN: Final = 1e-3
_FIRST_SCIENTIFIC: Final = 1e7
_LOWEST_EXPONENT: Final = -45
_HIGHEST_EXPONENT: Final = 38
# Of the ninth digit. Far above what float64 rounds here (2e-7), far below what a float32 leaves
# free (3).
_MARGIN: Final = 1e-6
_FRACTION_BITS: Final = np.uint32(23)
_FRACTION: Final = np.uint32((1 << 23) - 1)

_POWERS: Final = np.array(
    [float(f"1e{exponent}") for exponent in range(_LOWEST_EXPONENT, 8 - _LOWEST_EXPONENT + 1)]
)


def _not_below(numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the smallest float32 that is not below each number."""
    with np.errstate(over="ignore"):
        nearest = numbers.astype(np.float32)
    return np.where(nearest < numbers, np.nextafter(nearest, np.float32(np.inf)), nearest)


# By the eight bits of a float32's exponent, which tell its power of two: the power of ten of the
# first digit of the smallest such number; the next power of ten; half the step between two of them.
# Of the numbers without such bits zero alone is taken, as a number of any digits.
_BINADES: Final = np.ldexp(1.0, np.arange(256) - 127)
_FIRST_TENS: Final = np.array(
    [0, *(java.decimal_digits(repr(low))[2] for low in _BINADES[1:].tolist())]
)
_NEXT_TENS: Final = _not_below(np.array([float(f"1e{ten + 1}") for ten in _FIRST_TENS]))
_HALF_STEPS: Final = _BINADES * 2.0**-24
_HALF_STEPS[0] = 1.0

#: By exponent, ``E-5`` and the like, filled up with zero bytes; the last one is none.
_SUFFIXES: Final = np.array(
    [*(f"E{n}" for n in range(_LOWEST_EXPONENT, _HIGHEST_EXPONENT + 1)), ""], "S4"
)
_NO_SUFFIX: Final = len(_SUFFIXES) - 1
# A text stands in two words of eight characters, the first one lowest, and its suffix; zero bytes
# are left out. First the sign, ``0.`` and zeros, and the first digit with the point after it where
# that is its place; then the other eight digits.
_TEXT: Final = np.dtype(
    [("start", "<u8"), ("digits", "<u8"), ("suffix", "S4"), ("separator", f"S{len(SEPARATOR)}")]
)
_SIGN: Final = np.uint64(ord("-"))
_FIRST: Final = np.uint64(8 * 5)
_STARTS: Final = np.array(
    [
        int.from_bytes(text, "little")
        for text in (b"\0\0\0\0\0\0.", b"\x000.", b"\x000.0", b"\x000.00")
    ],
    np.uint64,
)
_KEPT: Final = np.array([(1 << 8 * kept) - 1 for kept in range(9)], np.uint64)
_ZEROS: Final = np.uint64(int.from_bytes(b"0" * 8, "little"))
_POINT: Final = np.uint64(ord("."))
# A number splits in two of half the digits: a factor and a shift that divide, what they leave, the
# divisor, and the bits between the two.
_SPLITS: Final = tuple(
    tuple(map(np.uint64, numbers))
    for numbers in (
        (5243, 19, 0x0000_007F_0000_007F, 100, 16),
        (103, 10, 0x000F_000F_000F_000F, 10, 8),
    )
)


def float_texts(values: NDArray[np.float32]) -> bytes:
    """Return the texts of finite numbers with ``SEPARATOR`` between them.

    Args:
        values: ``(n,)`` float32, finite.
    """
    magnitude = np.abs(values)
    digits, count, exponent = _shortest(magnitude)
    plain = (magnitude >= _SMALLEST_PLAIN) & (magnitude < _FIRST_SCIENTIFIC) | (magnitude == 0)
    before = np.where(plain, exponent, 0)  # digits before the point, less one
    zeros = np.maximum(-before, 0)
    first, others = np.divmod(digits.view(np.uint64), np.uint64(10 ** (_DIGITS - 1)))
    text = np.empty(len(values), _TEXT)
    start = _STARTS[zeros] | (first + np.uint64(ord("0"))) << _FIRST
    kept = np.maximum(count - 1, zeros == 0)  # 5.0
    others = _characters(others)
    wide = np.flatnonzero(before > 0)
    if wide.size:
        start[wide], others[wide] = _with_point_inside(first[wide], others[wide], before[wide])
        kept[wide] = np.maximum(kept[wide], before[wide] + 1)
    text["start"] = np.where(np.signbit(values), start | _SIGN, start)
    text["digits"] = others & _KEPT[kept]
    text["suffix"] = _SUFFIXES[np.where(plain, _NO_SUFFIX, exponent - _LOWEST_EXPONENT)]
    text["separator"] = SEPARATOR
    return text.tobytes().translate(None, b"\0").removesuffix(SEPARATOR)


def _characters(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the eight digits of each number as characters, the first one lowest."""
    high = numbers // np.uint64(10**4)
    made = high | (numbers - high * np.uint64(10**4)) << np.uint64(32)
    for factor, shift, mask, divisor, bits in _SPLITS:
        high = made * factor >> shift & mask
        made = high | (made - high * divisor) << bits
    return made + _ZEROS


def _with_point_inside(
    first: NDArray[np.uint64], others: NDArray[np.uint64], before: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return both words of numbers with two to seven digits before the point, without a sign.

    The first two digits end the first word, so that the others and the point fit into the second.
    """
    zero = np.uint64(ord("0"))
    start = (first + zero) << np.uint64(48) | others << np.uint64(56)
    rest = others >> np.uint64(8)
    below = _KEPT[before - 1]
    place = (before - 1).astype(np.uint64) * np.uint64(8)
    return start, rest & below | _POINT << place | (rest & ~below) << np.uint64(8)


def _shortest(
    magnitude: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the shortest decimal digits of numbers that are not negative.

    Returns:
        Digits as a number of nine, how many of them count, and the first one's power of ten.
    """
    exponent, scaled, free, even = _scaled(magnitude)
    digits = np.rint(scaled)
    count = np.full(len(magnitude), _DIGITS)
    tiny = np.flatnonzero(magnitude.view(np.uint32) - np.uint32(1) < _FRACTION)
    doubtful = [tiny, even[digits[even] != scaled[even]]]
    left = np.arange(len(magnitude))
    # What some digits can say, more can, so that each round has fewer numbers left.
    for fewer in range(_DIGITS - 1, 0, -1):
        step = 10.0 ** (_DIGITS - fewer)
        candidate = np.rint(scaled / step)
        candidate *= step
        spare = free - np.abs(candidate - scaled)
        same = spare > _MARGIN
        near = same ^ (spare >= -_MARGIN)
        if near.any():
            doubtful.append(left[near])
        left = left[same]
        if not left.size:
            break
        digits[left] = candidate[same]
        count[left] = fewer
        scaled, free = scaled[same], free[same]
    carried = np.flatnonzero(digits >= 10.0**_DIGITS)
    digits[carried] /= 10
    exponent[carried] += 1
    for index in np.unique(np.concatenate(doubtful)).tolist():
        _, text, exponent[index] = java.decimal_digits(str(magnitude[index]))
        digits[index], count[index] = int(f"{text:0<{_DIGITS}}"), len(text)
    return digits.astype(np.int64), count, exponent


def _scaled(
    magnitude: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return numbers with nine digits before the point; zero stays zero.

    Returns:
        The power of ten of each first digit; the numbers; how far a text may lie from each and
        still be read as it; and the powers of two, which numbers stand twice as close below, so
        that more digits than needed may be taken for them.
    """
    bits = magnitude.view(np.uint32)
    binade = (bits >> _FRACTION_BITS).astype(np.intp)
    exponent = _FIRST_TENS[binade] + (magnitude >= _NEXT_TENS[binade])
    power = _POWERS[_DIGITS - 1 - _LOWEST_EXPONENT - exponent]
    free = _HALF_STEPS[binade] * power
    even = np.flatnonzero(bits & _FRACTION == 0)
    free[even] *= 0.5
    return exponent, magnitude * power, free, even
