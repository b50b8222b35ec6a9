"""Rows to score: ordinary ones, then everything that goes wrong with real inputs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from frames import Cell, Column, Frame, Kind, numeric, stream

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Numbers no training frame holds.
EXTREMES: Final = (1e300, -1e300, 1e-300, 0.0, 1e6, -1e6)
UNSEEN: Final = "never seen"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How the input of a case is made from its training frame.

    Attributes:
        sample: Number of rows drawn from the training frame; None takes all, in order.
        missing: Add rows in which one cell, and one row in which every cell, is missing.
        unseen: Add a row with an unknown level for each categorical column.
        extremes: Numbers each put into every numeric column, one row for each.
        reorder: Give the columns in another order than the model's.
        extra: Add a column that the model does not know.
        drop: Columns left out, the response apart, which is always left out.
        keep_response: Leave the response in the file.
        seed: Seed of the sample.
    """

    sample: int | None = 40
    missing: bool = True
    unseen: bool = True
    extremes: tuple[float, ...] = EXTREMES
    reorder: bool = True
    extra: bool = True
    drop: tuple[str, ...] = ()
    keep_response: bool = False
    seed: int = 7

    def make(self, frame: Frame, response: str | None, required: tuple[str, ...] = ()) -> Frame:
        """Makes the rows.

        Args:
            frame: The training frame.
            response: The response's name, if there is one.
            required: Columns in which no cell may be missing or extreme, as an offset.
        """
        if response is not None and not self.keep_response:
            frame = frame.without(response)
        base = frame
        if self.sample is not None:
            source = stream(self.seed)
            base = frame.take(source.randrange(frame.rows) for _ in range(self.sample))
        hostile = list(self._hostile(base, required))
        made = base.stacked(_from_rows(base, hostile)) if hostile else base
        if self.extra:
            made = made.with_column(numeric("row id", range(made.rows)))
        if self.reorder:
            made = made.reordered(made.names[::-1])
        return made.without(*self.drop)

    def _hostile(self, base: Frame, required: tuple[str, ...]) -> Iterator[dict[str, Cell]]:
        """Yields one changed row after the other."""
        columns = [column for column in base.columns if column.name not in required]
        complete = [row for row in _dicts(base) if None not in row.values()] or _dicts(base)
        number = 0

        def changed(cells: dict[str, Cell]) -> dict[str, Cell]:
            nonlocal number
            number += 1
            return {**complete[number % len(complete)], **cells}

        if self.missing:
            for column in columns:
                yield changed({column.name: None})
            yield changed(dict.fromkeys([column.name for column in columns]))
        if self.unseen:
            levels = [column.name for column in columns if column.kind is Kind.ENUM]
            for name in levels:
                yield changed({name: UNSEEN})
            yield changed(dict.fromkeys(levels, UNSEEN))
        for column in columns:
            if column.kind is not Kind.ENUM:
                for value in self.extremes:
                    yield changed({column.name: value})


def _dicts(frame: Frame) -> list[dict[str, Cell]]:
    """The frame's rows as mappings."""
    cells = zip(*(column.cells for column in frame.columns), strict=True)
    return [dict(zip(frame.names, row, strict=True)) for row in cells]


def _from_rows(like: Frame, rows: list[dict[str, Cell]]) -> Frame:
    """Rows as a frame with the columns of another."""
    return Frame(
        tuple(
            Column(column.name, column.kind, tuple(row[column.name] for row in rows))
            for column in like.columns
        )
    )
