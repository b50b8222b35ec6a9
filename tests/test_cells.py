"""The cell contract: what one cell means, whichever kind of table it stands in."""

import dataclasses
import datetime as dt
import decimal
import fractions
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from support import golden, missing_time

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError
from mojo_reader.model import CategoricalInput, Classification
from mojo_reader.model.levels import level_positions
from mojo_reader.scoring.column_values import column_positions, number_values
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.levels import LevelLookup
from mojo_reader.scoring.responses import response_values
from mojo_reader.scoring.spellings import spellings

MARKS = golden("levels_missing_marks")
MISSING, UNSEEN = "missing", "unseen"
UTC = dt.UTC


def _column(*levels: str, prefixed: bool = False) -> CategoricalInput:
    codes = np.append(np.arange(float(len(levels))), [np.nan, np.nan])[:, None]
    return CategoricalInput(name="c", levels=levels, prefixed=prefixed, feature=0, table=codes)


LEVELS = _column(
    *("red", "3", "03", "true", "NA", " x", "-5", "c.late"),
    *("1.5", "c.0.25", "c.FALSE", "c.true", "c.0.0"),
    prefixed=True,
)

# cell, and the level that it is (or missing, unseen, or the error's expectation as None)
LEVEL_CELLS: list[tuple[Any, str | None]] = [
    ("red", "red"),
    ("Red", UNSEEN),
    (" red", UNSEEN),
    (" x", " x"),
    ("3", "3"),
    ("03", "03"),
    (3, "3"),
    (3.0, "3"),
    (-5, "-5"),
    (np.int8(3), "3"),
    (np.float32(3), "3"),
    (4, UNSEEN),
    (True, "true"),
    (np.True_, "true"),
    ("late", "c.late"),
    ("c.late", "c.late"),
    ("NA", "NA"),  # a text that is a level is the level; in a CSV it is missing
    ("", MISSING),
    ("N/A", MISSING),
    ("-", MISSING),
    (None, MISSING),
    (math.nan, MISSING),
    (np.float64("nan"), MISSING),
    (pd.NA, MISSING),
    (pd.NaT, MISSING),
    (np.datetime64("NaT", "ns"), MISSING),
    (missing_time(np.datetime64), MISSING),
    (decimal.Decimal("NaN"), MISSING),
    (np.str_("red"), "red"),
    (1.5, "1.5"),
    (decimal.Decimal("1.5"), "1.5"),
    (math.inf, UNSEEN),
    (0.25, "c.0.25"),
    (False, "c.FALSE"),
    (0, "c.0.0"),
    (-0.0, "c.0.0"),
    (10**400, UNSEEN),
    (fractions.Fraction(3, 2), None),
    (b"red", None),
    (["red"], None),
    (dt.date(2020, 1, 1), None),
]

NUMBER_CELLS: list[tuple[Any, float | None]] = [
    (1, 1.0),
    (1.5, 1.5),
    (True, 1.0),
    (np.False_, 0.0),
    (np.int64(7), 7.0),
    (np.float32(0.5), 0.5),
    (2**70, float(2**70)),
    (decimal.Decimal("0.1"), 0.1),
    ("1", 1.0),
    (" 1e3 ", 1000.0),
    ("0x1p1", 2.0),
    ("1d", 1.0),
    ("NaN", math.nan),
    ("-Infinity", -math.inf),
    ("NA", math.nan),
    ("", math.nan),
    ("N/A", math.nan),
    ("-", math.nan),
    (None, math.nan),
    (math.nan, math.nan),
    (pd.NA, math.nan),
    (pd.NaT, math.nan),
    (dt.date(1970, 1, 2), 86_400_000.0),
    (dt.datetime(1970, 1, 1, 0, 0, 1), 1000.0),  # noqa: DTZ001 - a time without a zone is UTC
    (dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), 0.0),
    (np.datetime64("1970-01-01T00:00:00.5"), 500.0),
    (pd.Timestamp("1970-01-01 00:00:02"), 2000.0),
    ("inf", None),
    ("1_5", None),
    ("0x10", None),
    ("?", None),
    ("2020-01-01", 1_577_836_800_000.0),
    (" 2020-01-01T00:00:00.1239+01:00", 1_577_833_200_123.0),
    (" NA ", math.nan),
    ("2020-13-01", None),
    (dt.datetime(1970, 1, 1, 0, 0, 0, 1_999, tzinfo=UTC), 1.0),
    (dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1.0),
    (np.datetime64("1970-01-01T00:00:00.001999"), 1.0),
    (np.datetime64("1969-12-31T23:59:59.999999999"), -1.0),
    (pd.Timestamp("1970-01-01 00:00:00.001999999"), 1.0),
    (b"1", None),
    ([1], None),
    (10**400, None),
]


def _position(expected: str) -> int:
    named = {MISSING: LEVELS.missing, UNSEEN: LEVELS.unseen}
    return named[expected] if expected in named else LEVELS.levels.index(expected)


@pytest.mark.parametrize(("cell", "expected"), LEVEL_CELLS, ids=lambda value: repr(value)[:30])
def test_a_cell_of_a_column_with_levels(cell: object, expected: str | None) -> None:
    refused: list[Any] = []
    found = column_positions(LevelLookup(LEVELS), [cell, "red"], refused.append)
    if expected is None:
        assert [one.row for one in refused] == [0]
        assert found[0] == LEVELS.missing
    else:
        assert not refused
        assert found[0] == _position(expected)
    assert found[1] == 0


@pytest.mark.parametrize(("cell", "expected"), NUMBER_CELLS, ids=lambda value: repr(value)[:30])
def test_a_cell_of_a_numeric_column(cell: object, expected: float | None) -> None:
    refused: list[Any] = []
    found = number_values([cell, 1], refused.append)
    assert [one.row for one in refused] == ([0] if expected is None else [])
    np.testing.assert_array_equal(found, [math.nan if expected is None else expected, 1.0])


@pytest.mark.parametrize("unit", ["W", "D", "h", "m", "s", "ms", "us", "ns"])
def test_a_time_of_any_unit_is_its_milliseconds(unit: str) -> None:
    # A Thursday, where NumPy's weeks begin.
    times = np.array(["2024-02-29", "NaT"], f"datetime64[{unit}]")
    refused: list[Any] = []
    for column in (times, list(times)):
        found = number_values(column, refused.append)
        np.testing.assert_array_equal(found, [1_709_164_800_000.0, math.nan])
    assert not refused


@pytest.mark.parametrize(
    ("unit", "expected"), [("M", 1_706_745_600_000.0), ("Y", 1_704_067_200_000.0)]
)
def test_a_month_or_a_year_is_where_it_begins(unit: str, expected: float) -> None:
    refused: list[Any] = []
    times = np.array(["2024-02-29", "NaT"], f"datetime64[{unit}]")
    np.testing.assert_array_equal(number_values(times, refused.append), [expected, math.nan])
    assert not refused


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_level_in_an_array_of_floats_has_the_digits_of_its_type(kind: type) -> None:
    refused: list[Any] = []
    cells = np.array([0.1, 0.1, 2.5], kind)
    found = column_positions(LevelLookup(_column("0.1", "2.5")), cells, refused.append)
    assert found.tolist() == [0, 0, 1]
    assert not refused


def test_an_integer_of_more_digits_than_a_float_is_no_other_ones_level() -> None:
    assert spellings(2**53 + 3) == ("9007199254740995", "9007199254740995.0")
    assert spellings(2**53) == ("9007199254740992", "9.007199254740992E15", "9007199254740992.0")


def test_the_response_is_one_of_the_classes_but_for_blanks() -> None:
    mojo = golden("iris_tanh").mojo()
    assert isinstance(mojo.output, Classification)
    output = dataclasses.replace(mojo.output, labels=("y.rose", "iris", "lily"))
    mojo = dataclasses.replace(mojo, output=output)
    found = response_values(mojo, {"y": ["lily", " iris", "y.rose\t", None, "NA"]}, "y")
    np.testing.assert_array_equal(found, [2.0, 1.0, 0.0, math.nan, math.nan])
    for cell in ("tulip", "rose"):  # a prefix is the encoding's, of features alone
        with pytest.raises(RowError, match="expected one of the model's classes"):
            response_values(mojo, {"y": ["iris", cell]}, "y")


ARROW_COLUMNS: list[tuple[Any, list[str | None]]] = [
    (pa.array(["red", None, "NA", "no"]), ["red", MISSING, "NA", UNSEEN]),
    (pa.array(["red", None, "NA", "no"]).dictionary_encode(), ["red", MISSING, "NA", UNSEEN]),
    (pa.array(["red", None], pa.large_string()), ["red", MISSING]),
    (pa.array(["red", None], pa.string_view()), ["red", MISSING]),
    (pa.array([3, None, 4], pa.int16()), ["3", MISSING, UNSEEN]),
    (pa.array([3.0, None, math.nan]), ["3", MISSING, MISSING]),
    (pa.array([True, False, None]), ["true", "c.FALSE", MISSING]),
    (pa.nulls(2), [MISSING, MISSING]),
    (pa.chunked_array([["red"], [], ["no", "3"]]), ["red", UNSEEN, "3"]),
    (pa.chunked_array([pa.array(["3"]).dictionary_encode(), pa.array(["red"]).dictionary_encode()]),
     ["3", "red"]),
    (pa.array(["x", "red", None])[1:], ["red", MISSING]),
]  # fmt: skip


@pytest.mark.parametrize(("column", "expected"), ARROW_COLUMNS, ids=lambda value: str(value)[:20])
def test_an_arrow_column_with_levels(column: Any, expected: list[str]) -> None:
    refused: list[Any] = []
    found = column_positions(LevelLookup(LEVELS), column, refused.append)
    assert found.tolist() == [_position(one) for one in expected]
    assert not refused


def test_an_arrow_cell_that_is_no_level_is_told_for_each_of_its_rows() -> None:
    refused: list[Any] = []
    days = pa.array([0, 1], pa.date32())
    column = pa.chunked_array(
        [pa.DictionaryArray.from_arrays(pa.array(codes), days) for codes in ([None, 1], [1, None])]
    )
    column_positions(LevelLookup(LEVELS), column, refused.append)
    day = dt.date(1970, 1, 2)
    assert [(one.row, one.cell) for one in refused if one.cell == day] == [(1, day), (2, day)]


ARROW_NUMBERS: list[tuple[Any, list[float]]] = [
    (pa.array([1.5, None, math.nan]), [1.5, math.nan, math.nan]),
    (pa.array([1.5, None, 2.5])[1:], [math.nan, 2.5]),
    (pa.array([1, None, 2**53 + 1]), [1.0, math.nan, float(2**53 + 1)]),
    (pa.array([255, None], pa.uint8()), [255.0, math.nan]),
    (pa.array([0.5, None], pa.float32()), [0.5, math.nan]),
    (pa.array([True, None, False]), [1.0, math.nan, 0.0]),
    (pa.array([1, None], pa.timestamp("s", "Asia/Tokyo")), [1000.0, math.nan]),
    (pa.array([-1500, None], pa.timestamp("us")), [-2.0, math.nan]),
    (pa.array([1_709_164_800_123_456, None], pa.timestamp("us")), [1_709_164_800_123.0, math.nan]),
    (pa.array([1_500_000, None], pa.timestamp("ns")), [1.0, math.nan]),
    (pa.array([1, None], pa.date32()), [86_400_000.0, math.nan]),
    (pa.array([decimal.Decimal("0.10"), None]), [0.1, math.nan]),
    (pa.array(["0x1p1", None, "NA"]), [2.0, math.nan, math.nan]),
    (pa.nulls(1), [math.nan]),
    (pa.chunked_array([[1.0], [], [2.0]]), [1.0, 2.0]),
]


@pytest.mark.parametrize(("column", "expected"), ARROW_NUMBERS, ids=lambda value: str(value)[:20])
def test_an_arrow_column_of_numbers(column: Any, expected: list[float]) -> None:
    refused: list[Any] = []
    np.testing.assert_array_equal(number_values(column, refused.append), expected)
    assert not refused


def test_all_kinds_of_tables_give_the_same_row_matrix() -> None:
    mojo = golden("binomial_tanh").mojo()
    columns: dict[str, list[Any]] = {
        name: list(cells) for name, cells in golden("binomial_tanh").columns().items()
    }
    for column in mojo.inputs:
        if not isinstance(column, CategoricalInput):
            columns[column.name] = [
                None if cell is None else float(cell) for cell in columns[column.name]
            ]
    columns.pop("row id", None)
    scorer = Scorer(mojo)
    expected = scorer.encode(columns)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    tables = [rows, pd.DataFrame(columns), pa.table(columns), pl.DataFrame(columns)]
    categorical = pd.DataFrame(columns)
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            categorical[column.name] = categorical[column.name].astype("category")
    for table in [*tables, categorical]:
        np.testing.assert_array_equal(scorer.encode(table), expected)


def test_a_mark_that_is_a_level_in_a_table_in_memory() -> None:
    mojo = MARKS.mojo()
    column = next(c for c in mojo.inputs if isinstance(c, CategoricalInput) and "NA" in c.levels)
    with pytest.warns(UserWarning, match="taken as missing"):
        matrix = Scorer(mojo).encode({column.name: ["NA", "-", "", None]})
    codes = matrix[:, column.feature].tolist()
    assert codes[:2] == [column.levels.index("NA"), column.levels.index("-")]
    assert np.isnan(codes[2:]).all()


def test_a_text_that_stands_twice_and_a_prefix_do_not_hide_a_level() -> None:
    positions = level_positions(_column("a", "c.a", "c.b", prefixed=True))
    assert (positions["a"], positions["c.a"], positions["b"], positions["c.b"]) == (0, 1, 2, 2)


def test_an_error_names_the_place_and_can_be_moved() -> None:
    scorer = Scorer(golden("iris_tanh").mojo())
    columns = {name: [1.0, 2.0] for name in scorer.mojo.features.names}
    columns["Petal.Width"] = [1.0, "wide"]  # type: ignore[list-item]
    with pytest.raises(RowError) as caught:
        scorer.encode(columns)
    assert str(caught.value) == "row 2, column 'Petal.Width': expected a number, found 'wide'"
    assert str(caught.value.moved(9_998)).startswith("row 10,000, column")
    assert isinstance(caught.value, MojoDataError)
