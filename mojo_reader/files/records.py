"""Cut a stream of CSV bytes into pieces that end where a record ends.

Every piece can be read by itself, so that pieces are read in parallel and memory stays bounded.
A quote is special where a cell starts with it; inside, two quotes are one; a backslash is a
backslash.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError

PIECE_BYTES: Final = 1 << 20
# A record past this is no record, but a quote that was left open.
LARGEST_RECORD: Final = 64 << 20
_BOM: Final = b"\xef\xbb\xbf"
_QUOTE: Final = 0x22
_LINE_ENDS: Final = (0x0A, 0x0D)


class ByteStream(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""


class Records:
    """The records of one CSV stream.

    Args:
        stream: bytes, decompressed.
        separator: one character between cells.

    Raises:
        MojoDataError: the stream is empty, or its header is no UTF-8 text.
    """

    def __init__(self, stream: ByteStream, separator: str) -> None:
        self._stream = stream
        self._separator = separator
        self._cell = _cell_pattern(separator)
        self._rest = b""
        self.header = self._read_header()

    def pieces(self) -> Iterator[bytes]:
        """Yield the records after the header, whole ones, about a megabyte at a time.

        Raises:
            MojoDataError: a record does not end.
        """
        data, self._rest = self._rest, b""
        finished = False
        while not finished:
            more = _read(self._stream, PIECE_BYTES)
            finished = not more
            data += more
            end = len(data) if finished else self._last_end(data)
            if end:
                yield data[:end]
                data = data[end:]
            elif len(data) > LARGEST_RECORD:
                message = f"a record of more than {LARGEST_RECORD >> 20} MiB; is a quote left open?"
                raise MojoDataError(message)

    def _read_header(self) -> tuple[str, ...]:
        data = _read(self._stream, PIECE_BYTES).removeprefix(_BOM)
        if not data:
            raise MojoDataError("the file is empty, expected a line of column names")
        end = next(self._ends(data), 0)
        while not end:
            more = _read(self._stream, PIECE_BYTES)
            data += more
            end = len(data) if not more else next(self._ends(data), 0)
            if not end and len(data) > LARGEST_RECORD:
                raise MojoDataError("the line of column names does not end")
        self._rest = data[end:]
        try:
            text = data[:end].decode()
        except UnicodeDecodeError as error:
            message = f"expected UTF-8 text, found {_byte_text(data, error)} among the column names"
            raise MojoDataError(message) from error
        return tuple(next(csv.reader(io.StringIO(text, newline=""), delimiter=self._separator), ()))

    def _last_end(self, data: bytes) -> int:
        """Return where the last whole record ends, 0 where none does."""
        if b'"' not in data:
            # A final carriage return may be half of a line end.
            return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1
        end = _last_end_by_parity(np.frombuffer(data, np.uint8), ord(self._separator))
        if end is None:
            end = 0
            for end in self._ends(data):  # noqa: B007 - the last one is wanted
                pass
        return end

    def _ends(self, data: bytes) -> Iterator[int]:
        """Yield the position after each record that surely ends."""
        position = 0
        while match := self._cell.match(data, position):
            position = match.end()
            if match[1] != self._separator.encode():
                yield position


def _read(stream: ByteStream, size: int) -> bytes:
    """Read until ``size`` bytes are there or the stream ends; pipes give less at a time."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(bytes(part))
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _cell_pattern(separator: str) -> re.Pattern[bytes]:
    mark = re.escape(separator.encode())
    plain = rb"[^" + mark + rb"\r\n]*+"
    quoted = rb'"(?:[^"]++|"")*+"' + plain
    # A carriage return at the very end may be followed by a line feed: not an end yet.
    return re.compile(
        rb"(?:" + quoted + rb'|(?!")' + plain + rb")(" + mark + rb"|\r\n|\n|\r(?!\Z|\n))"
    )


def _last_end_by_parity(data: NDArray[np.uint8], separator: int) -> int | None:
    """Find the last line end outside of quotes by counting quotes.

    Returns:
        The position after it, 0 where there is none, None where a quote stands inside of a plain
        cell, so that counting says nothing.
    """
    quotes = np.flatnonzero(data == _QUOTE)
    if not _well_placed(data, quotes, separator):
        return None
    ends = np.flatnonzero(data == _LINE_ENDS[0])
    if not ends.size:
        ends = np.flatnonzero(data[:-1] == _LINE_ENDS[1])
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if outside.size else 0


def _well_placed(data: NDArray[np.uint8], quotes: NDArray[np.intp], separator: int) -> bool:
    """Say whether each odd quote starts a cell and each even one ends it, doubled ones apart."""
    around = (separator, *_LINE_ENDS, _QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    before = data[opening[opening > 0] - 1]
    after = data[closing[closing < len(data) - 1] + 1]
    if not (np.isin(before, around).all() and np.isin(after, around).all()):
        return False
    # A quote right before an opening one must be the closing one of the pair before.
    doubled = opening[1:][data[opening[1:] - 1] == _QUOTE]
    return bool(np.isin(doubled - 1, closing).all())


def _byte_text(data: bytes, error: UnicodeDecodeError) -> str:
    return f"the byte 0x{data[error.start]:02x}"
