"""Cut a stream of CSV bytes into pieces that end where a record ends.

Every piece can be read by itself, so that pieces are read in parallel and memory stays bounded.
"""

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from mojo_reader.errors import MojoDataError
from mojo_reader.files.quotes import Quotes, count_of
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.model.levels import LEVEL_BLANKS

PIECE_BYTES: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"
# The first of those that tell as much is taken.
_SEPARATORS: Final = (",", ";", "\t", "|")


class ByteStream(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordPiece:
    """Some records.

    Attributes:
        data: whole records.
        in_order: their quotes are known to be in order.
        ends: they end; else they are the start of one that is too long, or of what no record is.
    """

    data: bytes
    in_order: bool
    ends: bool = True


class Records:
    """The records of one CSV stream.

    Args:
        stream: bytes, decompressed.
        separator: one character between cells; None takes the one that gives most known names.
        limits: how long a record may be.
        known: names that columns may have.

    Attributes:
        header: the column names.
        separator: one character between cells.
        quotes: the rules of its quotes.

    Raises:
        MojoDataError: the stream is empty, or its header is no UTF-8 text, does not end, or has a
            quote that is astray.
    """

    def __init__(
        self,
        stream: ByteStream,
        separator: str | None,
        limits: Limits = DEFAULT_LIMITS,
        known: Collection[str] = (),
    ) -> None:
        self._stream = stream
        self._limits = limits
        self._rest = read_fully(stream, PIECE_BYTES).removeprefix(_BOM)
        if not self._rest:
            raise MojoDataError("the file is empty, expected a line of column names")
        self.separator = separator or _told_separator(self._rest, known)
        self.quotes = Quotes(self.separator)
        self.header = self._read_header()

    def pieces(self, most_rows: int | None = None) -> Iterator[RecordPiece]:
        """Yield the records after the header, about a megabyte at a time, in order.

        A quote that is astray, and a record that does not end, are left to who reads the last
        piece: there the row is known.

        Args:
            most_rows: records of a piece; None for any number.
        """
        data, self._rest = self._rest, b""
        while more := read_fully(self._stream, max(PIECE_BYTES, len(data))):
            data += more
            end, in_order = self.quotes.last_end(data)
            if end:
                yield from self._few(RecordPiece(data=data[:end], in_order=in_order), most_rows)
                data = data[end:]
            if self._goes_on_forever(data, in_order=in_order):
                yield RecordPiece(data=data, in_order=False, ends=False)
                return
        if data:
            yield from self._few(
                RecordPiece(data=data, in_order=self.quotes.in_order(data)), most_rows
            )

    def _goes_on_forever(self, data: bytes, *, in_order: bool) -> bool:
        if len(data) > self._limits.record_bytes:
            return True
        return not in_order and self.quotes.stray(data, finished=False) is not None

    def _few(self, piece: RecordPiece, most_rows: int | None) -> Iterator[RecordPiece]:
        """Cut a piece that has many short rows."""
        data = piece.data
        while most_rows is not None and _most_ends(data) > most_rows:
            end = self.quotes.few(data, most_rows)
            yield RecordPiece(data=data[:end], in_order=piece.in_order)
            data = data[end:]
        if data:
            yield RecordPiece(data=data, in_order=piece.in_order)

    def _read_header(self) -> tuple[str, ...]:
        data = self._rest
        while not (end := self.quotes.first_end(data)):
            stray = self.quotes.stray(data, finished=False)
            if stray is not None or len(data) > self._limits.record_bytes:
                break
            more = read_fully(self._stream, len(data))
            data += more
            if not more:
                end = len(data)
                break
        self._check_header(data[:end] or data, ends=bool(end))
        self._rest = data[end:]
        return self._names(data[:end])

    def _check_header(self, header: bytes, *, ends: bool) -> None:
        stray = self.quotes.stray(header)
        if stray is not None:
            message = f"the line of column names: {stray.problem}"
            raise MojoDataError(message)
        if not ends:
            what = f"the line of column names has more than {len(header):,} bytes"
            raise self._limits.rows_error("record_bytes", what)

    def _names(self, header: bytes) -> tuple[str, ...]:
        try:
            text = header.decode()
        except UnicodeDecodeError as error:
            message = (
                f"expected UTF-8 text, found the byte 0x{header[error.start]:02x} among the "
                "column names"
            )
            raise MojoDataError(message) from error
        return next(csv_rows(text, self.separator), ())


def _told_separator(data: bytes, known: Collection[str]) -> str:
    """Return the separator that gives most of the known names, a comma where none does."""

    def names(separator: str) -> int:
        header = data[: Quotes(separator).first_end(data)] or data
        cells = next(csv_rows(header.decode(errors="replace"), separator), ())
        return len({cell.strip(LEVEL_BLANKS) for cell in cells}.intersection(known))

    return max(_SEPARATORS, key=names)


def csv_rows(text: str, separator: str) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each record of CSV text."""
    # Python's own limit on a cell is below what a record may have.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    return map(tuple, csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _most_ends(data: bytes) -> int:
    """Return how many records there are at most."""
    return count_of(data, b"\n") or count_of(data, b"\r")


def read_fully(stream: ByteStream, size: int) -> bytes:
    """Read until ``size`` bytes are there or the stream ends; pipes give less at a time."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(bytes(part))
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
