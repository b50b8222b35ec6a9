"""Cells without a meaning in their column: the error that names the place."""

from collections.abc import Callable
from dataclasses import dataclass

from mojo_reader.errors import MojoDataError
from mojo_reader.scoring.notices import Count, Notices, shown


class RowError(MojoDataError):
    """Something is wrong with one row.

    Args:
        row: position of the row, from 0; the text counts from 1.
        problem: what follows ``row N`` in the text, with its punctuation.
        file: the file of the row, when known.
        member: unused; what every error of this project takes.
        key: unused.
    """

    def __init__(
        self,
        row: int,
        problem: str,
        *,
        file: str | None = None,
        member: str | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(f"row {row + 1:,}{problem}", file=file, member=member, key=key)
        self.row = row
        self.problem = problem

    def moved(self, rows: int) -> "RowError":
        """Return the same error for a row that stands ``rows`` further down."""
        return RowError(self.row + rows, self.problem, file=self.file)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the row when the error crosses a process boundary."""
        return _row_error, (self.row, self.problem, self.file)


def _row_error(row: int, problem: str, file: str | None) -> RowError:
    return RowError(row, problem, file=file)


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """A cell that has no meaning in its column.

    Attributes:
        row: position in the table, from 0.
        cell: the value.
        expected: what would have been read.
    """

    row: int
    cell: object
    expected: str

    def error(self, column: str) -> RowError:
        """Return the error that names the place; rows are counted from 1."""
        problem = f", column {column!r}: expected {self.expected}, found {shown(self.cell)}"
        return RowError(self.row, problem)


OnInvalid = Callable[[Invalid], None]
"""Called for a cell without meaning; it raises, or returns to have the cell read as missing."""


def moved(on_invalid: OnInvalid, rows: int) -> OnInvalid:
    """Return a handler of cells that stand ``rows`` further down than they say."""

    def handle(invalid: Invalid) -> None:
        on_invalid(Invalid(row=invalid.row + rows, cell=invalid.cell, expected=invalid.expected))

    return handle


def invalid_handler(column: str, notices: Notices, *, invalid_is_missing: bool) -> OnInvalid:
    """Return what to do with cells without a meaning: count them, or raise."""

    def handle(invalid: Invalid) -> None:
        if not invalid_is_missing:
            raise invalid.error(column)
        notices.invalid.setdefault(column, Count()).add(1, invalid.cell)

    return handle
