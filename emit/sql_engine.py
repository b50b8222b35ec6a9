"""Which database runs a SQL statement here: its dialect's own where it is installed, else SQLite.

Nothing but names: no package is loaded to say it.
"""

import os
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

#: What each dialect's database is called.
TITLES: Final[Mapping[str, str]] = {
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "sqlite": "SQLite",
    "bigquery": "BigQuery",
    "snowflake": "Snowflake",
    "spark": "Spark SQL",
}
SQLITE: Final = "sqlite"


def engine_of(dialect: str) -> str:
    """Return the dialect of the database that runs a statement here.

    DuckDB and Spark run what is theirs where they are installed (Spark needs Java, too); SQLite,
    which Python brings, runs everything else.
    """
    own = {
        "duckdb": find_spec("duckdb") is not None,
        "spark": find_spec("pyspark") is not None and _java(),
    }
    return dialect if own.get(dialect, False) else SQLITE


def _java() -> bool:
    return "JAVA_HOME" in os.environ or shutil.which("java") is not None
