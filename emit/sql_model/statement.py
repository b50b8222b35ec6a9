"""A statement under construction: table expressions, one after the other, and what they carry."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlglot
from sqlglot import exp

from mojo_reader.errors import MojoUnsupportedError

from .dialects import Dialect
from .expressions import Pieces, column
from .size import too_long

#: Before the names of the statement's own table expressions.
_PREFIX: Final = "h2o_"


class Statement:
    """Table expressions, each of which reads the one before it.

    Args:
        dialect: the database's.
        table: the raw rows, by the dialect's rules.

    Attributes:
        dialect: the database's.
        pieces: makes expressions.
    """

    def __init__(self, dialect: Dialect, table: str) -> None:
        self.dialect = dialect
        self.pieces = Pieces(dialect=dialect)
        self._source: exp.Expression = table_of(table, dialect)
        self._steps: list[exp.CTE] = []
        self._carried: tuple[str, ...] = ()

    def carry(self, names: Iterable[str]) -> None:
        """Carry columns, once they are there, through every further step."""
        self._carried += tuple(names)

    def drop(self, names: Iterable[str]) -> None:
        """Carry columns no further."""
        dropped = frozenset(names)
        self._carried = tuple(name for name in self._carried if name not in dropped)

    def carries(self, name: str) -> bool:
        """Say whether a column is carried."""
        return name in self._carried

    def step(
        self, name: str, columns: Mapping[str, exp.Expression], also: Iterable[str] = ()
    ) -> None:
        """Add a table expression.

        Args:
            name: of it.
            columns: by name, what is computed of the columns of the step before.
            also: columns of the step before that are wanted here once more.

        Raises:
            MojoUnsupportedError: it has more columns than the database allows.
        """
        taken = [key for key in dict.fromkeys((*self._carried, *also)) if key not in columns]
        carried = [column(key) for key in taken] if self._steps else []
        made = [_named(value, key, quoted=False) for key, value in columns.items()]
        self._check_columns(len(carried) + len(made))
        select = exp.Select(expressions=[*carried, *made]).from_(self._source, copy=False)
        alias = exp.TableAlias(this=exp.to_identifier(f"{_PREFIX}{name}"))
        materialized = True if self.dialect.materialized else None
        self._steps.append(exp.CTE(this=select, alias=alias, materialized=materialized))
        self._source = exp.to_table(f"{_PREFIX}{name}")

    def text(self, columns: Sequence[tuple[str, exp.Expression]]) -> str:
        """Return the statement.

        Args:
            columns: of the result, by names that are quoted.

        Raises:
            MojoUnsupportedError: it is longer, or has more columns, than the database allows.
        """
        self._check_columns(len(columns))
        selected = [_named(value, name, quoted=True) for name, value in columns]
        last = exp.Select(expressions=selected).from_(self._source, copy=False)
        # One line for each table expression, of a text that is sqlglot's in every dialect.
        steps = ",\n".join(self._text(step) for step in self._steps)
        text = f"WITH {steps}\n{self._text(last)}\n"
        size = len(text.encode())
        if size > self.dialect.statement:
            raise too_long(size, self.dialect)
        return text

    def _text(self, tree: exp.Expression) -> str:
        return tree.sql(dialect=self.dialect.name, copy=False)

    def _check_columns(self, count: int) -> None:
        most = self.dialect.columns
        if most is not None and count > most:
            message = (
                f"the network needs {count:,} columns beside each other, and {self.dialect.title} "
                f"allows {most:,}"
            )
            raise MojoUnsupportedError(message)


def table_of(name: str, dialect: Dialect) -> exp.Table:
    """Read the name of a table by the dialect's rules, such as ``rows`` or ``"a b".rows``.

    Raises:
        MojoUnsupportedError: it is no name of a table.
    """
    try:
        asked = f"SELECT 1 FROM {name}"  # noqa: S608 - it is read, and what else it says refused
        parsed: list[Any] = sqlglot.parse(asked, dialect=dialect.name)
        (tree,) = parsed
    except (sqlglot.errors.SqlglotError, ValueError) as error:
        raise _no_table(name, dialect) from error
    tables = list(tree.find_all(exp.Table))
    plain = len(tables) == 1 and _said(tree) <= {"expressions", "from", "from_"}
    if not plain or not _said(tables[0]) <= {"this", "db", "catalog"}:
        raise _no_table(name, dialect)
    if not isinstance(tables[0].this, exp.Identifier):
        raise _no_table(name, dialect)
    found: exp.Table = tables[0]
    return found


def _said(tree: Any) -> set[str]:
    return {key for key, value in tree.args.items() if value}


def _no_table(name: str, dialect: Dialect) -> MojoUnsupportedError:
    message = f"expected the name of a table in {dialect.title}, found {name!r}"
    return MojoUnsupportedError(message)


def _named(value: exp.Expression, name: str, *, quoted: bool) -> exp.Alias:
    return exp.Alias(this=value, alias=exp.Identifier(this=name, quoted=quoted))
