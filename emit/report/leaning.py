"""In which columns residuals lean: where a model is wrong in one direction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, InputColumn, Mojo
from mojo_reader.scoring.column_values import column_positions
from mojo_reader.scoring.columns import arrow_columns
from mojo_reader.scoring.invalid import Invalid
from mojo_reader.scoring.levels import LevelLookup

from .performance_groups import Groups, equal_groups, grouped
from .rows import Cells

Array = NDArray[np.float64]
#: Groups of a column's numbers, and levels that are shown.
_GROUPS: Final = 10
_LEVELS: Final = 12
_FEWEST: Final = 20
#: Cells that are looked at; of many columns fewer rows, but as many as tell a leaning.
_MOST_CELLS: Final = 4_000_000
_ENOUGH: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Leaning:
    """Residuals by one column.

    Attributes:
        column: its name.
        share: of the residuals' variance that the groups' means explain, less what chance would.
        groups: the groups.
        levels: what they are called; None for numbers.
    """

    column: str
    share: float
    groups: Groups
    levels: Sequence[str] | None

    def worst(self) -> tuple[str, float, int]:
        """Return the group that leans most for its size: words, mean residual, number of rows."""
        place = int(np.argmax(self.groups.y**2 * self.groups.counts))
        words = f"around {self.groups.x[place]:.4g}" if self.levels is None else self.levels[place]
        return words, float(self.groups.y[place]), int(self.groups.counts[place])


def leanings(mojo: Mojo, cells: Cells, residuals: Array, weights: Array) -> list[Leaning]:
    """Look at residuals by each column, the one that they lean most in first.

    Args:
        mojo: the model.
        cells: the rows.
        residuals: ``(cells,)``, NaN where there is none.
        weights: ``(cells,)``; 0 leaves a row out.
    """
    known = np.flatnonzero(np.isfinite(residuals) & (weights > 0))
    if len(known) < _FEWEST:
        return []
    most = max(_ENOUGH, _MOST_CELLS // max(1, len(mojo.inputs)))
    known = known[np.linspace(0, len(known) - 1, min(most, len(known))).astype(np.int64)]
    found = _found(mojo, cells, known, residuals[known], weights[known])
    return sorted(found, key=lambda one: -one.share)


def _found(
    mojo: Mojo, cells: Cells, known: NDArray[np.int64], residuals: Array, weights: Array
) -> Iterator[Leaning]:
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            made = _by_level(column, cells, known, residuals, weights)
        else:
            made = _by_number(column, cells.matrix[known, column.feature], residuals, weights)
        if made is not None:
            yield made


def _by_number(
    column: InputColumn, numbers: Array, residuals: Array, weights: Array
) -> Leaning | None:
    there = np.isfinite(numbers)
    if there.sum() < _FEWEST:
        return None
    by, values, weighed = numbers[there], residuals[there], weights[there]
    groups = grouped(by, values, weighed, equal_groups(by, weighed, _GROUPS))
    share = _share(groups, values, weighed)
    return Leaning(column=column.name, share=share, groups=groups, levels=None)


def _by_level(
    column: CategoricalInput,
    cells: Cells,
    known: NDArray[np.int64],
    residuals: Array,
    weights: Array,
) -> Leaning | None:
    positions = _positions(column, cells)
    if positions is None:
        return None
    counts = np.bincount(positions[known], minlength=len(column.levels) + 2)
    order = np.argsort(-counts, kind="stable")[:_LEVELS]
    order = order[counts[order] > 0]
    place_of = np.full(len(counts), -1)
    place_of[order] = np.arange(len(order))
    places = place_of[positions[known]]
    shown = places >= 0
    groups = grouped(places[shown].astype(float), residuals[shown], weights[shown], places[shown])
    names = [*column.levels, "missing", "unseen"]
    return Leaning(
        column=column.name,
        share=_share(groups, residuals[shown], weights[shown]),
        groups=groups,
        levels=[names[place] for place in order],
    )


def _positions(column: CategoricalInput, cells: Cells) -> NDArray[np.int64] | None:
    """Return the position of each cell's level."""
    if cells.table is None or column.name not in cells.table.column_names:
        return None
    columns, _ = arrow_columns(cells.table, [column.name])
    return column_positions(LevelLookup(column), columns[column.name], _ignored)


def _ignored(_: Invalid) -> None:
    """Do nothing: who encoded the cells has refused or counted them."""


def _share(groups: Groups, values: Array, weights: Array) -> float:
    """Return the share of the variance between groups, corrected for their number."""
    total = weights.sum()
    mean = float((weights * values).sum() / total)
    variance = float((weights * (values - mean) ** 2).sum() / total)
    rows, count = len(values), len(groups.y)
    if variance == 0 or rows <= count:
        return 0.0
    shares = groups.counts / groups.counts.sum()
    between = float((shares * (groups.y - mean) ** 2).sum()) / variance
    return max(0.0, 1.0 - (1.0 - min(between, 1.0)) * (rows - 1) / (rows - count))
