"""The first layer's one-hot block as gathers of kernel rows instead of a product.

Each code adds one row of the kernel. Columns whose levels have few combinations are taken together:
the sums of their rows are kept for every combination, so that several columns cost one gather.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.formulas import code_places

Array = NDArray[Any]
Places = NDArray[np.intp]
# A gather from a table that is beyond the processor's nearer caches costs less than two from
# tables that are not, and the addition between them; beyond all of its caches it does not.
_TABLE_BYTES: Final = 1 << 23
# All of them: of more columns than these hold, each is looked up by itself.
_TABLES_BYTES: Final = 1 << 25


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Columns that are looked up together.

    Attributes:
        columns: their places among the categorical columns.
        steps: for each column, by how many rows of the tables its codes are apart.
        tables: one for each kernel, ``(combinations, columns)``.
    """

    columns: tuple[int, ...]
    steps: tuple[int, ...]
    tables: tuple[Array, ...]


class Gathers:
    """Adds the kernel rows of each row's codes.

    Args:
        kernels: the one-hot blocks ``(one_hot_width, units)`` of the first layer's kernels.
        column_slots: for each categorical column, the slot of each of its codes and of a missing
            one, -1 for those that add nothing.
        dtype: type to compute in.
        columns: of the sums; those after the units are left as they are.

    Attributes:
        tables: for each kernel ``(one_hot_width + 1, columns)``; the last row, of slot -1, is
            zero, and so are the columns after the units.
    """

    def __init__(
        self,
        kernels: Sequence[NDArray[Any]],
        column_slots: Sequence[NDArray[np.int64]],
        dtype: np.dtype[Any],
        columns: int,
    ) -> None:
        # Kernels are views of (units, inputs) arrays; a gather of rows needs the rows whole.
        self.tables: tuple[Array, ...] = tuple(_table(one, columns, dtype) for one in kernels)
        self._slots = tuple(column_slots)
        self._levels = np.array([len(slots) - 1.0 for slots in column_slots])[:, None]

    @cached_property
    def groups(self) -> tuple[_Group, ...]:
        """The columns as they are looked up, made when the first block of rows needs them."""
        sizes = [len(slots) for slots in self._slots]
        row_bytes = max(1, self.tables[0][0].nbytes)
        most, left = _TABLE_BYTES // row_bytes, _TABLES_BYTES // row_bytes
        found: list[_Group] = []
        together: list[int] = []
        combinations = 1
        for column in sorted(range(len(sizes)), key=sizes.__getitem__):
            size = sizes[column]
            if combinations * size > most and together:
                found.append(self._joined(together))
                left -= combinations
                together, combinations = [], 1
            if size > most or left <= 0:
                found.append(self._joined([column]))
            else:
                together.append(column)
                combinations *= size
        if together:
            found.append(self._joined(together))
        return tuple(found)

    def _joined(self, columns: list[int]) -> _Group:
        if len(columns) == 1:  # no table of its own
            return _Group(columns=tuple(columns), steps=(), tables=self.tables)
        tables = [table[self._slots[columns[0]]] for table in self.tables]
        steps = [1]
        for column in columns[1:]:
            slots = self._slots[column]
            steps = [step * len(slots) for step in steps] + [1]
            for index, table in enumerate(self.tables):
                sums = tables[index][:, None] + table[slots][None]
                tables[index] = sums.reshape(-1, table.shape[1])
        return _Group(columns=tuple(columns), steps=tuple(steps), tables=tuple(tables))

    def rows(self, codes: NDArray[np.float64]) -> list[Places]:
        """Return which row of its tables each group adds.

        Args:
            codes: ``(cats, rows)`` float64; what is no code of the column is missing.

        Returns:
            ``(rows,)`` for each group.
        """
        if not len(codes):
            return []
        places = code_places(np, codes, self._levels).astype(np.intp)
        return [self._rows(group, places) for group in self.groups]

    def _rows(self, group: _Group, places: Places) -> Places:
        if not group.steps:
            column = group.columns[0]
            return np.asarray(self._slots[column].take(places[column]))
        found: Places = places[group.columns[-1]]
        for column, step in zip(group.columns[:-1], group.steps[:-1], strict=True):
            found = found + places[column] * step
        return found

    def add(self, sums: Sequence[Array], rows: Sequence[Places], scratch: Array) -> None:
        """Add to the sums.

        Args:
            sums: ``(rows, columns)`` for each kernel, changed in place.
            rows: as ``rows`` returns them.
            scratch: ``(rows, columns)``, overwritten.
        """
        for group, chosen in zip(self.groups if rows else (), rows, strict=True):
            for table, memory in zip(group.tables, sums, strict=True):
                # A slot of -1 wraps around to the last row; the mode saves a copy.
                np.take(table, chosen, axis=0, out=scratch, mode="wrap")
                np.add(memory, scratch, out=memory)


def _table(kernel: NDArray[Any], columns: int, dtype: np.dtype[Any]) -> Array:
    found = np.zeros((len(kernel) + 1, columns), dtype)
    found[:-1, : kernel.shape[1]] = kernel
    return found
