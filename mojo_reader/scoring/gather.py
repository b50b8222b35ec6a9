"""The first layer's one-hot block as gathers of kernel rows instead of a product.

Each code adds one row of the kernel. Columns with few levels are taken together: the sums of their
rows are kept for every combination, so that several columns cost one gather; the bias is in one of
these tables.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.formulas import with_empty_row

Array = NDArray[Any]
# A table of combinations has to stay in the processor's cache beside the layers.
_TABLE_BYTES: Final = 1 << 18
# All of them: of more columns than these hold, each is looked up by itself.
_TABLES_BYTES: Final = 1 << 25


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Columns that are looked up together.

    Attributes:
        columns: their places among the categorical columns.
        lowest: smallest slot of each.
        sizes: number of rows that each has in the table; the last one is for slot -1.
        table: ``(product of sizes, units)``.
    """

    columns: tuple[int, ...]
    lowest: tuple[int, ...]
    sizes: tuple[int, ...]
    table: Array

    def rows(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the table's row for each row of ``(rows, cats)`` slots."""
        index = np.zeros(len(slots), np.int64)
        for column, lowest, size in zip(self.columns, self.lowest, self.sizes, strict=True):
            index *= size
            place = slots[:, column] - lowest
            index += np.where(place < 0, size - 1, place)
        return index


class Gathers:
    """Adds the kernel rows of each row's slots.

    Args:
        kernel: ``(one_hot_width, units)``, one of the first layer's kernels.
        bias: ``(units,)``.
        column_slots: the slots of each categorical column, -1 for codes that add nothing.
        dtype: type to compute in.

    Attributes:
        table: ``(one_hot_width + 1, units)``; the last row, of slot -1, is zero.
        bias: what is left to add, None where a table has it.
    """

    def __init__(
        self,
        kernel: NDArray[np.float32],
        bias: NDArray[np.float64],
        column_slots: list[NDArray[np.int64]],
        dtype: np.dtype[Any],
    ) -> None:
        # Kernels are views of (units, inputs) arrays; a gather of rows needs the rows whole.
        self.table: Array = with_empty_row(kernel, dtype)
        self.bias: Array | None = bias.astype(dtype)
        self._single: list[int] = []
        self._groups: list[_Group] = []
        ranges = [_range(slots) for slots in column_slots]
        row_bytes = max(1, self.table.itemsize * self.table.shape[1])
        most, left = _TABLE_BYTES // row_bytes, _TABLES_BYTES // row_bytes
        together: list[int] = []
        combinations = 1
        for column in sorted(range(len(ranges)), key=lambda place: ranges[place][1]):
            size = ranges[column][1]
            if combinations * size > most and together:
                self._add_group(together, ranges)
                left -= combinations
                together, combinations = [], 1
            if size > most or left <= 0:
                self._single.append(column)
            else:
                together.append(column)
                combinations *= size
        if together:
            self._add_group(together, ranges)

    def _add_group(self, columns: list[int], ranges: list[tuple[int, int]]) -> None:
        table = np.zeros((1, self.table.shape[1]), self.table.dtype)
        if self.bias is not None:
            table += self.bias
            self.bias = None
        lowest, sizes = [], []
        for column in columns:
            first, size = ranges[column]
            rows = np.vstack([self.table[first : first + size - 1], self.table[-1:]])
            table = (table[:, None] + rows[None]).reshape(-1, table.shape[1])
            lowest.append(first)
            sizes.append(size)
        group = _Group(
            columns=tuple(columns), lowest=tuple(lowest), sizes=tuple(sizes), table=table
        )
        self._groups.append(group)

    def add(self, sums: Array, slots: NDArray[np.int64], scratch: Array) -> None:
        """Add to ``(rows, units)`` sums.

        Args:
            sums: changed in place.
            slots: ``(rows, cats)`` int64, -1 for none.
            scratch: ``(rows, units)``, overwritten.
        """
        for group in self._groups:
            np.take(group.table, group.rows(slots), axis=0, out=scratch, mode="wrap")
            np.add(sums, scratch, out=sums)
        for column in self._single:
            # A slot of -1 wraps around to the last row; the mode saves a copy.
            np.take(self.table, slots[:, column], axis=0, out=scratch, mode="wrap")
            np.add(sums, scratch, out=sums)
        if self.bias is not None:
            np.add(sums, self.bias, out=sums)


def _range(slots: NDArray[np.int64]) -> tuple[int, int]:
    """Return a column's lowest slot, and how many rows it needs: one for each, and one for -1."""
    used = slots[slots >= 0]
    if not used.size:
        return 0, 1
    lowest = int(used.min())
    return lowest, int(used.max()) - lowest + 2
