"""A piece of CSV text to Arrow columns: text where the model has levels, else numbers.

Arrow's reader does the work. A piece that it refuses (ragged rows, numbers written as only Java
reads them, times) is read again in ways that are slower and take more.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from mojo_reader.errors import MojoDataError
from mojo_reader.files.blank_lines import without_blank_lines
from mojo_reader.files.ragged_rows import squared
from mojo_reader.files.records import RecordPiece, Records, csv_rows
from mojo_reader.files.rules import DECIMAL_POINT, TableRules
from mojo_reader.files.text_numbers import missing_marks, text_numbers
from mojo_reader.model import CategoricalInput, Mojo
from mojo_reader.model.levels import LEVEL_BLANKS, MISSING_MARKS, level_positions
from mojo_reader.scoring.arrow import (
    bool_array,
    bool_values,
    decoded,
    float_array,
    float_values,
    int_array,
    null,
    one_chunk,
    pc,
    text_array,
    text_scalar,
)
from mojo_reader.scoring.columns import KEPT, AbsentColumnError, matched_names
from mojo_reader.scoring.invalid import RowError, invalid_handler
from mojo_reader.scoring.levels import bare_forms
from mojo_reader.scoring.notices import Count, Notices

_LEVEL_TYPE: Final = pa.dictionary(pa.int32(), pa.string())
# Cells of the columns that are read, of one piece.
_MOST_CELLS: Final = 4_000_000
_FEW_TEXTS: Final = 16


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A column to read: its place in the file, and what for."""

    name: str
    place: int
    categorical: CategoricalInput | None
    modelled: bool
    kept: bool
    number: bool

    @cached_property
    def known(self) -> frozenset[str]:
        """The texts that stand for a level, which are asked for where cells have odd blanks."""
        return frozenset(level_positions(self.categorical) if self.categorical else ())


class CsvColumns:
    """Reads pieces of one CSV file.

    Args:
        records: the file's, of which the header was read.
        mojo: the model.
        rules: how cells are read.

    Attributes:
        names: the column names, without blanks around them where the model's have none.
        most_rows: of a piece, so that its cells fit into memory.

    Raises:
        MojoDataError: a column that is needed stands twice, or one to keep is absent.
    """

    def __init__(self, records: Records, mojo: Mojo, rules: TableRules) -> None:
        self.names = _matched_names(records.header, mojo, rules.keep)
        self._rules = rules
        self._separator = records.separator
        self._quotes = records.quotes
        self._width = len(records.header)
        self._wanted = _wanted_columns(self.names, mojo, rules)
        self.most_rows = max(1, _MOST_CELLS // max(1, len(self._wanted)))
        # Columns that were found not to be plain numbers are read as text from then on.
        self._as_text = {wanted.place for wanted in self._wanted if wanted.kept}

    def batch(self, piece: RecordPiece, notices: Notices) -> Any:
        """Return the piece's rows as a record batch.

        Args:
            piece: whole records.
            notices: what was seen is added here.

        Returns:
            Columns of the model: dictionaries of text, or ``double``; kept columns as text under
            ``KEPT`` and their name.

        Raises:
            RowError: a cell has no meaning in its column, a quote is astray, or a record is too
                long.
        """
        if not piece.in_order:
            self._check(piece)
        arrays = self._arrays(piece)
        columns: dict[str, Any] = {}
        for wanted in self._wanted:
            array = arrays[wanted.place]
            if wanted.number:
                columns[KEPT + wanted.name] = self._number_column(array, wanted.name, notices)
            elif wanted.kept:
                columns[KEPT + wanted.name] = _as_text(array)
            if wanted.categorical is not None:
                columns[wanted.name] = _level_column(array, wanted, notices)
            elif wanted.modelled:
                columns[wanted.name] = self._number_column(array, wanted.name, notices)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _number_column(self, array: Any, name: str, notices: Notices) -> Any:
        if array.type == pa.float64():
            return array
        rules = self._rules
        handler = invalid_handler(name, notices, invalid_is_missing=rules.invalid_is_missing)
        return float_array(text_numbers(array, rules.time_zone, handler, rules.decimal))

    def _check(self, piece: RecordPiece) -> None:
        """Refuse a quote that is astray, and a record that does not end."""
        stray = self._quotes.stray(piece.data)
        if stray is not None:
            name = self.names[stray.place] if stray.place < self._width else None
            where = "" if name is None else f", column {name!r}"
            raise RowError(stray.row, f"{where}: {stray.problem}")
        if not piece.ends:
            what = f" has more than {len(piece.data):,} bytes"
            raise RowError(0, self._rules.limits.rows_error("record_bytes", what).reason)

    # ------------------------------------------------------------------ three ways to read

    def _arrays(self, piece: RecordPiece) -> dict[int, Any]:
        """Read the wanted columns by their places, blank lines as rows that miss everything."""
        dense = without_blank_lines(piece.data) if piece.in_order and self._width > 1 else None
        if dense is None:
            return self._dense_arrays(piece.data)
        if not dense.data:
            return {
                w.place: pa.nulls(dense.count, self._type(w, self._as_text)) for w in self._wanted
            }
        try:
            arrays = self._dense_arrays(dense.data)
        except RowError as error:
            raise RowError(int(dense.rows[error.row]), error.problem) from error
        return {place: dense.filled(array) for place, array in arrays.items()}

    def _dense_arrays(self, piece: bytes) -> dict[int, Any]:
        """Read numbers as such, or as text where need be."""
        try:
            arrays = self._read(piece, self._as_text)
        except pa.ArrowInvalid:
            arrays = self._text_arrays(piece)
        odd = {place for place, array in arrays.items() if _is_odd(array)}
        if odd:
            arrays |= {
                place: array for place, array in self._text_arrays(piece).items() if place in odd
            }
        return arrays

    def _text_arrays(self, piece: bytes) -> dict[int, Any]:
        numeric = {w.place for w in self._wanted if w.categorical is None}
        try:
            arrays = self._read(piece, numeric)
        except pa.ArrowInvalid:
            return self._squared_arrays(piece, numeric) or self._ragged_arrays(piece)
        # Those that are plain numbers after all stay on the fast way.
        self._as_text |= {place for place in numeric if not self._is_plain(arrays[place])}
        return arrays

    def _read(self, piece: bytes, as_text: set[int]) -> dict[int, Any]:
        places = {wanted.place: wanted for wanted in self._wanted}
        types = {str(place): self._type(wanted, as_text) for place, wanted in places.items()}
        table = pa_csv.read_csv(
            pa.BufferReader(piece),
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=len(piece) + 1,
                column_names=[str(place) for place in range(self._width)],
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self._separator,
                newlines_in_values=b'"' in piece,
                ignore_empty_lines=False,
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=list(types),
                column_types=types,
                decimal_point=self._rules.decimal,
                null_values=list(MISSING_MARKS),
                strings_can_be_null=False,
            ),
        )
        return {place: one_chunk(table.column(str(place))) for place in places}

    def _is_plain(self, array: Any) -> bool:
        """Say whether Arrow reads every text as a finite number."""
        if self._rules.decimal != DECIMAL_POINT:
            return False
        marked = pc.is_in(array, value_set=missing_marks())
        try:
            texts = pc.if_else(marked, null(pa.string()), array)
            numbers = pc.cast(texts, target_type=pa.float64())
        except pa.ArrowInvalid:
            return False
        return not _is_odd(numbers)

    @staticmethod
    def _type(wanted: _Wanted, as_text: set[int]) -> Any:
        if wanted.categorical is not None:
            return _LEVEL_TYPE
        return pa.string() if wanted.place in as_text else pa.float64()

    def _squared_arrays(self, piece: bytes, numeric: set[int]) -> dict[int, Any] | None:
        """Read rows of any length as text; None where that takes Python's reader."""
        if not self._quotes.in_order(piece):
            return None
        square = squared(piece, self._width, self._separator)
        if square is None:
            return None
        try:
            return self._read(square, numeric)
        except pa.ArrowInvalid:
            return None

    def _ragged_arrays(self, piece: bytes) -> dict[int, Any]:
        """Read with Python's reader: short rows are filled up, cells past the header dropped."""
        cells: dict[int, list[str]] = {wanted.place: [] for wanted in self._wanted}
        for row in _python_rows(piece, self._separator):
            for place, column in cells.items():
                column.append(row[place] if place < len(row) else "")
        arrays = {place: text_array(column) for place, column in cells.items()}
        for wanted in self._wanted:
            if wanted.categorical is not None:
                arrays[wanted.place] = pc.dictionary_encode(arrays[wanted.place])
        return arrays


def _python_rows(piece: bytes, separator: str) -> Iterator[tuple[str, ...]]:
    try:
        text = piece.decode()
    except UnicodeDecodeError as error:
        row = piece.count(b"\n", 0, error.start)
        problem = f": expected UTF-8 text, found the byte 0x{piece[error.start]:02x}"
        raise RowError(row, problem) from error
    reader = csv_rows(text, separator)
    row = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RowError(row, f": {error}") from error
        row += 1
        yield cells


# --------------------------------------------------------------------------- header


def _matched_names(header: tuple[str, ...], mojo: Mojo, keep: tuple[str, ...]) -> tuple[str, ...]:
    """Return the header with the model's names where they differ in blanks around them alone."""
    known = dict.fromkeys([*(column.name for column in mojo.inputs), *keep])
    meant = matched_names(header, known)
    names = tuple(meant.get(name, name) for name in header)
    counts = Counter(name for name in names if name in known)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        message = f"the column {twice[0]!r} stands twice in the header"
        raise MojoDataError(message)
    return names


def _wanted_columns(names: tuple[str, ...], mojo: Mojo, rules: TableRules) -> list[_Wanted]:
    inputs = {column.name: column for column in mojo.inputs}
    keep = set(rules.keep)
    present = set(names)
    for name in rules.keep:
        if name not in present:
            raise AbsentColumnError(name)
    wanted = []
    for place, name in enumerate(names):
        column = inputs.get(name)
        if column is None and name not in keep:
            continue
        wanted.append(
            _Wanted(
                name=name,
                place=place,
                categorical=column if isinstance(column, CategoricalInput) else None,
                modelled=column is not None,
                kept=name in keep,
                number=name in rules.numbers,
            )
        )
    return wanted


# --------------------------------------------------------------------------- columns


def _is_odd(array: Any) -> bool:
    """Say whether Arrow read something that Java may read otherwise: ``inf``, ``nan``, 1e999."""
    if array.type != pa.float64():
        return False
    values = float_values(array)
    return bool(np.count_nonzero(~np.isfinite(values)) != array.null_count)


def _as_text(array: Any) -> Any:
    """Return the cells as they stand; a blank line's are empty."""
    texts = decoded(array)
    return pc.coalesce(texts, text_scalar("")) if texts.null_count else texts


def _level_column(array: Any, wanted: _Wanted, notices: Notices) -> Any:
    """Make missing marks null, and drop blanks around what is a level only without them."""
    texts = array.dictionary
    odd = _odd_places(texts)
    if not odd:
        return array
    replaced: list[str | None] = texts.to_pylist()
    padded: dict[int, str] = {}
    for position in odd:
        text = texts[position].as_py()
        level = _bare_level(text, wanted.known)
        replaced[position] = level
        if level is not None and level != text:
            padded[position] = text
    _count_padded(array, padded, wanted.name, notices)
    return _with_dictionary(array, replaced)


def _odd_places(texts: Any) -> list[int]:
    """Return the places of missing marks and of texts with blanks around them."""
    if len(texts) <= _FEW_TEXTS:  # calls of Arrow take longer than the work itself
        return [
            place
            for place, text in enumerate(texts.to_pylist())
            if text in MISSING_MARKS or text.strip(LEVEL_BLANKS) != text
        ]
    trimmed = pc.utf8_trim(texts, characters=LEVEL_BLANKS)
    same = bool_values(pc.equal(texts, trimmed))
    marked = bool_values(pc.is_in(texts, value_set=missing_marks()))
    return np.flatnonzero(~same | marked).tolist()


def _bare_level(text: str, known: frozenset[str]) -> str | None:
    """Return the level that a text is with as many of its blanks as can be, else the text.

    Returns:
        None where it is a missing mark, which is no level in a CSV file.
    """
    for form in bare_forms(text):
        if form in known and form not in MISSING_MARKS:
            return form
    return None if text.strip(LEVEL_BLANKS) in MISSING_MARKS else text


def _count_padded(array: Any, padded: dict[int, str], name: str, notices: Notices) -> None:
    if padded:
        positions = int_array(np.array(list(padded), np.int64)).cast(array.indices.type)
        hits = int(np.count_nonzero(bool_values(pc.is_in(array.indices, value_set=positions))))
        notices.padded.setdefault(name, Count()).add(hits, next(iter(padded.values())))


def _with_dictionary(array: Any, texts: list[str | None]) -> Any:
    """Return the same positions in another dictionary, whose None are null."""
    dictionary = text_array(texts)
    absent = np.array([text is None for text in texts], np.bool_)
    indices = array.indices
    if absent.any():
        missing = pc.take(bool_array(absent), indices)
        indices = pc.if_else(missing, null(indices.type), indices)
    return pa.DictionaryArray.from_arrays(indices, dictionary)
