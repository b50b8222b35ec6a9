"""H2O's objects, as the table of a layout declares them.

::

    Object      number of its class in the file's own list (-1 for none), then its body
    Body        the superclass's body, then the class's own fields (``water.Weaver``)

A class that writes itself is read by one of ``_OWN``. Nothing of a class's code is ever run.
"""

import itertools
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.binary import wire
from mojo_reader.formats.binary.layouts import ENUM, OWN, Lines, Table, known_layouts
from mojo_reader.formats.binary.wire import FIXED, Leaf, Source

#: So deep objects may stand in objects; those of H2O's deep-learning models stand in 6.
_DEPTH: Final = 24
_WRAPPER: Final = "water.IcedWrapper"
_KEY: Final = "water.Key"
_MAP: Final = "water.util.IcedHashMapBase"
_MAP_VALUES: Final = "water.util.IcedHashMapBase$ValueType"
_OWN_FIELD: Final = "itself"
_ROOT: Final = frozenset({"water.Iced", "water.Freezable"})


@dataclass(slots=True)
class Record:
    """An object.

    Attributes:
        name: of its class.
        fields: by name, those of its superclasses first.
    """

    name: str
    fields: dict[str, Any]

    def get(self, name: str) -> Any:
        """Return the value of a field; None where it is null, or the release has it not."""
        return self.fields.get(name)

    def required(self, name: str) -> Any:
        """Return the value of a field.

        Raises:
            MojoFormatError: there is none.
        """
        value = self.fields.get(name)
        if value is None:
            raise MojoFormatError("the field is missing", key=name)
        return value

    def record(self, name: str) -> "Record":
        """Return the object in a field.

        Raises:
            MojoFormatError: there is none.
        """
        value = self.required(name)
        if not isinstance(value, Record):
            raise MojoFormatError("expected an object", key=name)
        return value


class Object(Leaf):
    """An object of a declared class or of one below it.

    Args:
        declared: name of the class.
    """

    def __init__(self, declared: str) -> None:
        super().__init__()
        self._declared = "" if declared in _ROOT else declared

    def _parse(self, stream: Source, context: object, path: str) -> Any:
        number = stream.number()
        if number == -1:
            return None
        body = stream.bodies[number]
        if self._declared and self._declared not in body.ancestry:
            message = f"expected an object of {self._declared}, found one of {body.name}"
            raise MojoFormatError(message)
        stream.spend()
        stream.depth += 1
        if stream.depth > _DEPTH:
            message = f"objects stand in more than {_DEPTH} others"
            raise MojoFormatError(message)
        found = body._parse(stream, context, path)
        stream.depth -= 1
        return found


class Numbers(Leaf):
    """Fields of fixed size that follow one another, unpacked at once."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__()
        self.names = [name for name, _ in fields]
        layout = "".join(FIXED[kind] for _, kind in fields)
        self._structs = {order: struct.Struct(f"{order}{layout}") for order in "<>"}
        self._booleans = [index for index, (_, kind) in enumerate(fields) if kind == "Z"]
        self._floats = [index for index, (_, kind) in enumerate(fields) if kind == "F"]

    def _parse(self, stream: Source, context: object, path: str) -> list[Any]:
        layout = self._structs[stream.order]
        values: list[Any] = list(layout.unpack(stream.read(layout.size)))
        for index in self._booleans:
            value = values[index]
            if value > 1:
                message = f"expected a boolean, found {value}"
                raise MojoFormatError(message, key=self.names[index])
            values[index] = value == 1
        for index in self._floats:
            if values[index]:
                # As H2O writes it: 0.1 and not 0.10000000149011612.
                values[index] = float(str(np.float32(values[index])))
        return values


class Enums(Leaf):
    """Enums that follow one another."""

    def __init__(self, fields: list[tuple[str, Leaf]]) -> None:
        super().__init__()
        self.names = [name for name, _ in fields]
        self._leaves = [leaf for _, leaf in fields]

    def _parse(self, stream: Source, context: object, path: str) -> list[Any]:
        return [leaf._parse(stream, context, path) for leaf in self._leaves]


class Itself(Leaf):
    """What a class writes that writes itself."""

    names = (_OWN_FIELD,)

    def __init__(self, leaf: Leaf) -> None:
        super().__init__()
        self._leaf = leaf

    def _parse(self, stream: Source, context: object, path: str) -> list[Any]:
        return [self._leaf._parse(stream, context, path)]


class Nullables(Leaf):
    """Texts, arrays and objects that follow one another; where one is null, it is a zero byte."""

    def __init__(self, fields: list[tuple[str, Leaf]]) -> None:
        super().__init__()
        self.names = [name for name, _ in fields]
        self._leaves = [leaf for _, leaf in fields]
        self._none = [None] * len(fields)

    def _parse(self, stream: Source, context: object, path: str) -> list[Any]:
        values: list[Any] = self._none.copy()
        count = len(values)
        index = stream.nulls(count)
        while index < count:
            try:
                values[index] = self._leaves[index]._parse(stream, context, path)
            except (MojoFormatError, MojoUnsupportedError) as error:
                key = self.names[index]
                error.key = f"{key}.{error.key}" if error.key else key
                raise
            index += 1
            index += stream.nulls(count - index)
        return values


Part = Numbers | Enums | Nullables | Itself


def _part_of(kind: str) -> type[Numbers | Enums | Nullables]:
    """Return what fields of a kind are read by: a null is one zero byte but for an enum."""
    if kind in FIXED:
        return Numbers
    return Enums if kind.startswith("E") else Nullables


class Body(Leaf):
    """The fields of a class, after those of its superclasses.

    Args:
        name: of the class.
        ancestry: its own name and those of its superclasses.
        parts: of the superclass and of itself.
    """

    def __init__(self, name: str, ancestry: frozenset[str], parts: list[Part]) -> None:
        super().__init__()
        self.name = name
        self.ancestry = ancestry
        self.parts = parts
        self._finish = _FINISH.get(name) or (_finish_map if _MAP in ancestry else None)

    def _parse(self, stream: Source, context: object, path: str) -> Any:
        fields: dict[str, Any] = {}
        for part in self.parts:
            fields.update(zip(part.names, part._parse(stream, context, path), strict=True))
        return Record(self.name, fields) if self._finish is None else self._finish(fields)


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
        return Body(name, ancestry, parts)

    def _parts(self, lines: Lines) -> Iterator[Part]:
        """Yield the fields of a class, those together that can be read together."""
        fields = [(kind, name) for kind, _, name in (line.partition(" ") for line in lines)]
        for kind_of, run in itertools.groupby(fields, key=lambda field: _part_of(field[0])):
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
    "water.fvec.Chunk": lambda _: wire.BYTES,
}


# --------------------------------------------------------------------------- what is made plain


def _finish_key(fields: dict[str, Any]) -> str:
    return (fields[_OWN_FIELD] or b"").decode("utf-8", "replace")


def _finish_map(fields: dict[str, Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = fields[_OWN_FIELD]
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
