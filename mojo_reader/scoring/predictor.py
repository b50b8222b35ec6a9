"""Encoded rows to predictions: fast where that is right, in Java's own order where it may not be.

A row never depends on the rows beside it. What a matrix product adds up in another order stays
within 1e-12; where more would hang on that order - a label at its threshold, a sum that overflows -
the row is computed again with more care.
"""

from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.java.ops import JAVA
from mojo_reader.model import Mojo
from mojo_reader.scoring.doubt import in_doubt, row_in_doubt
from mojo_reader.scoring.encoding import one_hot_slots, standardized
from mojo_reader.scoring.exact import ExactNetwork
from mojo_reader.scoring.network import Network
from mojo_reader.scoring.one_row import OneRow
from mojo_reader.scoring.prediction import predicted

Array = NDArray[np.float64]
# A row by itself takes a fifth of the calls that a block takes. Where there are many weights, what
# counts is that a block reads them once.
_FEW_ROWS: Final = 4
_FEW_WEIGHTS: Final = 1 << 17


class Predictor:
    """Predicts encoded rows.

    Args:
        mojo: the model.
        dtype: float64 or float32.
        exact: every row in Java's order of operations, in float64.
    """

    def __init__(self, mojo: Mojo, dtype: str, *, exact: bool = False) -> None:
        self._mojo = mojo
        self._dtype = dtype
        self._exact = exact
        self._network = Network(mojo.features, mojo.layers, np.dtype(dtype))
        self._one_row = OneRow(mojo.features, self._network)
        weights = sum(layer.kernels[0].size for layer in mojo.layers[1:])
        self._one_by_one = _FEW_ROWS if weights <= _FEW_WEIGHTS else 1
        self._exact_network = ExactNetwork(mojo.features, mojo.layers)

    def values(self, matrix: Array, added: Array | None = None) -> Array:
        """Predict rows.

        Args:
            matrix: ``(rows, n_features)`` float64.
            added: ``(rows, 1)`` float64, added to the last layer's outputs; None for nothing.

        Returns:
            ``(rows, outputs)`` float64.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            if self._exact:
                return self._exact_values(matrix, added)
            if 0 < len(matrix) <= self._one_by_one:
                return self._few_values(matrix, added)
            outputs, unsafe = self._network.outputs(matrix)
            values = self._predicted(outputs, added, np)
            rows = np.flatnonzero(unsafe | in_doubt(values, self._mojo, self._dtype))
            if rows.size:
                values[rows] = self._careful_values(
                    matrix[rows], None if added is None else added[rows]
                )
            return values

    def hidden(self, matrix: Array, layer: int) -> Array:
        """Return a hidden layer's outputs, ``(rows, units)`` float64."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self._exact:
                return self._exact_outputs(matrix, layers=layer + 1)
            outputs, unsafe = self._network.outputs(matrix, layers=layer + 1)
            if unsafe.any():
                outputs[unsafe] = self._exact_outputs(matrix[unsafe], layers=layer + 1)
            return outputs

    def overflowing(self, matrix: Array) -> NDArray[np.bool_]:
        """Return the rows, ``(rows,)``, whose numbers could make a float64 sum overflow."""
        if self._dtype != "float64":
            return self._double.overflowing(matrix)
        return self._network.unsafe(standardized(matrix, self._mojo.features))

    # ------------------------------------------------------------------ with care

    @cached_property
    def _double(self) -> "Predictor":
        return Predictor(self._mojo, "float64")

    def _predicted(self, outputs: Array, added: Array | None, ops: Any) -> Array:
        if added is not None:
            outputs += added
        return predicted(outputs, self._mojo.output, self._mojo.features, ops)

    def _careful_values(self, matrix: Array, added: Array | None) -> Array:
        """Predict rows that are in doubt: those of float32 in float64, those of that exactly."""
        if self._dtype != "float64":
            return self._double.values(matrix, added)
        return self._exact_values(matrix, added)

    def _exact_values(self, matrix: Array, added: Array | None) -> Array:
        return self._predicted(self._exact_outputs(matrix), added, JAVA)

    def _exact_outputs(self, matrix: Array, *, layers: int | None = None) -> Array:
        features = self._mojo.features
        slots, numbers = one_hot_slots(matrix, features), standardized(matrix, features)
        return self._exact_network.outputs(slots, numbers, layers=layers)

    # ------------------------------------------------------------------ fast

    def _few_values(self, matrix: Array, added: Array | None) -> Array:
        """Score some rows one after the other, which takes less than a block of them does."""
        rows = [
            self._one_row_values(
                matrix[row : row + 1], None if added is None else added[row : row + 1]
            )
            for row in range(len(matrix))
        ]
        return rows[0] if len(rows) == 1 else np.concatenate(rows)

    def _one_row_values(self, matrix: Array, added: Array | None) -> Array:
        """Score ``(1, n_features)`` with as few calls as can be."""
        outputs = self._one_row.outputs(matrix[0])
        if outputs is not None:
            values = self._predicted(outputs, added, np)
            if not row_in_doubt(values, self._mojo, self._dtype):
                return values
        return self._careful_values(matrix, added)
