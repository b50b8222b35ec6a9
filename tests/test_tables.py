"""Files of rows: what each odd piece of CSV text means, and what is refused."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import golden

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError
from mojo_reader.files import records
from mojo_reader.files.number_text import number_texts
from mojo_reader.files.records import Records
from mojo_reader.files.tables import TableRules, read_rows
from mojo_reader.files.text_numbers import text_numbers
from mojo_reader.java import text as java
from mojo_reader.scoring.arrow import float_array, text_array
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.times import time_milliseconds

MIXED = golden("binomial_tanh")
MOJO = MIXED.mojo()
NAMES = MOJO.features.names
COLOR, AGE, RATIO = (NAMES.index(name) for name in ("color", "age", "ratio"))
COLORS = list(next(column for column in MOJO.inputs if column.name == "color").levels)
NAN = float("nan")


def _encoded(tmp_path: Path, content: str | bytes, **rules: Any) -> list[tuple[float, float]]:
    """Return code of ``color`` and number of ``age`` of each row of a CSV file."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_rows(path, MOJO, TableRules(**rules))
    with pytest.warns(UserWarning, match="taken as missing"):
        matrix = Scorer(MOJO).encode(table)
    return [(row[COLOR], row[AGE]) for row in matrix.tolist()]


def _same(found: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    np.testing.assert_array_equal(np.array(found), np.array(expected))


RED, BLUE = float(COLORS.index("red")), float(COLORS.index("blue"))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("red,1\n", [(RED, 1)]),
        ("red,1", [(RED, 1)]),
        ("red,1\r\nblue,2\r\n", [(RED, 1), (BLUE, 2)]),
        ("red,1\rblue,2", [(RED, 1), (BLUE, 2)]),
        ("red\nblue,2\n", [(RED, NAN), (BLUE, 2)]),
        ("\nblue,2\n\n", [(NAN, NAN), (BLUE, 2), (NAN, NAN)]),
        ("red,1,surplus,more\nblue,2\n", [(RED, 1), (BLUE, 2)]),
        ('"red","1"\n', [(RED, 1)]),
        ('"re""d",1\n', [(NAN, 1)]),
        ('"two\nlines",1\nblue,2\n', [(NAN, 1), (BLUE, 2)]),
        ('"two\nlines"\nblue,2\n', [(NAN, NAN), (BLUE, 2)]),
        ('red 5" pipe,1\nblue,2\n', [(NAN, 1), (BLUE, 2)]),
        ("NA,NA\nN/A,-\n-,\n,N/A\n", [(NAN, NAN)] * 4),
        ('"NA","NA"\n', [(NAN, NAN)]),
        (" red ,\t7 \n NA, NA\n", [(RED, 7), (NAN, NAN)]),
        ("re\\d,1\nblue,2\n", [(NAN, 1), (BLUE, 2)]),
        ("red,2020-01-01 00:00:00\n", [(RED, 1577836800000.0)]),
        ("red,NaN\nblue,Infinity\nred,1d\nred,0x1p1\nred,1e400\n",
         [(RED, NAN), (BLUE, np.inf), (RED, 1), (RED, 2), (RED, np.inf)]),
        ("RED,+1\nred,.5\nred,5.\nred,-0\n", [(NAN, 1), (RED, 0.5), (RED, 5), (RED, -0.0)]),
    ],
)  # fmt: skip
def test_what_a_row_means(rows: str, expected: list[tuple[float, float]], tmp_path: Path) -> None:
    _same(_encoded(tmp_path, "color,age\n" + rows), expected)


@pytest.mark.parametrize(
    "header", ["\ufeffcolor,age", " color, age ", '"color","age"', "age,x,color", "age\tcolor"]
)
def test_what_a_header_means(header: str, tmp_path: Path) -> None:
    row = {"age,x,color": "1,9,red", "age\tcolor": "1\tred"}.get(header, "red,1")
    separator = "\t" if "\t" in header else ","
    _same(_encoded(tmp_path, f"{header}\n{row}\n", separator=separator), [(RED, 1)])


@pytest.mark.parametrize("cell", ["inf", "nan", "1_5", "null", "0x10", "?", "nan(1)", "INFINITY",
                                  "1e", "2020-13-01", "1577836800000L"])  # fmt: skip
def test_what_java_refuses_is_refused(cell: str, tmp_path: Path) -> None:
    with pytest.raises(RowError, match=r"row 2, column 'age': expected a number .* found"):
        read_rows(_file(tmp_path, f"color,age\nred,1\nred,{cell}\n"), MOJO)
    # The same in a piece that only Python's reader takes.
    with pytest.raises(RowError, match="row 2, column 'age'"):
        read_rows(_file(tmp_path, f"color,age\nred\nred,{cell}\n"), MOJO)


def _file(tmp_path: Path, content: str | bytes, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_missing_mark_in_a_csv_is_missing_even_where_it_is_a_level(tmp_path: Path) -> None:
    case = golden("levels_missing_marks")
    mojo = case.mojo()
    column = next(c for c in mojo.inputs if hasattr(c, "levels") and "NA" in c.levels)
    path = _file(tmp_path, f"{column.name}\nNA\n-\n\n")
    table = read_rows(path, mojo)
    assert table[column.name].to_pylist() == [None, None, None]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"color,color,age\nred,red,1\n", "the column 'color' stands twice"),
        ("color,age\nred,1\n".encode("utf-16"), "expected UTF-8 text, found UTF-16"),
        (b"color,age\nred,1\nr\xe9d,1\n", "row 2: expected UTF-8 text, found the byte 0xe9"),
        (b"color,\xe9ge\nred,1\n", "found the byte 0xe9 among the column names"),
        (b'color,age\n"red,' + b"x" * 200_000, "row 1, column 'color': the quote that opens here"),
        (b'color,"age\nred,1\n', "the line of column names: the quote that opens here is never"),
        (b'color,"age"s\nred,1\n', "column names: the quote that opens here is closed before 's'"),
        (b"PK\x03\x04 a workbook", "found an Excel workbook or a zip file: save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0 an old one", "found an Excel workbook"),
        (b"PAR1 and nothing else", "the file cannot be read"),
        (b"\x1f\x8b\x08 no gzip", "(?i)zlib|compress|truncated"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises((MojoDataError, OSError), match=said):
        read_rows(_file(tmp_path, content), MOJO)


def test_a_file_that_ends_early_is_no_table(tmp_path: Path) -> None:
    content = gzip.compress(b"color,age\n" + b"red,1\n" * 100_000)
    with pytest.raises(MojoDataError, match=r"rows.csv: the file cannot be read: Truncated"):
        read_rows(_file(tmp_path, content[:-20]), MOJO)


def test_a_folder_and_a_pattern_without_files(tmp_path: Path) -> None:
    with pytest.raises(MojoDataError, match="this is a folder"):
        read_rows(tmp_path, MOJO)
    with pytest.raises(FileNotFoundError):
        read_rows(str(tmp_path / "*.csv"), MOJO)


def test_only_a_header_gives_no_rows(tmp_path: Path) -> None:
    assert read_rows(_file(tmp_path, "color,age\n"), MOJO).num_rows == 0


def test_parquet_types_follow_the_cell_contract(tmp_path: Path) -> None:
    table = pa.table({
        "color": pa.array(["red", None, "NA", "mauve"]).dictionary_encode(),
        "age": pa.array([1_577_836_800_000, None, 0, -1], pa.timestamp("ms")),
        "ratio": pa.array([True, None, False, True]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.warns(UserWarning, match="taken as missing"):
        matrix = Scorer(MOJO).encode(read_rows(tmp_path / "rows.parquet", MOJO))
    expected = [[RED, 1577836800000.0, 1], [NAN] * 3, [NAN, 0, 0], [NAN, -1, 1]]
    np.testing.assert_array_equal(matrix[:, [COLOR, AGE, RATIO]], expected)


# --------------------------------------------------------------------------- pieces


class _Slow:
    """A stream that gives few bytes at a time, as a pipe does."""

    def __init__(self, content: bytes, step: int) -> None:
        self._content = content
        self._step = step

    def read(self, size: int, /) -> bytes:
        part = self._content[: min(size, self._step)]
        self._content = self._content[len(part) :]
        return part


@given(
    cells=st.lists(
        st.lists(st.sampled_from(["a", "", 'b"c', '"d"', '"e""f"', '"g\nh"', '"i,j"', '"\r\n"']),
                 min_size=1, max_size=4),
        max_size=30,
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    size=st.integers(4, 64),
    step=st.integers(1, 9),
    most_rows=st.none() | st.integers(1, 5),
)  # fmt: skip
def test_pieces_end_where_records_end(
    cells: list[list[str]], end: str, size: int, step: int, most_rows: int | None
) -> None:
    lines = [",".join(row) + end for row in cells]
    content = "".join(["x,y" + end, *lines]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "PIECE_BYTES", size)
        stream = Records(_Slow(content, step), ",")
        pieces = [piece.data for piece in stream.pieces(most_rows)]
    assert stream.header == ("x", "y")
    assert b"".join(pieces) == "".join(lines).encode()
    ends = {len("".join(lines[: count + 1])) for count in range(len(lines))}
    position = 0
    for piece in pieces:
        position += len(piece)
        assert position in ends
        assert most_rows is None or piece.count(end.encode()) <= most_rows + piece.count(b'"')


# --------------------------------------------------------------------------- number texts

#: Where Java's form or Arrow's changes.
EDGES = np.array([1e-7, 1e-6, 1e-5, 1e-3, 1.0, 1e7, 1e15, 1e16, 1e17, 1e21, 1e22])


@given(st.lists(st.floats(allow_nan=False) | st.sampled_from([0.001, 1e7, 9999999.5, 1e-4, -0.0])))
def test_numbers_are_written_as_java_writes_them(values: list[float]) -> None:
    found = number_texts(np.array(values, np.float64)).to_pylist()
    assert found == [java.double_text(value) for value in values]


def test_numbers_of_each_form_are_written_beside_each_other() -> None:
    source = np.random.default_rng(7)
    bits = source.integers(0, 1 << 64, 1000, np.uint64).view(np.float64)
    powers = [sign * digits * 10.0**power for power in range(-9, 23) for digits in (1, 1.5, 9.25)
              for sign in (1, -1)]  # fmt: skip
    sizes = 10 ** source.uniform(-12, 12, 1000) * source.choice([-1, 1], 1000)
    edges = [*EDGES, *np.nextafter(EDGES, 0), *np.nextafter(EDGES, np.inf), 5e-324, 0.0, -0.0]
    values = np.concatenate([bits, powers, sizes, np.round(sizes, 2), edges, [np.inf, -np.inf]])
    source.shuffle(values)
    expected = [None if np.isnan(v) else java.double_text(v) for v in values.tolist()]
    with np.errstate(invalid="ignore"):  # a signalling NaN
        assert number_texts(values).to_pylist() == expected


def test_nan_is_null() -> None:
    assert number_texts(np.array([1.0, np.nan])).to_pylist() == ["1.0", None]
    assert float_array(np.array([1.0, np.nan]), nan_is_null=True).null_count == 1


@given(
    st.text(st.sampled_from(" +-.0123456789eExXpPdfDFNaInity_\t"), max_size=12)
    | st.floats().map(repr)
)
def test_text_is_a_number_where_java_says_so(text: str) -> None:
    refused: list[object] = []
    found = text_numbers(text_array([text]), "UTC", refused.append)
    try:
        expected = java.parse_double(text)
    except ValueError:
        blank = java.trim(text) in {"", "NA", "N/A", "-"}
        assert bool(refused) is not blank
        expected = NAN
    np.testing.assert_array_equal(found, [expected])


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("1970-01-02", "UTC", 86_400_000.0),
        ("1970-01-01 00:01", "UTC", 60_000.0),
        ("1970-01-01T00:00:01.25", "UTC", 1_250.0),
        ("1970-01-01 01:00:00", "Europe/Berlin", 0.0),
        ("1970-01-01 01:00:00+01:00", "Asia/Tokyo", 0.0),
        ("1970-01-01 00:00:00Z", "Asia/Tokyo", 0.0),
        ("1969-12-31 23:59:59.5", "UTC", -500.0),
        ("1970-02-30", "UTC", None),
        ("1970", "UTC", None),
    ],
)
def test_time_texts(text: str, zone: str, expected: float | None) -> None:
    assert time_milliseconds(text, zone) == expected
