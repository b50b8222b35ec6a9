"""The numbers in a CSV column of text: by Arrow where it agrees with Java, else by Java's rules.

Arrow rounds plain decimal texts as Java does, but reads ``nan`` and ``inf`` too, which Java
refuses, and knows neither ``1d`` nor ``0x1p1``; it is given only texts of the form that both read
alike.
"""

import re
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader.java import text as java
from mojo_reader.model.levels import MISSING_MARKS
from mojo_reader.scoring.arrow import (
    bool_values,
    float_values,
    int_values,
    null,
    pc,
    taken,
    text_array,
)
from mojo_reader.scoring.cells import BLANKS
from mojo_reader.scoring.invalid import Invalid, OnInvalid
from mojo_reader.scoring.times import time_milliseconds

_DECIMAL: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_SHORT: Final = r"^.{1,400}$"
COMMA: Final = ","
_SWAPPED: Final = str.maketrans(".,", ",.")
_COMMA_NUMBER: Final = re.compile(r"\s*[+-]?\d+,\d+\s*", re.ASCII)
_EXPECTED: Final = "a number (or a time such as 2020-01-31 23:59:59)"


def missing_marks() -> Any:
    """Return the texts that mean a missing cell, as an Arrow array."""
    return text_array(MISSING_MARKS)


def text_numbers(
    column: Any, time_zone: str, on_invalid: OnInvalid, decimal: str = "."
) -> NDArray[np.float64]:
    """Return the number in each text.

    Args:
        column: ``string`` array; null is missing.
        time_zone: zone of a time that names none, such as ``UTC`` or ``Europe/Berlin``.
        on_invalid: called for a text that is no number and no time.
        decimal: the decimal mark, a point or a comma; with a comma a point has no meaning.

    Returns:
        ``(rows,)`` float64, NaN for missing.
    """
    texts = pc.utf8_trim(column, characters=BLANKS)
    missing = pc.is_in(texts, value_set=missing_marks(), skip_nulls=False)
    pointed = _with_points(texts) if decimal == COMMA else texts
    plain = pc.and_(
        pc.match_substring_regex(pointed, pattern=_DECIMAL),
        pc.match_substring_regex(pointed, pattern=_SHORT),
    )
    decimals = pc.if_else(plain, pointed, null(pa.string()))
    numbers = float_values(pc.cast(decimals, target_type=pa.float64()))
    odd = ~(bool_values(plain) | bool_values(missing) | bool_values(pc.is_null(texts)))
    if odd.any():
        numbers = numbers.copy()
        rows = np.flatnonzero(odd)
        chosen = pc.dictionary_encode(taken(texts, rows))
        distinct = [_odd_number(text, time_zone, decimal) for text in chosen.dictionary.to_pylist()]
        positions = int_values(chosen.indices)
        for position, row in zip(positions.tolist(), rows.tolist(), strict=True):
            if distinct[position] is None:
                on_invalid(_invalid(row, column[row].as_py(), decimal))
        values = np.array([np.nan if number is None else number for number in distinct], np.float64)
        numbers[rows] = values[positions]
    return numbers


def _with_points(texts: Any) -> Any:
    """Write commas as points, and points, which no number has then, as commas."""
    for old, new in ((".", "\0"), (COMMA, "."), ("\0", COMMA)):
        texts = pc.replace_substring(texts, pattern=old, replacement=new)
    return texts


def _odd_number(text: str, time_zone: str, decimal: str) -> float | None:
    """Read one text by Java's rules, or as a time; None where it is neither."""
    pointed = text.translate(_SWAPPED) if decimal == COMMA else text
    try:
        return java.parse_double(pointed)
    except ValueError:
        return time_milliseconds(text, time_zone)


def _invalid(row: int, cell: str, decimal: str) -> Invalid:
    expected = _EXPECTED
    if decimal == COMMA:
        expected = "a number with a decimal comma (or a time such as 2020-01-31 23:59:59)"
    elif _COMMA_NUMBER.fullmatch(cell):
        expected = "a number with a decimal point (--decimal , takes a comma)"
    return Invalid(row=row, cell=cell, expected=expected)
