"""H2O's metrics of predictions whose response is known, by H2O's names.

Sources: ``hex.ModelMetricsRegression``, ``ModelMetricsBinomial``, ``ModelMetricsMultinomial``.
H2O's AUC is of at most 400 bins of probabilities; here it is exact.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Metrics = dict[str, float]

#: ``MathUtils.logloss``.
_SMALLEST_PROBABILITY: Final = 1e-15
_BINOMIAL: Final = 2


def of_classes(
    probabilities: Array, labels: NDArray[np.int64], actual: NDArray[np.int64], weights: Array
) -> Metrics:
    """Measure class probabilities and labels.

    Args:
        probabilities: ``(rows, n_classes)``.
        labels: ``(rows,)`` positions of the labels predicted.
        actual: ``(rows,)`` positions of the labels.
        weights: ``(rows,)``.

    Returns:
        Metrics by name; ``AUC`` for two classes alone, NaN where one is absent.
    """
    of_actual = probabilities[np.arange(len(actual)), actual]
    right = (labels == actual).astype(np.float64)
    found = {
        "logloss": mean(-np.log(np.maximum(of_actual, _SMALLEST_PROBABILITY)), weights),
        "accuracy": mean(right, weights),
        "mean_per_class_error": _mean_per_class_error(right, actual, weights),
        "RMSE": float(np.sqrt(mean((1.0 - of_actual) ** 2, weights))),
    }
    if probabilities.shape[1] == _BINOMIAL:
        return {"AUC": auc(probabilities[:, 1], actual == 1, weights), **found}
    return found


def of_response(predicted: Array, actual: Array, weights: Array) -> Metrics:
    """Measure a regression's predictions, all ``(rows,)`` in the response's units."""
    residuals = np.abs(actual - predicted)
    return {
        "RMSE": float(np.sqrt(mean(residuals**2, weights))),
        "MAE": mean(residuals, weights),
    }


def auc(scores: Array, positive: NDArray[np.bool_], weights: Array) -> float:
    """Return the area under the ROC curve; NaN where a class is absent.

    Args:
        scores: ``(rows,)`` probabilities of the second class.
        positive: ``(rows,)``, the row is of that class.
        weights: ``(rows,)``.
    """
    _, places = np.unique(scores, return_inverse=True)
    hits = np.bincount(places, weights * positive)
    misses = np.bincount(places, weights * ~positive)
    pairs = hits.sum() * misses.sum()
    if not pairs:
        return float("nan")
    # A hit beats the misses of smaller scores, and half of those of its own.
    beaten = np.cumsum(misses) - 0.5 * misses
    return float((hits * beaten).sum() / pairs)


def mean(values: Array, weights: Array) -> float:
    """Return the weighted mean of ``(rows,)`` values."""
    return float(np.average(values, weights=weights))


def _mean_per_class_error(right: Array, actual: NDArray[np.int64], weights: Array) -> float:
    """Mean over the classes that are there."""
    totals = np.bincount(actual, weights)
    errors = np.bincount(actual, weights * (1.0 - right))
    return float(np.mean(errors[totals > 0] / totals[totals > 0]))
