"""Contributions of each pair of a row and a background row."""

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.columns import Columns
from mojo_reader.explaining.passes import Passed

Array = NDArray[np.float64]


class PairColumns:
    """Which inputs some pairs need, and how their multipliers become columns.

    Args:
        columns: where contributions go.
        rows: the rows.
        others: the background rows.

    Attributes:
        own: ``(rows, cats)`` int64, the inputs of the one-hot block that the rows set, -1 for none.
        theirs: ``(others, cats)`` int64, those that the background rows set.
    """

    def __init__(self, columns: Columns, rows: Passed, others: Passed) -> None:
        self._columns = columns
        self._rows = rows
        self._others = others
        self.own, self.theirs = columns.slots(rows), columns.slots(others)

    def shares(self, multipliers: Array) -> Array:
        """Return the contributions, ``(rows, others, columns)``.

        Args:
            multipliers: ``(rows, others, 2 * cats + nums)`` float64: of the row's inputs of the
                one-hot block, of the background row's, of the numbers.
        """
        found = np.zeros((*multipliers.shape[:2], len(self._columns.names)))
        here, there = np.arange(len(self._rows))[:, None], np.arange(len(self._others))[None]
        cats = self.own.shape[1]
        own, theirs = self._columns.of(self._rows), self._columns.of(self._others)
        for index in range(cats):
            found[here, there, own[:, index, None]] += multipliers[..., index]
            found[here, there, theirs[None, :, index]] -= multipliers[..., cats + index]
        moves = self._rows.numbers[:, None] - self._others.numbers[None]
        numbers = multipliers[..., 2 * cats :] * moves
        for place, column in enumerate(self._columns.numbers.tolist()):
            found[..., column] += numbers[..., place]
        return found
