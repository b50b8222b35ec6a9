"""How H2O's clients spell a value that is no text, where it is a level.

A frame that pandas, R or a file brought to H2O has its levels from that client: ``True``, ``TRUE``,
``true`` or ``1`` for one boolean; ``1`` or ``1.0`` for one number. A cell that is no text is
looked up by each of these spellings, in a fixed order.

Sources: ``water.util.VecUtils.numericToCategorical`` (``Double.toString`` of the server's Java),
pandas's ``to_csv`` and R's ``write.table``, through which the clients send frames.
"""

import decimal
import math
import numbers
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from mojo_reader.java import text as java

TRUE: Final = ("true", "True", "TRUE", "1")
FALSE: Final = ("false", "False", "FALSE", "0")
#: The rule for a reader of ``columns.json``; the first spelling among a column's ``levels`` is the
#: level, else the first among its ``values``, else the cell is unseen.
RULE: Final = {
    "text": ["the text itself"],
    "true": list(TRUE),
    "false": list(FALSE),
    "integer": ["decimal digits: 3", "with a point: 3.0", "Java's Double.toString: 1.0E7"],
    "float": [
        "where it is integral, decimal digits: 3",
        "Java's Double.toString: 0.5, 1.0E-5",
        "the shortest text that reads back the same: 1e-05",
    ],
    "float32": ["as a float, by the shortest digits of its own type: 0.1", "as a float64"],
    "decimal": ["its own text: 1.50", "as a float"],
}


def spellings(cell: object) -> tuple[str, ...] | None:
    """Return the texts that a cell can be a level by, the likeliest first.

    Args:
        cell: not missing.

    Returns:
        One for a text. None where no level is made of such a value: a date, bytes, a list. Empty
        where it cannot be written (an integer of more digits than Python writes).
    """
    if isinstance(cell, np.timedelta64):  # NumPy counts it among the integers
        return None
    for kinds, spell in _KINDS:
        if isinstance(cell, kinds):
            return tuple(dict.fromkeys(spell(cell)))
    return None


def _of_text(value: str) -> Iterator[str]:
    yield str(value)


def _of_boolean(value: bool | np.bool_) -> Iterator[str]:  # noqa: FBT001 - a cell
    yield from TRUE if value else FALSE


def _of_integer(value: Any) -> Iterator[str]:
    value = int(value)
    try:
        digits = str(value)
    except ValueError:
        return
    yield digits
    try:
        wide = float(value)
    except OverflowError:
        wide = math.inf
    if wide == value:
        yield from _of_double(wide)
    yield f"{digits}.0"


def _of_float(value: float | np.floating) -> Iterator[str]:
    """Spell a float by its own type's digits, then as a float64; -0.0 as 0."""
    wide = float(value)
    own = not isinstance(value, float) and wide != 0
    if own:
        if wide.is_integer():
            yield str(int(wide))
        yield java.number_text(wide, str(value))
        yield str(value)
    yield from _of_double(wide)


def _of_double(value: float) -> Iterator[str]:
    value += 0.0  # -0.0 becomes 0.0
    if value.is_integer():
        yield str(int(value))
    yield java.double_text(value)
    yield repr(value)


def _of_decimal(value: decimal.Decimal) -> Iterator[str]:
    yield str(value or value.copy_abs())
    wide = float(value)
    if math.isfinite(wide) or value.is_infinite():
        yield from _of_double(wide)


# In this order: a boolean is an integer to Python.
_KINDS: Final[tuple[tuple[Any, Callable[[Any], Iterator[str]]], ...]] = (
    (str, _of_text),
    ((bool, np.bool_), _of_boolean),
    (numbers.Integral, _of_integer),
    ((float, np.floating), _of_float),
    (decimal.Decimal, _of_decimal),
)
