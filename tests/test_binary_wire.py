"""What AutoBuffer writes, byte by byte, and what a stranger may write instead."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
from binary_support import number, text, texts
from hypothesis import given
from hypothesis import strategies as st

from mojo_reader.errors import MojoError, MojoFormatError, MojoLimitError, MojoUnsupportedError
from mojo_reader.formats.binary import wire
from mojo_reader.formats.binary.classes import Bodies, Classes
from mojo_reader.formats.binary.layouts import Table
from mojo_reader.formats.binary.objects import Object
from mojo_reader.formats.binary.wire import Source
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits

#: A few of H2O's classes and some that it might have.
TABLE: Table = {
    "water.Iced": ("",),
    "water.Key": ("!water.Iced",),
    "water.util.IcedHashMapBase": ("!water.Iced",),
    "water.util.IcedHashMap": ("water.util.IcedHashMapBase",),
    "water.util.IcedHashMapBase$ValueType": (
        "=", "String", "Freezable", "Boolean", "Integer", "Long", "Float", "Double",
    ),
    "Parent": ("water.Iced", "Z first", "I second", "T third"),
    "Child": ("Parent", "D fourth", "EColour fifth", "[F sixth", "X seventh", "OParent eighth"),
    "Colour": ("=", "red", "green"),
    "Holder": ("water.Iced", "Owater.Iced inner"),
    "Deep": ("water.Iced", "ODeep inner"),
    "Unknown": ("!water.Iced",),
}  # fmt: skip
NAMES = [None, *TABLE]
OLD_TABLE = {name: lines for name, lines in TABLE.items() if not name.endswith("ValueType")}


def source(content: bytes, limits: Limits = DEFAULT_LIMITS, table: Table = TABLE) -> Source:
    stream = Source(io.BytesIO(content), len(content), limits)
    stream.bodies = Bodies(NAMES, Classes(table))
    return stream


def parse(leaf: wire.Leaf, content: bytes, **options: object) -> object:
    """Read a leaf, which has to take the bytes to the last."""
    stream = source(content, **options)  # type: ignore[arg-type]
    found = leaf._parse(stream, None, "")
    assert stream.left() == 0
    return found


def failure(leaf: wire.Leaf, content: bytes, limits: Limits = DEFAULT_LIMITS) -> MojoError:
    with pytest.raises(MojoError) as caught:
        leaf._parse(source(content, limits), None, "")
    return caught.value


def instance(name: str, *fields: bytes) -> bytes:
    return number(NAMES.index(name)) + b"".join(fields)


# --------------------------------------------------------------------------- numbers, texts


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"\x00", -1),
        (b"\x01", 0),
        (b"\xfd", 252),
        (b"\xff\xfd\x00", 253),
        (b"\xff\x00\x80", -32768),
        (b"\xfe\x00\x00\x01\x00", 65536),
        (b"\xfe\xff\xff\xff\x7f", 2147483647),
    ],
)
def test_small_integers(content: bytes, value: int) -> None:
    stream = source(content)
    assert stream.number() == value
    assert stream.left() == 0
    assert number(value) == content


@given(st.text() | st.none())
def test_texts(value: str | None) -> None:
    if value is not None:
        value = value.encode("utf-8", "replace").decode()
    assert parse(wire.TEXT, text(value)) == value


def test_a_text_that_is_no_utf8() -> None:
    assert str(failure(wire.TEXT, b"\x03\xff\xfe")) == "expected UTF-8 text, found b'\\xff\\xfe'"


@pytest.mark.parametrize(
    ("kind", "dtype"), [("C", "<u2"), ("S", "<i2"), ("I", "<i4"), ("F", "<f4"), ("D", "<f8")]
)
def test_arrays(kind: str, dtype: str) -> None:
    values = np.array([0, 1, 2, 300], dtype)
    found = parse(wire.ARRAYS[kind], number(4) + values.tobytes())
    assert isinstance(found, np.ndarray)
    assert found.dtype == dtype
    assert found.tolist() == values.tolist()
    assert not found.flags.writeable
    assert parse(wire.ARRAYS[kind], number(-1)) is None
    empty = parse(wire.ARRAYS[kind], number(0))
    assert isinstance(empty, np.ndarray)
    assert empty.size == 0


def test_an_array_that_is_longer_than_the_window() -> None:
    values = np.arange(100_000, dtype="<f4")
    stream = source(b"\x01" * 7 + number(100_000) + values.tobytes() + b"\x05")
    for _ in range(7):
        stream.number()
    assert np.array_equal(wire.ARRAYS["F"]._parse(stream, None, ""), values)
    assert stream.number() == 4
    assert stream.left() == 0


def test_booleans() -> None:
    found = parse(wire.ARRAYS["Z"], number(3) + b"\x00\x01\x01")
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [False, True, True]
    error = failure(wire.ARRAYS["Z"], number(3) + b"\x00\x02\x01")
    assert str(error) == "expected booleans, found 2"


@pytest.mark.parametrize(
    ("width", "layout", "values"),
    [
        (1, "B", [255, 3]),
        (2, "h", [-2, 300]),
        (4, "i", [-70_000, 1]),
        (8, "q", [1 << 40, -1]),
    ],
)
def test_longs(width: int, layout: str, values: list[int]) -> None:
    content = number(2) + number(len(values)) + number(1) + bytes([width])
    found = parse(wire.ARRAYS["J"], content + struct.pack(f"<2{layout}", *values))
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [0, 0, *values, 0]


def test_longs_that_are_all_zero() -> None:
    found = parse(wire.ARRAYS["J"], number(3) + number(0) + b"\x01")
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [0, 0, 0]


def test_sparse_arrays() -> None:
    content = number(1) + number(2) + number(1) + text("a") + text("b")
    assert parse(wire.TEXTS, content) == [None, "a", "b", None]
    assert parse(wire.TEXTS, number(2) + number(0)) == [None, None]
    assert parse(wire.TEXTS, number(-1)) is None


# --------------------------------------------------------------------------- objects


def parent(second: int = 5, third: str | None = "x") -> bytes:
    return struct.pack("<Bi", 1, second) + text(third)


def test_an_object_has_the_fields_of_its_superclass_first() -> None:
    content = instance(
        "Child",
        parent(),
        struct.pack("<d", 2.5),
        b"\x01",
        number(1) + struct.pack("<f", 0.1),
        number(4) + b"\xac\xed\x00\x05",
        instance("Parent", parent(7, None)),
    )
    found = parse(Object("Parent"), content)
    assert found.name == "Child"  # type: ignore[attr-defined]
    fields = found.fields  # type: ignore[attr-defined]
    assert list(fields) == [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
    ]  # fmt: skip
    assert fields["first"] is True
    assert fields["second"] == 5
    assert fields["third"] == "x"
    assert fields["fourth"] == 2.5
    assert fields["fifth"] == "green"
    assert fields["sixth"].tolist() == [np.float32(0.1)]
    # What Java serializes is passed over.
    assert fields["seventh"] is None
    assert fields["eighth"].fields == {"first": True, "second": 7, "third": None}


def test_null_objects_arrays_and_texts_are_one_zero_byte_each() -> None:
    content = instance("Child", parent(), struct.pack("<d", 0), b"\xff", bytes(3))
    fields = parse(Object("Child"), content).fields  # type: ignore[attr-defined]
    assert fields["fifth"] is None
    assert [fields[name] for name in ("sixth", "seventh", "eighth")] == [None] * 3
    assert parse(Object("Child"), b"\x00") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            instance("water.Key", number(0)),
            "expected an object of Parent, found one of water.Key",
        ),
        (number(99), "expected one of the file's classes, found number 99"),
        (number(0), "expected one of the file's classes, found number 0"),
        (number(-2), "expected one of the file's classes, found number -2"),
        (instance("Parent", b"\x02", bytes(4), b"\x00"), "expected a boolean, found 2 (first)"),
        (instance("Parent", bytes(5), b"\x09ab"), "the file is cut off (third)"),
        (
            instance("Child", parent(), struct.pack("<d", 0), b"\x02"),
            "expected one of 2 constants, found number 2",
        ),
    ],
)
def test_objects_that_are_none(content: bytes, message: str) -> None:
    error = failure(Object("Parent"), content)
    assert type(error) is MojoFormatError
    assert str(error).endswith(message)


def test_classes_that_are_not_known() -> None:
    error = failure(Object("water.Iced"), instance("Unknown"))
    assert type(error) is MojoUnsupportedError
    assert str(error) == "this model holds an object of Unknown, which is not known here"


def test_keys_and_maps() -> None:
    key = instance("water.Key", number(3), b"abc")
    assert parse(Object("water.Key"), key) == "abc"
    assert parse(Object("water.Iced"), instance("water.util.IcedHashMap", b"\xff")) == {}
    # Texts to doubles.
    mode = bytes([0 | 6 << 2])
    pairs = text("a") + struct.pack("<d", 1.5) + text("b") + struct.pack("<d", -2) + text(None)
    content = instance("water.util.IcedHashMap", mode, pairs)
    assert parse(Object("water.util.IcedHashMapBase"), content) == {"a": 1.5, "b": -2.0}
    # Texts to arrays of integers.
    mode = bytes([0 | 3 << 2 | 2 << 6])
    pairs = text("a") + number(1) + struct.pack("<i", 9) + text(None)
    found = parse(Object("water.Iced"), instance("water.util.IcedHashMap", mode, pairs))
    assert found["a"].tolist() == [9]  # type: ignore[index]


def test_maps_as_old_releases_write_them() -> None:
    leaf = Object("water.Iced")
    assert parse(leaf, instance("water.util.IcedHashMap", b"\x00"), table=OLD_TABLE) == {}
    pairs = b"\x01" + text("a") + text("b") + text(None)
    found = parse(leaf, instance("water.util.IcedHashMap", pairs), table=OLD_TABLE)
    assert found == {"a": "b"}
    pairs = b"\x05" + text("a") + struct.pack("<i", 2) + b"\x00" + instance("water.Key", b"\x00")
    content = instance("water.util.IcedHashMap", pairs + text(None))
    assert parse(leaf, content, table=OLD_TABLE) == {"a": [None, ""]}


@pytest.mark.parametrize("mode", [0x03, 0x7C, 0xC0])
def test_maps_of_no_kind(mode: int) -> None:
    error = failure(Object("water.Iced"), instance("water.util.IcedHashMap", bytes([mode])))
    assert type(error) is MojoFormatError
    assert str(error).startswith("expected a map")


# --------------------------------------------------------------------------- bombs

BILLIONS = number((1 << 31) - 1)


@pytest.mark.parametrize(
    ("leaf", "content"),
    [
        (wire.ARRAYS["J"], BILLIONS + number(0) + b"\x01"),
        (wire.ARRAYS["J"], number(0) + number(1) + BILLIONS + b"\x01\x01"),
        (wire.TEXTS, BILLIONS + number(0)),
        (wire.Sparse(wire.TEXTS), number(0) + number(1) + number(0) + BILLIONS + number(0)),
        (wire.ARRAYS["F"], BILLIONS + bytes(100)),
        (wire.ARRAYS["B"], BILLIONS + bytes(100)),
        (wire.ARRAYS["Z"], BILLIONS + bytes(100)),
        (wire.ARRAYS["J"], number(0) + BILLIONS + number(0) + b"\x08" + bytes(100)),
        (wire.TEXTS, number(0) + BILLIONS + number(0) + bytes(100)),
        (wire.TEXT, BILLIONS + bytes(100)),
        (wire.SERIALIZED, BILLIONS + bytes(100)),
    ],
)
def test_a_few_bytes_that_declare_billions(leaf: wire.Leaf, content: bytes) -> None:
    tracemalloc.start()
    error = failure(leaf, content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, MojoFormatError)
    assert peak < 1 << 20


@pytest.mark.parametrize("lengths", [(-2,), (0, -1), (0, 1, -1), (-(1 << 31),)])
@pytest.mark.parametrize("leaf", [wire.TEXTS, wire.ARRAYS["J"]])
def test_lengths_below_zero(leaf: wire.Leaf, lengths: tuple[int, ...]) -> None:
    error = failure(leaf, b"".join(map(number, lengths)) + bytes(20))
    assert type(error) is MojoFormatError
    assert str(error).startswith("expected")


def test_many_small_bombs_count_together() -> None:
    limits = Limits(objects_free=10_000)
    content = number(0) + number(200) + number(0) + (number(100) + number(0)) * 200
    error = failure(wire.Sparse(wire.TEXTS), content, limits)
    assert type(error) is MojoLimitError
    assert str(error) == (
        "the model holds 10,098 objects and texts or more, the limit is 10,000; to raise it: "
        "--limit objects_free=N, or read_model(..., limits=Limits(objects_free=N))"
    )


def test_objects_in_objects_without_end() -> None:
    error = failure(Object("Deep"), number(NAMES.index("Deep")) * 5000)
    assert type(error) is MojoFormatError
    assert error.reason == "objects stand in more than 24 others"


def test_floats_beyond_what_a_network_may_have() -> None:
    limits = Limits(weights=100)
    error = failure(wire.ARRAYS["F"], number(201) + bytes(804), limits)
    assert type(error) is MojoLimitError
    assert str(error).startswith("an array has 201 numbers, the limit is 100; to raise it: --limit")
    # The optimizer has two numbers for each weight.
    assert parse(wire.ARRAYS["F"], number(200) + bytes(800), limits=limits) is not None


def test_a_stream_that_gives_a_little_at_a_time() -> None:
    class Slow(io.RawIOBase):
        def __init__(self, content: bytes) -> None:
            self._content = io.BytesIO(content)

        def readable(self) -> bool:
            return True

        def readinto(self, memory: memoryview) -> int:  # type: ignore[override]
            return self._content.readinto(memory[:1000])

        def tell(self) -> int:
            return self._content.tell()

    values = np.arange(50_000, dtype="<f4")
    content = number(50_000) + values.tobytes()
    stream = Source(io.BufferedReader(Slow(content), 64), len(content), DEFAULT_LIMITS)
    assert np.array_equal(wire.ARRAYS["F"]._parse(stream, None, ""), values)


def test_a_stream_without_readinto() -> None:
    class Plain:
        def __init__(self, content: bytes) -> None:
            self.read = io.BytesIO(content).read

    values = np.arange(500_000, dtype="<f4")
    content = number(500_000) + values.tobytes()
    stream = Source(Plain(content), len(content), DEFAULT_LIMITS)  # type: ignore[arg-type]
    assert np.array_equal(wire.ARRAYS["F"]._parse(stream, None, ""), values)


def test_texts_of_a_header() -> None:
    assert parse(wire.TEXTS, texts("a", "", "b")) == ["a", "", "b"]
