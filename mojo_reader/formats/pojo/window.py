"""A window that moves over a Java source and stays small."""

import re
from typing import BinaryIO, Final, NoReturn

from mojo_reader.errors import MojoError, MojoFormatError
from mojo_reader.formats.limits import Limits
from mojo_reader.formats.texts import decode

#: So much is read at once. A class of 3,000 numbers, as H2O writes them, fits.
BLOCK_BYTES: Final = 1 << 17
#: What is looked for stands in the window, but for long texts and comments.
AHEAD: Final = 1 << 13
_BOM: Final = b"\xef\xbb\xbf"


class Window:
    """A window that moves over a stream.

    Args:
        stream: binary, seekable, at its start.
        size: of the stream in bytes.
        limits: ``line_bytes`` bounds a text, a comment, and blanks in a row; ``array_bytes`` an
            array that stands on one line.
    """

    def __init__(self, stream: BinaryIO, size: int, limits: Limits) -> None:
        self.limits = limits
        self.size = size
        self._stream = stream
        self._window = b""
        self._start = 0  # of the window in the file
        self._at = 0  # in the window
        self._ended = False
        if self._peek(len(_BOM)) == _BOM:
            self._at = len(_BOM)
        # Whoever ended the lines so has ended those in texts so, too.
        self._crlf = b"\r\n" in self._peek(AHEAD).partition(b"\n")[0] + b"\n"

    # ----------------------------------------------------------------------- the window

    @property
    def offset(self) -> int:
        """Where the next byte stands in the file."""
        return self._start + self._at

    @property
    def left(self) -> int:
        """How many bytes of the file follow."""
        return self.size - self.offset

    def _extend(self) -> bool:
        """Read a block more and keep all from the current place on; False at the end."""
        if self._ended:
            return False
        block = self._stream.read(BLOCK_BYTES)
        if not block:
            self._ended = True
            return False
        self._window = self._window[self._at :] + block
        self._start += self._at
        self._at = 0
        return True

    def _peek(self, count: int) -> bytes:
        while len(self._window) - self._at < count and self._extend():
            pass
        return self._window[self._at : self._at + count]

    def until(self, end: re.Pattern[bytes], limit: str, what: str) -> bytes:
        """Take everything up to a match, and leave the place in front of it.

        Args:
            end: what ends it.
            limit: the name of the limit of its length.
            what: it is, for the message.

        Raises:
            MojoFormatError: the source ends before.
            MojoLimitError: it is longer than the limit.
        """
        searched = 0
        while True:
            found = end.search(self._window, self._at + searched)
            if found:
                taken = self._window[self._at : found.start()]
                self._at = found.start()
                return taken
            # What ends it may have begun in this block.
            searched = max(len(self._window) - self._at - AHEAD, 0)
            length = len(self._window) - self._at
            self.limits.check(limit, length, f"{what} has {length:,} bytes or more")
            if not self._extend():
                self._fail_at_end()

    def block(self) -> bytes:
        """Return what follows in the window, at least a block of it where there is as much."""
        if len(self._window) - self._at < BLOCK_BYTES:
            self._extend()
        return self._window[self._at :]

    def advance(self, count: int) -> None:
        """Go on by so many bytes of the window."""
        self._at += count

    def grow(self, what: str) -> bool:
        """Read a block more, for what did not end in the last one; False at the end.

        Raises:
            MojoLimitError: a text is longer than the limit.
        """
        length = len(self._window) - self._at
        self.limits.check("line_bytes", length, f"{what} has {length:,} bytes or more")
        return self._extend()

    # ----------------------------------------------------------------------- errors

    def error(
        self, message: str, kind: type[MojoError] = MojoFormatError, offset: int | None = None
    ) -> MojoError:
        """Return the error of a place, by default the current one."""
        return kind(f"line {self._line(self.offset if offset is None else offset):,}: {message}")

    def _fail_at_end(self) -> NoReturn:
        raise self.error("the source ends too early; download the whole of it", offset=self.size)

    def _line(self, offset: int) -> int:
        self._stream.seek(0)
        line, left = 1, offset
        while left > 0 and (block := self._stream.read(min(left, BLOCK_BYTES))):
            line += block.count(b"\n")
            left -= len(block)
        return line

    def decode(self, text: bytes) -> str:
        """Decode UTF-8.

        Raises:
            MojoFormatError: the bytes are not UTF-8.
        """
        try:
            return decode(text)
        except MojoFormatError as error:
            raise self.error(error.reason) from error
