"""Metrics of class probabilities.

Sources: ``hex.ModelMetricsBinomial``, ``ModelMetricsMultinomial``, ``ConfusionMatrix``.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics.basics import Array, Metrics, Positions, mean, squared_errors
from mojo_reader.comparing.metrics.thresholds import Curve, auc

TWO: Final = 2
#: ``MathUtils.logloss``.
_SMALLEST_PROBABILITY: Final = 1e-15
#: ``MetricBuilderMultinomial``: hit ratios that H2O reports at most.
_MOST_HITS: Final = 10


def of_classes(
    probabilities: Array, labels: Positions, actual: Positions, weights: Array
) -> Metrics:
    """Measure class probabilities and the labels that the model's own rule gives.

    Args:
        probabilities: ``(rows, n_classes)``.
        labels: ``(rows,)`` positions of the labels predicted.
        actual: ``(rows,)`` positions of the labels.
        weights: ``(rows,)``.

    Returns:
        Metrics by name; ``AUC`` for two classes alone, NaN where one is absent.
        ``mean_per_class_error`` is the weighted one of the labels, over the classes that are there.
    """
    of_actual = _of_actual(probabilities, actual)
    right = (labels == actual).astype(np.float64)
    found = {
        "logloss": _logloss(of_actual, weights),
        "accuracy": mean(right, weights),
        "mean_per_class_error": _mean_per_class_error(right, actual, weights),
        "RMSE": float(np.sqrt(mean((1.0 - of_actual) ** 2, weights))),
    }
    if probabilities.shape[1] == TWO:
        return {"AUC": auc(probabilities[:, 1], actual == 1, weights), **found}
    return found


def of_two(
    curve: Curve, probabilities: Array, labels: Positions, actual: Positions, weights: Array
) -> Metrics:
    """Measure two classes as H2O does, of the arguments of ``of_classes``.

    Args:
        curve: of the second class's probabilities.
        probabilities: ``(rows, 2)``.
        labels: ``(rows,)`` positions, for ``accuracy``, which is the model's own threshold's.
        actual: ``(rows,)`` positions.
        weights: ``(rows,)``.
    """
    of_actual = _of_actual(probabilities, actual)
    return {
        **of_curve(curve),
        "logloss": _logloss(of_actual, weights),
        **squared_errors(1.0 - of_actual, actual.astype(np.float64), weights),
        "accuracy": mean((labels == actual).astype(np.float64), weights),
    }


def of_curve(curve: Curve) -> Metrics:
    """Return what the curve says: ``AUC``, ``pr_auc``, ``Gini`` and ``mean_per_class_error``."""
    area = curve.auc()
    return {
        "AUC": area,
        "pr_auc": curve.pr_auc(),
        "Gini": 2.0 * area - 1.0,
        "mean_per_class_error": curve.error_at_max_f1(),
    }


def of_more(probabilities: Array, labels: Positions, actual: Positions, weights: Array) -> Metrics:
    """Measure more than two classes as H2O does, of the arguments of ``of_classes``.

    H2O counts rows in its confusion matrix, whatever they weigh, and with it in
    ``mean_per_class_error``; a class that is absent has no error there.
    """
    of_actual = _of_actual(probabilities, actual)
    counts = confusion(labels, actual, np.ones(len(actual)), probabilities.shape[1])
    totals = counts.sum(axis=1)
    wrong = (totals - np.diag(counts)) / np.where(totals > 0, totals, 1.0)
    return {
        "logloss": _logloss(of_actual, weights),
        "mean_per_class_error": float(wrong.mean()),
        **squared_errors(1.0 - of_actual, actual.astype(np.float64), weights),
        "accuracy": mean((labels == actual).astype(np.float64), weights),
    }


def confusion(labels: Positions, actual: Positions, weights: Array, classes: int) -> Array:
    """Return the weight of the rows by actual class (down) and label, ``(classes, classes)``."""
    cells = np.bincount(actual * classes + labels, weights, classes * classes)
    return np.asarray(cells, np.float64).reshape(classes, classes)


def hit_ratios(probabilities: Array, labels: Positions, actual: Positions, weights: Array) -> Array:
    """Return the share of rows whose class is the label, or among the best 2, 3 ... up to 10.

    H2O counts the label's hits by row, and the others by weight; here all are by weight.

    Args:
        probabilities: ``(rows, n_classes)``.
        labels: ``(rows,)`` positions.
        actual: ``(rows,)`` positions.
        weights: ``(rows,)``.
    """
    most = min(_MOST_HITS, probabilities.shape[1])
    of_actual = _of_actual(probabilities, actual)[:, None]
    places = np.arange(probabilities.shape[1])
    tied = (probabilities == of_actual) & (places < actual[:, None])
    ranks = ((probabilities > of_actual) | tied).sum(axis=1)
    # The label is first, whatever broke a tie, and no other class is.
    ranks = np.where(labels == actual, 0, np.maximum(ranks, 1))
    hits = np.bincount(ranks, weights, probabilities.shape[1])[:most]
    return np.asarray(np.cumsum(hits) / weights.sum())


def _of_actual(probabilities: Array, actual: Positions) -> Array:
    return np.asarray(probabilities[np.arange(len(actual)), actual])


def _logloss(of_actual: Array, weights: Array) -> float:
    return mean(-np.log(np.maximum(of_actual, _SMALLEST_PROBABILITY)), weights)


def _mean_per_class_error(right: Array, actual: NDArray[np.int64], weights: Array) -> float:
    """Mean over the classes that are there."""
    totals = np.bincount(actual, weights)
    errors = np.bincount(actual, weights * (1.0 - right))
    return float(np.mean(errors[totals > 0] / totals[totals > 0]))
