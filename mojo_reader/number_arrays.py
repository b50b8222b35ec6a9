"""Bracketed number arrays, the network's weights and biases, to and from NumPy.

Source: ``hex.genmodel.utils.ParseUtils.parseArrayOfDoubles``.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader import java
from mojo_reader.errors import MojoFormatError
from mojo_reader.lines import BLANKS, Leaf, LineStream, decode, shortened

# Whatever else stands in a number array goes the slow way, one number at a time.
_PLAIN_NUMBER_BYTES: Final = b"0123456789+-.eE, "
BLOCK_BYTES: Final = 1 << 16
"""Numbers are parsed in blocks of this size, which stay in the processor's cache."""


class NumberArray(Leaf):
    """``[1.0, -2.5E-4, ...]`` on one line, to a one-dimensional NumPy array.

    Numbers are Java's, parsed as float64 and then rounded to ``dtype``.
    """

    def __init__(self, dtype: type[np.float32 | np.float64]) -> None:
        super().__init__()
        self._dtype = dtype

    def _parse(self, stream: LineStream, context: object, path: str) -> NDArray[Any]:
        line = stream.readline()
        if line is None:
            raise MojoFormatError("expected an array in brackets, found nothing")
        return self.parse_line(line, 0)

    def _build(
        self, obj: NDArray[Any], stream: io.BufferedIOBase, context: object, path: str
    ) -> NDArray[Any]:
        stream.write(array_text(obj))
        return obj

    def parse_line(self, line: bytes, start: int) -> NDArray[Any]:
        """Parse the array that takes all of ``line`` from ``start`` on.

        Raises:
            MojoFormatError: it is no array, or a number is none for Java.
        """
        start, stop = _trimmed_range(line, start)
        if not (
            line[start : start + 1] == b"[" and line[stop - 1 : stop] == b"]" and start < stop - 1
        ):
            message = f"expected an array in brackets, found {shortened(line[start:stop][:50])}"
            raise MojoFormatError(message)
        start, stop = start + 1, stop - 1
        if start == stop:
            return np.empty(0, self._dtype)
        parts: list[NDArray[Any]] = []
        parsed = 0
        for block in _blocks(line, start, stop):
            parts.append(self._block_numbers(block, parsed))
            parsed += parts[-1].size
        return np.concatenate(parts)

    def _block_numbers(self, block: bytes, position: int) -> NDArray[Any]:
        tokens = block.split(b",")
        try:
            if block.translate(None, _PLAIN_NUMBER_BYTES):
                return self._java_numbers(tokens, position)
            with np.errstate(over="ignore"):
                return np.fromiter(map(float, tokens), self._dtype, len(tokens))
        except ValueError:
            return self._java_numbers(tokens, position)

    def _java_numbers(self, tokens: Iterable[bytes], position: int) -> NDArray[Any]:
        numbers = []
        for index, token in enumerate(tokens, position):
            try:
                numbers.append(java.parse_double(decode(token)))
            except ValueError as error:
                message = f"number {index} of the array: {error}"
                raise MojoFormatError(message) from error
        with np.errstate(over="ignore"):
            return np.array(numbers, np.float64).astype(self._dtype)


def _trimmed_range(line: bytes, start: int) -> tuple[int, int]:
    stop = len(line)
    while start < stop and line[start] in BLANKS:
        start += 1
    while stop > start and line[stop - 1] in BLANKS:
        stop -= 1
    return start, stop


def _blocks(line: bytes, start: int, stop: int) -> Iterator[bytes]:
    """Cut at separators into blocks that stay in the processor's cache."""
    while stop - start > BLOCK_BYTES:
        cut = line.rfind(b",", start, start + BLOCK_BYTES)
        cut = cut if cut >= 0 else line.find(b",", start, stop)
        if cut < 0:
            break
        yield line[start:cut]
        start = cut + 1
    yield line[start:stop]


def array_text(array: NDArray[Any]) -> bytes:
    """Write an array as H2O does."""
    write = java.float_text if array.dtype == np.float32 else java.double_text
    return b"[" + ", ".join(map(write, array)).encode() + b"]"
