"""Numbers of a MOJO that are read at once: each is what ``float`` reads, or is left to it."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojo_reader.formats.mojo import number_arrays
from mojo_reader.formats.mojo.plain_numbers import plain_numbers
from mojo_reader.java import text as java

DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
SMALL = st.floats(-2, 2)
JAVAS = st.one_of(
    DOUBLES.map(java.double_text),
    SMALL.map(java.double_text),
    FLOATS.map(np.float32).map(java.float_text),
    SMALL.map(np.float32).map(java.float_text),
)
#: What is nearly a number of Java's, or is one in another form.
ODD = st.text("0123456789.-+eE ,", max_size=12)


def same(found: np.ndarray, texts: list[str]) -> bool:
    right = np.array([float(text) for text in texts])
    return found.tobytes() == right.tobytes()  # signs of zero, too


@given(st.lists(JAVAS, min_size=1, max_size=40), st.sampled_from(["", " "]))
def test_javas_numbers_are_read_as_float_reads_them(texts: list[str], blank: str) -> None:
    found = plain_numbers((blank + ", ".join(texts)).encode())
    assert found is None or same(found, texts)


@given(st.lists(st.one_of(JAVAS, ODD), min_size=1, max_size=5), st.sampled_from([", ", ",", " ,"]))
def test_what_is_read_is_what_stands_there(texts: list[str], separator: str) -> None:
    block = separator.join(texts)
    try:
        right = [float(text) for text in block.split(",")]
    except ValueError:
        right = None
    try:
        found = plain_numbers(block.encode())
    except ValueError:
        found = None
        assert right is None
    if found is not None:
        assert right is not None
        assert found.tobytes() == np.array(right).tobytes()


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b" ",
        b"1, 2",
        b"1.0,2.0",
        b"1.0,22.0",
        b"1.0,  2.0",
        b"1.0 , 2.0",
        b"1.0, 2.0,",
        b"1.0, -",
        b".5, 1.0",
        b"1.0., 2",
        b"1.0, 2.0.0",
        b"1.0,.",
        b"1.0, 2-3.0",
        b"1.0, +2.0",
        b"1.0, 2.0e-3",
        b"1.0, 2.0E+3",
        b"1.0, E2.0",
        b"1.0, 2.0E-3E-3, 1.0",
        b"1.0, 3.0, 2.0E1-",
        b"1.0, 0x1p3",
        b"1.0, NaN",
        b"1.0f, 2.0",
        b"1.0,\t2.0",
    ],
)
def test_another_form_is_left_to_who_reads_one_at_a_time(block: bytes) -> None:
    assert plain_numbers(block) is None


@pytest.mark.parametrize("block", [b"1.0, 2.0E", b"1.0, 2.0E-"])
def test_no_number_is_refused(block: bytes) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        plain_numbers(block)


def test_most_weights_take_the_fast_way() -> None:
    source = np.random.default_rng(5)
    weights = (source.normal(0, 0.05, 5000)).astype(np.float32)
    text = ", ".join(map(java.float_text, weights)).encode()
    found = plain_numbers(text)
    assert found is not None
    assert found.astype(np.float32).tobytes() == weights.tobytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(number_arrays, "plain_numbers", lambda _: None)
        slow = number_arrays.NumberArray(np.float32).parse_line(b"[" + text + b"]", 0)
    assert number_arrays.NumberArray(np.float32).parse_line(b"[" + text + b"]", 0).tobytes() == (
        slow.tobytes()
    )


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="Linux states a process's peak memory")
def test_a_long_array_takes_its_memory_once() -> None:
    code = (
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from mojo_reader.formats.mojo.number_arrays import NumberArray\n"
        "def peak():\n"
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    return next(int(line.split()[1]) for line in lines if line.startswith('VmHWM:'))\n"
        "block = b', '.join([b'0.123'] * 10_000)\n"
        "pieces = (b'[' + block, *[b', ' + block] * 999, b']')\n"
        "before = peak()\n"
        "array = NumberArray(np.float32).parse_pieces(pieces)\n"
        "print((peak() - before) * 1024 / array.nbytes)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert float(done.stdout) < 1.5
