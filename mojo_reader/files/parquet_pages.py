"""What the pages of a Parquet file unpack to, by their own headers, before any is unpacked.

Arrow makes room for what a page's header declares, whatever the file's directory says, so that
only the headers tell what reading takes. They are Thrift's compact protocol
(``parquet.thrift``, ``PageHeader``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError

_DICTIONARY_PAGE: Final = 2
_DATA_PAGES: Final = (0, 3)
_DATA_PAGE_HEADERS: Final = {5: 2, 8: 4}  # field of the header: field of its encoding
_FIRST_BYTES: Final = 256
_MOST_HEADER_BYTES: Final = 16 << 20  # Arrow's own
_DELTA_LENGTH_BYTE_ARRAY: Final = 6
_DELTA_BYTE_ARRAY: Final = 7
_DEEPEST: Final = 32

# Types of the compact protocol.
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY = 1, 2, 3, 7, 8
_INTEGERS: Final = (4, 5, 6)
_LISTS: Final = (9, 10)
_STRUCT: Final = 12
_LONG: Final = 0x0F  # a count that does not fit beside the type


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ChunkSize:
    """What one column takes while a row group is read.

    Attributes:
        dictionary: bytes of its dictionary page.
        page: bytes of its largest data page.
        packed: bytes of both in the file.
        values: ``(pages,)`` int64, cells of each data page.
        unpacked: ``(pages,)`` int64, bytes of each data page.
        deltas: a data page writes texts by their lengths, or by what they add to the one before.
        shares_prefixes: the latter, so that each text can be as long as the page.
    """

    dictionary: int
    page: int
    packed: int
    values: NDArray[np.int64]
    unpacked: NDArray[np.int64]
    deltas: bool
    shares_prefixes: bool

    def text_rows(self, rows: int, most: int) -> int:
        """Return how many rows of text may be read together.

        Args:
            rows: the number to start from.
            most: bytes that they may take.
        """
        if self.deltas:
            longest = self.dictionary + (self.page if self.shares_prefixes else 0)
            rows = min(rows, most // max(1, longest))
        while rows > 1 and self._largest(rows) > most:
            rows //= 2
        return max(1, rows)

    def _largest(self, rows: int) -> int:
        """Return the bytes of the pages that so many rows can touch."""
        if not self.values.size:
            return 0
        ends, sizes = np.cumsum(self.values), np.cumsum(self.unpacked)
        # From the last row of a page on.
        last = np.searchsorted(ends, ends - 1 + rows).clip(max=len(ends) - 1)
        return int((sizes[last] - sizes + self.unpacked).max())


def chunk_size(stream: BinaryIO, chunk: Any) -> ChunkSize:
    """Walk over the page headers of one column of one row group.

    Args:
        stream: the file; its position changes.
        chunk: ``pyarrow.parquet.ColumnChunkMetaData``.

    Raises:
        MojoDataError: the headers are damaged.
    """
    headers = list(_page_headers(stream, chunk))
    dictionaries = [header for header in headers if header.kind == _DICTIONARY_PAGE]
    pages = [header for header in headers if header.kind in _DATA_PAGES]
    largest = [
        max(found, key=lambda header: header.unpacked) for found in (dictionaries, pages) if found
    ]
    encodings = {header.encoding for header in pages}
    return ChunkSize(
        dictionary=max((header.unpacked for header in dictionaries), default=0),
        page=max((header.unpacked for header in pages), default=0),
        packed=sum(header.packed for header in largest),
        values=np.array([header.values for header in pages], np.int64),
        unpacked=np.array([header.unpacked for header in pages], np.int64),
        deltas=bool(encodings & {_DELTA_LENGTH_BYTE_ARRAY, _DELTA_BYTE_ARRAY}),
        shares_prefixes=_DELTA_BYTE_ARRAY in encodings,
    )


def _page_headers(stream: BinaryIO, chunk: Any) -> Iterator["_PageHeader"]:
    start = chunk.data_page_offset
    if chunk.dictionary_page_offset is not None and chunk.dictionary_page_offset > 0:
        start = min(start, chunk.dictionary_page_offset)
    end = start + chunk.total_compressed_size
    values = 0
    while start < end and values < chunk.num_values:
        header, size = _page_header(stream, start)
        yield header
        values += header.values
        start += size + header.packed


@dataclass(frozen=True, kw_only=True, slots=True)
class _PageHeader:
    """What is needed of a page's header."""

    kind: int
    unpacked: int
    packed: int
    values: int
    encoding: int | None


def _page_header(stream: BinaryIO, start: int) -> tuple[_PageHeader, int]:
    """Read the header at a position; return it and its length."""
    size = _FIRST_BYTES
    while True:
        stream.seek(start)
        content = stream.read(size)
        fields = _Fields(content)
        try:
            found = fields.struct()
        except IndexError as error:
            if len(content) < size or size >= _MOST_HEADER_BYTES:
                raise _damaged() from error
            size *= 16
            continue
        return _understood(found), fields.position


def _understood(fields: dict[int, Any]) -> _PageHeader:
    kind, unpacked, packed = (fields.get(number) for number in (1, 2, 3))
    if not all(isinstance(number, int) and number >= 0 for number in (kind, unpacked, packed)):
        raise _damaged()
    values, encoding = 0, None
    for number, place in _DATA_PAGE_HEADERS.items():
        about = fields.get(number)
        if isinstance(about, dict):
            values, encoding = about.get(1, 0), about.get(place)
    if not isinstance(values, int) or values < 0:
        raise _damaged()
    return _PageHeader(
        kind=kind or 0, unpacked=unpacked or 0, packed=packed or 0, values=values, encoding=encoding
    )


def _damaged() -> MojoDataError:
    return MojoDataError("the file cannot be read: a page's header is damaged")


class _Fields:
    """Reads the compact protocol; past the end is an ``IndexError``."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return a struct's integers and structs by their numbers; the rest is passed over."""
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            kind, step = head & 0x0F, head >> 4
            number = number + step if step else self._zigzag()
            fields[number] = self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise _damaged()
        if kind in _INTEGERS:
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in {_TRUE, _FALSE}:
            return None
        self._pass_over(kind, depth)
        return None

    def _pass_over(self, kind: int, depth: int) -> None:
        if kind == _BINARY:
            self._skip(self._varint())
        elif kind == _DOUBLE:
            self._skip(8)
        elif kind == _BYTE:
            self._skip(1)
        elif kind in _LISTS:
            head = self._byte()
            count = head >> 4 if head >> 4 != _LONG else self._varint()
            if count > len(self._content):
                raise IndexError
            for _ in range(count):
                self._element(head & 0x0F, depth)
        else:  # a map, which no page header has, or nothing known
            raise _damaged()

    def _element(self, kind: int, depth: int) -> None:
        """Pass over an element of a list, where a truth value is a byte."""
        if kind in {_TRUE, _FALSE}:
            self._skip(1)
        else:
            self._value(kind, depth + 1)

    def _byte(self) -> int:
        byte = self._content[self.position]
        self.position += 1
        return byte

    def _skip(self, count: int) -> None:
        self.position += count
        if self.position > len(self._content):
            raise IndexError

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the last byte has no high bit
                return number
            shift += 7
            if shift > 63:  # noqa: PLR2004 - 64 bits at most
                raise _damaged()

    def _zigzag(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
