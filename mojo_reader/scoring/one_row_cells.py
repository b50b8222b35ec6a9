"""One row of plain cells to the row matrix, where the cost is in the number of calls."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, InputColumn
from mojo_reader.scoring.levels import LevelLookup

_NUMBER_KINDS = frozenset("fiu")


class OneRowEncoder:
    """Encodes a row that has every column of the model, numbers, and levels that it knows.

    Args:
        inputs: the model's raw columns.
        n_features: of the row matrix.
        lookups: of the categorical ones.
    """

    def __init__(
        self,
        inputs: tuple[InputColumn, ...],
        n_features: int,
        lookups: Mapping[str, LevelLookup],
    ) -> None:
        self._blank = [np.nan] * n_features
        self._numbers = [
            (column.name, column.feature)
            for column in inputs
            if not isinstance(column, CategoricalInput)
        ]
        self._levels = [
            (column.name, column.feature, column, lookups[column.name].positions)
            for column in inputs
            if isinstance(column, CategoricalInput)
        ]
        self._columns = len(inputs)

    def matrix(self, table: object) -> NDArray[np.float64] | None:
        """Return ``(1, n_features)`` float64; None for a table that needs more than this.

        Args:
            table: any table. Only a mapping of column to one cell, or a list of one row mapping,
                is looked at.
        """
        cells = _cells(table)
        if cells is None or len(cells) != self._columns:
            return None
        row = self._blank.copy()
        try:
            known = self._set_levels(row, cells) and self._set_numbers(row, cells)
            return np.array([row], np.float64) if known else None
        except (KeyError, TypeError, OverflowError):  # another column, or another kind of cell
            return None

    def _set_levels(self, row: list[float], cells: Mapping[Any, Any]) -> bool:
        for name, feature, column, positions in self._levels:
            cell = cells[name]
            position = column.missing if cell is None else positions[cell]
            if position == column.unseen:
                return False
            if column.width == 1:
                row[feature] = column.table.item(position, 0)
            else:
                row[feature : feature + column.width] = column.table[position].tolist()
        return True

    def _set_numbers(self, row: list[float], cells: Mapping[Any, Any]) -> bool:
        for name, feature in self._numbers:
            cell = cells[name]
            kind = type(cell)
            if kind is float or kind is int:
                row[feature] = cell
            elif cell is not None:
                return False
        return True


def _cells(table: object) -> Mapping[Any, Any] | None:
    """Return the one cell of each column."""
    if type(table) is list:
        return table[0] if len(table) == 1 and type(table[0]) is dict else None
    if type(table) is not dict:
        return None
    cells = {}
    for name, values in table.items():
        if type(values) is list:
            if len(values) != 1:
                return None
            cells[name] = values[0]
        elif type(values) is np.ndarray:
            if values.shape != (1,) or values.dtype.kind not in _NUMBER_KINDS:
                return None
            cells[name] = values.item()
        else:
            return None
    return cells
