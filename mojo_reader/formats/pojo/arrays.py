"""Arrays that H2O writes as classes, since a method of Java's has no room for them.

::

    class NAME implements java.io.Serializable {
      public static final float[] VALUES = new float[6500];
      static { NAME_0.fill(VALUES); ... }
      static final class NAME_0 implements java.io.Serializable {
        static final void fill(float[] sa) { sa[0] = 0.1f; ... }     // at most 3,000
      }
      ...
    }

An index counts from the array's start. Source: ``water.util.JCodeGen.toClassWithArray``.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoError
from mojo_reader.formats.pojo.float_lines import read_float_lines
from mojo_reader.formats.pojo.literals import parse_doubles, parse_floats, parse_int
from mojo_reader.formats.pojo.source import Source

#: ``sa[0]=0;`` is the shortest assignment.
_LEAST_BYTES: Final = 8
_INDEX: Final = rb"\s*+sa\s*+\[\s*+([0-9]{1,10})\s*+\]\s*+=\s*+"
_NUMBER: Final = re.compile(_INDEX + rb"([^\s;{}\"']++)\s*+;")
_NUMBERS: Final = re.compile(rb"(?:%b)*+" % _NUMBER.pattern)
_CONTENT: Final = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
_TEXT: Final = re.compile(_INDEX + rb'"(%b)"\s*+;' % _CONTENT, re.DOTALL)
_TEXTS: Final = re.compile(rb"(?:%b)*+" % _TEXT.pattern, re.DOTALL)
_OPEN_TEXT: Final = re.compile(_INDEX + rb'"%b\\?' % _CONTENT, re.DOTALL)
#: What stands between the assignments of a large array, as H2O writes it.
_CALL: Final = re.compile(rb"[ \n]*+([^\s.;(){}]++)\.fill\(VALUES\);\n")
_FILLER: Final = re.compile(
    rb"[ \n]*+static final class ([^\s.;(){}]++) implements java\.io\.Serializable \{\n"
    rb" *+static final void fill\((\w++)\[\] sa\) \{(?=\n)"
)
#: A block of fewer is not worth the arithmetic.
_FEWEST_BYTES: Final = 4096
_NAME_LINE: Final = b"// The class representing "
_CLASS: Final = re.compile(rb"\n[ \t]*(?=class[ \t])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """What a class of an array has to hold.

    Attributes:
        kind: type of the elements: ``float``, ``double`` or ``String``.
        allow: called with the number of elements before there is room for them; raises where they
            are too many.
    """

    kind: str
    allow: Callable[[int], None]


def read_array_class(source: Source, slots: Mapping[str, Slot]) -> tuple[str, Any]:
    """Read one class.

    Args:
        source: in front of the class.
        slots: by name, the classes that may stand here.

    Returns:
        The name, and a ``(n,)`` float32 or float64 array, a tuple of texts, or None for ``null``.

    Raises:
        MojoFormatError: it is not such a class, or an index is missing, stands twice or is too
            large.
        MojoLimitError: it has more elements than the limits allow.
    """
    place = source.offset
    (name,) = source.expect("class <>")
    slot = slots.get(name)
    if slot is None:
        message = f"the class {name!r} is named nowhere before, or stands twice"
        raise source.error(message, offset=place)
    return name, read_array(source, slot)


def read_array(source: Source, slot: Slot) -> Any:
    """Read the class of an array from behind its name; returns and raises as above."""
    source.expect("implements java.io.Serializable {")
    (kind,) = source.expect("public static final <>[] VALUES =")
    if kind != slot.kind:
        message = f"expected an array of {slot.kind}, found one of {kind}"
        raise source.error(message)
    if source.take("null; }") is not None:
        return None
    (count,) = source.expect(f"new {kind}[<>];")
    return _elements(source, slot, _count(source, count))


def skip_name(source: Source) -> None:
    """Go on over a comment that names a column: H2O writes a line break in a name as it is."""
    if source.starts(_NAME_LINE):
        source.until(_CLASS, "line_bytes", "the name of a column")


def _count(source: Source, text: str) -> int:
    with source.literal():
        count = parse_int(text)
    if count < 0:
        message = f"expected a number of elements, found {count}"
        raise source.error(message)
    if count * _LEAST_BYTES > source.left:
        message = f"the array has {count:,} elements, but only {source.left:,} bytes follow"
        raise source.error(message)
    return count


def _elements(source: Source, slot: Slot, count: int) -> Any:
    slot.allow(count)
    array = _ARRAYS[slot.kind](source, count)
    source.expect("static {")
    fillers: list[str] = []
    while (called := source.take("<>.fill(VALUES);", _CALL)) is not None:
        fillers += called
        if len(fillers) > count:
            message = f"the array has {count:,} elements, and more classes than that fill it"
            raise source.error(message)
    source.expect("}")
    left = set(fillers)
    if len(left) < len(fillers):
        raise source.error("an array is filled twice by the same class")
    filler = (
        "static final class <> implements java.io.Serializable { static final void fill(<>[] sa) {"
    )
    while (found := source.take(filler, _FILLER)) is not None:
        if found[0] not in left:
            message = f"the class {found[0]!r} fills no array, or stands twice"
            raise source.error(message)
        left.remove(found[0])
        if found[1] != slot.kind:
            message = f"expected to fill an array of {slot.kind}, found one of {found[1]}"
            raise source.error(message)
        array.fill()
        source.expect("} }")
    if left:
        message = f"the class {min(left)!r}"
        raise source.unexpected(message)
    source.expect("}")
    return array.whole()


class _Array(ABC):
    """An array while it is filled.

    Args:
        source: in front of the classes that fill it.
        count: of elements.
    """

    #: One assignment, with the groups index and literal; and as many as follow each other.
    _one: re.Pattern[bytes]
    _many: re.Pattern[bytes]

    def __init__(self, source: Source, count: int) -> None:
        self._source = source
        self._count = count
        self._set = np.zeros(count, np.bool_)
        self._next = 0

    def fill(self) -> None:
        """Take all assignments that follow."""
        source = self._source
        while True:
            block, place = source.block(), source.offset
            source.advance(self._take_first(block))
            if source.follows(b"}"):
                return
            if source.offset == place and not (self._open(block) and source.grow("a text")):
                raise source.unexpected("sa[INDEX] = LITERAL;")

    def _open(self, block: bytes) -> bool:
        """Say whether a literal starts that does not end in the block."""
        return not block

    def _take_first(self, block: bytes) -> int:
        """Take some of the assignments, and return how many bytes they are; 0 for none."""
        return self._take(block, 0, len(block))

    def _take(self, block: bytes, start: int, stop: int) -> int:
        """Take the assignments from a place on, and return how many bytes they are."""
        found = self._many.match(block, start, stop)
        end = start if found is None else found.end()
        pairs = self._one.findall(block, start, end)
        if pairs:
            place = _Place(self._source, self._one, block, start)
            indices = np.array([int(index) for index, _ in pairs])
            self._mark(indices, place)
            self._assign(indices, [literal for _, literal in pairs], place)
            self._next = int(indices[-1]) + 1
        return end - start

    def _mark(self, indices: NDArray[np.int64], place: "_Place") -> None:
        large = indices >= self._count
        if large.any():
            position = int(np.argmax(large))
            message = f"the array has {self._count:,} elements, found the index {indices[position]}"
            raise place.error(message, position)
        twice = self._set[indices]
        if (np.diff(indices) <= 0).any():
            first = np.unique(indices, return_index=True)[1]
            twice[np.setdiff1d(np.arange(len(indices)), first)] = True
        if twice.any():
            position = int(np.argmax(twice))
            message = f"the index {indices[position]} is set twice"
            raise place.error(message, position)
        self._set[indices] = True

    @abstractmethod
    def _assign(
        self, indices: NDArray[np.int64], literals: Sequence[bytes], place: "_Place"
    ) -> None:
        """Set some elements."""

    def whole(self) -> Any:
        """Return the array.

        Raises:
            MojoFormatError: an index is missing.
        """
        if not self._set.all():
            message = f"the index {int(np.argmin(self._set))} is never set"
            raise self._source.error(message)
        return self._finished()

    @abstractmethod
    def _finished(self) -> Any:
        """Return the elements."""


@dataclass(frozen=True, kw_only=False, slots=True)
class _Place:
    """Where some assignments stand, for the message of an error."""

    source: Source
    one: re.Pattern[bytes]
    block: bytes
    start: int

    def error(self, message: str, position: int) -> MojoError:
        """Return the error of one of the assignments."""
        found = next(islice(self.one.finditer(self.block, self.start), position, None))
        return self.source.error(message, offset=self.source.offset + found.start(1))


class _Doubles(_Array):
    """``(n,)`` float64, or float32."""

    _one = _NUMBER
    _many = _NUMBERS
    _dtype: type[np.float32 | np.float64] = np.float64

    def __init__(self, source: Source, count: int) -> None:
        super().__init__(source, count)
        self._values = np.zeros(count, self._dtype)

    def _assign(self, indices: NDArray[np.int64], literals: Sequence[bytes], place: _Place) -> None:
        try:
            self._values[indices] = self._parse(literals)
        except ValueError:
            for position, literal in enumerate(literals):
                try:
                    self._parse([literal])
                except ValueError as error:
                    raise place.error(str(error), position) from error
            raise

    def _parse(self, literals: Sequence[bytes]) -> NDArray[Any]:
        return parse_doubles(literals)

    def _finished(self) -> NDArray[Any]:
        self._values.flags.writeable = False
        return self._values


class _Floats(_Doubles):
    """``(n,)`` float32."""

    _dtype = np.float32

    def _parse(self, literals: Sequence[bytes]) -> NDArray[Any]:
        return parse_floats(literals)

    def _take_first(self, block: bytes) -> int:
        return self._take_lines(block) or super()._take_first(block)

    def _take_lines(self, block: bytes) -> int:
        """Take whole lines; not worth it where they are few."""
        end = block.find(b"}")
        stop = block.rfind(b"\n", 0, end if end >= 0 else len(block)) + 1
        if stop < _FEWEST_BYTES:
            return 0
        first = self._next
        begin = 1 if block.startswith(b"\n") else 0
        values, unknown, starts = read_float_lines(block, begin, stop, first)
        count = max(min(len(values), self._count - first), 0)
        unknown[:count] |= self._set[first : first + count]  # they are set twice
        known = ~unknown[:count]
        np.copyto(self._values[first : first + count], values[:count], where=known)
        self._set[first : first + count] |= known
        for start, past in _runs(unknown):
            taken = int(starts[start]) + self._take(block, int(starts[start]), int(starts[past]))
            if block[taken : starts[past]].strip():
                return taken
        self._next = first + len(values)
        return stop


def _runs(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where marks that follow each other begin and end."""
    if not marks.any():
        return []
    edges = np.flatnonzero(np.diff(marks, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


class _Texts(_Array):
    """A tuple of texts."""

    _one = _TEXT
    _many = _TEXTS

    def __init__(self, source: Source, count: int) -> None:
        super().__init__(source, count)
        self._texts = [""] * count

    def _open(self, block: bytes) -> bool:
        return _OPEN_TEXT.fullmatch(block) is not None

    def _assign(self, indices: NDArray[np.int64], literals: Sequence[bytes], place: _Place) -> None:
        for position, (index, literal) in enumerate(zip(indices.tolist(), literals, strict=True)):
            try:
                self._texts[index] = self._source.text(literal)
            except MojoError:
                raise
            except ValueError as error:
                raise place.error(str(error), position) from error

    def _finished(self) -> tuple[str, ...]:
        return tuple(self._texts)


_ARRAYS: Final[Mapping[str, type[_Array]]] = {
    "float": _Floats,
    "double": _Doubles,
    "String": _Texts,
}
