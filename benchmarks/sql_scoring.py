"""A model as a SQL statement beside the Scorer: rows a second in DuckDB, SQLite and PostgreSQL.

    python benchmarks/sql_scoring.py
    python benchmarks/sql_scoring.py --rows 20000 --repeats 3

Networks of 8-6, 32-16 and 120-40 units over a golden model's columns, with seeded random weights.
Engines run in turns, on one thread each; the best time of the repeats counts. A table is filled
before, and the time is that of the statement, its planning and its answer included.
PostgreSQL runs where it is installed and psycopg is (its server is the tests' own).
"""

import argparse
import contextlib
import dataclasses
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from emit.proving.made_rows import make_rows  # noqa: E402
from emit.sql_model import to_sql  # noqa: E402
from mojo_reader import Mojo, Scorer, read_mojo  # noqa: E402
from mojo_reader.model import CategoricalInput  # noqa: E402

MODEL = ROOT / "golden_mojos/bernoulli/model.zip"
SIZES = ((8, 6), (32, 16), (120, 40))


def network(units: tuple[int, ...]) -> Mojo:
    """Return the golden model with other hidden layers."""
    mojo, random = read_mojo(MODEL), np.random.default_rng(0)
    layers, inputs = [], mojo.features.width
    templates = [mojo.layers[0]] * len(units) + [mojo.layers[-1]]
    for template, size in zip(templates, (*units, mojo.layers[-1].units), strict=True):
        kernel = random.normal(0, inputs**-0.5, (inputs, size)).astype(np.float32)
        biases = (random.normal(0, 0.1, size),)
        layers.append(dataclasses.replace(template, kernels=(kernel,), biases=biases))
        inputs = size
    return dataclasses.replace(mojo, layers=tuple(layers))


def definitions(mojo: Mojo, text: str, number: str) -> str:
    """Return the columns of a table of raw rows."""
    kinds = {c.name: text if isinstance(c, CategoricalInput) else number for c in mojo.inputs}
    return ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())


def in_duckdb(mojo: Mojo, columns: dict[str, Any]) -> Callable[[], Any]:
    """Fill a table, and return what scores it."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"CREATE TABLE rows ({definitions(mojo, 'TEXT', 'DOUBLE')})")
    connection.register("given", {f"c{n}": cells for n, cells in enumerate(columns.values())})
    connection.execute("INSERT INTO rows SELECT * FROM given")
    statement = to_sql(mojo, dialect="duckdb", keep=())
    return lambda: connection.execute(statement).fetchnumpy()


def fill(connection: Any, columns: dict[str, Any], mark: str) -> None:
    """Put rows into the table."""
    rows = list(zip(*(cells.tolist() for cells in columns.values()), strict=True))
    marks = ", ".join([mark] * len(columns))
    connection.executemany(f"INSERT INTO rows VALUES ({marks})", rows)  # noqa: S608 - marks


def in_sqlite(mojo: Mojo, columns: dict[str, Any]) -> Callable[[], Any]:
    """Fill a table, and return what scores it."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE rows ({definitions(mojo, 'TEXT', 'REAL')})")
    fill(connection, columns, "?")
    statement = to_sql(mojo, dialect="sqlite", keep=())
    return lambda: connection.execute(statement).fetchall()


@contextlib.contextmanager
def postgres() -> Iterator[Any]:
    """Connect to a server of one's own; None where there is none."""
    from postgres_support import connect, programs, server

    if programs() is None or find_spec("psycopg") is None:
        yield None
        return
    with server() as socket:
        yield connect(socket)


def in_postgres(server: Any, mojo: Mojo, columns: dict[str, Any]) -> Callable[[], Any]:
    """Fill a table, and return what scores it."""
    cursor = server.cursor()
    cursor.execute("SET jit = off")
    cursor.execute("DROP TABLE IF EXISTS rows")
    kinds = definitions(mojo, "TEXT", "DOUBLE PRECISION")
    cursor.execute(f"CREATE TEMPORARY TABLE rows ({kinds})")
    fill(cursor, columns, "%s")
    statement = to_sql(mojo, dialect="postgres", keep=())
    return lambda: cursor.execute(statement).fetchall()


def measured(ways: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Return the best time of each way, in seconds; they run in turns."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        for name, way in ways.items():
            before = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - before)
    return best


def main() -> None:
    """Measure each network, and print its rates."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with postgres() as server:
        for units in SIZES:
            mojo = network(units)
            made = make_rows(mojo, rows=asked.rows)
            ways = {"Scorer, from columns": lambda m=mojo, c=made.columns: Scorer(m).score(c)}
            ways["Scorer, from columns"]()
            if find_spec("duckdb") is not None:
                ways["DuckDB"] = in_duckdb(mojo, made.columns)
            ways["SQLite"] = in_sqlite(mojo, made.columns)
            if server is not None:
                ways["PostgreSQL"] = in_postgres(server, mojo, made.columns)
            size = len(to_sql(mojo, dialect="duckdb", keep=()))
            print(f"{'-'.join(map(str, units))} ({size:,} bytes)")
            for name, seconds in measured(ways, asked.repeats).items():
                print(f"  {name}: {asked.rows / seconds:,.0f} rows a second")


if __name__ == "__main__":
    main()
