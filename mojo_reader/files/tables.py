"""Files of rows to Arrow record batches, in order and in bounded memory.

CSV cells are text where the model has levels, numbers elsewhere; Parquet columns keep their types.
Needs pyarrow (the extra ``tables``), which is imported when the first file is read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any, Final

from mojo_reader.errors import MojoDataError, located
from mojo_reader.files.formats import Format
from mojo_reader.files.records import Records
from mojo_reader.files.rules import TableRules, check_columns, known_names
from mojo_reader.files.sources import OpenSource, Source, file_size, listed_sources
from mojo_reader.model import Mojo
from mojo_reader.scoring.columns import KEPT
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices

_COMMA: Final = ","
__all__ = ["Piece", "TableRules", "pieces", "read_pieces", "read_rows"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Some rows of one file, not read yet.

    Attributes:
        file: name of the file.
        read: returns the rows as a record batch and adds what was seen to the notices. Columns
            that are carried through stand under ``KEPT`` and their name. Raises ``RowError``
            with the row counted from the piece's start.
        share: of all files, up to the end of this piece; None where a file has no size.
    """

    file: str
    read: Callable[[Notices], Any] = field(repr=False)
    share: float | None = None


def pieces(
    sources: Source | Sequence[Source], mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    """Cut files into pieces that can be read in parallel.

    Args:
        sources: paths, patterns, ``-`` for standard input.
        mojo: the model.
        rules: how the files are read.
        notices: columns that the model does not know are added here.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: a file is no table.
    """
    require_pyarrow("Files of rows")
    rules.check()
    return _pieces(listed_sources(sources), mojo, rules, notices)


def _pieces(
    files: Sequence[str], mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    import pyarrow as pa

    sizes = [file_size(source) for source in files]
    whole = None if None in sizes else sum(filter(None, sizes))
    before = 0
    for source, size in zip(files, sizes, strict=True):
        with located(file=source):
            opened = OpenSource(source, rules.format, rules.limits)
        try:
            with located(file=opened.name):
                for piece in _CUTTERS[opened.format](opened, mojo, rules, notices):
                    read = opened.bytes_read
                    if whole is not None and read is not None:
                        piece = replace(piece, share=(before + read) / whole)  # noqa: PLW2901
                    yield piece
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            # Arrow says of damaged content by an OSError without a number, too, and its Parquet
            # reader takes names for UTF-8.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            message = f"the file cannot be read: {error}"
            raise MojoDataError(message, file=opened.name) from error
        finally:
            opened.close()
        before += size or 0


def read_rows(
    sources: Source | Sequence[Source],
    mojo: Mojo,
    rules: TableRules | None = None,
    notices: Notices | None = None,
) -> Any:
    """Read whole files of rows.

    Args:
        sources: CSV or Parquet files or patterns.
        mojo: the model, which tells levels from numbers.
        rules: how the files are read, and what to keep beside the model's columns.
        notices: what was seen is added here.

    Returns:
        A ``pyarrow.Table`` that ``Scorer.encode`` takes, with the columns to keep.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        AbsentColumnError: a file lacks a column to keep.
        MojoDataError: a file is no table, or a cell has no meaning in its column.
    """
    rules = TableRules() if rules is None else rules
    notices = Notices() if notices is None else notices
    batches = [batch for _, batch in read_pieces(pieces(sources, mojo, rules, notices), notices)]
    import pyarrow as pa

    if not batches:
        names = [*(column.name for column in mojo.inputs), *rules.keep]
        return pa.table({name: pa.array([], pa.null()) for name in names})
    table = pa.Table.from_batches(batches).unify_dictionaries()
    return table.rename_columns([name.removeprefix(KEPT) for name in table.column_names])


def read_pieces(parts: Iterator[Piece], notices: Notices) -> Iterator[tuple[str, Any]]:
    """Read pieces one after the other, as file and record batch; rows count from a file's start."""
    file, rows = "", 0
    for piece in parts:
        if piece.file != file:
            file, rows = piece.file, 0
        with located(file=file):
            try:
                batch = piece.read(notices)
            except RowError as error:
                raise error.moved(rows) from error
        rows += batch.num_rows
        yield file, batch


# --------------------------------------------------------------------------- CSV


def _csv_pieces(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    from mojo_reader.files.csv_rows import CsvColumns

    known = known_names(mojo, rules)
    records = Records(opened.stream, rules.separator, rules.limits, known)
    if rules.separator is None and records.separator != _COMMA:
        notices.separators.setdefault(records.separator, opened.name)
    columns = CsvColumns(records, mojo, rules)
    check_columns(columns.names, mojo, rules, notices)
    for piece in records.pieces(columns.most_rows):
        opened.count_rows(records.quotes.count(piece.data))
        yield Piece(file=opened.name, read=partial(columns.batch, piece))


def _json_pieces(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    from mojo_reader.files.json_rows import (
        JsonColumns,
        few_lines,
        json_pieces,
    )

    whole = json_pieces(opened.stream, rules.limits)
    first = next(whole, b"")
    columns = JsonColumns(first, mojo, rules)
    check_columns(columns.names, mojo, rules, notices)
    for lines in chain((first,), whole):
        for data in few_lines(lines, columns.most_rows):
            opened.count_rows(data.count(b"\n"))
            yield Piece(file=opened.name, read=partial(columns.batch, data))


# --------------------------------------------------------------------------- columns with types


def _parquet_pieces(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    from mojo_reader.files.parquet_rows import parquet_parts

    for columns, part in parquet_parts(opened, mojo, rules, notices):
        yield Piece(file=opened.name, read=partial(columns.read, part))


def _arrow_pieces(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    from mojo_reader.files.arrow_rows import arrow_parts

    for columns, part in arrow_parts(opened, mojo, rules, notices):
        yield Piece(file=opened.name, read=partial(columns.read, part))


_Cutter = Callable[[OpenSource, Mojo, TableRules, Notices], Iterator[Piece]]
_CUTTERS: Final[dict[Format, _Cutter]] = {
    "csv": _csv_pieces,
    "parquet": _parquet_pieces,
    "arrow": _arrow_pieces,
    "jsonl": _json_pieces,
}
