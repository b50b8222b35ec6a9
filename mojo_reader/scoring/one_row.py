"""The network on a single row, where the cost is in the number of calls and not in arithmetic."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Activation, Features
from mojo_reader.scoring.network import Network

Array = NDArray[Any]
_LARGEST_SQUARED: Final = 1e150
# A one-hot block up to this wide is multiplied with its zeros: one call for all columns.
_DENSE_WIDTH: Final = 256
# Up to this many outputs Python's own functions take less time than NumPy's calls.
_FEW_OUTPUTS: Final = 8


class OneRow:
    """Runs one row through a network's layers with one-dimensional products.

    Args:
        features: the model's features.
        network: the prepared layers, whose arrays are shared.
    """

    def __init__(self, features: Features, network: Network) -> None:
        self._cats = len(features.categorical)
        self._slots = [(len(f.levels), f.slots.tolist()) for f in features.categorical]
        self._standardize = features.standardize
        self._norm_sub = features.norm_sub
        self._norm_mul = features.norm_mul
        self._network = network
        self._safe_square = min(network.largest_safe, _LARGEST_SQUARED) ** 2
        self._one_hot_width = features.one_hot_width
        dense = bool(self._cats) and self._one_hot_width <= _DENSE_WIDTH
        # The block's slots stand first, that of -1 among them, then the numbers, and the 1.
        self._start = self._one_hot_width + 1 if dense else 0
        self._blank = np.zeros(self._start + len(features.numeric) + 1)
        self._blank[-1] = 1.0
        first = network.layers[0]
        self._first = [
            np.vstack([table, kernel]) if dense else kernel
            for table, kernel in zip(network.gathers.tables, first.kernels, strict=True)
        ]
        last = network.layers[-1]
        self._by_python = (
            last.activation is Activation.SOFTMAX and last.units <= _FEW_OUTPUTS and last.scale == 1
        )

    def outputs(self, row: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the last layer's outputs.

        Args:
            row: ``(n_features,)`` float64, codes and numbers.

        Returns:
            ``(1, units)`` float64; None for a row so large that it needs more care.
        """
        values = self._blank.copy()
        numbers = values[self._start : -1]
        if self._standardize:
            np.subtract(row[self._cats :], self._norm_sub, numbers)
            np.multiply(numbers, self._norm_mul, numbers)
        else:
            numbers[:] = row[self._cats :]
        square = numbers.dot(numbers)
        if square != square:  # noqa: PLR0124 - a number is NaN, or infinite
            numbers[np.isnan(numbers)] = 0.0
            square = numbers.dot(numbers)
        # The sum of squares is no smaller than the square of any of them.
        if not square <= self._safe_square:
            return None
        sums = self._first_sums(values, row[: self._cats].tolist())
        *hidden, last = self._network.layers
        for place, layer in enumerate(hidden, 1):
            activated = layer.activate_row(sums)
            sums = [activated.dot(kernel) for kernel in self._network.layers[place].kernels]
        if self._by_python:
            return np.array([_softmax(sums[0].tolist())])
        return last.activate_row(sums)[None].astype(np.float64, copy=False)

    def _first_sums(self, values: Array, codes: list[float]) -> list[Array]:
        """Return the first layer's sums, ``(columns,)`` for each kernel."""
        slots = [
            table[int(code)] if 0 <= code < levels else table[levels]
            for (levels, table), code in zip(self._slots, codes, strict=True)
        ]
        dtype = self._network.dtype
        if self._start:
            for slot in slots:  # of hashed levels two columns can share one
                values[slot if slot >= 0 else self._one_hot_width] += 1.0
            values = values.astype(dtype, copy=False)
            return [values.dot(kernel) for kernel in self._first]
        values = values.astype(dtype, copy=False)
        found = [values.dot(kernel) for kernel in self._first]
        for total, table in zip(found, self._network.gathers.tables, strict=True):
            for slot in slots:
                np.add(total, table[slot], total)
        return found


def _softmax(sums: list[float]) -> list[float]:
    largest = max(sums)
    powers = [math.exp(value - largest) for value in sums]
    total = sum(powers)
    return [power / total for power in powers]
