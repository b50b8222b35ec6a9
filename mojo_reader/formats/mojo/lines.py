"""Lines of text as construct leaves that work at C speed.

``construct``'s own line parsers read a byte at a time in Python. LF, CR and CRLF end a line, as in
Java's ``BufferedReader.readLine``.
"""

from collections.abc import Iterator
from typing import Any, Final

import construct

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.java import text as java

BLANKS: Final = java.BLANKS.encode()
"""What ``String.trim`` drops."""
BLOCK_BYTES: Final = 1 << 16
"""A longer line is given in pieces of this size, which stay in the processor's cache."""


class LineStream:
    """Gives a binary stream's lines to the constructs below, long ones in pieces.

    A line may keep its terminator, because taking it off would copy megabytes; every user trims.

    Args:
        stream: a buffered binary stream.
        limits: of the length of a line, and what else the lines may ask for.
    """

    def __init__(self, stream: Any, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self._stream = stream
        self._pending: list[bytes] = []
        self._after_return = False

    def readline(self) -> bytes | None:
        """Return the next line, or None at the end.

        Raises:
            MojoLimitError: it is longer than the limit.
        """
        piece = self.piece()
        return self.whole(piece) if piece else None

    def piece(self) -> bytes:
        """Return the next line, or as much of it as a piece holds; nothing at the end.

        The line goes on in the next piece where there is no terminator.
        """
        while not self._pending:
            piece: bytes = self._stream.readline(BLOCK_BYTES)
            if self._after_return:
                # The carriage return before it has ended the line already.
                piece = piece.removeprefix(b"\n") or self._stream.readline(BLOCK_BYTES)
            self._after_return = piece.endswith(b"\r")
            if b"\r" not in piece:
                return piece
            self._pending = _with_newlines(piece).splitlines(keepends=True)[::-1]
        return self._pending.pop()

    def rest(self, piece: bytes) -> Iterator[bytes]:
        """Yield the further pieces of a line."""
        while piece and not piece.endswith(b"\n"):
            piece = self.piece()
            yield piece

    def whole(self, piece: bytes, limit: str = "line_bytes") -> bytes:
        """Return the whole line that starts with a piece.

        Args:
            piece: its start.
            limit: the name of the limit of its length.

        Raises:
            MojoLimitError: it is longer.
        """
        if piece.endswith(b"\n"):
            return piece
        pieces, size = [piece], len(piece)
        for more in self.rest(piece):
            pieces.append(more)
            size += len(more)
            self.limits.check(limit, size, f"a line has {size:,} bytes or more")
        return b"".join(pieces)


def split_lines(content: bytes) -> list[bytes]:
    """Split at LF, CR and CRLF; the last line may lack a terminator."""
    lines = _with_newlines(content).split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def count_lines(content: bytes) -> int:
    """Return the number of lines that ``split_lines`` gives, without making them."""
    content = _with_newlines(content)
    return content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0)


def require_lines(content: bytes, count: int, what: str) -> None:
    """Require a number of lines, before anything is made of them.

    Raises:
        MojoFormatError: there are more or fewer.
    """
    found = count_lines(content)
    if found != count:
        message = f"expected {count} {what}, found {found}"
        raise MojoFormatError(message)


def _with_newlines(content: bytes) -> bytes:
    """End every line by LF alone."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content


class Leaf(construct.Construct):  # type: ignore[misc]
    """A construct whose stream is a ``LineStream`` (parsing) or a binary file (building)."""

    def _sizeof(self, context: object, path: object) -> int:
        raise construct.SizeofError


def shortened(line: bytes, limit: int = 40) -> str:
    """Quote the start of a line for a message."""
    text = line[:limit].decode("utf-8", "replace")
    return repr(text + "..." if len(line) > limit else text)
