"""What the databases differ in that sqlglot cannot know: one table, a line for each dialect."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mojo_reader.errors import MojoUnsupportedError

from ..sql_engine import TITLES

#: What no name of a column of BigQuery's may have ("Flexible column names").
_SPECIAL: Final = '!"$()*,./;?@[\\]^`{}~\n\r\t'


class NotANumber(StrEnum):
    """How a database has NaN, which is a missing number to H2O."""

    EQUAL = "NaN equals NaN and is above every number"
    UNEQUAL = "NaN equals nothing, and IS_NAN tells it"
    NONE = "there is no NaN: what would be one is NULL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One database's SQL.

    Attributes:
        name: as ``--dialect`` and sqlglot call it.
        nan: how it has NaN.
        raises: arithmetic that overflows is an error, and no infinity.
        decimals: a literal with a point is a decimal, and so is a choice among such literals.
        materialized: a table expression has to be marked, or the planner puts its columns into the
            next one's as often as they are named.
        greatest: the function that gives the largest of its arguments.
        arguments: the most arguments that a function takes; None for no limit.
        cased: names that differ in case alone are two.
        barred: characters that no name of a column may have; each becomes an underscore.
        name_bytes: the longest name; None for no limit.
        collation: compares texts exactly, whatever the column's own; None where it is not asked.
        texts: cells of a numeric column may be texts, which an arithmetic would take for 0.
        columns: the most columns of a table expression; None for no limit.
        statement: the most bytes of a statement: chosen, as planning takes minutes before it fails.
    """

    name: str
    nan: NotANumber = NotANumber.EQUAL
    raises: bool = False
    decimals: bool = False
    materialized: bool = False
    greatest: str = "GREATEST"
    arguments: int | None = None
    cased: bool = False
    barred: str = ""
    name_bytes: int | None = None
    collation: str | None = None
    texts: bool = False
    columns: int | None = None
    statement: int

    @property
    def title(self) -> str:
        """What the database is called."""
        return TITLES[self.name]


_MIB: Final = 1 << 20

DIALECTS: Final[Mapping[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Dialect(name="duckdb", collation="C", statement=4 * _MIB),
        Dialect(
            name="postgres",
            raises=True,
            decimals=True,
            materialized=True,
            cased=True,
            name_bytes=63,
            collation="C",
            columns=1600,
            statement=4 * _MIB,
        ),
        Dialect(
            name="sqlite",
            nan=NotANumber.NONE,
            materialized=True,
            greatest="MAX",
            arguments=100,
            collation="BINARY",
            texts=True,
            columns=2000,
            statement=2 * _MIB,
        ),
        Dialect(
            name="bigquery",
            nan=NotANumber.UNEQUAL,
            raises=True,
            barred=_SPECIAL,
            name_bytes=300,
            columns=10_000,
            statement=_MIB,
        ),
        Dialect(
            name="snowflake",
            raises=True,
            decimals=True,
            cased=True,
            name_bytes=255,
            statement=_MIB,
        ),
        Dialect(name="spark", statement=_MIB),
    )
}


def dialect_of(name: str) -> Dialect:
    """Return a dialect.

    Raises:
        MojoUnsupportedError: there is none of the name.
    """
    if name not in DIALECTS:
        message = f"expected a dialect of {', '.join(DIALECTS)}, found {name!r}"
        raise MojoUnsupportedError(message)
    return DIALECTS[name]
