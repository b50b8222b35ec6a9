"""What is counted in each column of all rows, while they go by."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Levels that the model does not know of which each is counted; and the signs of one.
_STRANGERS: Final = 1_000
_SIGNS: Final = 200

#: The name of the response among the columns, which no column of a file has.
RESPONSE: Final = "response\0"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Span:
    """Where a column's numbers are looked for.

    Attributes:
        low: numbers below lie outside.
        high: numbers above lie outside.
        edges: ``(edges,)`` float64, rising; a bin ends at each, which belongs to it.
    """

    low: float = -np.inf
    high: float = np.inf
    edges: Array = field(default_factory=lambda: np.empty(0))


@dataclass(kw_only=True, eq=False, slots=True)
class Moments:
    """How many numbers there were, their mean, and the sum of squared differences from it."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation, as H2O takes it; NaN of fewer than two numbers."""
        return float(np.sqrt(self.squares / (self.count - 1))) if self.count > 1 else np.nan

    def add(self, numbers: Array) -> None:
        """Add finite numbers, without the loss that a sum of squares has."""
        count = numbers.size
        if not count:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(numbers.mean())
            squares = float(((numbers - mean) ** 2).sum())
            both, apart = self.count + count, mean - self.mean
            self.squares += squares + float(np.float64(apart) ** 2) * (self.count * count / both)
            self.mean += apart * (count / both)
        self.count = both


@dataclass(kw_only=True, eq=False)
class NumberTally:
    """What was counted in a numeric column.

    Attributes:
        span: where numbers are looked for.
        rows: number of rows.
        missing: those whose cell is missing.
        moments: of the finite numbers.
        inside: of those within the span.
        least: the smallest finite number.
        most: the largest finite number.
        outside: numbers outside of the span, infinite ones among them.
        bins: ``(edges + 1,)`` finite numbers in each bin.
    """

    span: Span = field(default_factory=Span)
    rows: int = 0
    missing: int = 0
    moments: Moments = field(default_factory=Moments)
    inside: Moments = field(default_factory=Moments)
    least: float = np.inf
    most: float = -np.inf
    outside: int = 0
    bins: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.bins = np.zeros(len(self.span.edges) + 1, np.int64)

    @property
    def count(self) -> int:
        """Number of finite numbers."""
        return self.moments.count

    @property
    def mean(self) -> float:
        """Mean of the finite numbers."""
        return self.moments.mean

    @property
    def deviation(self) -> float:
        """Standard deviation of the finite numbers; NaN of fewer than two."""
        return self.moments.deviation

    def add(self, values: Array) -> None:
        """Count further rows' numbers, NaN for missing."""
        self.rows += len(values)
        self.missing += int(np.isnan(values).sum())
        outside = (values < self.span.low) | (values > self.span.high)
        self.outside += int(outside.sum())
        self.inside.add(values[np.isfinite(values) & ~outside])
        numbers = values[np.isfinite(values)]
        if not numbers.size:
            return
        self.least = min(self.least, float(numbers.min()))
        self.most = max(self.most, float(numbers.max()))
        if len(self.span.edges):
            found = np.searchsorted(self.span.edges, numbers, side="left")
            self.bins += np.bincount(found, minlength=len(self.bins))
        self.moments.add(numbers)


@dataclass(kw_only=True, eq=False)
class LevelTally:
    """What was counted in a column of levels.

    Attributes:
        levels: number of the model's levels.
        rows: number of rows.
        missing: those whose cell is missing.
        unseen: those whose level the model does not know.
        counts: ``(levels,)`` those of each level.
        strangers: the levels that the model does not know, each with its rows; the first kinds of
            them only, where they are many.
    """

    levels: int
    rows: int = 0
    missing: int = 0
    unseen: int = 0
    counts: NDArray[np.int64] = field(init=False)
    strangers: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.counts = np.zeros(self.levels, np.int64)

    def add(self, positions: NDArray[np.int64], cells: Any = None) -> None:
        """Count further rows.

        Args:
            positions: ``(rows,)`` of their levels, then of a missing one and of an unseen one.
            cells: an Arrow array of what stands there; None where nothing does.
        """
        found = np.bincount(positions, minlength=self.levels + 2)
        self.rows += len(positions)
        self.counts += found[: self.levels]
        self.missing += int(found[self.levels])
        self.unseen += int(found[self.levels + 1])
        if cells is not None and found[self.levels + 1]:
            self._add_strangers(cells, np.flatnonzero(positions == self.levels + 1))

    def _add_strangers(self, cells: Any, places: NDArray[np.int64]) -> None:
        for one in cells.take(places).value_counts():
            text = str(one["values"].as_py())[:_SIGNS]
            if text in self.strangers or len(self.strangers) < _STRANGERS:
                self.strangers[text] += one["counts"].as_py()


Tally = NumberTally | LevelTally
