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
_POWER_OF_TWO: Final = 0.5  # the mantissa of one

_POWERS: Final = np.array(
    [float(f"1e{exponent}") for exponent in range(_LOWEST_EXPONENT, 8 - _LOWEST_EXPONENT + 1)]
)
_TRIPLES: Final = np.frombuffer(b"".join(b"%03d" % n for n in range(1000)), np.uint8).reshape(-1, 3)
#: By exponent, ``E-5`` and the like, filled up with zero bytes; the last one is none.
_SUFFIXES: Final = np.array(
    [*(f"E{n}" for n in range(_LOWEST_EXPONENT, _HIGHEST_EXPONENT + 1)), ""], "S4"
)
_NO_SUFFIX: Final = len(_SUFFIXES) - 1


def float_texts(values: NDArray[np.float32]) -> bytes:
    """Return the texts of finite numbers with ``SEPARATOR`` between them.

    Args:
        values: ``(n,)`` float32, finite.
    """
    magnitude = np.abs(values)
    digits, count, exponent = _shortest(magnitude)
    plain = (magnitude >= _SMALLEST_PLAIN) & (magnitude < _FIRST_SCIENTIFIC) | (magnitude == 0)
    zeros = np.where(plain, np.maximum(-exponent, 0), 0)  # before the first digit: 0.00123
    before = np.where(plain, np.maximum(exponent, 0), 0) + 1  # digits before the point
    text = np.empty((len(values), 1 + 13 + 4 + len(SEPARATOR)), np.uint8)
    text[:, 0] = np.where(np.signbit(values), ord("-"), 0)
    text[:, 1:14] = _with_point(
        _places(digits, zeros), before, length=np.maximum(zeros + count, before + 1)
    )
    suffix = np.where(plain, _NO_SUFFIX, exponent - _LOWEST_EXPONENT)
    text[:, 14:18] = _SUFFIXES.view(np.uint8).reshape(-1, 4)[suffix]
    text[:, 18:] = np.frombuffer(SEPARATOR, np.uint8)
    return text.tobytes().translate(None, b"\0").removesuffix(SEPARATOR)


def _shortest(
    magnitude: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the shortest decimal digits of numbers that are not negative.

    Returns:
        Digits as a number of nine, how many of them count, and the first one's power of ten.
    """
    exponent, scaled = _scaled(magnitude)
    mantissa, power = np.frexp(magnitude)
    # How far a text may lie from the number and still be read as it. Numbers stand twice as close
    # below a power of two, so that more digits than needed may be taken for those.
    free = np.ldexp(np.where(mantissa == _POWER_OF_TWO, 0.25, 0.5), np.maximum(power - 24, -149))
    free *= _power(_DIGITS - 1 - exponent)
    digits = np.rint(scaled)
    count = np.full(len(magnitude), _DIGITS)
    doubtful = (mantissa == _POWER_OF_TWO) & (digits != scaled)
    left = np.arange(len(magnitude))
    # What some digits can say, more can, so that each round has fewer numbers left.
    for fewer in range(_DIGITS - 1, 0, -1):
        step = 10.0 ** (_DIGITS - fewer)
        candidate = np.rint(scaled[left] / step) * step
        error = np.abs(candidate - scaled[left])
        doubtful[left[np.abs(error - free[left]) <= _MARGIN]] = True
        same = error < free[left] - _MARGIN
        left = left[same]
        digits[left] = candidate[same]
        count[left] = fewer
    carried = digits >= 10.0**_DIGITS
    digits[carried] /= 10
    exponent += carried
    for index in np.flatnonzero(doubtful):
        _, text, exponent[index] = java.decimal_digits(str(magnitude[index]))
        digits[index], count[index] = int(f"{text:0<{_DIGITS}}"), len(text)
    return digits.astype(np.int64), count, exponent


def _scaled(
    magnitude: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the power of ten of the first digit, and the number with nine digits before its point.

    Zero stays zero.
    """
    wide = magnitude.astype(np.float64)
    exponent = np.floor(np.log10(np.where(wide == 0, 1.0, wide))).astype(np.int64)
    scaled = wide * _power(_DIGITS - 1 - exponent)
    # The logarithm of a number just below a power of ten is rounded up.
    high = (scaled < 10.0 ** (_DIGITS - 1)) & (wide != 0)
    exponent[high] -= 1
    scaled[high] = wide[high] * _power(_DIGITS - 1 - exponent[high])
    return exponent, scaled


def _power(exponent: NDArray[np.int64]) -> NDArray[np.float64]:
    return _POWERS[exponent - _LOWEST_EXPONENT]


def _places(digits: NDArray[np.int64], zeros: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return ``(n, 12)`` characters: the zeros, then the digits."""
    number = digits * np.array([1000, 100, 10, 1])[zeros]
    thousands = [number // 10**9, number // 10**6 % 1000, number // 1000 % 1000, number % 1000]
    return np.concatenate([_TRIPLES[part] for part in thousands], axis=1)


def _with_point(
    places: NDArray[np.uint8], before: NDArray[np.int64], *, length: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Put the point after ``before`` characters, and zero bytes after ``length`` of them."""
    place = np.arange(13, dtype=np.uint8)
    point = before.astype(np.uint8)[:, None]
    end = length.astype(np.uint8)[:, None]
    text = np.zeros((len(places), 13), np.uint8)
    text[:, 1:] = places
    np.copyto(text[:, :12], places, where=place[:12] < point)
    text[place == point] = ord(".")
    return text * (place <= end)
