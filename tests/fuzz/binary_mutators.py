"""Mutations of a binary model that know where its numbers stand."""

import functools
import io
import struct
from pathlib import Path
from random import Random
from typing import Final

from mojo_reader.formats.binary.classes import Bodies, classes_of_layout
from mojo_reader.formats.binary.document import MODEL
from mojo_reader.formats.binary.layouts import known_layouts
from mojo_reader.formats.binary.objects import Object
from mojo_reader.formats.binary.wire import TEXT, TEXTS, Source
from mojo_reader.formats.limits import DEFAULT_LIMITS

Place = tuple[int, int]

_SEEDS: Final = Path(__file__).parent / "binary_seeds"
_MOST: Final = (1 << 31) - 1
_NUMBERS: Final = (-1, 0, 1, 2, 3, 17, 252, 253, 400, 32767, -32768, 1 << 20, _MOST, -_MOST - 1)
_FIXED: Final = (
    struct.pack("<q", -1),
    struct.pack("<q", 1 << 62),
    struct.pack("<d", float("nan")),
    struct.pack("<d", float("inf")),
    struct.pack("<d", -1e308),
    struct.pack("<f", float("nan")),
    struct.pack("<i", _MOST),
    bytes(8),
)
_VERSIONS: Final = ("3.45.0.6789", "3.20.0.1", "3.46.0.11", "3.46.0.12", "3.28.0.4", "3.10.0.1")
#: Zeros that take no byte, a map of objects, and an array of as many nulls.
_BOMBS: Final = (
    b"\xfe\xff\xff\xff\x7f\x01\x01",
    b"\xfe\xff\xff\xff\x7f\x01",
    b"\x01\xfe\xff\xff\xff\x7f\x01",
    b"\x04" * 40,
)


class _Traced(Source):
    """A stream that remembers where small integers stood: lengths, classes, texts."""

    __slots__ = ("places",)

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), len(content), DEFAULT_LIMITS)
        self.places: list[Place] = []

    def number(self) -> int:
        start = self.left()
        found = super().number()
        self.places.append((start, start - self.left()))
        return found


@functools.cache
def seeds() -> list[bytes]:
    """Return the smallest models of each kind that three releases wrote."""
    return [path.read_bytes() for path in sorted(_SEEDS.glob("*.bin"))]


@functools.cache
def places(content: bytes) -> list[Place]:
    """Return where a real model's small integers stand, and how many bytes each has."""
    stream = _Traced(content)
    stream.read(2)
    version = TEXT._parse(stream, None, "")
    names = TEXTS._parse(stream, None, "")
    number = known_layouts().number(version)
    assert number is not None
    stream.bodies = Bodies(names, classes_of_layout(number))
    Object(MODEL)._parse(stream, None, "")
    size = len(content)
    return [(size - left, width) for left, width in stream.places]


def written(value: int) -> bytes:
    """Write a small integer (``AutoBuffer.putInt``)."""
    if -1 <= value < 253:
        return bytes([value + 1])
    if -(1 << 15) <= value < 1 << 15:
        return b"\xff" + struct.pack("<h", value)
    return b"\xfe" + struct.pack("<i", value)


# --------------------------------------------------------------------------- mutations


def change_number(content: bytes, random: Random) -> bytes:
    """Write another small integer: a length, a class, or a text's."""
    start, width = random.choice(places(content))
    return content[:start] + written(random.choice(_NUMBERS)) + content[start + width :]


def step_number(content: bytes, random: Random) -> bytes:
    """Make a small integer of one byte one more or less, as an off-by-one would."""
    start, _ = random.choice(places(content))
    stepped = (content[start] + random.choice((-1, 1))) % 256
    return content[:start] + bytes([stepped]) + content[start + 1 :]


def put_bomb(content: bytes, random: Random) -> bytes:
    """Let an array declare what no memory holds."""
    start, width = random.choice(places(content))
    return content[:start] + random.choice(_BOMBS) + content[start + width :]


def change_fixed(content: bytes, random: Random) -> bytes:
    """Overwrite a few bytes with the ends of a number's range."""
    piece = random.choice(_FIXED)
    start = random.randrange(2, len(content) - len(piece))
    return content[:start] + piece + content[start + len(piece) :]


def flip_byte(content: bytes, random: Random) -> bytes:
    """Replace one byte."""
    start = random.randrange(len(content))
    return content[:start] + bytes([random.randrange(256)]) + content[start + 1 :]


def change_version(content: bytes, random: Random) -> bytes:
    """Write another release, whose fields differ or are not known."""
    length = content[2] - 1
    text = random.choice(_VERSIONS).encode()
    return content[:2] + written(len(text)) + text + content[3 + length :]


def cut(content: bytes, random: Random) -> bytes:
    """Cut the end off."""
    return content[: random.randrange(len(content))]


def splice(content: bytes, random: Random) -> bytes:
    """Let a piece of another model stand in its place, from a number's place on."""
    other = random.choice(seeds())
    start, _ = random.choice(places(content))
    second, _ = random.choice(places(other))
    return content[:start] + other[second : second + random.randrange(400)] + content[start:]


_MUTATIONS: Final = (
    change_number, change_number, step_number, put_bomb, change_fixed, flip_byte, flip_byte, cut,
    splice,
)  # fmt: skip
_VERSION_SHARE: Final = 0.05


def mutated_binary(random: Random) -> bytes:
    """Return a real model with something changed."""
    content = random.choice(_MUTATIONS)(random.choice(seeds()), random)
    if random.random() < _VERSION_SHARE and len(content) > len("3.46.0.12") + 3:
        content = change_version(content, random)
    return content
