"""What all metrics are made of: weighted means, and H2O's share of explained variance."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Positions = NDArray[np.int64]
#: Figures by H2O's name.
Metrics = dict[str, float]


def mean(values: Array, weights: Array) -> float:
    """Return the weighted mean of ``(rows,)`` values."""
    return float(np.average(values, weights=weights))


def squared_errors(errors: Array, actual: Array, weights: Array) -> Metrics:
    """Return ``MSE``, ``RMSE`` and ``r2`` (``ModelMetricsSupervised.r2``).

    The variance is the weighted one of the rows, without a correction for their number
    (``MetricBuilder.weightedSigma``); of a class it is that of its position. Where the response is
    the same in all rows, ``r2`` is NaN or minus infinity.

    Args:
        errors: ``(rows,)``.
        actual: ``(rows,)`` the response, or positions of the labels.
        weights: ``(rows,)``.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mse = mean(errors * errors, weights)
        variance = mean((actual - mean(actual, weights)) ** 2, weights)
        r2 = float(1.0 - np.float64(mse) / np.float64(variance))
    return {"MSE": mse, "RMSE": float(np.sqrt(mse)), "r2": r2}
