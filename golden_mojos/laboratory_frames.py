"""The frame that a plan describes, and the rows that its models are scored on."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final

from frames import Cell, Column, Frame, Kind
from laboratory_draw import response_shape
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from laboratory_plan import ColumnPlan, Plan

_SECOND: Final = 1000
#: Share of a cell that follows the row's hidden score, so that there is something to learn.
_FOLLOWED: Final = 0.6
_SKEW: Final = 3


def frame_of(plan: Plan) -> Frame:
    """Makes the training frame of a plan, always the same one."""
    scores = _scores(plan.seed, plan.rows)
    return Frame(tuple(_column(column, plan, scores) for column in plan.columns))


def rows_of(plan: Plan, frame: Frame) -> Frame:
    """Makes the rows to score: the training rows, then all that goes wrong with real inputs."""
    special = plan.special
    offset = special.get("offset_column")
    unused = [name for key, name in special.items() if key != "offset_column"]
    required = () if offset is None else (offset,)
    rows = Rows(sample=None, extremes=plan.extremes, reorder=plan.seed % 2 == 0)
    return rows.make(frame.without(*unused), plan.response, required)


def _scores(seed: int, rows: int) -> list[float]:
    source = random.Random(f"scores {seed}")  # noqa: S311 - test data
    return [source.gauss(0, 1) for _ in range(rows)]


def _column(column: ColumnPlan, plan: Plan, scores: list[float]) -> Column:
    source = random.Random(column.seed)  # noqa: S311 - test data
    shape = column.shape
    if column.name == plan.response and not column.levels:
        shape = response_shape(plan)
    make = SHAPES[shape]
    cells: list[Cell] = []
    for score in scores:
        mixed = _FOLLOWED * score + (1 - _FOLLOWED) * source.gauss(0, 1)
        cell = make(column, mixed, source)
        cells.append(None if source.random() < column.missing else cell)
    if shape == "classes":
        _show_every_level(cells, column)
    return Column(column.name, _kind(column), tuple(cells))


def _show_every_level(cells: list[Cell], column: ColumnPlan) -> None:
    """Puts each class into the first rows twice, so that every fold has it."""
    for place, level in enumerate(column.levels * 4):
        if place < len(cells):
            cells[place] = level


def _kind(column: ColumnPlan) -> Kind:
    if column.levels:
        return Kind.ENUM
    return Kind.TIME if column.shape == "time" else Kind.NUMERIC


def _level(column: ColumnPlan, score: float, _source: random.Random) -> Cell:
    share = 0.5 * (1 + math.erf(score))
    return column.levels[min(int(share * len(column.levels)), len(column.levels) - 1)]


def _skewed_level(column: ColumnPlan, score: float, _source: random.Random) -> Cell:
    share = (0.5 * (1 + math.erf(score))) ** _SKEW
    return column.levels[min(int(share * len(column.levels)), len(column.levels) - 1)]


def _normal(column: ColumnPlan, score: float, _source: random.Random) -> Cell:
    return column.mean + column.deviation * score


def _rounded(column: ColumnPlan, score: float, _source: random.Random) -> Cell:
    return round(column.mean + column.deviation * score)


def _whole_seconds(column: ColumnPlan, score: float, _source: random.Random) -> Cell:
    return max(0, round((column.mean + column.deviation * score) / _SECOND)) * _SECOND


#: From a column, a row's score and a source of chance to a cell.
SHAPES: Final[dict[str, Callable[[ColumnPlan, float, random.Random], Cell]]] = {
    "levels": _level,
    "skewed_levels": _skewed_level,
    "classes": _level,
    "normal": _normal,
    "ordinary": _normal,
    "integer": _rounded,
    "year": _rounded,
    "boolean": lambda _column, score, _source: int(score > 0),
    "constant": lambda column, _score, _source: column.mean,
    "time": _whole_seconds,
    "absent": lambda _column, _score, _source: None,
    "lognormal": lambda column, score, _source: math.exp(column.mean + column.deviation * score),
    "count": lambda _column, score, _source: int(math.exp(0.6 * score) * 1.5),
    "positive": lambda _column, score, _source: math.exp(0.5 * score) + 0.05,
    "zero_or_positive": lambda _column, score, _source: max(0.0, score) * 20,
    "weights": lambda _column, _score, source: source.choice((0.5, 1.0, 1.0, 2.0, 3.0)),
    "fold": lambda _column, _score, source: source.randrange(3),
}
