"""Many float64 numbers to text as ``Double.toString`` writes them; NaN is null.

Arrow finds the shortest digits, in the form that Java has too for most numbers. What is left is
Java's form of the others: ``5.0`` for 5, and one digit before the point with an exponent below
0.001 and from ten million on.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader.scoring.arrow import (
    bool_array,
    bool_values,
    float_texts,
    int_values,
    pc,
    taken,
    text_array,
    text_scalar,
)

_SMALLEST_PLAIN: Final = 1e-3
_FIRST_SCIENTIFIC: Final = 1e7


def number_texts(values: NDArray[np.float64]) -> Any:
    """Return numbers as an Arrow ``string`` array.

    Args:
        values: ``(rows,)`` float64.
    """
    texts = float_texts(values)
    size = np.abs(values)
    plain = (size >= _SMALLEST_PLAIN) & (size < _FIRST_SCIENTIFIC)
    odd = np.flatnonzero(~plain | (values == np.rint(values)))
    if texts.null_count:
        odd = odd[~np.isnan(size[odd])]
    return _rewritten(texts, odd, size[odd]) if odd.size else texts


def _rewritten(texts: Any, odd: NDArray[np.intp], size: NDArray[np.float64]) -> Any:
    """Return the texts, those of some numbers in Java's form.

    Args:
        texts: as Arrow writes numbers.
        odd: which of them have another form in Java's.
        size: these numbers, without a sign.
    """
    whole = (size == 0) | ((size >= 1) & (size < _FIRST_SCIENTIFIC))
    infinite = np.isinf(size)
    rest = ~(whole | infinite)
    marked = np.zeros(len(odd), np.bool_)
    if rest.any():
        marked[rest] = bool_values(pc.match_substring(taken(texts, odd[rest]), pattern="e"))
    kinds = (
        (whole, _whole),
        (infinite, _infinite),
        (marked, _marked),
        (rest & ~marked & (size < 1), _small),
        (rest & ~marked & (size > 1), _large),
    )
    places, blocks, end = np.arange(len(texts)), [texts], len(texts)
    for of_kind, write in kinds:
        rows = odd[of_kind]
        if rows.size:
            blocks.append(write(taken(texts, rows)))
            places[rows] = np.arange(end, end + len(rows))
            end += len(rows)
    return taken(pa.concat_arrays(blocks), places)


# --------------------------------------------------------------------------- from form to form


def _whole(texts: Any) -> Any:
    """``5`` to ``5.0``."""
    return _joined(texts, ".0")


def _infinite(texts: Any) -> Any:
    """``inf`` to ``Infinity``."""
    return pc.replace_substring(texts, pattern="inf", replacement="Infinity")


def _marked(texts: Any) -> Any:
    """``1.5e+20`` to ``1.5E20``, ``1e-7`` to ``1.0E-7``."""
    for mark in ("e+", "e"):
        texts = pc.replace_substring(texts, pattern=mark, replacement="E")
    pointed = pc.match_substring(texts, pattern=".")
    return pc.if_else(pointed, texts, pc.replace_substring(texts, pattern="E", replacement=".0E"))


def _small(texts: Any) -> Any:
    """``0.00012`` to ``1.2E-4``."""
    digits = pc.ascii_ltrim(texts, characters="-0.")
    negative = bool_values(pc.starts_with(texts, pattern="-"))
    return _scientific(negative, digits, _lengths(digits) - _lengths(texts) + negative + 1)


def _large(texts: Any) -> Any:
    """``12300000.5`` to ``1.23000005E7``."""
    negative = bool_values(pc.starts_with(texts, pattern="-"))
    points, ends = int_values(pc.find_substring(texts, pattern=".")), _lengths(texts)
    digits = pc.replace_substring(
        pc.ascii_ltrim(texts, characters="-"), pattern=".", replacement=""
    )
    powers = np.where(points < 0, ends, points) - negative - 1
    return _scientific(negative, pc.ascii_rtrim(digits, characters="0"), powers)


def _scientific(negative: NDArray[np.bool_], digits: Any, powers: NDArray[np.int64]) -> Any:
    """Return digits with a point after the first, and a power of ten.

    Args:
        negative: ``(rows,)``, which have a sign.
        digits: ``string`` array.
        powers: ``(rows,)`` int64, of the first digit.
    """
    first = pc.utf8_slice_codeunits(digits, start=0, stop=1)
    rest = pc.utf8_slice_codeunits(digits, start=1)
    rest = pc.if_else(bool_array(_lengths(digits) == 1), text_scalar("0"), rest)
    lowest = int(powers.min())
    exponents = text_array([f"E{power}" for power in range(lowest, int(powers.max()) + 1)])
    texts = _joined(first, ".", rest, taken(exponents, powers - lowest))
    if negative.any():
        texts = pc.if_else(bool_array(negative), _joined("-", texts), texts)
    return texts


def _joined(*parts: Any) -> Any:
    """Return what stands after each other in ``string`` arrays and plain texts."""
    arrays = [text_scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*arrays, text_scalar(""))


def _lengths(texts: Any) -> NDArray[np.int64]:
    return int_values(pc.binary_length(texts))
