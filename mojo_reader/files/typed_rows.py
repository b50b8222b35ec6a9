"""Rows whose columns have types of their own, from Parquet and Arrow files: what is read of them.

Only the columns that are needed are read, text as dictionaries: a level is looked up once, and a
long text that stands in many rows is in memory once.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mojo_reader.errors import MojoDataError
from mojo_reader.files.rules import TableRules, check_columns
from mojo_reader.model import CategoricalInput, Mojo
from mojo_reader.scoring.arrow import int_array, int_values, pc
from mojo_reader.scoring.columns import KEPT, matched_names
from mojo_reader.scoring.notices import Notices

_BATCH_ROWS: Final = 16_384
# Cells of the columns that are read, of one batch.
_BATCH_CELLS: Final = 4_000_000
# Bytes of text that is carried through, of one batch.
_BATCH_TEXT: Final = 16 << 20

_TEXT_TYPES: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
# Types of a fixed and small size. Others may be any size in few bytes of a file, and none of
# them is a level or a number.
_FLAT_TYPES: Final = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_time,
    pa.types.is_duration,
)


class TypedColumns:
    """What is read of one file.

    Args:
        schema: the file's Arrow schema.
        mojo: the model.
        rules: how it is read.
        notices: columns of another kind than the model's are added here.

    Attributes:
        names: columns to read, each once.
        places: where they stand in the file.
        texts: those of them that are text.

    Raises:
        MojoDataError: a column that is needed is absent, stands twice, or is of a type that is
            neither text nor number.
    """

    def __init__(self, schema: Any, mojo: Mojo, rules: TableRules, notices: Notices) -> None:
        known = {*(column.name for column in mojo.inputs), *rules.keep}
        self._meant = matched_names(schema.names, known)
        names = [self._meant.get(name, name) for name in schema.names]
        types = dict(zip(names, schema.types, strict=True))
        check_columns(tuple(names), mojo, rules, notices)
        self._keep = rules.keep
        self._wanted = [
            column.name
            for column in mojo.inputs
            if column.name in types and _readable(column.name, types, rules, notices)
        ]
        for name in rules.keep:
            _readable(name, types, rules, None)
        _note_kinds(types, mojo, notices)
        read = dict.fromkeys((*self._wanted, *self._keep))
        types = dict(zip(schema.names, schema.types, strict=True))
        self.names = [name for name in schema.names if self._meant.get(name, name) in read]
        needed = set(self.names)
        self.places = [place for place, name in enumerate(schema.names) if name in needed]
        self.texts = [name for name in self.names if is_text(types[name])]
        self._plain_texts = {name for name in self.texts if not pa.types.is_dictionary(types[name])}
        self.batch_rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // max(1, len(self.names))))

    def parts(self, batch: Any) -> Iterator[Any]:
        """Cut a batch so that the text that is carried through fits into memory.

        Args:
            batch: a record batch with ``names``, any number of rows.
        """
        arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
        kept = [arrays[name] for name in self._keep if name in self.texts]
        for start in range(0, batch.num_rows, self.batch_rows):
            part = batch.slice(start, self.batch_rows)
            ends = _text_ends([array.slice(start, self.batch_rows) for array in kept])
            at = 0
            for end in [*ends, part.num_rows]:
                if end > at:
                    yield part.slice(at, end - at)
                at = max(at, end)

    def read(self, batch: Any, _notices: Notices) -> Any:
        """Return a part as the scorer takes it, what is carried through under ``KEPT``."""
        names = [self._meant.get(name, name) for name in batch.schema.names]
        arrays = dict(zip(names, map(_compact, batch.columns), strict=True))
        kept = [self._as_it_stands(name, arrays[name]) for name in self._keep]
        names = [*self._wanted, *(KEPT + name for name in self._keep)]
        return pa.RecordBatch.from_arrays(
            [*(arrays[name] for name in self._wanted), *kept], names=names
        )

    def _as_it_stands(self, name: str, array: Any) -> Any:
        """Return a column to carry through with the file's own type."""
        if name in self._plain_texts and pa.types.is_dictionary(array.type):
            return array.dictionary_decode()
        return array


def is_text(kind: Any) -> bool:
    """Say whether a type is text, or a dictionary of text."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(of_kind(kind) for of_kind in _TEXT_TYPES)


def _is_flat(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(of_kind(kind) for of_kind in _FLAT_TYPES)


def _readable(name: str, types: dict[str, Any], rules: TableRules, notices: Notices | None) -> bool:
    """Say whether a column is read; one that is neither text nor numbers is not."""
    kind = types[name]
    if is_text(kind) or _is_flat(kind):
        return True
    if notices is None or not rules.invalid_is_missing:
        message = f"column {name!r}: expected text or numbers, found the type {str(kind)[:80]}"
        raise MojoDataError(message)
    notices.kinds[name] = f"{str(kind)[:80]}, which is taken as missing"
    return False


def _note_kinds(types: dict[str, Any], mojo: Mojo, notices: Notices) -> None:
    """Note columns whose type is another than the model's, though its cells can be read."""
    for column in mojo.inputs:
        if column.name not in types or column.name in notices.kinds:
            continue
        kind = types[column.name]
        text = is_text(kind) or pa.types.is_null(kind)
        if isinstance(column, CategoricalInput) and not text:
            notices.kinds[column.name] = f"{kind}, where the model has levels (text)"
        elif not isinstance(column, CategoricalInput) and text:
            notices.kinds[column.name] = "text, where the model has numbers"


def _text_ends(columns: list[Any]) -> list[int]:
    """Return where to cut rows, so that no part has much more text than fits."""
    if not columns or not len(columns[0]):
        return []
    sizes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        sizes += _text_sizes(column)
    parts = np.cumsum(sizes) // _BATCH_TEXT
    return (np.flatnonzero(np.diff(parts)) + 1).tolist()


def _text_sizes(column: Any) -> Any:
    if not pa.types.is_dictionary(column.type):
        return np.maximum(int_values(pc.binary_length(column)), 0)
    lengths = int_values(pc.binary_length(column.dictionary))
    # The index of null is -1: the last entry.
    return np.append(np.maximum(lengths, 0), 0)[int_values(column.indices)]


def _compact(array: Any) -> Any:
    """Drop what few rows do not use of a large dictionary."""
    if not pa.types.is_dictionary(array.type) or len(array.dictionary) <= len(array):
        return array
    used, places = np.unique(int_values(array.indices), return_inverse=True)
    missing = int(used.size > 0 and used[0] < 0)
    indices = int_array(places.astype(np.int64) - missing)
    if missing:
        indices = pc.if_else(pc.is_null(array.indices), pa.nulls(1, pa.int64())[0], indices)
    dictionary = array.dictionary.take(int_array(used[missing:].astype(np.int64)))
    return pa.DictionaryArray.from_arrays(indices.cast(pa.int32()), dictionary)
