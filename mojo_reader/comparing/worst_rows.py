"""Differences between two matrices of scores, and the rows that differ most."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Rows that are listed as the worst.
WORST_ROWS: Final = 5
#: Differences below this power of ten are what float64 itself cannot tell apart.
_SMALLEST_POWER: Final = -17


@dataclass(frozen=True, kw_only=True, slots=True)
class WorstRow:
    """One of the rows with the largest differences.

    Attributes:
        row: position among the compared rows, from 0.
        column: name of the output column.
        expected: the reference's value.
        found: the value that was compared with it.
        relative: the difference over ``1 + |expected|``.
    """

    row: int
    column: str
    expected: float
    found: float
    relative: float

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON, where rows count from 1."""
        return {**asdict(self), "row": self.row + 1}


class WorstRows:
    """Keeps the rows with the largest differences, and counts all rows by their size.

    Args:
        columns: names of the output columns.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._rows: list[WorstRow] = []
        self._decades: Counter[int] = Counter()

    def add(self, start: int, *, expected: Array, found: Array, relative: Array) -> None:
        """Look at a block of rows.

        Args:
            start: position of its first row.
            expected: ``(rows, outputs)``, the reference.
            found: ``(rows, outputs)``, what was compared with it.
            relative: ``(rows, outputs)``, the differences over ``1 + |expected|``.
        """
        by_row = relative.max(axis=1, initial=0.0)
        self._decades.update(_decades(by_row).tolist())
        for row in np.argsort(-by_row, kind="stable")[:WORST_ROWS].tolist():
            if by_row[row] > 0:
                column = int(relative[row].argmax())
                self._rows.append(
                    WorstRow(
                        row=start + row,
                        column=self._columns[column],
                        expected=float(expected[row, column]),
                        found=float(found[row, column]),
                        relative=float(relative[row, column]),
                    )
                )
        self._rows = sorted(self._rows, key=lambda worst: -worst.relative)[:WORST_ROWS]

    def result(self) -> tuple[WorstRow, ...]:
        """Return the rows, the largest difference first."""
        return tuple(self._rows)

    def decades(self) -> dict[int, int]:
        """Return the number of rows by the power of ten of their largest difference.

        The smallest power also stands for all smaller differences and for none, the largest for
        all larger ones.
        """
        return {power: self._decades[power] for power in range(_SMALLEST_POWER, 1)}


def _decades(differences: Array) -> NDArray[np.int64]:
    with np.errstate(divide="ignore"):
        powers = np.floor(np.log10(differences))
    return np.clip(powers, _SMALLEST_POWER, 0).astype(np.int64)


def absolute_difference(first: Array, second: Array) -> Array:
    """Return absolute differences; 0 where both are the same infinity or both no number.

    Args:
        first: ``(rows, columns)`` float64.
        second: ``(rows, columns)`` float64.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(first - second)
    difference[(first == second) | (np.isnan(first) & np.isnan(second))] = 0.0
    return difference


def relative_difference(difference: Array, reference: Array) -> Array:
    """Return absolute differences over ``1 + |reference|``; 0 and infinity stay what they are.

    Args:
        difference: ``(rows, columns)`` float64.
        reference: ``(rows, columns)`` float64.
    """
    with np.errstate(invalid="ignore"):
        relative = difference / (1.0 + np.abs(reference))
    relative[np.isinf(difference)] = np.inf
    relative[difference == 0] = 0.0
    return relative
