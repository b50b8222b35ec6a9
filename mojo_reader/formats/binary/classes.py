"""What reads the objects of each class: made of the table of a layout, when first asked for.

A class that writes itself (``write_impl``) is read by one of ``_OWN``.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.binary import wire
from mojo_reader.formats.binary.layouts import ENUM, OWN, Lines, Table, known_layouts
from mojo_reader.formats.binary.objects import (
    OWN_FIELD,
    Body,
    Itself,
    Numbers,
    Object,
    Part,
    part_of,
)
from mojo_reader.formats.binary.wire import Leaf, Source

_WRAPPER: Final = "water.IcedWrapper"
_KEY: Final = "water.Key"
_CHUNK: Final = "water.fvec.Chunk"
_MAP: Final = "water.util.IcedHashMapBase"
_MAP_VALUES: Final = "water.util.IcedHashMapBase$ValueType"


class Bodies(dict[int, Body]):
    """By number of a class in the file's list, what reads its objects; made when asked for.

    Args:
        names: of the file's classes.
        classes: of the layout.
    """

    def __init__(self, names: Sequence[str | None], classes: "Classes") -> None:
        super().__init__()
        self._names = names
        self._classes = classes

    def __missing__(self, number: int) -> Body:
        name = self._names[number] if 0 <= number < len(self._names) else None
        if name is None:
            message = f"expected one of the file's classes, found number {number}"
            raise MojoFormatError(message)
        body = self[number] = self._classes.body(name)
        return body


class Classes:
    """The classes of one layout.

    Args:
        table: of the layout.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._bodies: dict[str, Body] = {}

    def body(self, name: str) -> Body:
        """Return how objects of a class are read.

        Raises:
            MojoUnsupportedError: no deep-learning model has objects of that class.
        """
        if name not in self._bodies:
            lines = self._table.get(name, (ENUM,))
            if lines[0] == ENUM or (lines[0].startswith(OWN) and name not in _OWN):
                message = f"this model holds an object of {name}, which is not known here"
                raise MojoUnsupportedError(message)
            self._bodies[name] = self._made(name, lines)
        return self._bodies[name]

    def _made(self, name: str, lines: Lines) -> Body:
        parent = lines[0].removeprefix(OWN)
        above = self.body(parent) if parent else None
        parts: list[Part] = [] if above is None else list(above.parts)
        if lines[0].startswith(OWN):
            parts.append(Itself(_OWN[name](self._table)))
        else:
            parts += self._parts(lines[1:])
        ancestry = frozenset({name}) | (frozenset() if above is None else above.ancestry)
        finish = _finish_map if _MAP in ancestry else _FINISH.get(name)
        return Body(name, ancestry, parts, finish)

    def _parts(self, lines: Lines) -> Iterator[Part]:
        """Yield the fields of a class, those together that can be read together."""
        fields = [(kind, name) for kind, _, name in (line.partition(" ") for line in lines)]
        for kind_of, run in itertools.groupby(fields, key=lambda field: part_of(field[0])):
            if kind_of is Numbers:
                yield Numbers([(name, kind) for kind, name in run])
            else:
                yield kind_of([(name, self._leaf(kind)) for kind, name in run])

    def _leaf(self, kind: str) -> Leaf:
        base = kind.lstrip("[")
        dimensions = len(kind) - len(base)
        if base in wire.ARRAYS:
            leaf = wire.ARRAYS[base]
            dimensions -= 1
        elif base == "T":
            leaf = wire.TEXT
        elif base == "X":
            leaf = wire.SERIALIZED
        elif base.startswith("E"):
            leaf = wire.enum_leaf(self._table[base[1:]][1:])
        else:
            leaf = Object(base[1:])
        for _ in range(dimensions):
            leaf = wire.Sparse(leaf)
        return leaf


@cache
def classes_of_layout(number: int) -> Classes:
    """Return the classes of a layout of the package."""
    return Classes(known_layouts().table(number))


# --------------------------------------------------------------------------- what writes itself

_ANYTHING: Final = Object("")
_END: Final = 0xFF


class _Map(Leaf):
    """``water.util.IcedHashMapBase`` from 3.28 on: kinds of keys and values in one byte."""

    _ARRAY, _PRIMITIVE = 1, 2

    def __init__(self, constants: tuple[str, ...]) -> None:
        super().__init__()
        self._constants = constants

    def _parse(self, stream: Source, context: object, path: str) -> dict[Any, Any]:
        mode = stream.read(1)[0]
        if mode == _END:
            return {}
        keys, values, array = mode & 3, mode >> 2 & 15, mode >> 6
        if keys > 1 or values >= len(self._constants) or array > self._PRIMITIVE:
            message = f"expected a map, found one of the kind {mode}"
            raise MojoFormatError(message)
        kinds = _VALUES if array == 0 else _VALUE_ARRAYS
        value = kinds.get(self._constants[values])
        if value is None:
            message = f"expected a map of a known kind, found {self._constants[values]}"
            raise MojoFormatError(message)
        return _pairs(stream, wire.TEXT if keys == 0 else _ANYTHING, value)


class _OldMap(Leaf):
    """``water.util.IcedHashMapBase`` up to 3.26."""

    def _parse(self, stream: Source, context: object, path: str) -> dict[Any, Any]:
        mode = stream.read(1)[0]
        if mode == 0:
            return {}
        if mode > len(_OLD_MODES):
            message = f"expected a map, found one of the kind {mode}"
            raise MojoFormatError(message)
        return _pairs(stream, *_OLD_MODES[mode - 1])


class _Counted(Leaf):
    """Objects after their number in four bytes."""

    def _parse(self, stream: Source, context: object, path: str) -> list[Any]:
        count = stream.integer(4)
        stream.require(max(count, 0))
        return [_ANYTHING._parse(stream, context, path) for _ in range(count)]


class _One(Leaf):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self._numbers = Numbers([("", kind)])

    def _parse(self, stream: Source, context: object, path: str) -> Any:
        return self._numbers._parse(stream, context, path)[0]


_VALUES: Final[Mapping[str, Leaf]] = {
    "String": wire.TEXT,
    "Freezable": _ANYTHING,
    "Boolean": _One("Z"),
    "Integer": _One("I"),
    "Long": _One("J"),
    "Float": _One("F"),
    "Double": _One("D"),
}
_VALUE_ARRAYS: Final[Mapping[str, Leaf]] = {
    "String": wire.TEXTS,
    "Freezable": wire.Sparse(_ANYTHING),
    "Boolean": wire.ARRAYS["Z"],
    "Integer": wire.ARRAYS["I"],
    "Long": wire.ARRAYS["J"],
    "Float": wire.ARRAYS["F"],
    "Double": wire.ARRAYS["D"],
}
#: Modes 1 to 6: what keys and values are.
_OLD_MODES: Final = (
    (wire.TEXT, wire.TEXT),
    (wire.TEXT, _ANYTHING),
    (_ANYTHING, wire.TEXT),
    (_ANYTHING, _ANYTHING),
    (wire.TEXT, _Counted()),
    (_ANYTHING, _Counted()),
)


def _pairs(stream: Source, key: Leaf, value: Leaf) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    while True:
        name = key._parse(stream, None, "")
        if name is None:
            return found
        stream.spend()
        found[name if isinstance(name, str) else id(name)] = value._parse(stream, None, "")


def _map_leaf(table: Table) -> Leaf:
    lines = table.get(_MAP_VALUES)
    return _OldMap() if lines is None else _Map(lines[1:])


_OWN: Final[Mapping[str, Callable[[Table], Leaf]]] = {
    _KEY: lambda _: wire.BYTES,
    _MAP: _map_leaf,
    _CHUNK: lambda _: wire.BYTES,
}


# --------------------------------------------------------------------------- what is made plain


def _finish_key(fields: dict[str, Any]) -> str:
    return (fields[OWN_FIELD] or b"").decode("utf-8", "replace")


def _finish_map(fields: dict[str, Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = fields[OWN_FIELD]
    return found


#: By what an ``IcedWrapper`` says of itself, the field that holds its value.
_WRAPPED: Final = {"B": "i", "I": "i", "L": "l", "F": "f", "D": "d", "Bo": "b", "S": "s", "E": "e"}


def _finish_wrapper(fields: dict[str, Any]) -> Any:
    """Return what one cell of a table holds; None for what no table of a model has."""
    if fields["is_array"]:
        return None
    return fields.get(_WRAPPED.get(fields["t"], ""))


_FINISH: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    _KEY: _finish_key,
    _WRAPPER: _finish_wrapper,
}
