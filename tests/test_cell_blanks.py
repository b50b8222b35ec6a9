"""Blanks around levels and names, marks as texts, unseen levels by encoding, times."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import Golden, golden, rewritten

from mojo_reader import Scorer, read_mojo
from mojo_reader.errors import MojoDataError
from mojo_reader.files.tables import read_rows
from mojo_reader.java import text as java
from mojo_reader.model import CategoricalInput
from mojo_reader.scoring.notices import Notices

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
VALUES = golden("levels_of_values")
TRAILING = [golden("column_names_blank"), golden("column_names_blank_binary")]
PLAIN = golden("binomial_tanh")
NOON = 1_577_880_000_123.0


# --------------------------------------------------------------------------- levels in CSV


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("spaced ", 0),
        (" spaced ", 0),
        ("spaced", 1),
        (" spaced", 1),
        ("spaced  ", 1),
        (" lead", 2),
        (" lead ", 2),
        ("lead ", None),
        (" NA", None),
        (" NA ", None),
        (" - ", None),
    ],
)
def test_a_level_in_csv_keeps_as_many_of_its_blanks_as_can_be(
    cell: str, level: int | None, tmp_path: Path
) -> None:
    levels = {"domains/d000.txt": b"spaced \nspaced\n lead\nNA\n"}
    path = rewritten(VALUES.path, tmp_path / "model.zip", levels)
    rows = tmp_path / "rows.csv"
    rows.write_text(f'size,flag\n"{cell}",True\n', "utf-8")
    mojo = read_mojo(path)
    found = Scorer(mojo).encode(read_rows(rows, mojo))[0, 0]
    assert np.isnan(found) if level is None else found == level


# --------------------------------------------------------------------------- names


def _renamed(case: Golden, name: str, other: str) -> dict[str, list[str | None]]:
    return {other if column == name else column: cells for column, cells in case.columns().items()}


@pytest.mark.parametrize("name", ["color ", "color", " color", "\tcolor  "])
@pytest.mark.parametrize("case", TRAILING, ids=lambda case: case.name)
def test_the_blanks_around_a_name_hide_no_column(case: Golden, name: str, tmp_path: Path) -> None:
    mojo = case.mojo()
    exact = Scorer(mojo).encode(case.columns())
    columns = _renamed(case, "color ", name)
    frame = pd.DataFrame(columns)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    rows = frame.to_dict("records")
    files = [read_rows(tmp_path / f"rows.{kind}", mojo) for kind in ("csv", "parquet")]
    for table in [columns, rows, frame, pa.table(columns), pl.DataFrame(columns), *files]:
        np.testing.assert_array_equal(Scorer(mojo).encode(table), exact)


def test_the_exact_name_is_the_column_beside_one_with_blanks(tmp_path: Path) -> None:
    columns = {"flag": ["True"], "flag ": ["False"], "size": ["0.5"]}
    expected = Scorer(VALUES.mojo()).encode({"flag": ["True"], "size": ["0.5"]})
    rows = tmp_path / "rows.csv"
    rows.write_text("flag ,flag,size\nFalse,True,0.5\n", "utf-8")
    for table in (columns, [{k: v[0] for k, v in columns.items()}], read_rows(rows, VALUES.mojo())):
        np.testing.assert_array_equal(Scorer(VALUES.mojo()).encode(table), expected)


def test_two_names_that_may_be_the_column_are_refused() -> None:
    table = {" flag": ["True"], "flag ": ["False"], "size": ["0.5"]}
    with pytest.raises(MojoDataError, match=r"^the column 'flag' stands twice in the table$"):
        Scorer(VALUES.mojo()).encode(table)


# --------------------------------------------------------------------------- marks, unseen levels


def test_a_mark_as_text_is_unseen_to_binary_in_memory_and_missing_in_csv(tmp_path: Path) -> None:
    """As Java's ``BinaryEncoder`` takes a RowData's text, and PredictCsv a cell."""
    mojo = golden("encoding_binary").mojo()
    column = next(c for c in mojo.inputs if isinstance(c, CategoricalInput))
    cells = ["NA", "N/A", "-", "", None, "no level"]
    found = Scorer(mojo).encode({column.name: cells})[:, column.feature]
    np.testing.assert_array_equal(found, [0, 0, 0, np.nan, np.nan, 0])
    rows = tmp_path / "rows.csv"
    rows.write_text(f"{column.name},x\n" + "".join(f"{c or ''},\n" for c in cells), "utf-8")
    found = Scorer(mojo).encode(read_rows(rows, mojo))[:, column.feature]
    np.testing.assert_array_equal(found, [np.nan] * 5 + [0])


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("binomial_tanh", "taken as missing"),
        ("encoding_binary", "encoded without a bit"),
        ("encoding_eigen", "taken as missing"),
        ("encoding_enum_limited", "scored as its level 'other'"),
    ],
)
def test_the_notice_says_what_an_unseen_level_became(name: str, outcome: str) -> None:
    mojo = golden(name).mojo()
    notices = Notices()
    columns = [
        column
        for column in mojo.inputs
        if isinstance(column, CategoricalInput)
        and (
            "enum" not in name
            or not np.array_equal(column.table[-1], column.table[-2], equal_nan=True)
        )
    ]
    batch = pa.record_batch({columns[0].name: pa.array(["no level"])})
    Scorer(mojo).encode_batch(batch, notices)
    merged = Notices()
    merged.merge(notices)
    assert outcome in next(merged.unseen_sentences())


def test_digits_beyond_the_basic_plane_are_no_integer_to_java() -> None:
    assert java.is_int("\u0663")
    assert not java.is_int("\U0001d7db")


# --------------------------------------------------------------------------- times

TIMES: list[Any] = [
    ["2020-01-01 12:00:00.123999"],
    ["2020-01-01T13:00:00.123999+01:00"],
    [dt.datetime(2020, 1, 1, 12, 0, 0, 123_999, tzinfo=dt.UTC)],
    np.array(["2020-01-01T12:00:00.123999"], "M8[us]"),
    np.array(["2020-01-01T12:00:00.123999"], "M8[ns]"),
    pd.to_datetime(pd.Series(["2020-01-01 12:00:00.123999"])),
    pd.to_datetime(pd.Series(["2020-01-01 12:00:00.123999"])).dt.tz_localize("UTC"),
    pl.Series([dt.datetime(2020, 1, 1, 12, 0, 0, 123_999, tzinfo=dt.UTC)]),
    pa.array(["2020-01-01 12:00:00.123999"]),
    pa.array([NOON * 1000 + 999], pa.float64()).cast(pa.int64()).cast(pa.timestamp("us")),
    pa.array([NOON * 1000 + 999], pa.float64()).cast(pa.int64()).cast(pa.timestamp("us", "UTC")),
]


@pytest.mark.parametrize("cells", TIMES, ids=lambda cells: type(cells).__name__)
def test_a_time_is_whole_milliseconds_at_every_door(cells: Any, tmp_path: Path) -> None:
    mojo = PLAIN.mojo()
    scorer = Scorer(mojo)
    place = mojo.features.names.index("age")
    assert scorer.encode({"age": cells})[0, place] == NOON
    table = pa.table({"age": pa.array(cells) if not isinstance(cells, pa.Array) else cells})
    pq.write_table(table, tmp_path / "rows.parquet")
    assert scorer.encode(read_rows(tmp_path / "rows.parquet", mojo))[0, place] == NOON


def test_a_time_before_1970_is_cut_off_towards_the_past() -> None:
    moment = dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)
    cells = [moment, np.datetime64("1969-12-31T23:59:59.999999"), "1969-12-31 23:59:59.999999"]
    mojo = PLAIN.mojo()
    found = Scorer(mojo).encode({"age": cells})[:, mojo.features.names.index("age")]
    assert found.tolist() == [-1.0] * 3


# --------------------------------------------------------------------------- what is read


def test_columns_that_the_model_does_not_read_cost_nothing() -> None:
    class Untouched(list[Any]):
        """A column that nobody may look into."""

        def __iter__(self) -> Any:
            raise AssertionError("read")

    mojo = VALUES.mojo()
    table = {"size": ["0.5"], "flag": ["True"], **{f"c{i}": Untouched([1]) for i in range(5000)}}
    assert Scorer(mojo).encode(table).shape == (1, 2)
    rows = [{"size": "0.5", f"key {number}": None} for number in range(20_000)]
    assert Scorer(mojo).encode(rows).shape == (20_000, 2)  # 20,000 x 20,000 cells would not fit


@pytest.mark.parametrize("values", [{"0.5"}, frozenset({"0.5"}), {"0.5": 1}, {"0.5": 1}.keys()])
def test_what_has_no_order_is_no_column(values: Any) -> None:
    with pytest.raises(MojoDataError, match=r"^column 'size': expected a sequence of values"):
        Scorer(VALUES.mojo()).encode({"size": values})


def test_polars_types_that_arrow_lacks() -> None:
    mojo = PLAIN.mojo()
    place = mojo.features.names.index("age")
    wide = pl.DataFrame({"age": pl.Series([3], dtype=pl.Int128)})
    assert Scorer(mojo).encode(wide)[0, place] == 3.0
    with pytest.raises(MojoDataError, match=r"^the table has a column that Arrow cannot read: "):
        Scorer(mojo).score_batches(wide)
    odd = pl.DataFrame({"age": pl.Series([Path("x")], dtype=pl.Object)})
    with pytest.raises(MojoDataError, match=r"^row 1, column 'age': expected a number, found P"):
        Scorer(mojo).encode(odd)
