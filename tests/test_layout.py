"""The wire layout, both ways, and number arrays as Java reads them."""

import io
import math
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Golden, golden, golden_cases

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.mojo import layout
from mojo_reader.formats.mojo.lines import LineStream, split_lines
from mojo_reader.formats.mojo.number_arrays import BLOCK_BYTES, NumberArray
from mojo_reader.java import text as java

DOUBLES = layout.DOUBLE_ARRAY
FLOATS = layout.FLOAT_ARRAY


def parse_ini(content: bytes) -> object:
    return layout.MODEL_INI.parse_stream(LineStream(io.BytesIO(content)))


def numbers(text: str) -> np.ndarray:
    return DOUBLES.parse_line(text.encode(), 0)


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)
def test_model_ini_is_built_as_h2o_wrote_it(case: Golden) -> None:
    with zipfile.ZipFile(case.path) as file:
        content = file.read("model.ini")
    parsed = parse_ini(content)
    built = layout.MODEL_INI.build(parsed)
    for ours, h2os in zip(built.split(b"\n"), content.split(b"\n"), strict=True):
        # Java 17 prints a number now and then with a digit more than it takes.
        assert ours == h2os or (
            layout.network_array(ours.partition(b" = ")[0].decode())
            and (numbers_of_line(ours) == numbers_of_line(h2os)).all()
        )


def numbers_of_line(line: bytes) -> np.ndarray:
    key, _, _ = line.partition(b" = ")
    array = layout.network_array(key.decode())
    assert array is not None
    return array.parse_line(line, len(key) + 3)


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)
def test_domain_files_are_built_as_h2o_wrote_them(case: Golden) -> None:
    with zipfile.ZipFile(case.path) as file:
        escaped = b"escape_domain_values = true" in file.read("model.ini")
        for name in file.namelist():
            if name.startswith("domains/"):
                content = file.read(name)
                lines = layout.level_lines(escaped=escaped)
                assert lines.build(lines.parse(content)) == content


@given(st.lists(st.floats(), max_size=300))
def test_double_arrays_read_back_the_same(values: list[float]) -> None:
    array = np.array(values, np.float64)
    built = DOUBLES.build(array)
    np.testing.assert_array_equal(DOUBLES.parse_line(built, 0), array)


@given(st.lists(st.floats(width=32), max_size=300))
def test_float_arrays_read_back_the_same(values: list[float]) -> None:
    array = np.array(values, np.float32)
    np.testing.assert_array_equal(FLOATS.parse_line(FLOATS.build(array), 0), array)


@given(st.lists(st.text(alphabet="0123456789+-.eEdDfFxXNaInity ,", max_size=8), min_size=1))
def test_arrays_are_read_or_refused_as_java_does(tokens: list[str]) -> None:
    text = ",".join(tokens)
    try:
        expected = [java.parse_double(token) for token in text.split(",")]
    except ValueError:
        expected = None
    if not text:
        expected = []
    try:
        found = numbers(f"[{text}]").tolist()
    except MojoFormatError:
        found = None
    if expected is None or found is None:
        assert found == expected
    else:
        np.testing.assert_array_equal(found, expected)


def test_a_long_array_is_read_in_blocks() -> None:
    values = np.random.default_rng(0).normal(size=3 * BLOCK_BYTES // 10)
    np.testing.assert_array_equal(DOUBLES.parse_line(DOUBLES.build(values), 0), values)
    spaced = b"[" + (b" " * BLOCK_BYTES + b"1.5,") * 3 + b"2.5]"
    assert DOUBLES.parse_line(spaced, 0).tolist() == [1.5, 1.5, 1.5, 2.5]


def test_a_late_number_is_named_by_its_position() -> None:
    text = "[" + "1.0, " * 20_000 + "oops]"
    with pytest.raises(MojoFormatError, match="number 20000 of the array: ' oops' is not a number"):
        numbers(text)


def test_weights_are_rounded_from_float64() -> None:
    # Rounding the text to float32 at once would give the neighbour.
    text = "[1.000000059604644775390625, 1e300]"
    assert FLOATS.parse_line(text.encode(), 0).tolist() == [1.0, math.inf]


@pytest.mark.parametrize(
    "text", ["", "[", "]", "1.0", "[1.0", "1.0]", "[1.0],", "][", "[1.0, ]", "[,]"]
)
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(MojoFormatError):
        numbers(text)


def test_blanks_around_an_array_and_its_numbers_are_dropped() -> None:
    assert numbers(" [ 1.0 ,\t2.0 ] \r\n").tolist() == [1.0, 2.0]
    assert numbers("[]").size == 0
    assert isinstance(layout.network_array("bias_layer12"), NumberArray)
    assert layout.network_array("bias_layer") is None


def test_lines_end_as_in_java() -> None:
    assert split_lines(b"a\nb\r\nc\rd") == [b"a", b"b", b"c", b"d"]
    assert split_lines(b"") == []
    assert split_lines(b"\n") == [b""]
    stream = LineStream(io.BytesIO(b"a\rb\r\nc\n"))
    lines = [stream.readline() for _ in range(4)]
    assert [line and line.strip() for line in lines] == [b"a", b"b", b"c", None]


def test_the_last_of_two_equal_keys_counts() -> None:
    with zipfile.ZipFile(golden("iris_tanh").path) as file:
        content = file.read("model.ini")
    content = content.replace(b"[columns]", b"uuid = first\nuuid = second\n\n[columns]")
    assert parse_ini(content).info["uuid"] == "second"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"5: 3", "expected COLUMN_INDEX: COUNT FILE under [domains], found '5: 3'"),
        (b"x: 3 d.txt", "expected COLUMN_INDEX: COUNT FILE under [domains], found 'x: 3 d.txt'"),
    ],
)
def test_a_bad_domain_entry_is_quoted(line: bytes, message: str) -> None:
    with zipfile.ZipFile(golden("iris_tanh").path) as file:
        content = file.read("model.ini")
    with pytest.raises(MojoFormatError) as caught:
        parse_ini(content.rstrip() + b"\n" + line + b"\n")
    assert str(caught.value) == message
