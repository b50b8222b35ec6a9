"""Columns of predictions to lines of CSV, quoted only where a cell has to be."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mojo_reader.files.number_text import number_texts
from mojo_reader.java import text as java
from mojo_reader.scoring.arrow import bool_values, decoded, float_values, pc, text_scalar

NA: Final = "NA"
_QUOTED: Final = ',"\r\n'


def quoted(text: str) -> str:
    """Return a text as a CSV cell."""
    if any(mark in text for mark in _QUOTED):
        return '"' + text.replace('"', '""') + '"'
    return text


def column_texts(columns: Sequence[Any]) -> list[Any]:
    """Return Arrow arrays of equal length as ``string`` arrays; null is null, and so is NaN.

    Numbers are made texts together: a column at a time, many columns take a hundred times as long.
    """
    numbers = [array for array in columns if pa.types.is_float64(array.type)]
    if not numbers:
        return [_texts(array) for array in columns]
    texts = number_texts(np.concatenate([float_values(array) for array in numbers]))
    rows = len(numbers[0])
    parts = (texts.slice(place * rows, rows) for place in range(len(numbers)))
    return [next(parts) if pa.types.is_float64(array.type) else _texts(array) for array in columns]


def _texts(array: Any) -> Any:
    texts = decoded(array)
    return texts if pa.types.is_string(texts.type) else pc.cast(texts, target_type=pa.string())


def filled(texts: Any) -> Any:
    """Return predictions with a text for null."""
    return pc.coalesce(texts, text_scalar(NA)) if texts.null_count else texts


def few_lines(columns: list[Any], kept: int) -> bytes:
    """Join the cells of few rows to lines, without Arrow's functions."""
    cells = [
        [("" if place < kept else NA) if text is None else text for text in _few_texts(array)]
        for place, array in enumerate(columns)
    ]
    return "".join(",".join(row) + "\n" for row in zip(*cells, strict=True)).encode()


def _few_texts(array: Any) -> list[str | None]:
    """Return an Arrow array as CSV cells, as ``column_texts`` does."""
    types = pa.types
    if types.is_float64(array.type):
        values = float_values(array).tolist()
        return [None if value != value else java.double_text(value) for value in values]  # noqa: PLR0124 - NaN
    content = array.type.value_type if types.is_dictionary(array.type) else array.type
    if not types.is_string(content):
        array = _texts(array)
    return [None if text is None else quoted(text) for text in array.to_pylist()]


def csv_lines(columns: Sequence[Any]) -> bytes | memoryview:
    """Join cells to lines, quoted only where they have to be.

    Args:
        columns: ``string`` arrays of equal length, one or more; null is an empty cell.

    Returns:
        The bytes.
    """
    import pyarrow.csv as pa_csv

    names = [str(place) for place in range(len(columns))]
    plain = pa_csv.WriteOptions(include_header=False, quoting_style="none")
    stream = pa.BufferOutputStream()
    try:
        pa_csv.write_csv(pa.RecordBatch.from_arrays(columns, names=names), stream, plain)
    except pa.ArrowInvalid:  # a cell that has to be quoted
        return _quoted_lines([_quoted_texts(array) for array in columns])
    return memoryview(stream.getvalue()).cast("B")


def _quoted_texts(texts: Any) -> Any:
    marked = pc.match_substring_regex(texts, pattern=f"[{_QUOTED}]")
    if not bool_values(marked).any():
        return texts
    mark = text_scalar('"')
    doubled = pc.replace_substring(texts, pattern='"', replacement='""')
    inside = pc.binary_join_element_wise(mark, doubled, mark, text_scalar(""))
    return pc.if_else(marked, inside, texts)


def _quoted_lines(columns: list[Any]) -> bytes:
    """Join cells that are quoted already."""
    rest, last = columns[:-1], columns[-1]
    options = {"null_handling": "replace", "null_replacement": ""}
    ended = pc.binary_join_element_wise(last, text_scalar(""), text_scalar("\n"), **options)
    lines = (
        pc.binary_join_element_wise(*rest, ended, text_scalar(","), **options) if rest else ended
    )
    if not len(lines):
        return b""
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, np.int32, len(lines) + 1, lines.offset * 4)
    return bytes(memoryview(data)[ends[0] : ends[-1]])
