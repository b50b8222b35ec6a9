"""``java.lang.Math.exp`` to the last bit, as the HotSpot JVM computes it on x86-64.

The C library's ``exp`` differs from it in the last bit on about one value in a hundred, which is
enough to flip the label of a training row that sits exactly on ``default_threshold``.

HotSpot compiles Intel's published method: with ``x = m log(2)/64 + y`` and ``m = 64 n + j``,
``exp(x) = 2**n T[j] (1 + P(y))``, where ``T[j] = 2**(j/64)`` is kept as a truncated float64 and the
relative rest of it. The order of the operations is part of the result. Source of the constants and
of the order: the algorithm description and constants of HotSpot's ``macroAssembler_x86_exp``.
"""

from decimal import Decimal, localcontext
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_TABLE_SIZE: Final = 64
_STEPS_PER_UNIT: Final = float.fromhex("0x1.71547652b82fep+6")
_STEP_HIGH: Final = float.fromhex("0x1.62e42fefa0000p-7")
_STEP_LOW: Final = float.fromhex("0x1.cf79abc9e3b3ap-46")
_C2: Final = float.fromhex("0x1.ffffffffffffep-2")
_C3: Final = float.fromhex("0x1.5555555548ba1p-3")
_C4: Final = float.fromhex("0x1.55555555b9e25p-5")
_C5: Final = float.fromhex("0x1.11115c090cf0fp-7")
_C6: Final = float.fromhex("0x1.6c15ce3289860p-10")
# Below 2**-54 the result is 1 + x; from 1024 on it overflows or vanishes.
_SMALLEST: Final = 2.0**-54
_LARGEST: Final = 1024.0
_MANTISSA_BITS: Final = 52


def java_exp(values: Array) -> Array:
    """Return ``Math.exp`` of each element.

    Args:
        values: ``(...)`` float64 of any shape; NaN and infinities as in Java.

    Returns:
        float64 of the same shape.
    """
    magnitude = np.abs(values)
    usual = (magnitude >= _SMALLEST) & (magnitude < _LARGEST)
    result = _usual_exp(np.where(usual, values, 0.0))
    if not usual.all():
        with np.errstate(over="ignore", invalid="ignore"):
            extreme = np.where(magnitude < _SMALLEST, 1.0 + values, _limit(values))
        result = np.where(usual, result, extreme)
    return result


def _limit(values: Array) -> Array:
    return np.where(np.isnan(values), np.nan, np.where(values > 0, np.inf, 0.0))


def _usual_exp(x: Array) -> Array:
    powers, rests = _table()
    m = np.rint(x * _STEPS_PER_UNIT)
    y = (x - _STEP_HIGH * m) - _STEP_LOW * m
    steps = m.astype(np.int64)
    j = steps & (_TABLE_SIZE - 1)
    n = steps >> 6
    y2 = y * y
    y3 = y * y2
    fifth = (y3 * y2) * (_C5 + _C6 * y)
    third = y3 * (_C3 + _C4 * y)
    polynomial = (third + ((y + rests[j]) + fifth)) + y2 * _C2
    power = powers[j]
    # Two exact halves of 2**n: the whole can lie outside of float64's range.
    half = n >> 1
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(power, n - half)
        return np.asarray(np.ldexp(polynomial * scaled + scaled, half))


@cache
def _table() -> tuple[Array, Array]:
    """Return ``2**(j/64)`` cut to float64, and what is left of it relative to that."""
    powers, rests = [], []
    with localcontext() as context:
        context.prec = 60
        for j in range(_TABLE_SIZE):
            power = Decimal(2) ** (Decimal(j) / _TABLE_SIZE)
            cut = int(power * 2**_MANTISSA_BITS) / 2**_MANTISSA_BITS
            powers.append(cut)
            rests.append(float(power / Decimal(cut) - 1))
    return np.array(powers), np.array(rests)
