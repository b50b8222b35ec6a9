"""Weights and units of each layer, in numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.scoring.scorer import Scorer

from .charts import layer_names

Array = NDArray[np.float64]


def layers(scorer: Scorer, matrix: Array) -> list[dict[str, Any]]:
    """Describe each layer.

    Args:
        scorer: of the model.
        matrix: ``(rows, n_features)``; a hidden unit that gives the same on all of them is dead.

    Returns:
        One row for each layer: sizes, spread of the weights, and how many units are dead (None for
        the output).
    """
    mojo = scorer.mojo
    rows = []
    for index, (layer, name) in enumerate(zip(mojo.layers, layer_names(mojo), strict=True)):
        kernels = np.concatenate([kernel.ravel() for kernel in layer.kernels])
        hidden = index < len(mojo.layers) - 1
        rows.append(
            {
                "name": name,
                "inputs": layer.inputs,
                "units": layer.units,
                "activation": layer.activation.value,
                "dropout": layer.dropout,
                "deviation": float(kernels.std(dtype=np.float64)),
                "largest": float(np.abs(kernels).max()),
                "zero": float((kernels == 0).mean()),
                "dead": dead_units(scorer, matrix, index) if hidden else None,
            }
        )
    return rows


def dead_units(scorer: Scorer, matrix: Array, layer: int) -> int:
    """Count the units of a hidden layer that give the same on all rows ``(rows, n_features)``."""
    outputs = scorer.hidden_matrix(matrix, layer)
    return int((np.ptp(outputs, axis=0) == 0).sum())
