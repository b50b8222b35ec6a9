"""Java's rules for text and numbers, as far as a MOJO's content or score depends on them.

Sources: the Java language's ``Double.parseDouble``, ``Integer.parseInt``, ``String.trim``,
``java.util.Random``; ``hex.genmodel.GenModel.getPredictionMultinomial`` for the row hash and
``hex.deeplearning.MurmurHash`` for hashed categoricals.
"""

import math
import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLANKS: Final = "".join(map(chr, range(0x21)))
"""What ``String.trim`` drops."""
_SPLIT_BLANKS: Final = " \t\n\x0b\f\r"
_INT32_MIN: Final = -(2**31)
_INT32_MAX: Final = 2**31 - 1
_LAST_CHAR: Final = "\uffff"
_MASK_32: Final = 0xFFFF_FFFF
_MASK_48: Final = (1 << 48) - 1

_INTEGER: Final = re.compile(r"[+-]?\d+")
_DECIMAL: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?")
_HEXADECIMAL: Final = re.compile(
    r"([+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+)[fFdD]?"
)
_NAMED: Final = {
    sign + name: factor * value
    for sign, factor in (("", 1.0), ("+", 1.0), ("-", -1.0))
    for name, value in (("Infinity", math.inf), ("NaN", math.nan))
}
# Longest decimal text of a double that can matter; longer ones are refused before parsing.
_MAX_NUMBER_CHARS: Final = 4096


def trim(text: str) -> str:
    """Drop characters up to U+0020 from both ends, as ``String.trim`` does."""
    return text.strip(BLANKS)


def split_key(line: str) -> tuple[str, str | None]:
    r"""Split at the first ``=`` and the white space around it (``split("\\s*=\\s*", 2)``).

    Returns:
        The key and the value; the value is None where there is no ``=``.
    """
    key, separator, value = line.partition("=")
    if not separator:
        return line, None
    return key.rstrip(_SPLIT_BLANKS), value.lstrip(_SPLIT_BLANKS)


def parse_double(text: str) -> float:
    """Read a number as ``Double.parseDouble`` does.

    Args:
        text: ``1.0``, ``5.``, ``.5``, ``+1``, ``1e-3``, ``1d``, ``0x1p1``, ``NaN``,
            ``-Infinity`` and the like; blanks around are dropped.

    Raises:
        ValueError: where Java throws ``NumberFormatException``.
    """
    number = trim(text)
    if len(number) > _MAX_NUMBER_CHARS:
        message = f"a number of {len(number)} characters"
        raise ValueError(message)
    if number in _NAMED:
        return _NAMED[number]
    if match := _DECIMAL.fullmatch(number):
        return float(match[1])
    if match := _HEXADECIMAL.fullmatch(number):
        try:
            return float.fromhex(match[1])
        except OverflowError:
            return -math.inf if match[1].startswith("-") else math.inf
    message = f"{_quoted(text)} is not a number"
    raise ValueError(message)


def parse_int(text: str) -> int:
    """Read a 32-bit integer as ``Integer.parseInt`` does: no blanks, a sign allowed.

    Raises:
        ValueError: where Java throws ``NumberFormatException``.
    """
    # Java reads every Unicode decimal digit, as Python's int does, but by its 16-bit characters:
    # none beyond the basic plane.
    if len(text) <= _MAX_NUMBER_CHARS and _INTEGER.fullmatch(text) and max(text) <= _LAST_CHAR:
        number = int(text)
        if _INT32_MIN <= number <= _INT32_MAX:
            return number
    message = f"{_quoted(text)} is not a 32-bit integer"
    raise ValueError(message)


def is_int(text: str) -> bool:
    """Say whether ``Integer.parseInt`` reads the text."""
    try:
        parse_int(text)
    except ValueError:
        return False
    return True


def _quoted(text: str, limit: int = 40) -> str:
    return repr(text if len(text) <= limit else text[:limit] + "...")


def unescape_newlines(text: str) -> str:
    r"""Undo ``StringEscapeUtils.escapeNewlines``: ``\n``, ``\r``, ``\\``; ``\x`` gives ``x``."""
    if "\\" not in text:
        return text
    names = {"n": "\n", "r": "\r"}
    return re.sub(r"\\(.?)", lambda match: names.get(match[1], match[1]), text, flags=re.DOTALL)


def escape_newlines(text: str) -> str:
    r"""Write a text on one line, as ``StringEscapeUtils.escapeNewlines`` does."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def double_text(value: float) -> str:
    """Write a float64 as ``Double.toString`` does: the shortest digits that read back the same."""
    return number_text(value, repr(float(value)))


def float_text(value: np.float32) -> str:
    """Write a float32 as ``Float.toString`` does, in which H2O writes weights."""
    return number_text(float(value), str(value))


def number_text(value: float, shortest: str) -> str:
    """Write a number in Java's form.

    Args:
        value: the number.
        shortest: its digits, as Python writes them.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    plain = value == 0 or 1e-3 <= abs(value) < 1e7  # noqa: PLR2004 - Java's range without exponent
    if plain and "e" not in shortest:
        return shortest
    sign, digits, exponent = decimal_digits(shortest)
    if plain:
        return f"{sign}{digits[: exponent + 1]:0<{exponent + 1}}.{digits[exponent + 1 :] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def decimal_digits(text: str) -> tuple[str, str, int]:
    """Return the sign, the digits, and the power of ten of the first digit."""
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading_zeros = len(whole + fraction) - len(digits)
    return sign, digits.rstrip("0") or "0", int(exponent or 0) + len(whole) - 1 - leading_zeros


def random_double(seed: int) -> float:
    """Return the first ``nextDouble()`` of ``new java.util.Random(seed)``."""
    multiplier, increment = 0x5DEECE66D, 0xB
    state = ((seed ^ multiplier) & _MASK_48) * multiplier + increment & _MASK_48
    high = state >> 22
    state = state * multiplier + increment & _MASK_48
    return float((high << 27) + (state >> 21)) * 2.0**-53


def row_hash(row: NDArray[np.float64]) -> int:
    """Return the hash that breaks ties among classes.

    Args:
        row: ``(n_features,)`` float64, codes and numbers before standardization.

    Returns:
        A signed 64-bit integer: XOR of the raw bits, each shifted right by 6.
    """
    # Java's NaN has one bit pattern; NumPy's can have others.
    canonical = np.where(np.isnan(row), np.nan, row).astype(np.float64)
    return int(np.bitwise_xor.reduce(canonical.view(np.int64) >> 6, initial=0))


def to_int32(value: int) -> int:
    """Keep the low 32 bits of an integer as a signed number, like a cast to ``int``."""
    low = value & _MASK_32
    return low - (1 << 32) if low > _INT32_MAX else low


def remainder(dividend: int, divisor: int) -> int:
    """Return Java's ``%``, which has the sign of the dividend."""
    return int(math.copysign(1, dividend)) * (abs(dividend) % divisor)


def murmur_hash(value: int, seed: int) -> int:
    """Return the 32-bit MurmurHash 2 of one big-endian ``int``, read little-endian, as signed."""
    multiplier = 0x5BD1E995
    block = int.from_bytes((value & _MASK_32).to_bytes(4, "big"), "little")
    block = block * multiplier & _MASK_32
    block ^= block >> 24
    block = block * multiplier & _MASK_32
    digest = ((seed ^ 4) & _MASK_32) * multiplier & _MASK_32
    digest ^= block
    digest ^= digest >> 13
    digest = digest * multiplier & _MASK_32
    digest ^= digest >> 15
    return to_int32(digest)
