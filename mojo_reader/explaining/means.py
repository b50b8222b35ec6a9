"""Mean contributions over background rows, without a number for each pair and input.

A contribution is a multiplier times the move of an input, and the multiplier is linear in those of
the first layer's sums, G. With the sum of G over the background rows the row's own side costs one
product a row, and the background rows' side is one product of G with a matrix that holds, for each
background row, what its levels and numbers add to the sums.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.backward import Backward
from mojo_reader.explaining.columns import Columns
from mojo_reader.explaining.passes import Passed

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Chunk:
    """Some background rows.

    Attributes:
        rows: as they passed the network.
        adds: ``(rows, sums, cats + nums)``: what each entry and number adds to the first sums.
        order: by which what belongs to one column stands together, of ``rows * (cats + nums)``.
        starts: where each column starts in that order.
        columns: these columns.
    """

    rows: Passed
    adds: Array
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    columns: NDArray[np.int64]


class Means:
    """Adds up contributions over background rows, chunk by chunk.

    Args:
        backward: the network's multipliers.
        columns: where they go.
        rows: the rows to explain.
        outputs: number of values that are explained.
    """

    def __init__(self, backward: Backward, columns: Columns, rows: Passed, outputs: int) -> None:
        self._backward = backward
        self._columns = columns
        self._rows = rows
        self._totals = np.zeros((outputs, len(rows), backward.sums))
        self._shares = np.zeros((outputs, len(rows), len(columns.names)))

    def add(self, others: Passed, block: int) -> None:
        """Add the pairs of all rows with some background rows.

        Args:
            others: the background rows.
            block: number of rows that are paired with them at once.
        """
        chunk = self._chunk(others)
        for start in range(0, len(self._rows), block):
            part = self._rows.part(start, start + block)
            cut = slice(start, start + block)
            for output, sums in enumerate(self._backward.multipliers(part, others)):
                self._totals[output, cut] += sums.sum(axis=1)
                # One product for each background row: (rows, sums) with (sums, cats + nums).
                moves = np.matmul(sums.transpose(1, 0, 2), chunk.adds)
                moves = moves.transpose(1, 0, 2).reshape(len(part), -1)
                if chunk.columns.size:
                    added = np.add.reduceat(moves[:, chunk.order], chunk.starts, axis=1)
                    self._shares[output, cut][:, chunk.columns] -= added

    def shares(self, count: int) -> Array:
        """Finish, and return the means over ``count`` rows, ``(rows, columns, outputs)``."""
        rows, table = self._rows, self._backward.table
        found = self._shares  # as large as what is returned: not once more
        slots, places = self._columns.slots(rows), self._columns.of(rows)
        every = np.arange(len(rows))
        for totals, shares in zip(self._totals, found, strict=True):
            numbers = rows.numbers * (totals @ self._backward.kernel.T)
            np.add.at(shares, (every[:, None], self._columns.numbers[None]), numbers)
            for column in range(slots.shape[1]):
                moves = np.einsum("ru,ru->r", totals, table[slots[:, column]])
                shares[every, places[:, column]] += moves
        found /= count
        return found.transpose(1, 2, 0)

    def _chunk(self, others: Passed) -> _Chunk:
        entries = self._backward.table[self._columns.slots(others)].transpose(0, 2, 1)
        numbers = self._backward.kernel.T[None] * others.numbers[:, None]
        to = np.concatenate(
            [self._columns.of(others), np.tile(self._columns.numbers, (len(others), 1))], axis=1
        ).ravel()
        order = np.argsort(to, kind="stable")
        columns, starts = np.unique(to[order], return_index=True)
        adds = np.concatenate([entries, numbers], axis=2)
        return _Chunk(rows=others, adds=adds, order=order, starts=starts, columns=columns)
