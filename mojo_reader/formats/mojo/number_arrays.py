"""Bracketed number arrays, the network's weights and biases, to and from NumPy.

Source: ``hex.genmodel.utils.ParseUtils.parseArrayOfDoubles``.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.ahead import made_ahead
from mojo_reader.formats.mojo.float_texts import SEPARATOR, float_texts
from mojo_reader.formats.mojo.lines import BLANKS, BLOCK_BYTES, Leaf, LineStream, shortened
from mojo_reader.formats.mojo.plain_numbers import plain_numbers
from mojo_reader.formats.texts import decode
from mojo_reader.java import text as java

# Whatever else stands in a number array goes the slow way, one number at a time.
_PLAIN_NUMBER_BYTES: Final = b"0123456789+-.eE, "
_TYPES: Final = (b"d", b"D", b"f", b"F")
_SHOWN_BYTES: Final = 50
_COMMA: Final = b","[0]
_SHORTEST_BLOCK: Final = 3 * BLOCK_BYTES
"""Numbers are read in blocks of so many bytes of text, of which two threads do one each."""
_LARGE_PART: Final = 1 << 20
_NUMBERS: Final = 1 << 14
"""Numbers are written in blocks of so many."""


class NumberArray(Leaf):
    """``[1.0, -2.5E-4, ...]`` on one line, to a one-dimensional NumPy array.

    Numbers are Java's, parsed as float64 and then rounded to ``dtype``.
    """

    def __init__(self, dtype: type[np.float32 | np.float64]) -> None:
        super().__init__()
        self._dtype = dtype

    def _parse(self, stream: LineStream, context: object, path: str) -> NDArray[Any]:
        piece = stream.piece()
        if not piece:
            raise MojoFormatError("expected an array in brackets, found nothing")
        return self.parse_pieces(chain([piece], stream.rest(piece)))

    def _build(
        self, obj: NDArray[Any], stream: io.BufferedIOBase, context: object, path: str
    ) -> NDArray[Any]:
        stream.writelines(array_texts(obj))
        return obj

    def parse_line(self, line: bytes, start: int) -> NDArray[Any]:
        """Parse the ``(count,)`` array that takes all of ``line`` from ``start`` on.

        Raises:
            MojoFormatError: it is no array, or a number is none for Java.
        """
        stops = range(start, len(line), BLOCK_BYTES)
        return self.parse_pieces(line[stop : stop + BLOCK_BYTES] for stop in stops)

    def parse_pieces(
        self, pieces: Iterable[bytes], allow: Callable[[int], None] | None = None
    ) -> NDArray[Any]:
        """Parse the ``(count,)`` array whose text comes in pieces.

        Args:
            pieces: the text, cut anywhere.
            allow: called with the count of numbers so far; raises where they are too many.

        Raises:
            MojoFormatError: it is no array, or a number is none for Java.
        """
        parsed = _Parts(self._dtype)
        for numbers in made_ahead(self._block_numbers, _with_positions(_blocks(pieces))):
            parsed.add(numbers)
            if allow is not None:
                allow(parsed.count)
        return parsed.joined()

    def _block_numbers(self, placed: tuple[bytes, int]) -> NDArray[Any]:
        block, position = placed
        try:
            numbers = plain_numbers(block)
        except ValueError:
            numbers = None
        if numbers is not None:
            with np.errstate(over="ignore"):
                return numbers.astype(self._dtype)
        tokens = block.split(b",")
        try:
            if block.translate(None, _PLAIN_NUMBER_BYTES):
                return self._java_numbers(tokens, position)
            with np.errstate(over="ignore"):
                return np.fromiter(map(float, tokens), self._dtype, len(tokens))
        except ValueError:
            return self._java_numbers(tokens, position)

    def _java_numbers(self, tokens: list[bytes], position: int) -> NDArray[Any]:
        known: dict[bytes, float] = {}  # what packs well repeats itself
        for token in dict.fromkeys(tokens):
            try:
                known[token] = _java_number(token)
            except ValueError as error:
                message = f"number {position + tokens.index(token)} of the array: {error}"
                raise MojoFormatError(message) from error
        with np.errstate(over="ignore"):
            return np.fromiter(map(known.__getitem__, tokens), self._dtype, len(tokens))


class _Parts:
    """Parts of an array, joined without twice its memory: a part is let go once it is copied.

    Attributes:
        count: of the numbers so far.
    """

    def __init__(self, dtype: type[np.float32 | np.float64]) -> None:
        self.count = 0
        self._dtype = dtype
        self._small: list[NDArray[Any]] = []
        # Large enough for the system to take back the memory of each by itself.
        self._large: list[NDArray[Any]] = []
        self._joined_count = 0

    def add(self, part: NDArray[Any]) -> None:
        """Take the next numbers."""
        self._small.append(part)
        self.count += part.size
        if self.count - self._joined_count >= _LARGE_PART:
            self._large.append(np.concatenate(self._small))
            self._small, self._joined_count = [], self.count

    def joined(self) -> NDArray[Any]:
        """Return all numbers ``(count,)``; the parts are gone."""
        parts, whole, start = [*self._large, *self._small], np.empty(self.count, self._dtype), 0
        self._large, self._small = [], []
        parts.reverse()
        while parts:
            part = parts.pop()
            whole[start : start + part.size] = part
            start += part.size
        return whole


def _java_number(token: bytes) -> float:
    """Return the number that a text is to Java, plain ones with a type's letter quickly.

    Raises:
        ValueError: it is none.
    """
    plain = token[:-1] if token.endswith(_TYPES) else token
    if len(plain) <= _SHOWN_BYTES and not plain.translate(None, _PLAIN_NUMBER_BYTES):
        with suppress(ValueError):
            if not plain.endswith(b" "):
                return float(plain)
    return java.parse_double(decode(token))


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what stands between the brackets, cut at separators; nothing for ``[]``.

    Blanks around the array are dropped.
    """
    start = pending = b""
    blocks = 0
    for piece in pieces:
        pending = pending.lstrip(BLANKS) + piece if blocks or start else piece.lstrip(BLANKS)
        if not start:
            start = pending[:_SHOWN_BYTES]
            if start and not start.startswith(b"["):
                break
            pending = pending[1:]
        if len(pending) < _SHORTEST_BLOCK:
            continue
        block, separator, rest = pending.rpartition(b",")
        if separator:
            yield block
            blocks += 1
            pending = rest
        elif len(pending) > 2 * BLOCK_BYTES:
            message = f"expected numbers, found a text of more than {BLOCK_BYTES:,} bytes"
            raise MojoFormatError(message)
    last = pending.rstrip(BLANKS)
    if not start.startswith(b"[") or not last.endswith(b"]"):
        message = f"expected an array in brackets, found {shortened(start.strip(BLANKS))}"
        raise MojoFormatError(message)
    if blocks or last != b"]":
        yield last[:-1]


def _with_positions(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield each block with the number of the numbers before it."""
    position = 0
    for block in blocks:
        yield block, position
        position += 1 + int(np.count_nonzero(np.frombuffer(block, np.uint8) == _COMMA))


def array_text(array: NDArray[Any]) -> bytes:
    """Write a ``(count,)`` array as H2O does."""
    return b"".join(array_texts(array))


def array_texts(array: NDArray[Any]) -> Iterator[bytes]:
    """Yield the text of a ``(count,)`` array in parts: a large one never stands in memory."""
    write = _float_block if array.dtype == np.float32 else _double_block
    blocks = (array[start : start + _NUMBERS] for start in range(0, array.size, _NUMBERS))
    separator = b"["
    for text in made_ahead(write, blocks):
        yield separator
        yield text
        separator = SEPARATOR
    yield b"]" if array.size else b"[]"


def _float_block(block: NDArray[np.float32]) -> bytes:
    if np.isfinite(block).all():
        return float_texts(block)
    return SEPARATOR.join(java.float_text(number).encode() for number in block)


def _double_block(block: NDArray[np.float64]) -> bytes:
    return SEPARATOR.join(java.double_text(number).encode() for number in block.tolist())
