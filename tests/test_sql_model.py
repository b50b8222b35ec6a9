"""SQL statements in SQLite, those of other dialects as sqlglot reads them, against H2O's scores."""

import dataclasses
import math
import sqlite3
import time
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from rules import first, some_first
from sql_support import (
    OF_H2O,
    assert_equals_h2o,
    each_case,
    rows_of,
)
from support import Golden, assert_close, golden, scored_cases
from test_offset import SERVER_CASES, offsets, server_rows, server_scores

from emit.sql_engine import SQLITE, TITLES
from emit.sql_model import DIALECTS, encoding, network, prediction, to_sql
from emit.sql_model.expressions import number, total
from emit.sql_model.parity import check_sql
from emit.sql_model.size import estimated_size
from mojo_reader import Mojo
from mojo_reader.converting import SqlDialect
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.model import Activation, CategoricalInput, InverseLink

pytestmark = pytest.mark.filterwarnings(
    "ignore::mojo_reader.scoring.scorer.MissingColumnWarning",
    "ignore::mojo_reader.scoring.row_warnings.OffsetWarning",
)
OTHERS = [name for name in DIALECTS if name != SQLITE]


@pytest.mark.parametrize("case", each_case())
def test_sqlite_gives_h2os_scores(case: Golden) -> None:
    assert_equals_h2o(case, SQLITE)


@pytest.mark.parametrize(
    ("dialect", "name"),
    some_first(
        [
            (dialect, name)
            for dialect in OTHERS
            for name in (
                *("multinomial_maxout", "autoencoder_exprectifier", "bernoulli", "poisson_maxout"),
                *("balance_classes_factors", "encoding_enum_limited", "regression_large_response"),
                *("levels_odd_text", "hashed", "encoding_eigen_regression", "iris_tanh"),
            )
        ]
        # A thousand levels take seconds to read.
        + [("postgres", "levels_thousand")],
        [
            ("postgres", "regression_large_response"),
            ("postgres", "iris_tanh"),
        ],
    ),
)
def test_other_dialects_give_h2os_scores_as_they_are_read(dialect: str, name: str) -> None:
    """What raises on overflow, has decimals or another NaN is run by SQLite as sqlglot reads it."""
    case = golden(name)
    mojo = case.mojo()
    found = check_sql(to_sql(mojo, dialect=dialect), mojo, case.columns(), dialect=dialect)
    assert found.passed, found.failure


@pytest.mark.long
@pytest.mark.parametrize("name", ["bernoulli", "autoencoder_tanh", "levels_missing_marks"])
def test_made_rows_pass_the_proof(name: str) -> None:
    mojo = golden(name).mojo()
    found = check_sql(to_sql(mojo, dialect=SQLITE), mojo, dialect=SQLITE)
    assert found.passed, found
    assert (found.rows, found.seed) == (2_000, 0)


@pytest.mark.parametrize("case", SERVER_CASES[:1], ids=lambda case: case.name)
def test_the_offset_is_added_as_the_server_adds_it(case: Golden) -> None:
    mojo, rows = case.mojo(), server_rows(case)
    from emit.proving.raw_rows import raw_columns

    columns = {**raw_columns(mojo, rows), mojo.info.offset_column: offsets(case, rows)}
    text = to_sql(mojo, dialect=SQLITE, offset="server", keep=())
    found = np.array(rows_of(text, mojo, columns, SQLITE), object).astype(float)
    assert_close(found[:, 0], server_scores(case), tolerance=OF_H2O)


# --------------------------------------------------------------------------- the proof can fail


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    first(
        1,
        [
            ("bernoulli", "y2 >= ", "y2 >= 1.2e0 * "),
            ("autoencoder_tanh", ") / 26e0", ") / 27e0"),
            ("bernoulli", "h1 * ", "1.001e0 * h1 * "),
            ("bernoulli", "'no'", "'yes'"),
            ("bernoulli", "WHEN 'Bergen' THEN", "WHEN 'BERGEN' THEN"),
            ("gaussian", "AS response", "+ 1e-6 AS response"),
        ],
    ),
)
def test_the_proof_catches_a_damaged_statement(name: str, right: str, wrong: str) -> None:
    case = golden(name)
    mojo, table = case.mojo(), case.columns()
    text = to_sql(mojo, dialect=SQLITE)
    assert right in text
    assert not check_sql(text.replace(right, wrong), mojo, table, dialect=SQLITE).passed


@pytest.mark.long
def test_what_is_no_statement_of_the_model_is_refused() -> None:
    iris, other = golden("iris_tanh").mojo(), golden("bernoulli").mojo()
    text = to_sql(iris, dialect=SQLITE)
    with pytest.raises(MojoDataError, match="found another model's"):
        check_sql(text, other, dialect=SQLITE)
    with pytest.raises(MojoDataError, match="expected one statement of SQLite"):
        check_sql(f"{text};{text}", iris, dialect=SQLITE)
    with pytest.raises(MojoDataError, match="expected one statement of DuckDB: "):
        check_sql("SELECT (", iris, dialect="duckdb")
    with pytest.raises(MojoDataError, match="that to_sql made for SQLite, found another"):
        check_sql("SELECT 1", iris, dialect=SQLITE)


# --------------------------------------------------------------------------- numbers


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_as_it_was(value: float) -> None:
    text = number(value).sql()
    assert float(text) == value
    assert math.copysign(1.0, float(text)) == math.copysign(1.0, value)
    assert "e" in text


def test_additions_are_balanced() -> None:
    text = total([number(float(term)) for term in range(1_000)]).sql()
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    assert deepest <= 10
    assert eval(text) == sum(range(1_000))  # noqa: S307 - it is a sum of numbers


# --------------------------------------------------------------------------- cells of a table


def scored_in_sqlite(mojo: Mojo, definition: str, rows: list[list[Any]]) -> list[Any]:
    """Return the predictions of rows in a table whose columns are defined so."""
    names = ", ".join(f'"{column.name}" {definition}' for column in mojo.inputs)
    marks = ", ".join("?" * len(mojo.inputs))
    # Python 3.13 warns of a connection that nobody closed.
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE rows ({names})")
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", rows)  # noqa: S608 - marks
        return connection.execute(to_sql(mojo, dialect=SQLITE, keep=[])).fetchall()


def test_sqlite_reads_numbers_that_are_texts_and_takes_no_other_text_for_0() -> None:
    mojo = golden("numbers_only").mojo()
    cells = [5.5, "5.5", " 5.50 ", None, "", "abc", 7, "7", 2**60]
    others = [1.0] * (len(mojo.inputs) - 1)
    found = scored_in_sqlite(mojo, "", [[cell, *others] for cell in cells])
    assert found[0] == found[1] == found[2]
    assert found[3] == found[4] == found[5]
    assert found[6] == found[7]
    assert len({found[0], found[3], found[6], found[8]}) == 4


def test_levels_are_compared_exactly_whatever_the_column_s_collation() -> None:
    mojo = golden("bernoulli").mojo()
    column = next(c for c in mojo.inputs if isinstance(c, CategoricalInput))
    level = next(level for level in column.levels if level != level.swapcase())
    cells = [level, level.swapcase(), "no such level"]
    rows = [[cell if one is column else None for one in mojo.inputs] for cell in cells]
    exact, swapped, unseen = scored_in_sqlite(mojo, "TEXT COLLATE NOCASE", rows)
    assert exact != swapped
    assert swapped == unseen


@pytest.mark.parametrize("dialect", some_first(list(DIALECTS), [SQLITE]))
def test_where_h2o_stops_there_is_no_label(dialect: str) -> None:
    mojo = golden("bernoulli").mojo()
    columns = {
        c.name: np.array([None], object) if isinstance(c, CategoricalInput) else np.array([np.inf])
        for c in mojo.inputs
    }
    text = to_sql(mojo, dialect=dialect, keep=[])
    (row,) = rows_of(text, mojo, columns, dialect)
    assert row == (None, None, None)


# --------------------------------------------------------------------------- names


HOSTILE = ["'); DROP TABLE x; --", 'say "no"', "back\\slash\\", "new\nline", "😀", "`tick`", "$1 ?"]


def renamed(mojo: Mojo, names: list[str], levels: list[str] = HOSTILE) -> Mojo:
    """Give a model's first columns other names, and its first levels of each column others."""
    inputs = []
    for place, column in enumerate(mojo.inputs):
        name = names[place] if place < len(names) else column.name
        changed: Any = {"name": name}
        if isinstance(column, CategoricalInput) and levels:
            changed["levels"] = (*levels, *column.levels[len(levels) :])[: len(column.levels)]
        inputs.append(dataclasses.replace(column, **changed))
    return dataclasses.replace(mojo, inputs=tuple(inputs))


@pytest.mark.parametrize("dialect", some_first(list(DIALECTS), [SQLITE]))
def test_hostile_names_and_levels_are_nothing_but_texts(dialect: str) -> None:
    mojo = renamed(golden("bernoulli").mojo(), HOSTILE[: len(golden("bernoulli").mojo().inputs)])
    text = to_sql(mojo, dialect=dialect)
    found = check_sql(text, mojo, dialect=dialect, seed=1)
    assert found.passed, found.failure
    assert len(sqlglot.parse(text, dialect=dialect)) == 1


def refused(mojo: Mojo, message: str, **options: Any) -> None:
    with pytest.raises(MojoUnsupportedError, match=message):
        to_sql(mojo, **{"dialect": SQLITE, **options})


def test_names_that_a_database_cannot_have_are_refused() -> None:
    mojo = golden("iris_tanh").mojo()
    same = renamed(mojo, ["a", "A"])
    refused(same, "SQLite takes the names 'a' and 'A' for one column")
    to_sql(same, dialect="postgres")
    refused(renamed(mojo, [""]), "SQLite has no column without a name")
    refused(renamed(mojo, ["a\0"]), "the column 'a.*' has a NUL, which no statement can hold")
    refused(renamed(mojo, ["\ud800"]), "is no text that a statement can hold")
    long = renamed(mojo, ["é" * 32])
    refused(long, "has 64 bytes, and PostgreSQL allows 63", dialect="postgres")
    to_sql(long, dialect="duckdb")
    assert "`Sepal_Length`" in to_sql(mojo, dialect="bigquery")
    refused(
        renamed(mojo, ["a.b", "a_b"]),
        "BigQuery takes the names 'a.b' and 'a_b' for one column",
        dialect="bigquery",
    )
    bad = renamed(golden("bernoulli").mojo(), [], ["\0"])
    refused(bad, "has a NUL, which no statement can hold")


@pytest.mark.long
def test_output_columns_of_one_name_are_refused() -> None:
    for case in scored_cases():
        if case.equal_names:
            refused(case.mojo(), "which a statement cannot hold; take the scorer")


def test_what_stands_before_the_prediction() -> None:
    mojo = golden("iris_tanh").mojo()
    inputs = [column.name for column in mojo.inputs]
    outputs = list(mojo.output.columns)

    def selected(**options: Any) -> list[str]:
        text = to_sql(mojo, dialect=SQLITE, **options)
        return list(sqlglot.parse_one(text, dialect=SQLITE).named_selects)

    assert selected() == [*inputs, *outputs]
    assert selected(keep=[]) == outputs
    assert selected(keep=["id", "when"]) == ["id", "when", *outputs]
    taken = renamed(mojo, ["Predict"])
    text = to_sql(taken, dialect=SQLITE)
    assert sqlglot.parse_one(text, dialect=SQLITE).named_selects == [*inputs[1:], *outputs]
    refused(mojo, "'PREDICT' and the output 'predict' have one name in SQLite", keep=["PREDICT"])
    refused(mojo, "the names 'id' and 'ID' for one column to keep", keep=["id", "ID"])


@pytest.mark.parametrize("table", ["", "a; b", "rows AS x", "(SELECT 1)", "f(1)", "a.b.c.d", "a b"])
def test_what_is_no_table_is_refused(table: str) -> None:
    refused(golden("iris_tanh").mojo(), "expected the name of a table in SQLite", table=table)


@pytest.mark.long
def test_a_table_is_named_by_the_dialect_s_rules() -> None:
    mojo = golden("iris_tanh").mojo()
    assert ' FROM "my rows".x)' in to_sql(mojo, dialect="postgres", table='"my rows".x')
    assert " FROM `a-b`.c.`rows`)" in to_sql(mojo, dialect="bigquery", table="`a-b`.c.rows")
    found = check_sql(
        to_sql(mojo, dialect=SQLITE, table="main.iris"),
        mojo,
        golden("iris_tanh").columns(),
        dialect=SQLITE,
    )
    assert found.passed


# --------------------------------------------------------------------------- limits


def test_a_network_that_is_too_large_is_refused_with_the_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mojo = golden("iris_tanh").mojo()
    small = dataclasses.replace(DIALECTS[SQLITE], statement=8_000)
    monkeypatch.setitem(DIALECTS, SQLITE, small)
    refused(mojo, r"makes a statement of [\d,]+ bytes, and at most 8,000 are made for SQLite")
    narrow = dataclasses.replace(DIALECTS[SQLITE], columns=12)
    monkeypatch.setitem(DIALECTS, SQLITE, narrow)
    refused(mojo, "needs 14 columns beside each other, and SQLite allows 12")


def with_layers(mojo: Mojo, units: tuple[int, ...]) -> Mojo:
    """Return a model of random weights with other hidden layers."""
    random, layers, inputs = np.random.default_rng(0), [], mojo.features.width
    templates = [mojo.layers[0]] * len(units) + [mojo.layers[-1]]
    for template, count in zip(templates, (*units, mojo.layers[-1].units), strict=True):
        kernel = random.standard_normal((inputs, count), np.float32)
        changed: Any = {"kernels": (kernel,), "biases": (np.zeros(count),)}
        layers.append(dataclasses.replace(template, **changed))
        inputs = count
    return dataclasses.replace(mojo, layers=tuple(layers))


def test_a_huge_network_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mojo = with_layers(golden("bernoulli").mojo(), (2_000, 2_000))
    monkeypatch.delattr(encoding, "encode")
    start = time.process_time()
    refused(mojo, r"a statement of about 1\d{2},\d{3},\d{3} bytes, and at most 2,097,152 are made")
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    ("name", "units", "lowest"),
    first(
        1,
        [
            ("bernoulli", (60, 40), 0.7),
            ("levels_thousand", (), 0.8),
            ("multinomial_maxout", (), 0.4),
            ("hashed", (), 0.4),
            ("ties_untrained", (), 0.1),
        ],
    ),
)
def test_a_statement_is_a_little_larger_than_its_layers_tell(
    name: str, units: tuple[int, ...], lowest: float
) -> None:
    """What is refused by its layers would be refused by the statement's own size."""
    mojo = golden(name).mojo()
    mojo = with_layers(mojo, units) if units else mojo
    size = len(to_sql(mojo, dialect="duckdb", keep=()))
    assert lowest < estimated_size(mojo) / size < 1.0


def test_every_closed_set_is_served() -> None:
    assert set(network.ACTIVATIONS) == set(Activation)
    assert set(prediction.INVERSE_LINKS) == set(InverseLink)
    assert set(DIALECTS) == set(SqlDialect) == set(TITLES)
    refused(golden("iris_tanh").mojo(), "expected a dialect of duckdb, .*found 'x'", dialect="x")
