"""Java's class files, as far as H2O's serialization asks for them: no Java runs.

Source: The Java Virtual Machine Specification, chapter 4. H2O's ``water.Weaver`` writes an object's
fields in the order in which they stand in its class file.
"""

import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

STATIC: Final = 0x0008
BRIDGE: Final = 0x0040
TRANSIENT: Final = 0x0080
ABSTRACT: Final = 0x0400
ENUM: Final = 0x4000

_MAGIC: Final = 0xCAFEBABE
_UTF8: Final = 1
_CLASS: Final = 7
#: Bytes after the tag of each other kind of constant.
_CONSTANTS: Final[Mapping[int, int]] = {
    3: 4, 4: 4, 5: 8, 6: 8, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2,
    20: 2,
}  # fmt: skip
#: These take two places in the pool.
_WIDE: Final = frozenset({5, 6})


class ClassFileError(ValueError):
    """The bytes are no class file that this can read."""


@dataclass(frozen=True, slots=True)
class Member:
    """A field or a method.

    Attributes:
        flags: as the class file has them.
        name: of it.
        descriptor: its type, such as ``[F`` or ``Lwater/Key;``.
    """

    flags: int
    name: str
    descriptor: str


@dataclass(frozen=True, slots=True)
class ClassFile:
    """A class; names have dots, as H2O writes them.

    Attributes:
        name: of it, such as ``hex.Model$Output``.
        flags: as the class file has them.
        parent: its superclass; empty for ``java.lang.Object``.
        interfaces: that it says it implements.
        fields: in the order of the file.
        methods: likewise.
    """

    name: str
    flags: int
    parent: str
    interfaces: tuple[str, ...]
    fields: tuple[Member, ...]
    methods: tuple[Member, ...]

    @property
    def constants(self) -> tuple[str, ...]:
        """The names of an enum, in order of their ordinals."""
        return tuple(field.name for field in self.fields if field.flags & ENUM)


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def take(self, layout: str) -> int:
        (number,) = struct.unpack_from(">" + layout, self._content, self._place)
        self._place += struct.calcsize(">" + layout)
        return int(number)

    def bytes(self, count: int) -> bytes:
        self._place += count
        return self._content[self._place - count : self._place]


def parse_class(content: bytes) -> ClassFile:
    """Read one class file.

    Raises:
        ClassFileError: it is none.
    """
    stream = _Bytes(content)
    if stream.take("I") != _MAGIC:
        raise ClassFileError("expected a class file")
    stream.take("I")  # the version
    texts, classes = _constants(stream)

    def named() -> str:
        return texts.get(classes.get(stream.take("H"), 0), "").replace("/", ".")

    flags, name, parent = stream.take("H"), named(), named()
    interfaces = tuple(named() for _ in range(stream.take("H")))
    fields = tuple(_members(stream, texts))
    methods = tuple(_members(stream, texts))
    return ClassFile(name, flags, parent, interfaces, fields, methods)


def _constants(stream: _Bytes) -> tuple[dict[int, str], dict[int, int]]:
    texts: dict[int, str] = {}
    classes: dict[int, int] = {}
    index, count = 1, stream.take("H")
    while index < count:
        tag = stream.take("B")
        if tag == _UTF8:
            texts[index] = stream.bytes(stream.take("H")).decode("utf-8", "replace")
        elif tag == _CLASS:
            classes[index] = stream.take("H")
        elif tag in _CONSTANTS:
            stream.bytes(_CONSTANTS[tag])
        else:
            message = f"a constant of the unknown kind {tag}"
            raise ClassFileError(message)
        index += 2 if tag in _WIDE else 1
    return texts, classes


def _members(stream: _Bytes, texts: Mapping[int, str]) -> Iterator[Member]:
    for _ in range(stream.take("H")):
        flags, name, descriptor = (stream.take("H") for _ in range(3))
        for _ in range(stream.take("H")):
            stream.take("H")
            stream.bytes(stream.take("I"))
        yield Member(flags, texts[name], texts[descriptor])


def classes_of(jar: BinaryIO, packages: Iterable[str]) -> dict[str, ClassFile]:
    """Read the classes of a jar that stand in some packages and those below, by name."""
    folders = tuple(package.replace(".", "/") + "/" for package in packages)
    found = {}
    with zipfile.ZipFile(jar) as archive:
        for member in archive.namelist():
            if member.startswith(folders) and member.endswith(".class"):
                parsed = parse_class(archive.read(member))
                found[parsed.name] = parsed
    return found
