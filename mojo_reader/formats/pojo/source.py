"""The text of a Java source, token by token, through a window of it that stays small.

Java's white space and comments separate tokens and mean nothing. What stands in the file is
compared with *patterns*: pieces of Java whose tokens have to be the same, but for holes, which
take one token each::

    source.expect("public int nfeatures() { return <>; }")    # ("7",)

Errors name the line; it is counted only when one is raised.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import BinaryIO, Final, NoReturn, TypeVar

from mojo_reader.errors import MojoError, MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.limits import Limits
from mojo_reader.formats.pojo.literals import parse_text

_Choice = TypeVar("_Choice")

#: So much is read at once. A class of 3,000 numbers, as H2O writes them, fits.
BLOCK_BYTES: Final = 1 << 17
#: What a pattern looks at stands in the window, but for long texts and comments.
_AHEAD: Final = 1 << 13
_TOKEN: Final = re.compile(
    rb'"(?:[^"\\]|\\.)*+"|[^\s"(){}\[\];,.=+\-*/<>!:?%&|@]++|["(){}\[\];,.=+\-*/<>!:?%&|@]',
    re.DOTALL,
)
_BLANKS: Final = re.compile(rb"[ \t\r\n\f]*+")
_NUMBER: Final = re.compile(
    rb"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?[fFdDlL]?(?![\w.])"
    rb"|(?:Double|Float)\.(?:NaN|POSITIVE_INFINITY|NEGATIVE_INFINITY)(?![\w.])"
)
_HOLE: Final = b"\0"
_SHOWN: Final = 40
_BOM: Final = b"\xef\xbb\xbf"


class Source:
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
        self._crlf = b"\r\n" in self._peek(_AHEAD).partition(b"\n")[0] + b"\n"

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
            searched = max(len(self._window) - self._at - _AHEAD, 0)
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

    # ----------------------------------------------------------------------- tokens

    def skip(self) -> None:
        """Go on over white space and comments."""
        self._at = self._skipped(self._at)

    def _skipped(self, at: int) -> int:
        """Return where the next token starts; extends the window, but moves no place in it."""
        while True:
            found = _BLANKS.match(self._window, at)
            at = at if found is None else found.end()
            start = self._window[at : at + 2]
            if start == b"//":
                stop, length = self._window.find(b"\n", at), 1
            elif start == b"/*":
                stop, length = self._window.find(b"*/", at + 2), 2
            elif len(start) > 1:
                return at
            else:
                stop, length = -1, 0
            if stop >= 0:
                at = stop + length
                continue
            grown = len(self._window) - self._at - BLOCK_BYTES
            what = "a comment, or blanks in a row,"
            self.limits.check("line_bytes", grown, f"{what} has {grown:,} bytes or more")
            at -= self._at
            if not self._extend():
                if start == b"/*":
                    self._fail_at_end()
                at = len(self._window) - self._at if start == b"//" else at
                return self._at + at
            at += self._at

    def _token(self, at: int) -> tuple[bytes, int]:
        """Return the token from a place in the window on, and where it ends; none at the end."""
        while True:
            found = _TOKEN.match(self._window, at)
            whole = found is not None and (found.end() < len(self._window) or self._ended)
            if found is not None and whole and found[0] != b'"':
                return found[0], found.end()
            length = len(self._window) - at
            self.limits.check("line_bytes", length, f"a word has {length:,} bytes or more")
            at -= self._at
            if not self._extend():
                if found is None or found[0] == b'"':
                    self._fail_at_end()
                return found[0], found.end()
            at += self._at

    def _matched(self, tokens: tuple[bytes, ...]) -> tuple[tuple[str, ...] | None, int]:
        """Compare what follows with tokens; the place stays.

        Returns:
            What the holes took, None where a token differs, and how far it came from the place.
        """
        if len(self._window) - self._at < _AHEAD:
            self._extend()
        holes: list[bytes] = []
        length = 0
        for token in tokens:
            # Both may move the window, but never the current place.
            length = self._skipped(self._at + length) - self._at
            if self._at + length >= len(self._window):
                return None, length
            found, end = self._token(self._at + length)
            if token == _HOLE:
                holes.append(found)
            elif found != token:
                return None, length
            length = end - self._at
        return tuple(map(self._decoded, holes)), length

    def at(self, pattern: str) -> bool:
        """Say whether a pattern follows."""
        return self._matched(_tokens(pattern))[0] is not None

    def take(self, pattern: str) -> tuple[str, ...] | None:
        """Go on over a pattern and return what its holes took; None where it does not follow."""
        holes, length = self._matched(_tokens(pattern))
        if holes is not None:
            self._at += length
        return holes

    def expect(self, pattern: str) -> tuple[str, ...]:
        """Go on over a pattern and return what its holes took.

        Raises:
            MojoFormatError: another token stands there.
        """
        holes, length = self._matched(_tokens(pattern))
        if holes is None:
            self._at += length
            raise self.unexpected(self._expected(pattern, length))
        self._at += length
        return holes

    def rule(self, pattern: str) -> tuple[str, ...]:
        """Go on over a pattern of what scores.

        Raises:
            MojoUnsupportedError: another token stands there.
        """
        holes, length = self._matched(_tokens(pattern))
        self._at += length
        if holes is None:
            raise self._unknown_rule(pattern)
        return holes

    def choose(self, choices: Mapping[str, _Choice]) -> _Choice:
        """Go on over the one of some patterns that follows, and return what it stands for.

        Raises:
            MojoUnsupportedError: none of them does.
        """
        furthest = 0
        for pattern, choice in choices.items():
            holes, length = self._matched(_tokens(pattern))
            if holes is not None:
                self._at += length
                return choice
            furthest = max(furthest, length)
        self._at += furthest
        raise self._unknown_rule(*choices)

    def follows(self, text: bytes) -> bool:
        """Go on over white space and comments, and say whether a text follows."""
        self.skip()
        return self._peek(len(text)) == text

    def ends(self) -> bool:
        """Go on over white space and comments, and say whether nothing follows."""
        self.skip()
        return not self._peek(1)

    def starts(self, comment: bytes) -> bool:
        """Go on over white space, and say whether a comment follows."""
        while True:
            found = _BLANKS.match(self._window, self._at)
            self._at = self._at if found is None else found.end()
            if self._at < len(self._window) or not self._extend():
                return self._peek(len(comment)) == comment

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Go on over a match that ``until`` has found here."""
        found = pattern.match(self._window, self._at)
        if found is None:
            raise self.unexpected("what was found there")
        self._at = found.end()
        return found

    @contextmanager
    def literal(self) -> Generator[None, None, None]:
        """Give the line to a literal that is none of Java's."""
        try:
            yield
        except MojoError:
            raise
        except ValueError as error:
            raise self.error(str(error)) from error

    def text(self, literal: bytes) -> str:
        """Read what stands between the quotes of a text.

        Raises:
            MojoFormatError: it is not UTF-8.
            ValueError: an escape is none of Java's.
        """
        size = len(literal)
        self.limits.check("line_bytes", size, f"a text has {size:,} bytes")
        content = literal.replace(b"\r\n", b"\n") if self._crlf else literal
        return parse_text(self.decode(content))

    def number(self) -> bytes:
        """Go on over a literal of a number, a sign included, and return it.

        Raises:
            MojoFormatError: something else stands there.
        """
        self.skip()
        self._peek(_AHEAD)
        found = _NUMBER.match(self._window, self._at)
        if found is None:
            raise self.unexpected("a number")
        self._at = found.end()
        return found[0]

    # ----------------------------------------------------------------------- errors

    def error(
        self, message: str, kind: type[MojoError] = MojoFormatError, offset: int | None = None
    ) -> MojoError:
        """Return the error of a place, by default the current one."""
        return kind(f"line {self._line(self.offset if offset is None else offset):,}: {message}")

    def unexpected(self, expected: str) -> MojoError:
        """Return the error of a place where something else was expected."""
        self.skip()
        if not self._peek(1):
            return self.error(f"the source ends too early, expected {expected}")
        return self.error(f"expected {expected}, found {self._following()}")

    def _unknown_rule(self, *patterns: str) -> MojoError:
        """Return the error of code that scores in a way that is not known."""
        self.skip()
        if not self._peek(1):
            self._fail_at_end()
        known = " or ".join(repr(pattern) for pattern in patterns)
        known = known if len(known) <= 2 * _SHOWN else "another rule of H2O's"
        message = (
            f"found {self._following()}, which is no rule that is known here; expected {known}"
        )
        return self.error(message, MojoUnsupportedError)

    def _fail_at_end(self) -> NoReturn:
        raise self.error("the source ends too early; download the whole of it", offset=self.size)

    def _expected(self, pattern: str, length: int) -> str:
        return repr(pattern) if length < _AHEAD else "H2O's code"

    def _following(self) -> str:
        """Quote the line of the current place."""
        start = self._window.rfind(b"\n", 0, self._at) + 1
        start = max(start, self._at - _SHOWN)
        line = self._window[start:].split(b"\n", 1)[0][: 2 * _SHOWN].strip()
        return repr(line.decode("utf-8", "replace"))

    def _line(self, offset: int) -> int:
        self._stream.seek(0)
        line, left = 1, offset
        while left > 0 and (block := self._stream.read(min(left, BLOCK_BYTES))):
            line += block.count(b"\n")
            left -= len(block)
        return line

    def _decoded(self, token: bytes) -> str:
        return self.decode(token)

    def decode(self, text: bytes) -> str:
        """Decode UTF-8.

        Raises:
            MojoFormatError: the bytes are not UTF-8.
        """
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"expected UTF-8 text, found {text[error.start : error.start + 4]!r}"
            raise self.error(message) from error


@lru_cache(maxsize=512)
def _tokens(pattern: str) -> tuple[bytes, ...]:
    """Cut a pattern into tokens; ``<>`` is a hole."""
    marked = pattern.encode().replace(b"<>", b" \0 ")
    return tuple(_TOKEN.findall(marked))
