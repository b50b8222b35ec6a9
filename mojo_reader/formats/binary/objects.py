"""H2O's objects, as the table of a layout declares them.

::

    Object      number of its class in the file's own list (-1 for none), then its body
    Body        the superclass's body, then the class's own fields (``water.Weaver``)

``classes`` makes them of a table. Nothing of a class's code is ever run.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.binary.wire import FIXED, Leaf, Source

#: So deep objects may stand in objects; those of H2O's deep-learning models stand in 6.
_DEPTH: Final = 24
#: So many fields of an object take the room of one text.
_FIELDS_OF_ONE: Final = 4
OWN_FIELD: Final = "itself"
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
        stream.spend(body.cost)
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

    names = (OWN_FIELD,)

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


def part_of(kind: str) -> type[Numbers | Enums | Nullables]:
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
        finish: what is made of the fields; None for a ``Record`` of them.

    Attributes:
        cost: how many things an object counts as: its fields stay unless one thing is made of them.
    """

    def __init__(
        self,
        name: str,
        ancestry: frozenset[str],
        parts: list[Part],
        finish: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.ancestry = ancestry
        self.parts = parts
        self._finish = finish
        self._names = [name for part in parts for name in part.names]
        self.cost = 1 if finish is not None else 1 + len(self._names) // _FIELDS_OF_ONE

    def _parse(self, stream: Source, context: object, path: str) -> Any:
        values: list[Any] = []
        for part in self.parts:
            values += part._parse(stream, context, path)
        fields = dict(zip(self._names, values, strict=True))
        return Record(self.name, fields) if self._finish is None else self._finish(fields)
