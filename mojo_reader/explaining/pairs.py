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
        slots: ``(slots,)`` int64, the inputs of the one-hot block that any of them sets.
    """

    def __init__(self, columns: Columns, rows: Passed, others: Passed) -> None:
        self._columns = columns
        self._rows = rows
        self._others = others
        here, there = columns.slots(rows), columns.slots(others)
        self.slots, positions = np.unique(
            np.concatenate([here.ravel(), there.ravel()]), return_inverse=True
        )
        self._here = positions[: here.size].reshape(here.shape)
        self._there = positions[here.size :].reshape(there.shape)

    def shares(self, multipliers: Array) -> Array:
        """Return the contributions, ``(rows, others, columns)``.

        Args:
            multipliers: ``(rows, others, slots + nums)`` float64.
        """
        found = np.zeros((*multipliers.shape[:2], len(self._columns.names)))
        here, there = np.arange(len(self._rows))[:, None], np.arange(len(self._others))[None]
        places = zip(self._columns.of(self._rows).T, self._columns.of(self._others).T, strict=True)
        for column, (row_places, other_places) in enumerate(places):
            own = multipliers[here, there, self._here[:, column, None]]
            found[here, there, row_places[:, None]] += own
            others = multipliers[here, there, self._there[None, :, column]]
            found[here, there, other_places[None]] -= others
        moves = self._rows.numbers[:, None] - self._others.numbers[None]
        numbers = multipliers[..., len(self.slots) :] * moves
        for place, column in enumerate(self._columns.numbers.tolist()):
            found[..., column] += numbers[..., place]
        return found
