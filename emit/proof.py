"""Runs a model over rows in batches and hands the numbers to ``comparison``. No framework."""

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparison import Comparer, Comparison, Expected
from mojo_reader.model import Mojo
from mojo_reader.scoring.scorer import Scorer

Progress = Callable[[int], None]
PredictRows = Callable[[slice], NDArray[Any]]
#: Cells that the widest array of a batch may have: a wide autoencoder gets fewer rows.
BATCH_CELLS: Final = 8_000_000
_BATCH_ROWS: Final = 4096


def batch_rows(mojo: Mojo) -> int:
    """Return how many rows of a model to predict at a time, its one-hot block being made."""
    widest = max(mojo.features.width, *(layer.units for layer in mojo.layers))
    return max(1, min(_BATCH_ROWS, BATCH_CELLS // widest))


def compared(  # noqa: PLR0913 - what every proof needs
    predict: PredictRows,
    mojo: Mojo,
    matrix: NDArray[np.float64],
    *,
    dtype: str,
    batch: int,
    expected: Expected | None = None,
    progress: Progress | None = None,
    seed: int | None = None,
) -> Comparison:
    """Compare a model with the float64 scorer, or with H2O's own scores.

    Args:
        predict: from a slice of the rows to predictions ``(rows, outputs)``.
        mojo: what the model was made from.
        matrix: ``(rows, n_features)`` float64, the rows.
        dtype: type of the model's numbers.
        batch: rows that are predicted at a time.
        expected: H2O's scores of the rows; None for the scorer's.
        progress: called with the number of rows done after each batch.
        seed: of the rows, where they were made.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.
    """
    comparer, seconds = Comparer(Scorer(mojo), dtype), 0.0
    for start in range(0, len(matrix), batch):
        stop = min(start + batch, len(matrix))
        before = time.perf_counter()
        found = predict(slice(start, stop))
        seconds += time.perf_counter() - before
        block = expected and expected.block(start, stop)
        comparer.add(matrix[start:stop], found, expected=block)
        if progress is not None:
            progress(stop)
    return comparer.result(seconds=seconds, seed=seed)
