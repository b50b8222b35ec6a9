"""CSV text as strangers and other countries write it: quotes astray, blank lines, commas."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rows_support import run
from support import golden

from mojo_reader import Limits, Scorer
from mojo_reader.errors import MojoDataError
from mojo_reader.files import records
from mojo_reader.files.quotes import Quotes
from mojo_reader.files.ragged_rows import squared
from mojo_reader.files.records import csv_rows
from mojo_reader.files.tables import TableRules, read_rows
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices

MIXED = golden("binomial_tanh")
MOJO = MIXED.mojo()


def rows_of(folder: Path, content: str | bytes, **rules: Any) -> tuple[Any, Notices]:
    """Read CSV content, and what was seen in it."""
    path = folder / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    notices = Notices()
    return read_rows(path, MOJO, TableRules(**rules), notices), notices


# --------------------------------------------------------------------------- quotes

RED = "red,3\n"


@pytest.mark.parametrize(
    ("rows", "row", "column", "found"),
    [
        # A stray quote takes the rows up to the next one, or up to the end.
        ('red,1\n"blue,2\n' + RED * 9_990, 1, "color", None),
        ('red,1\n"blue,2\n' + RED * 9_990 + '"red",4\n', 1, "color", 'red",4'),
        ('red,1\nblue,"2\n' + RED * 300_000, 1, "age", None),
        (RED * 300_000 + 'blue,"2"5\n' + RED, 300_000, "age", "5"),
        ('red,"1"\n' * 200_000 + '"blue"x,2\n' + RED * 200_000, 200_000, "color", "x,2"),
        ('red 5" pipe,1\n"blue" ,"2\n', 1, "age", None),
        ('red,"1""\n', 0, "age", None),
        ('red,1\n\n\n"blue"\t|,2\n', 3, "color", "\t|,2"),
        ('"', 0, "color", None),
    ],
)
def test_a_stray_quote_is_refused_where_it_opens(
    rows: str, row: int, column: str, found: str | None, tmp_path: Path
) -> None:
    what = "never closed" if found is None else f"closed before {found!r}, not at a cell's end"
    with pytest.raises(RowError) as caught:
        rows_of(tmp_path, "color,age\n" + rows)
    assert caught.value.row == row
    assert caught.value.problem == (
        f", column {column!r}: the quote that opens here is {what}; a quote inside a quoted cell "
        "is written twice"
    )


def test_a_stray_quote_writes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "rows.csv", tmp_path / "scored.csv"
    path.write_text('color,age\nred,1\n"blue,2\n' + RED * 10_000, "utf-8")
    done = run(capfd, "predict", MIXED.path, path, "-o", target)
    assert (done.code, target.exists()) == (4, False)
    assert "row 2, column 'color': the quote that opens here is never closed" in done.err


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('color,"age\nred,1\n', "the line of column names: the quote that opens here is never"),
        ('color,"age"s\nred,1\n', "column names: the quote that opens here is closed before 's'"),
        ("color" * 500_000, "the line of column names has more than 2,097,152 bytes, the limit"),
    ],
)
def test_a_header_that_does_not_end(header: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(MojoDataError, match=said):
        rows_of(tmp_path, header, limits=Limits(record_bytes=1 << 20))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('"red,' + "1\nblue" * 500_000, ", column 'color': the quote that opens here is never"),
        ("red" * 1_000_000, r" has more than [\d,]+ bytes, the limit record_bytes is 1,048,576"),
    ],
)
def test_a_record_that_does_not_end(row: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(RowError, match=f"row 2{said}"):
        rows_of(tmp_path, f"color,age\nred,1\n{row}", limits=Limits(record_bytes=1 << 20))


def test_a_long_cell_is_read_beside_any_other_row(tmp_path: Path) -> None:
    """A row's refusal does not depend on its neighbours."""
    long = "a" * 200_000
    for other in ("red,2", "red"):
        table, _ = rows_of(tmp_path, f"color,age\n{long},1\n{other}\n")
        assert table["color"].to_pylist() == [long, "red"]


# --------------------------------------------------------------------------- blank lines


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "red,4"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_blank_line_is_a_row_that_misses_everything(
    end: str, last: str, quote: str, tmp_path: Path
) -> None:
    text = f"two{end}{end}lines" if quote else "text"
    lines = ["color,age,n", "", f"{quote}{text}{quote},1,a", "", "", "red", "blue,x,b", last]
    rows = [(None, None, ""), (text, 1, "a"), (None, None, ""), (None, None, ""),
            ("red", None, ""), ("blue", None, "b"), ("red", 4, "")]  # fmt: skip
    table, notices = rows_of(tmp_path, end.join(lines), keep=("n",), on_invalid="missing")
    colors, ages, kept = (column.to_pylist() for column in table.columns)
    ages = [None if age is None or np.isnan(age) else age for age in ages]
    assert list(zip(colors, ages, kept, strict=True)) == rows[: 7 if last else 6]
    assert notices.invalid["age"].example == "x"
    with pytest.raises(RowError, match=r"row 6, column 'age': expected a number"):
        rows_of(tmp_path, end.join(lines))


def test_blank_lines_alone_are_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mojo_reader.files.csv_rows.csv_rows", None)  # the slow way
    monkeypatch.setattr(records, "PIECE_BYTES", 1 << 14)
    table, _ = rows_of(tmp_path, "color,age\n" + "\n" * 100_000)
    assert (table.num_rows, table["age"].null_count) == (100_000, 100_000)


def test_short_rows_are_read_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mojo_reader.files.csv_rows._MOST_CELLS", 200)
    for row in ("red\n", '"red"\n', 'r"ed\n'):
        table, _ = rows_of(tmp_path, "color,age\n" + row * 1_000)
        assert table.num_rows == 1_000
        assert max(map(len, table["color"].chunks)) == 100


# --------------------------------------------------------------------------- separators, decimals


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_the_separator_is_told_by_the_column_names(
    separator: str, quote: str, tmp_path: Path
) -> None:
    lines = [["color", " age ", "note, or more"], ["red", "1", "a,b"]]
    text = "\n".join(separator.join(f"{quote}{cell}{quote}" for cell in line) for line in lines)
    table, notices = rows_of(tmp_path, text)
    assert table.to_pydict() == {"color": ["red"], "age": [1.0]}
    said = f"cells are separated by {separator!r}, as the column names of {tmp_path}/rows.csv show"
    assert said in notices.sentences()
    assert notices.extra == {"note, or more": None}


def test_a_comma_is_not_told(tmp_path: Path) -> None:
    table, notices = rows_of(tmp_path, "color,age;x\nred,1\n")
    assert table.column_names == ["color"]
    assert notices.separators == {}


def test_a_separator_that_was_said_is_taken(tmp_path: Path) -> None:
    with pytest.raises(MojoDataError, match=r"none of the model's columns .*is the separator ';'"):
        rows_of(tmp_path, "color;age\nred;1\n", separator=",")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1,5", 1.5), ("-0,25", -0.25), ("7", 7.0), (" 1,5 ", 1.5), ("1,5e3", 1500.0), (",5", 0.5),
        ("1,5d", 1.5), ("NA", None), ("", None), ("1e400", np.inf),
        ("1970-01-01 00:00:01.250", 1250.0), ("Infinity", np.inf),
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", ["1,0", "1970-01-02"])
def test_a_decimal_comma(cell: str, number: float | None, beside: str, tmp_path: Path) -> None:
    text = f"color;age\nred;{cell}\nred;{beside}\n"
    table, _ = rows_of(tmp_path, text, decimal=",")
    found = np.array(table["age"].to_pylist(), float)[0]
    np.testing.assert_equal(found, np.nan if number is None else number)


@pytest.mark.parametrize("cell", ["1.5", "1.234,5", "1,2,3"])
def test_a_point_is_no_decimal_comma(cell: str, tmp_path: Path) -> None:
    with pytest.raises(RowError, match=r"row 1, .*: expected a number with a decimal comma"):
        rows_of(tmp_path, f"color;age\nred;{cell}\n", decimal=",")


def test_a_comma_in_a_number_is_told(tmp_path: Path) -> None:
    with pytest.raises(RowError, match=r"expected a number with a decimal point \(--decimal ,"):
        rows_of(tmp_path, "color;age\nred;1,5\n")


def test_commas_may_separate_and_be_decimal(tmp_path: Path) -> None:
    table, _ = rows_of(tmp_path, 'color,age\nred,"1,5"\n', decimal=",")
    assert table["age"].to_pylist() == [1.5]


# --------------------------------------------------------------------------- unpacked text


def test_text_that_its_file_does_not_warrant(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"color,age\n" + (b"x" * 99 + b"\n") * 200_000, 9))
    limits = Limits(text_ratio=100, text_free_bytes=10 << 20)
    with pytest.raises(MojoDataError, match=r"bytes of unpacked text of [0-9,]+ bytes in the file"):
        read_rows(path, MOJO, TableRules(limits=limits))


@st.composite
def ragged_records(draw: st.DrawFn) -> str:
    cells = st.sampled_from(["", "1", "a", " ", '"x"', '"a,b"', '"a\nb"', '"a\r\nb"', '"q""q"'])
    rows = draw(st.lists(st.lists(cells, min_size=1, max_size=6), min_size=1, max_size=6))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(map(",".join, rows)) + draw(st.sampled_from(["", end]))


@given(text=ragged_records(), width=st.integers(1, 5))
def test_ragged_rows_are_made_as_long_as_the_header(text: str, width: int) -> None:
    assume(text and Quotes(",").in_order(text.encode()))
    square = squared(text.encode(), width, ",")
    assert square is not None
    expected = [(*row, *[""] * width)[:width] for row in csv_rows(text, ",")]
    assert [row or ("",) for row in csv_rows(square.decode(), ",")] == expected


def test_ragged_rows_stay_on_the_fast_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("mojo_reader.files.csv_rows._python_rows")
    text = 'color,age,city\nred\nblue,1d\n"red",2,Bergen,more\n,3\n'
    table, _ = rows_of(tmp_path, text)
    np.testing.assert_array_equal(table["age"].to_numpy(), [np.nan, 1.0, 2.0, 3.0])
    assert table["color"].to_pylist() == ["red", "blue", "red", None]


def test_predictions_do_not_depend_on_the_separator(tmp_path: Path) -> None:
    text = (MIXED.folder / "input.csv").read_text("utf-8")
    if ";" in text or '"' in text:
        pytest.fail("the golden rows have to be plain")
    expected = Scorer(MOJO).encode(rows_of(tmp_path, text)[0])
    found = Scorer(MOJO).encode(rows_of(tmp_path, text.replace(",", ";"))[0])
    np.testing.assert_array_equal(found, expected)
