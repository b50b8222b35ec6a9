"""The network on a single row, where the cost is in the number of calls and not in arithmetic."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Features
from mojo_reader.scoring.network import Network

Array = NDArray[Any]
_LARGEST_SQUARED: Final = 1e150


class OneRow:
    """Runs one row through a network's layers with one-dimensional products.

    Args:
        features: the model's features.
        network: the prepared layers, whose arrays are shared.
    """

    def __init__(self, features: Features, network: Network) -> None:
        self._cats = len(features.categorical)
        self._slots = [feature.slots.tolist() for feature in features.categorical]
        self._standardize = features.standardize
        self._norm_sub = features.norm_sub
        self._norm_mul = features.norm_mul
        self._network = network
        self._safe_square = min(network.largest_safe, _LARGEST_SQUARED) ** 2

    def outputs(self, row: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the last layer's outputs.

        Args:
            row: ``(n_features,)`` float64, codes and numbers.

        Returns:
            ``(1, units)`` float64; None for a row so large that it needs more care.
        """
        numbers = row[self._cats :]
        if self._standardize:
            numbers = numbers - self._norm_sub
            numbers *= self._norm_mul
        square = numbers.dot(numbers)
        if square != square:  # noqa: PLR0124 - a number is NaN, or infinite
            numbers = np.where(np.isnan(numbers), 0.0, numbers)
            square = numbers.dot(numbers)
        # The sum of squares is no smaller than the square of any of them.
        if not square <= self._safe_square:
            return None
        values: Array = numbers.astype(self._network.dtype, copy=False)
        slots = [
            table[int(code)] if 0 <= code < len(table) - 1 else table[-1]
            for table, code in zip(self._slots, row[: self._cats].tolist(), strict=True)
        ]
        for layer in self._network.layers:
            sums = layer.row_sums(values)
            if slots:
                self._add_gathered(sums, slots)
                slots = []
            values = layer.activate([total[None] for total in sums])[0]
        return values[None].astype(np.float64)

    def _add_gathered(self, sums: list[Array], slots: list[int]) -> None:
        for total, gathers in zip(sums, self._network.gathers, strict=True):
            table = gathers.table
            for slot in slots:
                np.add(total, table[slot], out=total)
