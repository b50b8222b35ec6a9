"""What H2O's ``AutoBuffer`` writes of numbers, texts and arrays, as construct leaves.

::

    Number      a small integer in one byte, else 255 and two bytes, or 254 and four
    Text        Number of bytes (-1 for none), UTF-8
    Array       Number of values (-1 for none), the values as they stand in memory
    Longs       leading zeros, values, trailing zeros; width of a value; the values
    Sparse      leading nulls, others, trailing nulls; the others, each as an item's leaf reads it

Arrays are read straight into NumPy's memory. Numbers stand in the byte order of the machine that
wrote them. Source: ``water.AutoBuffer``.
"""

import io
from collections.abc import Mapping
from typing import Any, BinaryIO, Final, Literal

import construct
import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.limits import Limits
from mojo_reader.formats.texts import decode

_SHORT: Final = 255
_INT: Final = 254
#: As much is read at once: a large array's start is copied twice.
_WINDOW_BYTES: Final = 1 << 14
_PIECE_BYTES: Final = 1 << 20
_NULLS: Final = b"\0"


Order = Literal["<", ">"]


class Source:
    """A stream that knows how much is left of it, and what has been made of it.

    Most of a model's fields take a byte or two: they are taken from a window that is read at once.

    Args:
        stream: at its start, seekable.
        size: of it, in bytes.
        limits: what the file may ask for.
        order: of bytes: ``<``, or ``>`` where the largest stands first.

    Attributes:
        limits: what the file may ask for.
        order: of bytes.
        bodies: by number of a class, what reads its objects.
        depth: objects that are being read.
        spent: what has been made of the file.
    """

    __slots__ = ("_at", "_end", "_stream", "_window", "bodies", "depth", "limits", "order", "spent")

    def __init__(self, stream: BinaryIO, size: int, limits: Limits, order: Order = "<") -> None:
        self.limits = limits
        self.order = order
        self.bodies: Mapping[int, Any] = {}
        self.depth = 0
        self._stream = stream
        self._window = b""
        self._at = 0
        # Bytes behind the window.
        self._end = size
        self.spent = 0

    def left(self) -> int:
        """Return the number of bytes up to the end."""
        return self._end + len(self._window) - self._at

    def read(self, count: int) -> bytes:
        """Return so many bytes.

        Raises:
            MojoFormatError: there are fewer.
        """
        start = self._at
        stop = start + count
        if stop > len(self._window):
            self._fill(count)
            start, stop = 0, count
        self._at = stop
        return self._window[start:stop]

    def _fill(self, count: int) -> None:
        """Read the window that starts here, of so many bytes at least."""
        self.require(count)
        rest = self._window[self._at :]
        wanted = min(max(count - len(rest), _WINDOW_BYTES), self._end)
        more = self._stream.read(wanted)
        if len(more) != wanted:
            raise MojoFormatError("the file ends too early")
        self._window = rest + more
        self._at = 0
        self._end -= wanted

    def require(self, count: int) -> None:
        """Require so many bytes up to the end, before memory is taken for them.

        Raises:
            MojoFormatError: there are fewer.
        """
        if count > self.left():
            message = f"expected {count:,} more bytes, found {self.left():,}: the file is cut off"
            raise MojoFormatError(message)

    def skip(self, count: int) -> None:
        """Pass over so many bytes.

        Raises:
            MojoFormatError: there are fewer.
        """
        self.require(count)
        self._at += count
        beyond = self._at - len(self._window)
        if beyond > 0:
            self._stream.seek(beyond, io.SEEK_CUR)
            self._window = b""
            self._at = 0
            self._end -= beyond

    def nulls(self, most: int) -> int:
        """Pass over null texts, arrays or objects, and return how many there are."""
        start = self._at
        found = self._window[start : start + most]
        nulls = len(found) - len(found.lstrip(_NULLS))
        self._at = start + nulls
        return nulls

    def number(self) -> int:
        """Return a small integer (``AutoBuffer.getInt``)."""
        at = self._at
        if at < len(self._window):
            first = self._window[at]
            self._at = at + 1
        else:
            first = self.read(1)[0]
        if first < _INT:
            return first - 1
        return self.integer(2 if first == _SHORT else 4)

    def integer(self, width: int) -> int:
        """Return an integer of so many bytes."""
        order: Literal["little", "big"] = "little" if self.order == "<" else "big"
        return int.from_bytes(self.read(width), order, signed=True)

    def count(self) -> int:
        """Return a number of things, -1 for none.

        Raises:
            MojoFormatError: it is below that.
        """
        count = self.number()
        if count < -1:
            message = f"expected a length, found {count}"
            raise MojoFormatError(message)
        return count

    def array(self, dtype: "np.dtype[Any]", count: int) -> NDArray[Any]:
        """Return ``(count,)`` numbers, read into their own memory at once.

        Raises:
            MojoFormatError: there are fewer.
            MojoLimitError: there are more than a network may have.
        """
        size = count * dtype.itemsize
        self.require(size)
        if count > self.limits.weights:
            # The optimizer has two numbers for each weight.
            self.limits.check("weights", (count + 1) // 2, f"an array has {count:,} numbers")
        array: NDArray[Any] = np.empty(count, dtype.newbyteorder(self.order))
        if size:
            self._read_into(array.view(np.uint8).data)
        array.flags.writeable = False
        return array

    def _read_into(self, memory: memoryview) -> None:
        start = self._at
        done = min(len(self._window) - start, len(memory))
        memory[:done] = self._window[start : start + done]
        self._at = start + done
        while done < len(memory):
            got = self._some_into(memory[done:])
            if not got:
                raise MojoFormatError("the file ends too early")
            done += got
            self._end -= got

    def _some_into(self, memory: memoryview) -> int:
        readinto = getattr(self._stream, "readinto", None)
        if readinto is not None:
            return readinto(memory) or 0
        # A binary file that somebody wrote may have ``read`` alone.
        content = self._stream.read(min(len(memory), _PIECE_BYTES))
        memory[: len(content)] = content
        return len(content)

    def spend(self, count: int = 1) -> None:
        """Count what is made of the file: objects, texts, and what takes no byte of it.

        Raises:
            MojoLimitError: it is more than a file of this size may hold.
        """
        self.spent += count
        if self.spent > self.limits.objects_free:
            what = f"the model holds {self.spent:,} objects and texts or more"
            self.limits.check_count("objects", self.spent, what)


class Leaf(construct.Construct):  # type: ignore[misc]
    """A construct whose stream is a ``Source``."""

    def _sizeof(self, context: object, path: object) -> int:
        raise construct.SizeofError


class Mark(Leaf):
    """Bytes that a file starts with."""

    def __init__(self, mark: bytes) -> None:
        super().__init__()
        self._mark = mark

    def _parse(self, stream: Source, context: object, path: str) -> None:
        found = stream.read(len(self._mark))
        if found != self._mark:
            message = f"expected an H2O binary model, which starts with {self._mark!r}"
            raise MojoFormatError(message)


class _Text(Leaf):
    def _parse(self, stream: Source, context: object, path: str) -> str | None:
        count = stream.count()
        if count < 0:
            return None
        stream.spend()
        return decode(stream.read(count))


class _Serialized(Leaf):
    """What Java itself has serialized: passed over by its length, and never read."""

    def _parse(self, stream: Source, context: object, path: str) -> None:
        stream.skip(max(stream.count(), 0))


class _Enum(Leaf):
    """One of an enum's constants, by its place (``AutoBuffer.putEnum``)."""

    def __init__(self, constants: tuple[str, ...]) -> None:
        super().__init__()
        self._constants = constants

    def _parse(self, stream: Source, context: object, path: str) -> str | None:
        place = stream.read(1)[0]
        if place == _NONE:
            return None
        if place >= len(self._constants):
            message = f"expected one of {len(self._constants)} constants, found number {place}"
            raise MojoFormatError(message)
        return self._constants[place]


_NONE: Final = 0xFF


class _Array(Leaf):
    def __init__(self, dtype: str) -> None:
        super().__init__()
        self._dtype = np.dtype(dtype)

    def _parse(self, stream: Source, context: object, path: str) -> NDArray[Any] | None:
        count = stream.count()
        return None if count < 0 else stream.array(self._dtype, count)


class _Bytes(Leaf):
    def _parse(self, stream: Source, context: object, path: str) -> bytes | None:
        count = stream.count()
        return None if count < 0 else stream.read(count)


class _Booleans(Leaf):
    def _parse(self, stream: Source, context: object, path: str) -> NDArray[np.bool_] | None:
        count = stream.count()
        if count < 0:
            return None
        array = stream.array(np.dtype("u1"), count)
        if count and array.max() > 1:
            message = f"expected booleans, found {array.max()}"
            raise MojoFormatError(message)
        return array.view(np.bool_)


_WIDTHS: Final[Mapping[int, np.dtype[Any]]] = {
    1: np.dtype("u1"),
    2: np.dtype("<i2"),
    4: np.dtype("<i4"),
    8: np.dtype("<i8"),
}


class _Longs(Leaf):
    """``AutoBuffer.putA8``: zeros at both ends take no room, nor does what the width spares."""

    def _parse(self, stream: Source, context: object, path: str) -> NDArray[np.int64] | None:
        lengths = sparse_lengths(stream)
        if lengths is None:
            return None
        before, count, after = lengths
        width = stream.read(1)[0]
        if width not in _WIDTHS:
            message = f"expected integers of 1, 2, 4 or 8 bytes, found {width}"
            raise MojoFormatError(message)
        stream.require(count * width)
        numbers = np.zeros(before + count + after, np.int64)
        numbers[before : before + count] = stream.array(_WIDTHS[width], count)
        return numbers


class Sparse(Leaf):
    """An array whose items may be null (``AutoBuffer.putZA``)."""

    def __init__(self, item: Leaf) -> None:
        super().__init__()
        self._item = item

    def _parse(self, stream: Source, context: object, path: str) -> list[Any] | None:
        lengths = sparse_lengths(stream)
        if lengths is None:
            return None
        before, count, after = lengths
        # Every item takes a byte at least.
        stream.require(count)
        stream.spend(1 + count)
        parse = self._item._parse
        items = [parse(stream, context, path) for _ in range(count)]
        return [*(None,) * before, *items, *(None,) * after]


def sparse_lengths(stream: Source) -> tuple[int, int, int] | None:
    """Return how many nulls, items and nulls an array has; None where there is no array."""
    before = stream.count()
    if before < 0:
        return None
    count = stream.count()
    after = stream.count() if count else 0
    if count < 0 or after < 0:
        message = f"expected lengths, found {count} and {after}"
        raise MojoFormatError(message)
    stream.spend(before + after)
    return before, count, after


TEXT: Final = _Text()
TEXTS: Final = Sparse(TEXT)
BYTES: Final = _Bytes()
SERIALIZED: Final = _Serialized()
#: By descriptor of a class file, arrays of one dimension.
ARRAYS: Final = {
    "Z": _Booleans(),
    "B": BYTES,
    "C": _Array("<u2"),
    "S": _Array("<i2"),
    "I": _Array("<i4"),
    "F": _Array("<f4"),
    "J": _Longs(),
    "D": _Array("<f8"),
}
#: By descriptor, one number, as ``struct`` writes it.
FIXED: Final = {
    "Z": "B",
    "B": "b",
    "C": "H",
    "S": "h",
    "I": "i",
    "F": "f",
    "J": "q",
    "D": "d",
}


def enum_leaf(constants: tuple[str, ...]) -> Leaf:
    """Return the leaf of an enum."""
    return _Enum(constants)
