"""Whatever stands in a cell has its documented meaning, or is refused with row and column."""

import array
import datetime as dt
import decimal
import enum
import fractions
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from numpy.typing import NDArray
from support import examples, golden, missing_time

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError
from mojo_reader.scoring.invalid import RowError

SCORER = Scorer(golden("binomial_tanh").mojo())
NAMES = SCORER.mojo.features.names
LEVELS, NUMBERS = "city", "age"
KNOWN = SCORER.mojo.features.categorical[0].levels[0]
HUGE = 10**5000
UTC = dt.UTC
MISSING, REFUSED = "missing", "refused"
DAY = 86_400_000.0


class Text(str):
    """A text of a type of its own."""

    __slots__ = ()


class Word(enum.StrEnum):
    """Words that are texts."""

    KNOWN = KNOWN


class Count(enum.IntEnum):
    """Names that are integers."""

    THREE = 3


class Plain(enum.Enum):
    """Names that are nothing else."""

    THREE = 3


def zone(hours: int) -> dt.timezone:
    return dt.timezone(dt.timedelta(hours=hours))


# cell, in the column with levels (None: a level that the model does not know), in the numeric one
CELLS: list[tuple[Any, str | None, float | str]] = [
    (None, MISSING, MISSING),
    (float("nan"), MISSING, MISSING),
    (float("inf"), None, float("inf")),
    (-float("inf"), None, -float("inf")),
    (1e308, None, 1e308),
    (1.5, None, 1.5),
    (10**300, None, 1e300),
    (10**400, None, REFUSED),
    (HUGE, None, REFUSED),
    (-HUGE, None, REFUSED),
    (True, None, 1.0),
    (np.False_, None, 0.0),
    (np.int8(-3), None, -3.0),
    (np.uint64(2**64 - 1), None, 2.0**64),
    (np.float16(1.5), None, 1.5),
    (np.float32(1e38), None, float(np.float32(1e38))),
    (np.longdouble("1e4000"), None, float("inf")),
    (np.complex64(1), REFUSED, REFUSED),
    (complex(1, 0), REFUSED, REFUSED),
    (np.str_(KNOWN), KNOWN, REFUSED),
    (np.bytes_(b"x"), REFUSED, REFUSED),
    (np.void(b"x"), REFUSED, REFUSED),
    (np.datetime64("1970-01-02"), REFUSED, DAY),
    (np.datetime64("1970"), REFUSED, 0.0),
    (np.datetime64(10**17, "s"), REFUSED, 1e20),
    (np.datetime64(2**62, "Y"), REFUSED, REFUSED),
    (np.datetime64(1, "as"), REFUSED, 0.0),
    (np.datetime64("NaT", "ns"), MISSING, MISSING),
    (missing_time(np.datetime64), MISSING, MISSING),
    (np.timedelta64(5, "D"), REFUSED, REFUSED),
    (np.timedelta64("NaT", "ns"), MISSING, MISSING),
    (missing_time(np.timedelta64), MISSING, MISSING),
    (pd.NA, MISSING, MISSING),
    (pd.NaT, MISSING, MISSING),
    (pd.Timestamp("1970-01-01T01:00", tz="Europe/Berlin"), REFUSED, 0.0),
    (pd.Timedelta(5), REFUSED, REFUSED),
    (pd.Period("2020"), REFUSED, REFUSED),
    (pd.Interval(1, 2), REFUSED, REFUSED),
    (b"x", REFUSED, REFUSED),
    (bytearray(b"x"), REFUSED, REFUSED),
    (memoryview(b"x"), REFUSED, REFUSED),
    (decimal.Decimal("0.1"), None, 0.1),
    (decimal.Decimal("NaN"), MISSING, MISSING),
    (decimal.Decimal("sNaN"), MISSING, MISSING),
    (decimal.Decimal("-Infinity"), None, -float("inf")),
    (decimal.Decimal("1e999999"), None, float("inf")),
    (decimal.Decimal("1e-999999"), None, 0.0),
    (fractions.Fraction(1, 3), REFUSED, 1 / 3),
    (fractions.Fraction(10**400), REFUSED, REFUSED),
    (Plain.THREE, REFUSED, REFUSED),
    (Count.THREE, None, 3.0),
    (Word.KNOWN, KNOWN, REFUSED),
    (Text(KNOWN), KNOWN, REFUSED),
    (Text("1.5"), None, 1.5),
    (dt.date(1970, 1, 2), REFUSED, DAY),
    (dt.date.min, REFUSED, -62_135_596_800_000.0),
    (dt.date.max, REFUSED, 253_402_214_400_000.0),
    (dt.datetime(1, 1, 1, tzinfo=zone(14)), REFUSED, -62_135_647_200_000.0),
    (dt.datetime.max.replace(microsecond=0, tzinfo=zone(-14)), REFUSED, 253_402_351_199_000.0),
    (dt.time(1), REFUSED, REFUSED),
    (dt.timedelta(1), REFUSED, REFUSED),
    (UTC, REFUSED, REFUSED),
    ("", MISSING, MISSING),
    ("x" * 10_000_000, None, REFUSED),
    ("1" * 5000, None, REFUSED),
    ("\ud800", None, REFUSED),
    (f"{KNOWN}\0", None, REFUSED),
    ("1\0", None, 1.0),
    ("\u0661", None, REFUSED),
    ("\uff11", None, REFUSED),
    ("0x1p99999", None, float("inf")),
    ("1e-99999", None, 0.0),
    ([1], REFUSED, REFUSED),
    ((1,), REFUSED, REFUSED),
    ({"a": 1}, REFUSED, REFUSED),
    (frozenset({1}), REFUSED, REFUSED),
    (np.array(5), REFUSED, REFUSED),
    (np.array([1]), REFUSED, REFUSED),
    (array.array("d", [1]), REFUSED, REFUSED),
    (np.ma.masked, REFUSED, REFUSED),
    (pd.Series([1]), REFUSED, REFUSED),
    (uuid.UUID(int=5), REFUSED, REFUSED),
    (object(), REFUSED, REFUSED),
    (len, REFUSED, REFUSED),
    (..., REFUSED, REFUSED),
]


def object_array(cells: list[Any]) -> NDArray[np.object_]:
    made = np.empty(len(cells), object)
    for row, cell in enumerate(cells):
        made[row] = cell
    return made


def whole(columns: dict[str, Any], rows: int) -> dict[str, Any]:
    return {name: columns.get(name, [None] * rows) for name in NAMES}


TABLES: dict[str, Callable[[str, list[Any]], Any]] = {
    "rows": lambda column, cells: [
        {name: cell if name == column else None for name in NAMES} for cell in cells
    ],
    "lists": lambda column, cells: whole({column: cells}, len(cells)),
    "tuples": lambda column, cells: whole({column: tuple(cells)}, len(cells)),
    "arrays": lambda column, cells: whole({column: object_array(cells)}, len(cells)),
    "pandas": lambda column, cells: pd.DataFrame(
        whole({column: pd.Series(object_array(cells), dtype=object)}, len(cells))
    ),
}


def encoded(table: Any, column: str) -> NDArray[np.float64]:
    return SCORER.encode(table)[:, NAMES.index(column)]


def check(table: Any, column: str, expected: str | float | None) -> None:
    """Hold the second of three rows to what is expected; the others have no cell."""
    if expected == REFUSED:
        with pytest.raises(RowError) as caught:
            encoded(table, column)
        kind = "a level's text" if column == LEVELS else "a number"
        text = str(caught.value)
        assert text.startswith(f"row 2, column {column!r}: expected {kind}, found ")
        assert len(text) < 200
        return
    found = encoded(table, column).tolist()
    if isinstance(expected, float):
        assert found[1] == expected
    elif expected == KNOWN:
        assert found[1] == 0.0
    else:
        assert np.isnan(found[1])
    assert np.isnan([found[0], found[2]]).all()


def name_of(case: tuple[Any, Any, Any]) -> str:
    cell = case[0]
    if isinstance(cell, int) and abs(cell) >= HUGE:
        return "int-huge"
    text = ascii(cell)
    # An address is another in each process.
    return type(cell).__name__ + ("" if " at 0x" in text else f"-{text[:30]}")


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("case", CELLS, ids=name_of)
def test_a_cell_means_the_same_in_every_table(case: tuple[Any, Any, Any], kind: str) -> None:
    cell, level, number = case
    for column, expected in ((LEVELS, level), (NUMBERS, number)):
        check(TABLES[kind](column, [None, cell, None]), column, expected)


# --------------------------------------------------------------------------- typed columns

SECONDS = pa.timestamp("s")
BAD_TEXT = pa.Array.from_buffers(
    pa.string(), 3, [None, pa.py_buffer(np.array([0, 0, 1, 1], np.int32)), pa.py_buffer(b"\xff")]
)
TYPED: list[tuple[str, Any, str | None, float | str]] = [
    ("masked integers", np.ma.array([1, 7, 2], mask=[1, 1, 1]), MISSING, MISSING),
    ("masked numbers", np.ma.array([1.5, 7, 2], mask=[1, 0, 1]), None, 7.0),
    ("masked texts", np.ma.array([KNOWN] * 3, mask=[1, 0, 1]), KNOWN, REFUSED),
    ("masked times", np.ma.array(np.zeros(3, "M8[ns]"), mask=[1, 0, 1]), REFUSED, 0.0),
    ("masked durations", np.ma.array(np.zeros(3, "m8[ns]"), mask=[1, 0, 1]), REFUSED, REFUSED),
    ("times in years", np.array(["NaT", 2**62, "NaT"], "M8[Y]"), REFUSED, REFUSED),
    ("times in seconds", np.array(["NaT", 10**17, "NaT"], "M8[s]"), REFUSED, 1e20),
    ("durations", np.array(["NaT", 5, "NaT"], "m8[s]"), REFUSED, REFUSED),
    ("longdouble", np.array(["nan", "1e4000", "nan"], np.longdouble), None, float("inf")),
    ("bytes", pa.array([None, b"x", None]), REFUSED, REFUSED),
    ("lists", pa.array([None, [1], None]), REFUSED, REFUSED),
    ("structs", pa.array([None, {"a": 1}, None]), REFUSED, REFUSED),
    ("maps", pa.array([None, [("a", 1)], None], pa.map_(pa.string(), pa.int8())), REFUSED, REFUSED),
    ("durations in Arrow", pa.array([None, 5, None], pa.duration("s")), REFUSED, REFUSED),
    ("times of day", pa.array([None, 5, None], pa.time32("s")), REFUSED, REFUSED),
    ("far times", pa.array([None, 10**17, None], SECONDS), REFUSED, 1e20),
    ("far times in UTC", pa.array([None, 10**17, None], pa.timestamp("s", "UTC")), REFUSED, 1e20),
    ("dates", pa.array([None, 1, None], pa.date32()), REFUSED, DAY),
    ("far dates", pa.array([None, 2**31 - 1, None], pa.date32()), REFUSED, DAY * (2**31 - 1)),
    ("dates in milliseconds", pa.array([None, 86_400_000, None], pa.date64()), REFUSED, DAY),
    ("decimals", pa.array([None, decimal.Decimal("1.5"), None]), None, 1.5),
    ("half floats", pa.array(np.array([np.nan, 1.5, np.nan], np.float16)), None, 1.5),
    ("texts that are not UTF-8", pa.chunked_array([pa.array([None], pa.string()), BAD_TEXT[1:2],
     pa.array([None], pa.string())]), REFUSED, REFUSED),
    ("texts as a dictionary", pa.array([None, KNOWN, None]).dictionary_encode(), KNOWN, REFUSED),
    ("numbers as a dictionary", pa.array([None, 7.0, None]).dictionary_encode(), None, 7.0),
    ("null in a dictionary",
     pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array([None, KNOWN])),
     KNOWN, REFUSED),
    ("runs", pa.RunEndEncodedArray.from_arrays([1, 2, 3], pa.array([None, KNOWN, None])),
     KNOWN, REFUSED),
    ("nullable integers", pd.array([None, 7, None], "Int64"), None, 7.0),
    ("nullable booleans", pd.array([None, True, None], "boolean"), None, 1.0),
    ("categories", pd.Categorical([None, KNOWN, None]), KNOWN, REFUSED),
    ("categories of numbers", pd.Categorical([None, 7, None]), None, 7.0),
    ("sparse", pd.arrays.SparseArray([np.nan, 7.0, np.nan]), None, 7.0),
    ("polars decimals", pl.Series([None, "1.5", None]).cast(pl.Decimal(10, 2)), None, 1.5),
    ("polars categories", pl.Series([None, KNOWN, None]).cast(pl.Categorical), KNOWN, REFUSED),
    ("polars enums", pl.Series([None, KNOWN, None], dtype=pl.Enum([KNOWN])), KNOWN, REFUSED),
    ("polars lists", pl.Series([None, [1], None]), REFUSED, REFUSED),
    ("polars structs", pl.Series([None, {"a": 1}, None]), REFUSED, REFUSED),
    ("polars durations", pl.Series([None, dt.timedelta(1), None]), REFUSED, REFUSED),
    ("polars times of day", pl.Series([None, dt.time(1), None]), REFUSED, REFUSED),
]  # fmt: skip


def frame(name: str, values: Any) -> Any:
    if isinstance(values, pl.Series):
        return pl.DataFrame({column: values if column == name else [None] * 3 for column in NAMES})
    if type(values).__module__.startswith("pyarrow"):
        return pa.table({column: values if column == name else pa.nulls(3) for column in NAMES})
    if isinstance(values, np.ndarray):
        return whole({name: values}, 3)
    return pd.DataFrame(whole({name: pd.Series(values)}, 3))


@pytest.mark.parametrize("case", TYPED, ids=lambda case: case[0])
def test_a_typed_column_means_what_its_cells_mean(case: tuple[str, Any, Any, Any]) -> None:
    _, values, level, number = case
    for column, expected in ((LEVELS, level), (NUMBERS, number)):
        check(frame(column, values), column, expected)


# --------------------------------------------------------------------------- what is no table


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array(5), "column 'age': expected a sequence of values, found array(5)"),
        (np.ones((2, 2)), "expected a column of one dimension, found 2"),
        (memoryview(np.ones((2, 2))), "expected a column of one dimension, found 2"),
        ("ab", "column 'age': expected a sequence of values, found 'ab'"),
        (b"ab", "column 'age': expected a sequence of values, found b'ab'"),
        (None, "column 'age': expected a sequence of values, found None"),
        (HUGE, "column 'age': expected a sequence of values, found a value of the type int"),
    ],
    ids=["0-d", "2-d", "memoryview", "text", "bytes", "None", "huge"],
)
def test_what_is_no_column_is_refused(values: Any, message: str) -> None:
    with pytest.raises(MojoDataError) as caught:
        SCORER.encode({NUMBERS: values})
    assert str(caught.value) == message


def test_a_row_that_is_none_is_shown_however_odd() -> None:
    with pytest.raises(MojoDataError) as caught:
        SCORER.encode([{NUMBERS: 1}, HUGE])
    assert str(caught.value) == (
        "row 2: expected a mapping of column to value, found a value of the type int"
    )


# --------------------------------------------------------------------------- any cell at all

OFFSETS = st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)).map(dt.timezone)
ANY_TEXT = st.text(st.characters(categories=None), max_size=20) | st.sampled_from(
    [KNOWN, "NA", " 1 ", "1d", "0x1p1", "Infinity"]
)
WELL_FORMED = st.text(st.characters(codec="utf-8"), max_size=20) | st.just(KNOWN)
SCALARS = numpy_st.scalar_dtypes().flatmap(numpy_st.from_dtype)
CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-HUGE, HUGE),
    st.floats(),
    ANY_TEXT,
    st.binary(max_size=8),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.fractions(),
    st.complex_numbers(),
    st.dates(),
    st.datetimes(timezones=st.none() | OFFSETS),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    SCALARS,
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=2),
)


def _hold_to_probabilities(scores: dict[str, NDArray[Any]]) -> None:
    columns = [values for name, values in scores.items() if name != "predict"]
    assert np.isfinite(np.column_stack(columns).astype(np.float64)).all()


def score_or_refuse(table: Any) -> None:
    """Anything but scores and ``MojoDataError`` fails; so does a warning."""
    try:
        scores = SCORER.score(table)
    except MojoDataError as error:
        text = str(error)
    else:
        text = ""
        _hold_to_probabilities(scores)
    assert len(text) < 300


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(CELL, min_size=1, max_size=4), st.sampled_from(NAMES), st.sampled_from([*TABLES]))
def test_any_cell_is_scored_or_refused(cells: list[Any], column: str, kind: str) -> None:
    score_or_refuse(TABLES[kind](column, cells))


@settings(max_examples=examples(75), deadline=None)
@given(
    st.one_of(numpy_st.scalar_dtypes(), numpy_st.array_dtypes(max_size=2), numpy_st.nested_dtypes())
    .flatmap(lambda dtype: numpy_st.arrays(dtype, 3)),
    st.sampled_from(NAMES),
    st.booleans(),
)  # fmt: skip
def test_any_array_is_scored_or_refused(values: Any, column: str, masked: bool) -> None:  # noqa: FBT001
    if masked and values.dtype.names is None:  # NumPy warns of its own about masked records
        values = np.ma.array(values)
        values[1] = np.ma.masked
    score_or_refuse(whole({column: values}, 3))


# Arrow's own conversion of mixed cells has crashed its process; a type and its cells have not.
def whole_numbers(bits: int, *, signed: bool = True) -> st.SearchStrategy[int]:
    low = -(2 ** (bits - 1)) if signed else 0
    return st.integers(low, low + 2**bits - 1)


ARROW_CELLS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.null(), st.none()),
    (pa.bool_(), st.booleans()),
    *((getattr(pa, f"int{bits}")(), whole_numbers(bits)) for bits in (8, 16, 32, 64)),
    *((getattr(pa, f"uint{bits}")(), whole_numbers(bits, signed=False)) for bits in (8, 64)),
    (pa.float16(), st.floats(width=16).map(np.float16)),
    (pa.float32(), st.floats(width=32)),
    (pa.float64(), st.floats()),
    (pa.decimal128(38, 5), st.decimals(-(10**30), 10**30, places=5)),
    (pa.string(), WELL_FORMED),
    (pa.large_string(), WELL_FORMED),
    (pa.string_view(), WELL_FORMED),
    (pa.binary(), st.binary(max_size=8)),
    (pa.date32(), whole_numbers(32)),
    (pa.date64(), st.integers(-(10**11), 10**11).map(lambda day: day * 86_400_000)),
    *((pa.timestamp(unit, zone), whole_numbers(64))
      for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC", "Asia/Tokyo")),
    (pa.time64("ns"), st.integers(0, 86_400 * 10**9 - 1)),
    (pa.duration("s"), whole_numbers(64)),
    (pa.list_(pa.int8()), st.lists(whole_numbers(8), max_size=2)),
    (pa.struct([("a", pa.int8())]), st.fixed_dictionaries({"a": whole_numbers(8)})),
    (pa.map_(pa.string(), pa.int8()), st.lists(st.tuples(WELL_FORMED, whole_numbers(8)))),
]  # fmt: skip


@st.composite
def arrow_columns(draw: st.DrawFn) -> Any:
    """Columns of a type and of cells of it, whole, in chunks, cut, or as a dictionary."""
    kind, cells = draw(st.sampled_from(ARROW_CELLS))
    values = pa.array(draw(st.lists(st.none() | cells, min_size=1, max_size=4)), kind)
    if draw(st.booleans()) and (pa.types.is_string(kind) or pa.types.is_float64(kind)):
        values = values.dictionary_encode()
    cut = draw(st.integers(0, len(values)))
    match draw(st.sampled_from(["whole", "cut", "chunks"])):
        case "cut":
            return values[cut:]
        case "chunks":
            return pa.chunked_array([values[:cut], values[cut:]], values.type)
    return values


@settings(max_examples=examples(75), deadline=None)
@given(arrow_columns(), st.sampled_from(NAMES))
def test_any_arrow_column_is_scored_or_refused(values: Any, column: str) -> None:
    others = {name: pa.nulls(len(values)) for name in NAMES}
    score_or_refuse(pa.table({**others, column: values}))
