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
from typing import Final, TypeVar

from mojo_reader.errors import MojoError, MojoUnsupportedError
from mojo_reader.formats.pojo.literals import parse_text
from mojo_reader.formats.pojo.window import AHEAD, BLOCK_BYTES, Window

_Choice = TypeVar("_Choice")

_TOKEN: Final = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s"(){}\[\];,.=+\-*/<>!:?%&|@]++|["(){}\[\];,.=+\-*/<>!:?%&|@]',
    re.DOTALL,
)
_STEP: Final = re.compile(rb"[ \t\r\n\f]*+(%b)" % _TOKEN.pattern, re.DOTALL)
#: They may be the start of a comment, or of a text that goes on.
_UNSURE: Final = frozenset((b"/", b'"'))
_BLANKS: Final = re.compile(rb"[ \t\r\n\f]*+")
_NUMBER: Final = re.compile(
    rb"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?[fFdDlL]?(?![\w.])"
    rb"|(?:Double|Float)\.(?:NaN|POSITIVE_INFINITY|NEGATIVE_INFINITY)(?![\w.])"
)
_HOLE: Final = b"\0"
_SHOWN: Final = 40


class Source(Window):
    """A Java source, word by word."""

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
        if len(self._window) - self._at < AHEAD:
            self._extend()
        holes: list[bytes] = []
        length = 0
        step = _STEP.match
        for token in tokens:
            plain = step(self._window, self._at + length)
            if plain is not None and plain.end() < len(self._window) and plain[1] not in _UNSURE:
                found, end = plain[1], plain.end()
                length = plain.start(1) - self._at
            else:
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

    def take(self, pattern: str, plain: re.Pattern[bytes] | None = None) -> tuple[str, ...] | None:
        """Go on over a pattern and return what its holes took; None where it does not follow.

        Args:
            pattern: Java's words.
            plain: the same as H2O itself lays it out, which is tried first and found sooner.
        """
        found = None if plain is None else plain.match(self._window, self._at)
        if found is not None:
            self._at = found.end()
            return tuple(map(self._decoded, found.groups()))
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
        self._peek(AHEAD)
        found = _NUMBER.match(self._window, self._at)
        if found is None:
            raise self.unexpected("a number")
        self._at = found.end()
        return found[0]

    # ----------------------------------------------------------------------- errors

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

    def _expected(self, pattern: str, length: int) -> str:
        return repr(pattern) if length < AHEAD else "H2O's code"

    def _following(self) -> str:
        """Quote the line of the current place."""
        start = self._window.rfind(b"\n", 0, self._at) + 1
        start = max(start, self._at - _SHOWN)
        line = self._window[start:].split(b"\n", 1)[0][: 2 * _SHOWN].strip()
        return repr(line.decode("utf-8", "replace"))

    def _decoded(self, token: bytes) -> str:
        return self.decode(token)


@lru_cache(maxsize=512)
def _tokens(pattern: str) -> tuple[bytes, ...]:
    """Cut a pattern into tokens; ``<>`` is a hole."""
    marked = pattern.encode().replace(b"<>", b" \0 ")
    return tuple(_TOKEN.findall(marked))
