"""H2O's metrics of a model on rows whose response is known, from the float64 scorer.

Sources: ``hex.ModelMetricsRegression``, ``ModelMetricsBinomial``, ``ModelMetricsMultinomial``,
``ModelMetricsAutoEncoder``. H2O's AUC is of at most 400 bins of probabilities; here it is exact.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Classification, InverseLink, Mojo, Reconstruction, Regression
from mojo_reader.scoring.scorer import Scorer

from .rows import TrainingRows

Array = NDArray[np.float64]
Metrics = dict[str, float]
#: From responses, linear predictors and weights to each row's deviance, ``(rows,)`` each.
RowDeviance = Callable[[Array, Array, Array], Array]

#: Metrics of which more is better; of all others, less.
RISING: Final = frozenset({"AUC", "accuracy"})

#: ``MathUtils.logloss``.
_SMALLEST_PROBABILITY: Final = 1e-15


def measure(mojo: Mojo, rows: TrainingRows, deviance: RowDeviance) -> Metrics:
    """Return H2O's metrics by H2O's names.

    Args:
        mojo: the model.
        rows: with their responses and weights.
        deviance: of a regression, in the response's units.
    """
    scorer = Scorer(mojo)
    match mojo.output:
        case Classification():
            return _classes(scorer, mojo.output, rows)
        case Regression():
            return _response(scorer, mojo.output, rows, deviance)
        case Reconstruction():
            errors = scorer.anomaly_matrix(rows.matrix, missing="server")
            return {"reconstruction_MSE": _mean(errors, rows)}


def _mean(values: Array, rows: TrainingRows) -> float:
    return float(np.average(values, weights=rows.weights))


def _classes(scorer: Scorer, output: Classification, rows: TrainingRows) -> Metrics:
    probabilities = scorer.score_matrix(rows.matrix)
    actual = rows.targets[:, 0].astype(np.int64)
    of_actual = probabilities[np.arange(len(actual)), actual]
    right = (scorer.label_indices(probabilities, rows.matrix) == actual).astype(np.float64)
    found = {
        "logloss": _mean(-np.log(np.maximum(of_actual, _SMALLEST_PROBABILITY)), rows),
        "accuracy": _mean(right, rows),
        "mean_per_class_error": _mean_per_class_error(right, actual, rows.weights),
        "RMSE": float(np.sqrt(_mean((1.0 - of_actual) ** 2, rows))),
    }
    if output.threshold is not None:
        return {"AUC": auc(probabilities[:, 1], actual == 1, rows.weights), **found}
    return found


def _mean_per_class_error(right: Array, actual: NDArray[np.int64], weights: Array) -> float:
    """Mean over the classes that are there."""
    totals = np.bincount(actual, weights)
    errors = np.bincount(actual, weights * (1.0 - right))
    return float(np.mean(errors[totals > 0] / totals[totals > 0]))


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


def _response(
    scorer: Scorer, output: Regression, rows: TrainingRows, deviance: RowDeviance
) -> Metrics:
    predicted, actual = scorer.score_matrix(rows.matrix)[:, 0], rows.targets[:, 0]
    predictor = predicted
    if output.inverse_link is InverseLink.EXP:
        predictor = np.log(np.maximum(predicted, np.finfo(np.float64).tiny))
    residuals = np.abs(actual - predicted)
    return {
        "mean_residual_deviance": _mean(deviance(actual, predictor, rows.weights), rows),
        "RMSE": float(np.sqrt(_mean(residuals**2, rows))),
        "MAE": _mean(residuals, rows),
    }
