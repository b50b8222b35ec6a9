"""Many float32 at once to Java's text: the shortest one that reads back the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mojo_reader.formats.mojo import layout
from mojo_reader.formats.mojo.float_texts import SEPARATOR, float_texts
from mojo_reader.formats.mojo.number_arrays import array_text
from mojo_reader.java import text as java


def texts(values: NDArray[np.float32]) -> list[str]:
    return float_texts(values).decode().split(SEPARATOR.decode()) if values.size else []


def assert_read_back(values: NDArray[np.float32]) -> None:
    """Read as ``Double.parseDouble`` and round to float32, which is what H2O's reader does."""
    with np.errstate(over="ignore"):
        back = np.array([java.parse_double(text) for text in texts(values)]).astype(np.float32)
    assert back.tobytes() == values.tobytes()


def random_bits(count: int) -> NDArray[np.float32]:
    bits = np.random.default_rng(1).integers(0, 2**32, count, dtype=np.uint32)
    values = bits.view(np.float32)
    return values[np.isfinite(values)]


def assert_shortest(values: NDArray[np.float32]) -> None:
    assert texts(values) == [java.float_text(value) for value in values]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=50))
def test_every_number_reads_back_the_same(values: list[float]) -> None:
    assert_read_back(np.array(values, np.float32))
    assert_shortest(np.array(values, np.float32))


def test_any_bits_read_back_the_same() -> None:
    assert_read_back(random_bits(100_000))
    assert_shortest(random_bits(100_000))


def test_what_arithmetic_cannot_decide_is_shortest_too() -> None:
    assert_shortest(np.ldexp(np.float32(1), np.arange(-149, 128)))
    tens = np.array(
        [float(f"{digits}e{power}") for digits in (1, 1.5, 3, 9) for power in range(-45, 38)]
    )
    assert_shortest(tens.astype(np.float32))
    assert_shortest(np.nextafter(tens.astype(np.float32), np.float32(np.inf)))
    assert_shortest(np.nextafter(tens.astype(np.float32), np.float32(0)))


def test_weights_have_the_shortest_text() -> None:
    weights = (np.random.default_rng(0).normal(size=50_000) * 0.05).astype(np.float32)
    assert_shortest(weights)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-2.5, "-2.5"),
        (0.1, "0.1"),
        (100.0, "100.0"),
        (1234567.0, "1234567.0"),
        (123456.7, "123456.7"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (1.5e10, "1.5E10"),
        (0.001, "0.001"),
        (0.0012345, "0.0012345"),
        (9.999e-4, "9.999E-4"),
        (-1.5e-5, "-1.5E-5"),
        (3.4028235e38, "3.4028235E38"),
        (1.17549435e-38, "1.1754944E-38"),
        (1e-45, "1.0E-45"),
    ],
)
def test_numbers_look_as_in_java(value: float, text: str) -> None:
    assert texts(np.array([value], np.float32)) == [text]


def test_arrays_longer_than_a_block_and_infinite_ones_are_written() -> None:
    weights = np.random.default_rng(2).normal(size=10_000).astype(np.float32)
    text = array_text(weights)
    assert text == b"[" + b", ".join(java.float_text(weight).encode() for weight in weights) + b"]"
    odd = np.array([1.0, np.nan, np.inf, -np.inf], np.float32)
    assert array_text(odd) == b"[1.0, NaN, Infinity, -Infinity]"
    assert array_text(np.array([], np.float32)) == b"[]"
    assert layout.FLOAT_ARRAY.parse_line(text, 0).tobytes() == weights.tobytes()
