r"""Java's literals: texts, integers, ``double`` and ``float``.

Sources: the Java language specification, sections 3.3 (Unicode escapes), 3.10.2 (numbers; a
``float`` is the decimal text rounded once) and 3.10.7 (escapes of texts).
"""

import math
import re
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

_INT32: Final = range(-(2**31), 2**31)
_INT64: Final = range(-(2**63), 2**63)
#: Of a float64's mantissa, what float32 has no place for, and the half of its last place.
LOST_BITS: Final = (1 << 29) - 1
HALF_BIT: Final = 1 << 28
_SMALLEST_NORMAL: Final = 2.0**-126
#: More digits than any number of H2O's has; longer texts would cost time and say nothing.
_MOST_CHARACTERS: Final = 400
_NAMED: Final = {
    "NaN": math.nan,
    "POSITIVE_INFINITY": math.inf,
    "NEGATIVE_INFINITY": -math.inf,
}
_DECIMAL: Final = re.compile(
    rb"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)([fFdD]?)"
)
_OCTAL: Final = re.compile(rb"[+-]?0[0-9]+")
_PERHAPS_OCTAL: Final = re.compile(rb"(?:^|[,+-])0[0-9]")
_INTEGER: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_ESCAPES: Final = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    "s": " ",
    '"': '"',
    "'": "'",
    "\\": "\\",
}
_ESCAPE: Final = re.compile(r"\\(u+[0-9a-fA-F]{4}|[0-3]?[0-7]{1,2}|.)?", re.DOTALL)
#: What the compiler reads before it reads a text: written so, they would end or change it.
_READ_EARLY: Final = frozenset('"\\\n\r')
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def parse_text(content: str) -> str:
    r"""Read what stands between the quotes of a text.

    Line breaks stand for themselves, as H2O writes them, though a compiler refuses them.

    Raises:
        ValueError: an escape is none of Java's, or half of a surrogate pair is left.
    """
    if "\\" not in content:
        return content
    text = _ESCAPE.sub(_unescaped, content)
    if _SURROGATES.search(text):
        try:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            message = f"half of a surrogate pair stands alone in the text {_quoted(content)}"
            raise ValueError(message) from error
    return text


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1] or ""
    if escape in _ESCAPES:
        return _ESCAPES[escape]
    if escape.startswith("u") and len(escape) > 1:
        sign = chr(int(escape.lstrip("u"), 16))
        if sign not in _READ_EARLY:
            return sign
    elif escape[:1] in "01234567" and escape:
        return chr(int(escape, 8))
    message = f"{_quoted(found[0])} is no escape in a text of Java's"
    raise ValueError(message)


def parse_unicode_escapes(content: str) -> str:
    r"""Replace ``\uXXXX`` in a comment, where it is the only escape.

    Raises:
        ValueError: half of a surrogate pair is left.
    """
    escaped = re.sub(
        r"(?<!\\)((?:\\\\)*)\\u+([0-9a-fA-F]{4})",
        lambda found: found[1] + chr(int(found[2], 16)),
        content,
    )
    if not _SURROGATES.search(escaped):
        return escaped
    try:
        return escaped.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        message = f"half of a surrogate pair stands alone in {_quoted(content)}"
        raise ValueError(message) from error


def parse_int(text: str) -> int:
    """Read an ``int``.

    Raises:
        ValueError: it is none, or is written other than in plain decimal digits.
    """
    return _integer(text, _INT32)


def parse_long(text: str) -> int:
    """Read a ``long`` without its letter.

    Raises:
        ValueError: it is none, or is written other than in plain decimal digits.
    """
    return _integer(text, _INT64)


def _integer(text: str, numbers: range) -> int:
    if len(text) <= _MOST_CHARACTERS and _INTEGER.fullmatch(text) and int(text) in numbers:
        return int(text)
    message = f"{_quoted(text)} is not an integer of Java's"
    raise ValueError(message)


def parse_double(text: bytes) -> float:
    """Read a ``double``; an integer and a ``float`` are one, too.

    Raises:
        ValueError: it is none.
    """
    kind, _, name = text.partition(b".")
    if kind in {b"Double", b"Float"} and name.decode("ascii", "replace") in _NAMED:
        return _NAMED[name.decode()]
    number, letter = _number(text)
    if letter in b"fF" and letter:
        return float(round_to_float32(number))
    value = float(number)
    if math.isinf(value):
        message = f"{_quoted(text.decode())} is too large for a double"
        raise ValueError(message)
    return value


def parse_float(text: bytes) -> np.float32:
    """Read a ``float``, which ends in ``f``; an integer is one, too.

    Raises:
        ValueError: it is none.
    """
    kind, _, name = text.partition(b".")
    if kind == b"Float" and name.decode("ascii", "replace") in _NAMED:
        return np.float32(_NAMED[name.decode()])
    number, letter = _number(text)
    if letter not in b"fF" or (not letter and not number.lstrip(b"+-").isdigit()):
        message = f"{_quoted(text.decode())} is a double, expected a float"
        raise ValueError(message)
    return round_to_float32(number)


def parse_doubles(texts: Sequence[bytes]) -> NDArray[np.float64]:
    """Read many as ``parse_double`` does.

    Raises:
        ValueError: one of them is none.
    """
    values = _plain_numbers(texts)
    return np.fromiter(map(parse_double, texts), np.float64) if values is None else values


def parse_floats(texts: Sequence[bytes]) -> NDArray[np.float32]:
    """Read many as ``parse_float`` does.

    Raises:
        ValueError: one of them is none.
    """
    digits = [text[:-1] for text in texts if text.endswith(b"f")]
    values = _plain_numbers(digits) if len(digits) == len(texts) else None
    if values is None:
        return np.fromiter(map(parse_float, texts), np.float32)
    with np.errstate(over="ignore"):
        singles = values.astype(np.float32)
    halves = values.view(np.uint64) & np.uint64(LOST_BITS) == HALF_BIT
    doubtful = (halves | (np.abs(singles) < _SMALLEST_NORMAL)) & (singles != values)
    for index in np.flatnonzero(doubtful | np.isinf(singles)).tolist():
        singles[index] = parse_float(texts[index])
    return singles


def _plain_numbers(texts: Sequence[bytes]) -> NDArray[np.float64] | None:
    """Read decimal numbers; None where one of them wants a closer look."""
    joined = b",".join(texts)
    if joined.translate(None, b"0123456789+-.eE,") or _PERHAPS_OCTAL.search(joined):
        return None
    try:
        values = np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        return None
    return None if np.isinf(values).any() else values


def _number(text: bytes) -> tuple[bytes, bytes]:
    """Return the digits and the type's letter."""
    found = _DECIMAL.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if found is None or (_OCTAL.fullmatch(text) is not None):
        message = f"{_quoted(text.decode('utf-8', 'replace'))} is not a number"
        raise ValueError(message)
    return found[1], found[2]


def round_to_float32(number: bytes) -> np.float32:
    """Round a decimal text to float32, once.

    Raises:
        ValueError: it is too large.
    """
    double = float(number)
    with np.errstate(over="ignore"):
        single = np.float32(double)
    if _between(double) and double != float(single):
        single = _rounded_once(number, double, single)
    if np.isinf(single):
        message = f"{_quoted(number.decode())} is too large for a float"
        raise ValueError(message)
    return single


def _between(double: float) -> bool:
    """Say whether a number may lie in the middle of two float32; for no other it matters."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", double))
    return bits & LOST_BITS == HALF_BIT or 0 < abs(double) < _SMALLEST_NORMAL


def _rounded_once(number: bytes, double: float, single: np.float32) -> np.float32:
    """Correct a number that was rounded twice, where the float64 lies between two float32."""
    towards = np.float32(math.copysign(math.inf, double - _exact(single)))
    with np.errstate(over="ignore"):
        other = np.nextafter(single, towards)
    middle = (_exact(single) + _exact(other)) / 2
    exact = Fraction(number.decode())
    if middle != double or exact == middle:
        return single
    return max(single, other) if exact > middle else min(single, other)


def _exact(single: np.float32) -> Fraction:
    """Return a float32 as a fraction; infinity is the number that would follow the largest."""
    return (
        Fraction(float(single))
        if np.isfinite(single)
        else Fraction(math.copysign(2.0**128, single))
    )


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")  # noqa: PLR2004 - of a message
