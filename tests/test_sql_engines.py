"""SQL statements in DuckDB, Spark and PostgreSQL themselves, against H2O's own scores."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from rules import Of, each_rule_first, holding
from sql_support import assert_equals_h2o, rows_of, writable_cases
from support import Golden, golden
from test_sql_model import HOSTILE, renamed

from emit.sql_model import to_sql
from emit.sql_model.parity import check_sql
from mojo_reader.model import CategoricalInput

pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
SOME = holding(writable_cases(), Of.NUMBERS)
each_case = pytest.mark.parametrize("case", each_rule_first(writable_cases(), Of.ACTIVATIONS))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    """A connection to a server of its own."""
    from postgres_support import connect, server

    with server() as socket:
        connection = connect(socket)
        yield connection
        connection.close()


def engines() -> list[Any]:
    return [
        pytest.param("duckdb", marks=pytest.mark.duckdb),
        pytest.param("spark", marks=pytest.mark.spark),
        pytest.param("postgres", marks=pytest.mark.postgres),
    ]


def connection_of(dialect: str, request: pytest.FixtureRequest) -> Any:
    """Return PostgreSQL's connection; the others are run by the proof itself, in a warm Spark."""
    if dialect == "spark":
        request.getfixturevalue("spark")
    return request.getfixturevalue("postgres") if dialect == "postgres" else None


@pytest.mark.parametrize("dialect", [one for one in engines() if one.values != ("spark",)])
@each_case
def test_the_engine_gives_h2os_scores(
    case: Golden, dialect: str, request: pytest.FixtureRequest
) -> None:
    assert_equals_h2o(case, dialect, connection_of(dialect, request))


@pytest.mark.spark
@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_spark_gives_h2os_scores(case: Golden, request: pytest.FixtureRequest) -> None:
    """Spark takes seconds to plan a statement: it runs those that hold each rule once."""
    assert_equals_h2o(case, "spark", connection_of("spark", request))


@pytest.mark.parametrize("dialect", engines())
def test_hostile_names_and_levels(dialect: str, request: pytest.FixtureRequest) -> None:
    case = golden("bernoulli").mojo()
    mojo = renamed(case, HOSTILE[: len(case.inputs)])
    found = check_sql(
        to_sql(mojo, dialect=dialect),
        mojo,
        dialect=dialect,
        connection=connection_of(dialect, request),
    )
    assert found.passed, found.failure
    assert found.rows == 2_000


@pytest.mark.duckdb
def test_levels_are_compared_exactly_whatever_the_column_s_collation() -> None:
    import duckdb

    mojo = golden("bernoulli").mojo()
    column = next(c for c in mojo.inputs if isinstance(c, CategoricalInput))
    level = next(level for level in column.levels if level != level.swapcase())
    kinds = {True: "VARCHAR COLLATE NOCASE", False: "DOUBLE"}
    names = (f'"{c.name}" {kinds[isinstance(c, CategoricalInput)]}' for c in mojo.inputs)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE rows ({', '.join(names)})")
        for cell in (level, level.swapcase(), "no such level"):
            connection.execute(f'INSERT INTO rows ("{column.name}") VALUES (?)', [cell])  # noqa: S608
        text = to_sql(mojo, dialect="duckdb", keep=[])
        exact, swapped, unseen = connection.execute(text).fetchall()
    assert exact != swapped
    assert swapped == unseen


@pytest.mark.parametrize("dialect", engines())
def test_where_h2o_stops_there_is_no_label(dialect: str, request: pytest.FixtureRequest) -> None:
    mojo = golden("bernoulli").mojo()
    columns = {
        c.name: np.array([None], object) if isinstance(c, CategoricalInput) else np.array([np.inf])
        for c in mojo.inputs
    }
    text = to_sql(mojo, dialect=dialect, keep=[])
    (row,) = rows_of(text, mojo, columns, dialect, connection_of(dialect, request))
    assert row == (None, None, None)


@pytest.mark.parametrize("dialect", engines())
def test_the_proof_catches_a_damaged_statement(
    dialect: str, request: pytest.FixtureRequest
) -> None:
    mojo = golden("bernoulli").mojo()
    text = to_sql(mojo, dialect=dialect).replace("y2 >= ", "y2 >= 1.2e0 * ")
    connection = connection_of(dialect, request)
    assert not check_sql(text, mojo, dialect=dialect, connection=connection).passed
