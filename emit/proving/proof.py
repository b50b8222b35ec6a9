"""Runs a model over rows in batches and hands the numbers to ``comparison``. No framework."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import TOLERANCES, Comparer, Comparison, Expected
from mojo_reader.comparing.unscaled import Unscaled
from mojo_reader.model import Mojo
from mojo_reader.scoring.scorer import Scorer

from .made_rows import BUDGET, MAGNITUDES, MadeRows

Progress = Callable[[int], None]
PredictRows = Callable[[slice], NDArray[Any]]
#: Cells that the widest array of a batch may have: a wide autoencoder gets fewer rows.
BATCH_CELLS: Final = 2_000_000
_BATCH_ROWS: Final = 4096


def batch_rows(mojo: Mojo) -> int:
    """Return how many rows of a model to predict at a time, its one-hot block being made."""
    widest = max(mojo.features.width, *(layer.units for layer in mojo.layers))
    return max(1, min(_BATCH_ROWS, BATCH_CELLS // widest))


def compared(  # noqa: PLR0913 - what every proof needs
    predict: PredictRows,
    mojo: Mojo,
    rows: NDArray[np.float64] | MadeRows,
    *,
    dtype: str,
    batch: int,
    expected: Expected | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare a model with the float64 scorer, or with H2O's own scores.

    Args:
        predict: from a slice of the rows to predictions ``(rows, outputs)``.
        mojo: what the model was made from.
        rows: ``(rows, n_features)`` float64, or rows that were made.
        dtype: type of the model's numbers.
        batch: rows that are predicted at a time.
        expected: H2O's scores of the rows; None for the scorer's.
        progress: called with the number of rows done after each batch.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.
    """
    made = rows if isinstance(rows, MadeRows) else None
    matrix = rows.matrix if isinstance(rows, MadeRows) else rows
    comparer, seconds = Comparer(Scorer(mojo), dtype), 0.0
    relative = [np.empty(0)]
    for start in range(0, len(matrix), batch):
        stop = min(start + batch, len(matrix))
        before = time.perf_counter()
        found = predict(slice(start, stop))
        seconds += time.perf_counter() - before
        block = expected and expected.block(start, stop)
        relative.append(comparer.add(matrix[start:stop], found, expected=block))
        if progress is not None:
            progress(stop)
    result = comparer.result(seconds=seconds, seed=None if made is None else made.seed)
    if made is None:
        return result
    unscaled = _unscaled(made, np.concatenate(relative), dtype) if made.unscaled else None
    return dataclasses.replace(result, unscaled=unscaled, budget=BUDGET)


def _unscaled(made: MadeRows, relative: NDArray[np.float64], dtype: str) -> Unscaled:
    """Say up to which magnitude the model's type is near enough.

    Args:
        made: the rows.
        relative: ``(rows,)``, each row's largest relative difference.
        dtype: type of the model's numbers.
    """
    tolerance = TOLERANCES[dtype].value
    largest = {
        magnitude: float(relative[made.magnitudes == magnitude].max(initial=0.0))
        for magnitude in MAGNITUDES
    }
    holds = 0.0
    for magnitude, difference in largest.items():
        if not difference <= tolerance:
            break
        holds = magnitude
    return Unscaled(
        columns=made.unscaled, dtype=dtype, tolerance=tolerance, holds_to=holds, largest=largest
    )
