"""H2O's metrics of predictions whose response is known, by H2O's names.

Sources: ``hex.ModelMetricsRegression``, ``ModelMetricsBinomial``, ``ModelMetricsMultinomial``.
H2O's AUC is of at most 400 bins of probabilities (``hex.AUC2``); here it is exact.
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


def pr_auc(scores: Array, positive: NDArray[np.bool_], weights: Array) -> float:
    """Return the area under the curve of precision and recall; NaN where a class is absent.

    Between two thresholds precision is that of a mix of both (``AUC2.pr_auc``). The arguments are
    those of ``auc``.
    """
    hits, misses = _above(scores, positive, weights)
    total = hits[-1]
    if not total or not misses[-1]:
        return float("nan")
    before, wrong = np.append(0.0, hits[:-1]), np.append(0.0, misses[:-1])
    rises = hits > before
    before, wrong = before[rises], wrong[rises]
    slope = (misses[rises] - wrong) / (hits[rises] - before)
    low, high = before / total, hits[rises] / total
    shift, scale = (wrong - slope * before) / total, 1.0 + slope
    with np.errstate(divide="ignore", invalid="ignore"):
        bent = shift / scale * (np.log(scale * high + shift) - np.log(scale * low + shift))
    area = (high - low - np.where(shift == 0, 0.0, bent)) / scale
    return float(area.sum())


def error_at_max_f1(scores: Array, positive: NDArray[np.bool_], weights: Array) -> float:
    """Return the mean error of both classes at the threshold whose F1 is the largest.

    It is H2O's ``mean_per_class_error`` of two classes, whose confusion matrix is at that threshold
    of the rows at hand. The arguments are those of ``auc``; NaN where a class is absent.
    """
    hits, misses = _above(scores, positive, weights)
    if not hits[-1] or not misses[-1]:
        return float("nan")
    # F1 is 2 * hits / (hits + misses + all of the class).
    best = int(np.argmax(hits / (hits + misses + hits[-1])))
    missed, false = 1.0 - hits[best] / hits[-1], misses[best] / misses[-1]
    return float((missed + false) / 2)


def _above(scores: Array, positive: NDArray[np.bool_], weights: Array) -> tuple[Array, Array]:
    """Return weights of hits and misses from each score on, the largest score first."""
    _, places = np.unique(-scores, return_inverse=True)
    hits = np.bincount(places, weights * positive)
    return np.cumsum(hits), np.cumsum(np.bincount(places, weights * ~positive))


def mean(values: Array, weights: Array) -> float:
    """Return the weighted mean of ``(rows,)`` values."""
    return float(np.average(values, weights=weights))


def _mean_per_class_error(right: Array, actual: NDArray[np.int64], weights: Array) -> float:
    """Mean over the classes that are there."""
    totals = np.bincount(actual, weights)
    errors = np.bincount(actual, weights * (1.0 - right))
    return float(np.mean(errors[totals > 0] / totals[totals > 0]))
