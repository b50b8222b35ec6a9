"""Proves that an emitted Keras model predicts what the float64 scorer does."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import Comparison, Expected
from mojo_reader.model import Mojo

from ..backend import keras
from ..proving import proof
from ..proving.made_rows import CHECK_ROWS, MadeRows, check_rows, make_rows
from ..proving.proof import Progress
from . import model_dtype
from .loading import saved_model

__all__ = [
    "BATCH_ROWS",
    "CHECK_ROWS",
    "batch_function",
    "check_expected",
    "check_parity",
    "check_rows",
]

BATCH_ROWS: Final = 8192

Predict = Callable[[NDArray[np.float64]], NDArray[Any]]


def check_parity(
    model: Any,
    mojo: Mojo,
    matrix: NDArray[np.float64] | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Compare a Keras model with the float64 scorer.

    Args:
        model: a Keras model made by ``to_keras``, or the path of its ``.keras`` file.
        mojo: what it was made from.
        matrix: ``(rows, n_features)`` float64, as ``Scorer.encode`` returns it; None makes rows
            with ``make_rows``.
        seed: of the rows that are made.
        progress: called with the number of rows done after each batch.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.
    """
    rows = make_rows(mojo, seed=seed) if matrix is None else matrix
    return _compare(model, mojo, rows, None, progress)


def check_expected(
    model: Any,
    mojo: Mojo,
    matrix: NDArray[np.float64],
    expected: Expected,
    *,
    progress: Progress | None = None,
) -> Comparison:
    """Compare a Keras model with H2O's own scores.

    Args:
        model: a Keras model made by ``to_keras``, or the path of its ``.keras`` file.
        mojo: what it was made from.
        matrix: ``(rows, n_features)`` float64, the rows that H2O scored.
        expected: their scores.
        progress: called with the number of rows done after each batch.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.
    """
    return _compare(model, mojo, matrix, expected, progress)


def _compare(
    model: Any,
    mojo: Mojo,
    rows: NDArray[np.float64] | MadeRows,
    expected: Expected | None,
    progress: Progress | None,
) -> Comparison:
    if isinstance(model, str | os.PathLike):
        model = saved_model(Path(model))
    matrix = rows.matrix if isinstance(rows, MadeRows) else rows
    batch = _batch_rows(len(matrix), model)
    predict = batch_function(model, batch)
    return proof.compared(
        lambda chosen: predict(matrix[chosen]),
        mojo,
        rows,
        dtype=model_dtype(model),
        batch=batch,
        expected=expected,
        progress=progress,
    )


def batch_function(model: Any, batch_rows: int) -> Predict:
    """Return a function that predicts rows in batches, as fast as the backend can.

    ``model.predict`` rounds what it is given to ``keras.config.floatx()``, which a float64 model
    must not have.

    Args:
        model: the model.
        batch_rows: rows that are predicted at a time.

    Returns:
        From ``(rows, n_features)`` to ``(rows, outputs)``.
    """
    forward = _jitted(model) if keras.backend.backend() == "jax" else _eager(model)
    dtype = model_dtype(model)

    def predict(matrix: NDArray[np.float64]) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            rows = matrix.astype(dtype)
        parts = [_padded(forward, block, batch_rows) for block in _blocks(rows, batch_rows)]
        return np.concatenate(parts) if parts else np.empty((0, model.outputs[0].shape[-1]), dtype)

    return predict


def _jitted(model: Any) -> Callable[[Any], NDArray[Any]]:
    import jax

    @jax.jit
    def forward(trainable: Any, fixed: Any, rows: Any) -> Any:
        return model.stateless_call(trainable, fixed, rows, training=False)[0]

    def predict(rows: Any) -> NDArray[Any]:
        # Read anew each time: ``model.predict`` gives the arrays away and makes others.
        trainable = [variable.value for variable in model.trainable_variables]
        fixed = [variable.value for variable in model.non_trainable_variables]
        return np.asarray(forward(trainable, fixed, rows))

    return predict


def _eager(model: Any) -> Callable[[Any], NDArray[Any]]:
    return lambda rows: np.asarray(keras.ops.convert_to_numpy(model(rows, training=False)))


def _padded(
    forward: Callable[[Any], NDArray[Any]], rows: NDArray[Any], batch_rows: int
) -> NDArray[Any]:
    """Predict a short last batch at full size, for which the function is compiled already."""
    lacking = batch_rows - len(rows)
    if not lacking:
        return forward(rows)
    return forward(np.pad(rows, ((0, lacking), (0, 0))))[: len(rows)]


def _batch_rows(rows: int, model: Any) -> int:
    widest = max(1, int(model.inputs[0].shape[-1]), int(model.outputs[0].shape[-1]))
    return max(1, min(BATCH_ROWS, rows, proof.BATCH_CELLS // widest))


def _blocks(matrix: NDArray[Any], rows: int) -> Iterator[NDArray[Any]]:
    for start in range(0, len(matrix), rows):
        yield matrix[start : start + rows]
