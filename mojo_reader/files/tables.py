"""Files of rows to Arrow record batches, in order and in bounded memory.

CSV cells are text where the model has levels, numbers elsewhere; Parquet columns keep their types.
Needs pyarrow (the extra ``tables``), which is imported when the first file is read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from mojo_reader.errors import MojoDataError, located
from mojo_reader.files.formats import Format
from mojo_reader.files.records import Records
from mojo_reader.files.sources import OpenSource, Source, listed_sources
from mojo_reader.model import CategoricalInput, Mojo
from mojo_reader.scoring.cells import RowError
from mojo_reader.scoring.columns import KEPT, AbsentColumnError
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices

_PARQUET_ROWS: Final = 16_384
_NO_TIME: Final = "UTC"
Kind = Literal["text", "number", "other"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRules:
    """How files of rows are read.

    Attributes:
        format: ``csv`` or ``parquet`` where the name does not tell.
        separator: one character between CSV cells.
        time_zone: zone of a time in CSV text that names none.
        keep: columns that are carried through.
        invalid_is_missing: read a CSV cell without a meaning as missing instead of raising.
    """

    format: Format | None = None
    separator: str = ","
    time_zone: str = _NO_TIME
    keep: tuple[str, ...] = ()
    invalid_is_missing: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Some rows of one file, not read yet.

    Attributes:
        file: name of the file.
        read: returns the rows as a record batch and adds what was seen to the notices. Columns
            that are carried through stand under ``KEPT`` and their name. Raises ``RowError``
            with the row counted from the piece's start.
    """

    file: str
    read: Callable[[Notices], Any] = field(repr=False)


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
    _check_rules(rules)
    return _pieces(listed_sources(sources), mojo, rules, notices)


def _pieces(
    files: Sequence[str], mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    for source in files:
        with located(file=source):
            opened = OpenSource(source, rules.format)
        try:
            with located(file=opened.name):
                cut = _csv_pieces if opened.format == "csv" else _parquet_pieces
                yield from cut(opened, mojo, rules, notices)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            # Arrow says of damaged content by an OSError without a number, too, and its Parquet
            # reader takes names for UTF-8.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            message = f"the file cannot be read: {error}"
            raise MojoDataError(message, file=opened.name) from error
        finally:
            opened.close()


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
    import pyarrow as pa  # noqa: PLC0415 - an extra

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


def _check_rules(rules: TableRules) -> None:
    separator = rules.separator
    if len(separator) != 1 or separator in '"\r\n' or not separator.isascii():
        message = (
            f"expected a separator of one character, no quote and no line end, found {separator!r}"
        )
        raise MojoDataError(message)
    if rules.time_zone != _NO_TIME:
        import zoneinfo  # noqa: PLC0415 - rarely needed

        try:
            zoneinfo.ZoneInfo(rules.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            message = f"expected a time zone such as Europe/Berlin, found {rules.time_zone!r}"
            raise MojoDataError(message) from error


# --------------------------------------------------------------------------- CSV


def _csv_pieces(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    from mojo_reader.files.csv_rows import CsvColumns, CsvRules  # noqa: PLC0415 - needs pyarrow

    records = Records(opened.stream, rules.separator)
    csv_rules = CsvRules(
        separator=rules.separator,
        time_zone=rules.time_zone,
        keep=rules.keep,
        invalid_is_missing=rules.invalid_is_missing,
    )
    columns = CsvColumns(records.header, mojo, csv_rules)
    _check_columns(columns.names, mojo, rules, notices)
    for data in records.pieces():
        yield Piece(file=opened.name, read=partial(columns.batch, data))


# --------------------------------------------------------------------------- Parquet


def _parquet_pieces(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[Piece]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    file = pq.ParquetFile(opened.stream)
    schema = file.schema_arrow
    _check_columns(tuple(schema.names), mojo, rules, notices)
    _note_kinds(schema, mojo, notices)
    texts = [
        column.name
        for column in mojo.inputs
        if isinstance(column, CategoricalInput)
        and column.name in schema.names
        and _is_text(schema.field(column.name).type)
    ]
    # Texts as dictionaries: each level is looked up once.
    file = pq.ParquetFile(opened.stream, metadata=file.metadata, read_dictionary=texts)
    wanted = [c.name for c in mojo.inputs if c.name in schema.names]
    for batch in file.iter_batches(_PARQUET_ROWS, columns=[*dict.fromkeys([*wanted, *rules.keep])]):
        yield Piece(file=opened.name, read=partial(_parquet_batch, batch, wanted, rules.keep))


def _parquet_batch(
    batch: Any, wanted: Sequence[str], keep: Sequence[str], _notices: Notices
) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    arrays = [batch.column(name) for name in (*wanted, *keep)]
    return pa.RecordBatch.from_arrays(arrays, names=[*wanted, *(KEPT + name for name in keep)])


def _note_kinds(schema: Any, mojo: Mojo, notices: Notices) -> None:
    """Note columns whose type is another than the model's, though its cells can be read."""
    for column in mojo.inputs:
        if column.name not in schema.names:
            continue
        kind = schema.field(column.name).type
        text = _is_text(kind)
        if isinstance(column, CategoricalInput) and not text:
            notices.kinds[column.name] = f"{kind}, where the model has levels (text)"
        elif not isinstance(column, CategoricalInput) and text:
            notices.kinds[column.name] = "text, where the model has numbers"


def _is_text(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    )


# --------------------------------------------------------------------------- columns


def _check_columns(names: tuple[str, ...], mojo: Mojo, rules: TableRules, notices: Notices) -> None:
    known = {column.name for column in mojo.inputs} | set(mojo.kept.columns) | set(rules.keep)
    if not known.intersection(names):
        wanted = ", ".join(repr(column.name) for column in mojo.inputs[:5])
        hint = _separator_hint(names)
        message = f"the rows have none of the model's columns ({wanted}, ...){hint}"
        raise MojoDataError(message)
    twice = [name for name in known if names.count(name) > 1]
    if twice:
        message = f"the column {min(twice)!r} stands twice in the header"
        raise MojoDataError(message)
    for name in rules.keep:
        if name not in names:
            raise AbsentColumnError(name)
    notices.extra.update(dict.fromkeys(name for name in names if name not in known))


def _separator_hint(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        for separator, option in ((";", "';'"), ("\t", "'\\t'"), ("|", "'|'")):
            if separator in names[0]:
                return f"; is the separator {option}? (--separator)"
    return ""
