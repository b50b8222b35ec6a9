"""Java's literals, one at a time and by blocks of lines."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mojo_reader.formats.pojo.float_lines import FloatLines, read_float_lines
from mojo_reader.formats.pojo.literals import (
    parse_double,
    parse_doubles,
    parse_float,
    parse_floats,
    parse_int,
    parse_long,
    parse_text,
    parse_unicode_escapes,
)
from mojo_reader.java import text as java

LARGEST = Fraction(float(np.finfo(np.float32).max))
decimals = st.builds(
    lambda sign, digits, point, exponent: (
        f"{sign}{digits[:point]}.{digits[point:]}{exponent}".encode()
    ),
    st.sampled_from(["", "-", "+"]),
    st.text("0123456789", min_size=2, max_size=20),
    st.just(1),
    st.one_of(
        st.just(""), st.integers(-50, 37).map("E{}".format), st.integers(0, 9).map("e+{}".format)
    ),
)


def rounded(number: Fraction) -> float:
    """Round to float32 once, to the even one in the middle: by search among its neighbours."""
    near = np.float32(float(max(-LARGEST, min(LARGEST, number))))
    with np.errstate(over="ignore"):
        candidates = {near, *(np.nextafter(near, np.float32(side)) for side in (-np.inf, np.inf))}
    best = min(
        (value for value in candidates if np.isfinite(value)),
        key=lambda value: (
            abs(Fraction(float(value)) - number),
            int(np.float32(value).view(np.uint32)) & 1,
        ),
    )
    return float(best)


@given(decimals)
@example(b"1.00000017881393421514957253748434595763683319091796875001")
@example(b"1.00000017881393432617187499")
@example(b"1.00000017881393432617187500")
@example(b"1.00000017881393432617187501")
@example(
    b"7.00649232162408535461864791644958065640130970938257885878534141944895541342930300743319094181060791015625e-46"
)
@example(b"7.0064923216240854e-46")
@example(b"1.1754942807573643e-38")
@example(b"3.4028235677973366e+38")
@example(b"3.4028235677973365e+38")
@example(b"0.0")
@example(b"-0.0E9")
def test_a_float_is_rounded_once(text: bytes) -> None:
    number = Fraction(text.decode())
    middle = LARGEST + Fraction(2) ** 103
    if abs(number) >= middle:
        with pytest.raises(ValueError, match="too large for a float"):
            parse_float(text + b"f")
        return
    expected = rounded(number)
    assert float(parse_float(text + b"f")) == expected
    (many,) = parse_floats([text + b"f"])
    assert float(many) == expected


@given(st.lists(decimals, min_size=1))
def test_many_numbers_are_one_and_one(texts: list[bytes]) -> None:
    expected = np.array([parse_double(text) for text in texts])
    assert parse_doubles(texts).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1", 1.0),
        (b"0", 0.0),
        (b"1.", 1.0),
        (b".5", 0.5),
        (b"1d", 1.0),
        (b"1e3D", 1000.0),
        (b"0.1f", float(np.float32(0.1))),
        (b"4.9E-324", 5e-324),
        (b"1.7976931348623157E308", 1.7976931348623157e308),
        (b"Double.NaN", math.nan),
        (b"Double.POSITIVE_INFINITY", math.inf),
        (b"Double.NEGATIVE_INFINITY", -math.inf),
        (b"Float.POSITIVE_INFINITY", math.inf),
    ],
)
def test_doubles(text: bytes, value: float) -> None:
    np.testing.assert_equal(parse_double(text), value)
    np.testing.assert_equal(parse_doubles([text, b"1.5"]), [value, 1.5])


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"x", b"1e", b"--1", b"1_0", b"010", b"NaN", b"Infinity", b"1e999", b"0x10"),
        *(b"Double.MAX", b"Integer.NaN", b"1 2", "\u0661".encode(), b"1" * 500),
    ],
)  # fmt: skip
def test_what_is_no_double(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"is not a number|too large"):
        parse_double(text)
    with pytest.raises(ValueError, match=r"is not a number|too large"):
        parse_doubles([b"1.0", text])


@pytest.mark.parametrize(
    "text", [b"0.5", b"0.5d", b"Double.NaN", b"x", b"1e39f", b"f", b"1e-999999999999x"]
)
def test_what_is_no_float(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"is not a number|too large|is a double"):
        parse_float(text)
    with pytest.raises(ValueError, match=r"is not a number|too large|is a double"):
        parse_floats([b"1.0f", text])


def test_floats_that_javas_literals_name() -> None:
    texts = [b"Float.NaN", b"Float.POSITIVE_INFINITY", b"-3", b"010f", b"1F"]
    np.testing.assert_array_equal(parse_floats(texts), np.array([np.nan, np.inf, -3, 10, 1], "f4"))


def test_integers() -> None:
    assert [parse_int("0"), parse_int("-2147483648"), parse_int("+7")] == [0, -(2**31), 7]
    assert parse_long("9223372036854775807") == 2**63 - 1
    for text in ("2147483648", "01", "1_0", "0x1", "", "1.0", "\u0661", "9" * 5000):
        with pytest.raises(ValueError, match="is not an integer"):
            parse_int(text)


# --------------------------------------------------------------------------- texts


def escaped(content: str) -> str:
    """Write a text as H2O does (``SB.escapeJava``)."""
    return content.replace("\\", "\\\\").replace('"', '\\"')


@given(st.text())
def test_texts_as_h2o_writes_them(content: str) -> None:
    assert parse_text(escaped(content)) == content


@given(st.text(st.characters(exclude_characters='"\\\n\r', exclude_categories=["Cs"])))
def test_texts_in_unicode_escapes(content: str) -> None:
    units = re.findall("....", content.encode("utf-16-be").hex())
    assert parse_text("".join(f"\\u{unit}" for unit in units)) == content
    assert parse_unicode_escapes("".join(f"\\uuu{unit.upper()}" for unit in units)) == content


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (r"a\tb\nc\r\f\b\s", "a\tb\nc\r\f\b "),
        (r"\0\7\12\101\377\400", "\x00\x07\nA\xff\x200"),
        (r"\'\"\\", "'\"\\"),
        (r"\\u0041", r"\u0041"),
        (r"\\\u0041", r"\A"),
        (r"\ud83d\ude00", "\U0001f600"),
    ],
)
def test_escapes(content: str, text: str) -> None:
    assert parse_text(content) == text


@pytest.mark.parametrize(
    "content", [r"\q", r"\u00", "\\", r"\ud83d", r"\ude00\ud83d", r"\u0022", r"\u005c", r"\u000a"]
)
def test_what_is_no_text(content: str) -> None:
    with pytest.raises(ValueError, match=r"no escape in a text|half of a surrogate"):
        parse_text(content)


# --------------------------------------------------------------------------- lines

#: Texts as ``Float.toString`` has them, and others that Java reads.
ODD = st.sampled_from(
    [b"1.0E10f", b"12.5f", b"-1234567.0f", b"3f", b"Float.NaN", b"0.1F", b".5f", b"1e-5f", b"-0.0f"]
)
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
literals = st.one_of(
    floats.map(lambda value: java.float_text(np.float32(value)).encode() + b"f"),
    decimals.map(lambda text: text + b"f"),
    ODD,
)
REPEATED = 80


@given(
    st.lists(literals, min_size=1, max_size=30),
    st.sampled_from([0, 950, 1000, 9_950, 123_456, 99_999_950, 1_999_999_950]),
    st.integers(0, 8),
)
def test_lines_are_read_as_one_by_one(texts: list[bytes], first: int, indent: int) -> None:
    texts = texts * (REPEATED // len(texts) + 1)
    blanks = b" " * indent
    block = b"".join(
        b"%bsa[%d] = %b;\n" % (blanks, first + i, text) for i, text in enumerate(texts)
    )
    values, unknown, starts = read_float_lines(block, 0, len(block), first)
    assert len(values) == len(unknown) == len(texts) == len(starts) - 1
    for index in np.flatnonzero(~unknown).tolist():
        assert values[index].tobytes() == parse_float(texts[index]).tobytes()
        assert block[starts[index] : starts[index + 1]].endswith(texts[index] + b";\n")


def read_lines(block: bytes) -> FloatLines:
    return read_float_lines(block, 0, len(block), 2000)


def test_lines_of_h2o_are_known() -> None:
    source = np.random.default_rng(1)
    values = source.normal(0, 0.05, 5_000).astype(np.float32)
    texts = [java.float_text(value) for value in values]
    lines = [f"        sa[{2000 + i}] = {text}f;\n" for i, text in enumerate(texts)]
    found, unknown, _ = read_lines("".join(lines).encode())
    assert unknown.sum() <= 2
    assert (found[~unknown] == values[~unknown]).all()


def test_numbers_between_two_floats_are_left_to_exact_arithmetic() -> None:
    # 13 digits, so that the float64 lies in the middle of two float32, and the text does not.
    texts = [b"6.255221407514E-8f", b"7.138678270735E-8f", b"6.426271781379E-8f"] * 30
    lines = [b"     sa[%d] = %b;\n" % (2000 + index, text) for index, text in enumerate(texts)]
    assert read_lines(b"".join(lines)).unknown.all()
    expected = np.array([6.255221052242632e-08, 7.138678626006367e-08, 6.426271426107633e-08])
    assert (parse_floats(texts[:3]) == expected.astype(np.float32)).all()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"sa[2050]", b"sb[2050]"),
        (b"sa[2050]", b"sa[2051]"),
        (b"sa[2050]", b"sa[3050]"),
        (b"sa[2050]", b"sa 2050]"),
        (b"   sa[2050]", b" x sa[2050]"),
        (b"  sa[2050]", b"x sa[2050]"),
        (b"sa[2050] =", b"sa[2050]=="),
        (b"sa[2050] = 0", b"sa[2050] = :"),
        (b"sa[2050] = 0.", b"sa[2050] = 0,"),
        (b"sa[2050] = 0.125", b"sa[2050] = 0.1/5"),
        (b"sa[2050] = 0.125", b"sa[2050] = 0.1:5"),
        (b"sa[2050] = 0.125", b"sa[2050] = 0.1\xb25"),
        (b"sa[2050] = 0.125f", b"sa[2050] = 0.125d"),
        (b"sa[2050] = 0.125f;", b"sa[2050] = 0.125f,"),
        (b"sa[2050] = 0.125", b"sa[2050] = 0.125E-x"),
        (b"sa[2050] = 0.125", b"sa[2050] = 0.12E--1"),
        (b"sa[2050] = 0.125", b"sa[2050] = --0.125"),
        (b"sa[2050] = 0.125", b"sa[2050] = -"),
        (b"sa[2050] = 0.125", b"sa[2050] = 0.1:345678901"),
        (b"sa[2050] = 0.125", b"sa[2050] = 0.1234567890123"),
        (b"sa[2050] = 0.125f;", b""),
    ],
)  # fmt: skip
def test_another_line_is_not_known(old: bytes, new: bytes) -> None:
    block = b"".join(b"     sa[%d] = 0.125f;\n" % index for index in range(2000, 2100))
    assert not read_lines(block).unknown[1:].any()
    broken = block.replace(old, new)
    assert broken != block
    assert np.flatnonzero(read_lines(broken).unknown)[-1] == 50
