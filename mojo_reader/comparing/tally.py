"""How far two matrices of numbers are apart, added up block by block."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.worst_rows import (
    Array,
    WorstRow,
    WorstRows,
    absolute_difference,
    relative_difference,
)


class Tally:
    """Counts what is off, by column and by row, and keeps the rows that are farthest apart.

    Args:
        columns: names of the columns that are compared.

    Attributes:
        max_abs: ``(columns,)`` float64, largest absolute differences.
        max_rel: ``(columns,)`` float64, largest differences over ``1 + |expected|``.
        off: ``(columns,)`` int64, rows that are off.
        rows: number of rows added.
        rows_off: number of rows that are off in any column.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.max_abs = np.zeros(len(columns))
        self.max_rel = np.zeros(len(columns))
        self.off = np.zeros(len(columns), np.int64)
        self.rows = self.rows_off = 0
        self._worst = WorstRows(columns)

    def add(self, *, expected: Array, found: Array, difference: Array, relative: Array,
            off: NDArray[np.bool_]) -> None:  # fmt: skip
        """Add a block of rows, all arrays ``(rows, columns)``.

        Args:
            expected: the reference.
            found: what is compared with it.
            difference: absolute differences, as ``distances`` gives them, 0 where not compared.
            relative: the same over ``1 + |expected|``.
            off: which of them are too large.
        """
        self.max_abs = np.maximum(self.max_abs, difference.max(axis=0, initial=0.0))
        self.max_rel = np.maximum(self.max_rel, relative.max(axis=0, initial=0.0))
        self.off += off.sum(axis=0)
        self.rows_off += int(np.count_nonzero(off.any(axis=1)))
        self._worst.add(self.rows, expected=expected, found=found, relative=relative)
        self.rows += len(found)

    def worst(self) -> tuple[WorstRow, ...]:
        """Return the rows with the largest differences, the largest first."""
        return self._worst.result()

    def decades(self) -> Mapping[int, int]:
        """Return the number of rows by the power of ten of their largest relative difference."""
        return self._worst.decades()


def distances(found: Array, expected: Array) -> tuple[Array, Array]:
    """Return absolute and relative differences, infinite where only one is a number.

    Args:
        found: ``(rows, columns)`` float64.
        expected: ``(rows, columns)`` float64.

    Returns:
        Both ``(rows, columns)`` float64; the second over ``1 + |expected|``.
    """
    difference = absolute_difference(found, expected)
    difference[np.isnan(difference)] = np.inf
    return difference, relative_difference(difference, expected)
