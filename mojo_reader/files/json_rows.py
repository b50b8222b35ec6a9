"""JSON lines, a row each, to record batches: what a table of row mappings means.

Cells of the model's columns become numbers or the text of a level by the rules of cells in memory;
a key that a row lacks is a missing cell.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mojo_reader.files.records import PIECE_BYTES, ByteStream, read_fully
from mojo_reader.files.rules import TableRules
from mojo_reader.formats.limits import Limits
from mojo_reader.model import CategoricalInput, Mojo
from mojo_reader.model.levels import level_positions
from mojo_reader.scoring.arrow import float_array, text_array
from mojo_reader.scoring.column_values import number_values
from mojo_reader.scoring.columns import KEPT
from mojo_reader.scoring.invalid import Invalid, OnInvalid, RowError, invalid_handler
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.spellings import spellings

_MOST_CELLS: Final = 1_000_000
_JSON_BLANKS: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"


class JsonColumns:
    """Reads pieces of one file.

    Args:
        first: the first piece, whose rows tell which columns there are.
        mojo: the model.
        rules: how it is read.

    Attributes:
        names: keys of the first piece's rows.
    """

    def __init__(self, first: bytes, mojo: Mojo, rules: TableRules) -> None:
        self._rules = rules
        self._levels = {
            column.name: (frozenset(column.levels), frozenset(level_positions(column)))
            for column in mojo.inputs
            if isinstance(column, CategoricalInput)
        }
        self._inputs = [column.name for column in mojo.inputs]
        keys: dict[str, None] = {}
        for row in _rows(first):
            if row.keys() <= keys.keys():
                continue
            keys.update(dict.fromkeys(row))
            rules.limits.check_rows("row_columns", len(keys), f"the rows have {len(keys):,} keys")
        self.names = tuple(keys)
        self.most_rows = max(1, _MOST_CELLS // max(1, len(self._inputs) + len(rules.keep)))

    def batch(self, piece: bytes, notices: Notices) -> Any:
        """Return the piece's rows as a record batch, what is carried through under ``KEPT``.

        Raises:
            RowError: a line is no JSON object, or a cell has no meaning in its column.
        """
        rows = list(_rows(piece))
        seen = set(self.names).union(*rows)
        columns: dict[str, Any] = {}
        for name in self._inputs:
            if name in seen:
                columns[name] = self._column(name, [row.get(name) for row in rows], notices)
        for name in self._rules.keep:
            columns[KEPT + name] = text_array([_text(row.get(name)) for row in rows])
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _column(self, name: str, cells: Sequence[Any], notices: Notices) -> Any:
        invalid = self._rules.invalid_is_missing
        handler = invalid_handler(name, notices, invalid_is_missing=invalid)
        if name in self._levels:
            return text_array(_level_texts(cells, self._levels[name], handler))
        return float_array(np.asarray(number_values(cells, handler), np.float64))


def json_pieces(stream: ByteStream, limits: Limits) -> Iterator[bytes]:
    """Yield whole lines, about a megabyte at a time.

    Raises:
        MojoDataError: a line is too long.
    """
    data = b""
    finished = False
    while not finished:
        size = max(PIECE_BYTES, len(data))
        more = read_fully(stream, size)
        finished = len(more) < size
        data = data + more if data else more.removeprefix(_BOM)
        end = len(data) if finished else data.rfind(b"\n") + 1
        if end:
            yield data[:end]
            data = data[end:]
        if len(data) > limits.record_bytes:
            what = f"a line has more than {len(data):,} bytes"
            raise limits.rows_error("record_bytes", what)


def few_lines(piece: bytes, most: int) -> Iterator[bytes]:
    """Cut a piece so that no part has more lines."""
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == ord("\n"))
    cuts = [0, *(ends[most - 1 :: most] + 1).tolist(), len(piece)]
    for start, end in pairwise(cuts):
        if end > start:
            yield piece[start:end]


def _rows(piece: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of whole lines; blank lines are none."""
    number = 0
    for line in piece.split(b"\n"):
        if not line.strip():
            continue
        try:
            row = _decoded(line)
        except (ValueError, RecursionError) as error:
            problem = f": expected a JSON object on a line of its own: {error}"
            raise RowError(number, problem) from error
        if not isinstance(row, dict):
            problem = f": expected a JSON object on a line of its own, found {line[:40]!r}"
            raise RowError(number, problem)
        number += 1
        yield row


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, of which no key may stand twice: readers differ in which they take."""
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        message = f"the key {twice!r} stands twice"
        raise ValueError(message)
    return made


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique)


def _decoded(line: bytes) -> Any:
    """Return what stands on a line.

    Raises:
        ValueError: it is no JSON in UTF-8, or a key stands twice in an object.
    """
    text = line.strip(_JSON_BLANKS).decode()
    found, end = _DECODER.raw_decode(text)
    return found if end == len(text) else _DECODER.decode(text)  # which says what is wrong


def _level_texts(
    cells: Sequence[Any], known: tuple[frozenset[str], ...], on_invalid: OnInvalid
) -> list[str | None]:
    """Return the text of each cell, a value that is no text by the first spelling that is known."""
    told: dict[tuple[type, Any], str] = {}
    texts: list[str | None] = []
    for row, cell in enumerate(cells):
        if cell is None or isinstance(cell, str):
            texts.append(cell)
            continue
        spelled = spellings(cell) if isinstance(cell, (bool, int, float)) else None
        if spelled is None:
            on_invalid(Invalid(row=row, cell=cell, expected="a level's text"))
            texts.append(None)
        elif cell != cell:  # noqa: PLR0124 - NaN is missing
            texts.append(None)
        else:
            key = (type(cell), cell)
            if key not in told:
                levels = (text for some in known for text in spelled if text in some)
                told[key] = next(levels, spelled[0] if spelled else "")
            texts.append(told[key])
    return texts


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return json.dumps(cell, ensure_ascii=False)
