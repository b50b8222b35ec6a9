"""What the messages of an Arrow file unpack to, by their own metadata, before any is unpacked.

A compressed buffer starts with the size that it unpacks to, and Arrow makes room for what is said
there. The metadata is a flat buffer (``Message.fbs`` of Apache Arrow).
"""

import struct
from typing import Any, BinaryIO, Final

from mojo_reader.errors import MojoDataError
from mojo_reader.formats.limits import Limits

_CONTINUES: Final = 0xFFFFFFFF
_DICTIONARY_BATCH: Final = 2
_RECORD_BATCH: Final = 3
_MOST_METADATA: Final = 64 << 20
_WORD: Final = 8


def check_messages(stream: BinaryIO, start: int, limits: Limits) -> None:
    """Hold every message of a stream to the limits.

    Args:
        stream: the file; its position changes.
        start: where the first message starts.
        limits: how much a batch may unpack to, and how many rows the file may have.

    Raises:
        MojoDataError: a message is above the limits, or damaged.
    """
    size = stream.seek(0, 2)
    rows = 0
    try:
        while (message := _next_message(stream, start, size)) is not None:
            about, body, start = message
            batch = _batch(about)
            if batch is None:
                continue
            if about.number(1, "B") == _RECORD_BATCH:
                rows += batch.number(0, "q")
            limits.check_row_count(rows, size)
            if batch.table(3) is not None:
                unpacked = _unpacked(stream, batch, body)
                limits.check_batch(unpacked, start - body, "a batch of rows needs")
    except (struct.error, OverflowError) as error:
        raise _damaged() from error


def _next_message(stream: BinaryIO, start: int, size: int) -> "tuple[_Table, int, int] | None":
    """Return a message, where its body starts, and where that ends; None at the end."""
    stream.seek(start)
    head = stream.read(8)
    if not head:
        return None
    continues, length = struct.unpack("<Ii", head)
    if length == 0:
        return None
    if continues != _CONTINUES or not 0 < length <= min(_MOST_METADATA, size):
        raise _damaged()
    data = stream.read(length)
    message = _Table(data, struct.unpack_from("<I", data)[0])
    body = start + 8 + length
    end = body + message.number(3, "q")
    if not body <= end <= size:
        raise _damaged()
    return message, body, end


def _batch(message: "_Table") -> "_Table | None":
    kind = message.number(1, "B")
    if kind == _DICTIONARY_BATCH:
        about = message.table(2)
        return None if about is None else about.table(1)
    return message.table(2) if kind == _RECORD_BATCH else None


def _unpacked(stream: BinaryIO, batch: "_Table", body: int) -> int:
    """Return what the buffers of a compressed batch unpack to."""
    total = 0
    for offset, length in batch.pairs(2):
        if length < _WORD:
            continue
        stream.seek(body + offset)
        size = struct.unpack("<q", stream.read(_WORD))[0]
        if size < -1:
            raise _damaged()
        total += length if size == -1 else size
    return total


def _damaged() -> MojoDataError:
    return MojoDataError("the file cannot be read: a message's metadata is damaged")


class _Table:
    """A table of a flat buffer."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def number(self, field: int, form: str) -> int:
        """Return an integer; 0 where the table has none."""
        at = self._place(field)
        return 0 if at is None else int(self._unpack(form, at))

    def table(self, field: int) -> "_Table | None":
        """Return a table in this one."""
        at = self._place(field)
        return None if at is None else _Table(self._data, at + self._unpack("I", at))

    def pairs(self, field: int) -> list[tuple[int, int]]:
        """Return a list of two 64-bit integers each."""
        at = self._place(field)
        if at is None:
            return []
        at += self._unpack("I", at)
        numbers = struct.unpack_from(f"<{self._unpack('I', at) * 2}q", self._data, at + 4)
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    def _place(self, field: int) -> int | None:
        fields = self._position - self._unpack("i", self._position)
        at = 4 + 2 * field
        if at >= self._unpack("H", fields):
            return None
        offset = self._unpack("H", fields + at)
        return self._position + offset if offset else None

    def _unpack(self, form: str, at: int) -> Any:
        if at < 0:
            raise _damaged()
        return struct.unpack_from(f"<{form}", self._data, at)[0]
