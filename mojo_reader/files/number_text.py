"""Many float64 numbers to text as ``Double.toString`` writes them; NaN is null.

Arrow finds the shortest digits; what is left is Java's form: ``5.0`` for 5, and one digit before
the point with an exponent below 0.001 and from ten million on.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader.java import text as java
from mojo_reader.scoring.arrow import (
    bool_array,
    float_array,
    int_array,
    pc,
    text_array,
    text_scalar,
)

_SMALLEST_PLAIN: Final = 1e-3
_FIRST_SCIENTIFIC: Final = 1e7
# Arrow writes 0.0000123 in full and 1.23e-7 with an exponent.
_SMALL_FORMS: Final = (
    (r"^(-?)0\.000([1-9])([0-9]*)$", r"\1\2.\3E-4"),
    (r"^(-?)0\.0000([1-9])([0-9]*)$", r"\1\2.\3E-5"),
    (r"^(-?)0\.00000([1-9])([0-9]*)$", r"\1\2.\3E-6"),
    (r"^(-?[0-9])(\.?)([0-9]*)e-0*([0-9]+)$", r"\1.\3E-\4"),
    (r"\.E", r".0E"),
)


def number_texts(values: NDArray[np.float64]) -> Any:
    """Return numbers as an Arrow ``string`` array.

    Args:
        values: ``(rows,)`` float64.
    """
    texts = float_array(values, nan_is_null=bool(np.isnan(values).any())).cast(pa.string())
    magnitude = np.abs(values)
    plain = (magnitude >= _SMALLEST_PLAIN) & (magnitude < _FIRST_SCIENTIFIC) | (magnitude == 0)
    whole = plain & (values == np.rint(values))
    if whole.any():
        texts = pc.if_else(
            bool_array(whole),
            pc.binary_join_element_wise(texts, text_scalar(""), text_scalar(".0")),
            texts,
        )
    small = (magnitude < _SMALLEST_PLAIN) & ~plain
    if small.any():
        texts = _replaced(texts, small, _small_texts)
    large = magnitude >= _FIRST_SCIENTIFIC
    if large.any():
        java_texts = text_array([java.double_text(value) for value in values[large].tolist()])
        texts = _replaced(texts, large, lambda _: java_texts)
    return texts


def joined_numbers(values: NDArray[np.float64], missing: str) -> Any:
    """Return the numbers of each row as one text, commas between them.

    All of them are made texts at once: a column at a time, many columns take a hundred times as
    long.

    Args:
        values: ``(rows, columns)`` float64, of one column or more.
        missing: text of NaN.
    """
    rows, columns = values.shape
    texts = pc.fill_null(number_texts(values.ravel()), text_scalar(missing))
    offsets = int_array(np.arange(rows + 1) * columns).cast(pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(offsets, texts), text_scalar(","))


def _replaced(texts: Any, rows: NDArray[np.bool_], rewrite: Any) -> Any:
    mask = bool_array(rows)
    return pc.replace_with_mask(texts, mask, rewrite(texts.filter(mask)))


def _small_texts(texts: Any) -> Any:
    for pattern, form in _SMALL_FORMS:
        texts = pc.replace_substring_regex(texts, pattern=pattern, replacement=form)
    return texts
