"""Databases that a statement is run in, on rows that are put there."""

import importlib
import math
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from mojo_reader.errors import MojoUnsupportedError

from ..sql_engine import SQLITE, engine_of
from .dialects import DIALECTS, Dialect
from .reading import Read

#: The table that rows are put into, where the statement's own is not a plain name.
_TABLE: Final = "h2o_proof_rows"
_MARKS: Final = {"qmark": "?", "format": "%s", "pyformat": "%s"}

Rows = Mapping[str, NDArray[Any]]
Result = list[tuple[Any, ...]]


def run(statement: Read, rows: Rows, connection: Any = None) -> Result:
    """Run a statement on rows, in their order.

    Args:
        statement: as it was read.
        rows: by the name of a column, ``(rows,)`` objects, texts and None, or float64.
        connection: to the dialect's database, by Python's DB-API; None for the dialect's own
            engine where it is installed, else SQLite.

    Returns:
        The result's rows.
    """
    if connection is not None:
        return _in_connection(statement, rows, connection)
    return _ENGINES[engine_of(statement.dialect.name)](statement, rows)


# --------------------------------------------------------------------------- engines


def _in_sqlite(statement: Read, rows: Rows) -> Result:
    connection = sqlite3.connect(":memory:")
    try:
        _with_exp(connection)
        table = _table(statement)
        own = statement.dialect.name == SQLITE
        text = statement.on(table) if own else statement.for_sqlite(table)
        _fill(connection, table, rows, DIALECTS[SQLITE], "?")
        return list(connection.execute(text))
    finally:
        connection.close()


def _with_exp(connection: sqlite3.Connection) -> None:
    """Add ``exp`` to a SQLite that was built without its functions of mathematics."""
    try:
        connection.execute("SELECT EXP(1.0)")
    except sqlite3.OperationalError:
        connection.create_function("EXP", 1, _exp, deterministic=True)


def _exp(value: float | None) -> float | None:
    if value is None:
        return None
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _in_duckdb(statement: Read, rows: Rows) -> Result:
    connection = importlib.import_module("duckdb").connect()
    try:
        table = _table(statement)
        columns = ", ".join(_definitions(rows, statement.dialect))
        connection.execute(f"CREATE TABLE {table} ({columns})")
        connection.register("h2o_given", {f"c{n}": one for n, one in enumerate(rows.values())})
        connection.execute(f"INSERT INTO {table} SELECT * FROM h2o_given")  # noqa: S608 - made here
        return list(connection.execute(statement.on(table)).fetchall())
    finally:
        connection.close()


def _in_spark(statement: Read, rows: Rows) -> Result:
    sql = importlib.import_module("pyspark.sql")
    active = sql.SparkSession.getActiveSession()
    session = active or (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .appName("mojo2keras")
        .getOrCreate()
    )
    try:
        table = _table(statement)
        arrow = importlib.import_module("pyarrow")
        kinds = {True: arrow.string(), False: arrow.float64()}
        cells = {
            name: arrow.array(_cell_list(one), kinds[_is_text(one)]) for name, one in rows.items()
        }
        # Of Arrow, which needs no process of Python's beside Spark's.
        given = session.createDataFrame(arrow.table(cells)).coalesce(1)
        given.createOrReplaceTempView(table)
        return [tuple(row) for row in session.sql(statement.on(table)).collect()]
    finally:
        if active is None:
            session.stop()


def _in_connection(statement: Read, rows: Rows, connection: Any) -> Result:
    """Run in a connection's database, in a temporary table that is dropped again."""
    package = sys.modules[type(connection).__module__.partition(".")[0]]
    style = getattr(package, "paramstyle", None)
    if style not in _MARKS:
        message = f"expected a connection of Python's DB-API with {' or '.join(_MARKS)}"
        raise MojoUnsupportedError(message)
    table = _table(statement)
    cursor = connection.cursor()
    _fill(cursor, table, rows, statement.dialect, _MARKS[style])
    try:
        cursor.execute(statement.on(table))
        return [tuple(row) for row in cursor.fetchall()]
    finally:
        cursor.execute(f"DROP TABLE {table}")


_ENGINES: Final[Mapping[str, Callable[[Read, Rows], Result]]] = {
    "duckdb": _in_duckdb,
    "spark": _in_spark,
    SQLITE: _in_sqlite,
}


# --------------------------------------------------------------------------- rows


def _table(statement: Read) -> str:
    """Return the statement's table where it is a plain name, else the proof's own."""
    table = statement.table
    qualified = table.args.get("db") is not None or table.this.args.get("quoted")
    return _TABLE if qualified else table.sql(dialect=statement.dialect.name)


def _fill(cursor: Any, table: str, rows: Rows, dialect: Dialect, mark: str) -> None:
    columns = ", ".join(_definitions(rows, dialect))
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
    marks = ", ".join([mark] * len(rows))
    insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - names were read by sqlglot
    cursor.executemany(insert, list(_cells(rows)))


def _definitions(rows: Rows, dialect: Dialect) -> list[str]:
    kinds = {True: exp.DataType.build("text"), False: exp.DataType.build("double")}
    return [
        exp.ColumnDef(
            this=exp.Identifier(this=name, quoted=True), kind=kinds[_is_text(one)].copy()
        ).sql(dialect=dialect.name)
        for name, one in rows.items()
    ]


def _is_text(cells: NDArray[Any]) -> bool:
    return bool(cells.dtype == object)


def _cells(rows: Rows) -> Sequence[tuple[Any, ...]]:
    """Return rows of Python's own values; every other missing number is NULL, the rest NaN."""
    return list(zip(*(_cell_list(one) for one in rows.values()), strict=True))


def _cell_list(cells: NDArray[Any]) -> list[Any]:
    if _is_text(cells):
        return list(cells)
    odd = np.arange(len(cells)) % 2 == 1
    absent = (np.isnan(cells) & odd).tolist()
    return [None if gone else cell for gone, cell in zip(absent, cells.tolist(), strict=True)]
