"""A statement read back by sqlglot's parser: what it reads, and the same tree for SQLite."""

from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from mojo_reader.errors import MojoDataError

from .dialects import DIALECTS, Dialect
from .expressions import Pieces


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Read:
    """A statement.

    Attributes:
        dialect: the database's.
        text: as it was written.
        tree: as sqlglot's parser of the dialect reads it.
    """

    dialect: Dialect
    text: str
    tree: Any

    @property
    def table(self) -> exp.Table:
        """The table of raw rows."""
        found: exp.Table = next(iter(self._first.find_all(exp.Table)))
        return found

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns that it reads."""
        found = (one.name for one in self._first.find_all(exp.Column))
        return tuple(dict.fromkeys(found))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns that it gives."""
        return tuple(self.tree.named_selects)

    def on(self, table: str) -> str:
        """Return the statement on a table of another name: itself, where it is its own."""
        if self.table.sql(dialect=self.dialect.name) == table:
            return self.text
        tree = self.tree.copy()
        Read(dialect=self.dialect, text="", tree=tree).table.replace(exp.to_table(table))
        return str(tree.sql(dialect=self.dialect.name))

    def for_sqlite(self, table: str) -> str:
        """Return what was read as SQLite runs it, on a table."""
        tree = self.tree.copy()
        Read(dialect=self.dialect, text="", tree=tree).table.replace(exp.to_table(table))
        for step in tree.find_all(exp.CTE):
            step.set("materialized", True)  # noqa: FBT003 - sqlglot's signature
        return str(tree.transform(_for_sqlite, copy=False).sql(dialect="sqlite"))

    @property
    def _first(self) -> Any:
        return next(iter(self.tree.ctes)).this


def read(text: str, dialect: Dialect) -> Read:
    """Parse a statement.

    Raises:
        MojoDataError: sqlglot's parser of the dialect does not read it as one statement.
    """
    try:
        parsed: list[Any] = sqlglot.parse(text, dialect=dialect.name)
        (tree,) = parsed
    except (sqlglot.errors.SqlglotError, ValueError) as error:
        message = f"expected one statement of {dialect.title}: {error}"
        raise MojoDataError(message) from error
    if tree is None or not tree.ctes:
        message = f"expected a statement that to_sql made for {dialect.title}, found another"
        raise MojoDataError(message)
    return Read(dialect=dialect, text=text, tree=tree)


def _for_sqlite(node: exp.Expression) -> exp.Expression:
    """Write what SQLite has not: NaN, infinity as a text, the largest of NULLs, a collation."""
    sqlite = DIALECTS["sqlite"]
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return exp.Literal.number("9e999") if node.this.name == "inf" else exp.Null()
    if isinstance(node, exp.IsNan):
        return exp.Boolean(this=False)
    if isinstance(node, exp.Greatest):
        return Pieces(dialect=sqlite).greatest([node.this, *node.expressions])
    if isinstance(node, exp.Collate):
        node.set("expression", exp.Identifier(this=sqlite.collation, quoted=True))
    return node
