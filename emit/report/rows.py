"""The rows that a page looks at, and what the model predicts for them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, Mojo, Reconstruction
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.scorer import Scorer

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rows:
    """Rows to look at.

    Attributes:
        name: of the file.
        table: the raw rows, any table that the scorer takes.
        matrix: ``(rows, n_features)`` float64, as ``Scorer.encode`` returns it.
        missing: by raw column, number of missing cells.
        notices: what was seen while they were read.
        response: ``(rows,)`` float64, positions of the labels, or numbers; NaN where it is
            missing. None where the file has no response.
    """

    name: str
    table: Any
    matrix: Array
    missing: dict[str, int]
    notices: Notices
    response: Array | None


def ranges(mojo: Mojo, rows: Rows | None) -> dict[str, tuple[float, float, float]]:
    """Return where each numeric column's numbers start, have their middle, and end.

    One row in a hundred lies outside on either side. A column with a single number has no range.
    """
    if rows is None:
        return {}
    found = {}
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            continue
        numbers = finite(rows.matrix[:, column.feature])
        if numbers.size:
            low, middle, high = np.quantile(numbers, (0.01, 0.5, 0.99)).tolist()
            if low < high:
                found[column.name] = (low, middle, high)
    return found


def predictions(scorer: Scorer, matrix: Array) -> Array:
    """Return probabilities or the response, ``(rows, outputs)``; of an autoencoder its errors.

    Args:
        scorer: of the model.
        matrix: ``(rows, n_features)`` float64.
    """
    if isinstance(scorer.mojo.output, Reconstruction):
        return scorer.anomaly_matrix(matrix, missing="server")[:, None]
    return scorer.score_matrix(matrix)


def finite(values: Array) -> Array:
    """Return the numbers that are neither NaN nor infinite."""
    return values[np.isfinite(values)]
