"""Lines of text as construct leaves that work at C speed.

``construct``'s own line parsers read a byte at a time in Python. LF, CR and CRLF end a line, as in
Java's ``BufferedReader.readLine``.
"""

from typing import Any, Final

import construct

from mojo_reader.errors import MojoFormatError

BLANKS: Final = bytes(range(0x21))
"""What ``String.trim`` drops."""


class LineStream:
    """Gives a binary stream's lines to the constructs below.

    A line may keep its terminator, because taking it off would copy megabytes; every user trims.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._pending: list[bytes] = []

    def readline(self) -> bytes | None:
        """Return the next line, or None at the end."""
        if self._pending:
            return self._pending.pop()
        line: bytes = self._stream.readline()
        if not line:
            return None
        if b"\r" not in line:
            return line
        lines = split_lines(line)
        self._pending = lines[:0:-1]
        return lines[0]


def split_lines(content: bytes) -> list[bytes]:
    """Split at LF, CR and CRLF; the last line may lack a terminator."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def decode(line: bytes) -> str:
    """Decode UTF-8.

    Raises:
        MojoFormatError: the bytes are not UTF-8.
    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"expected UTF-8 text, found {line[error.start : error.start + 4]!r}"
        raise MojoFormatError(message) from error


class Leaf(construct.Construct):  # type: ignore[misc]
    """A construct whose stream is a ``LineStream`` (parsing) or a binary file (building)."""

    def _sizeof(self, context: object, path: object) -> int:
        raise construct.SizeofError


def shortened(line: bytes, limit: int = 40) -> str:
    """Quote the start of a line for a message."""
    text = line[:limit].decode("utf-8", "replace")
    return repr(text + "..." if len(line) > limit else text)
