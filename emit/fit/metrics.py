"""H2O's metrics of a model on rows to train on, from the float64 scorer."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import Metrics, mean, of_classes, of_response
from mojo_reader.model import Classification, InverseLink, Mojo, Reconstruction, Regression
from mojo_reader.scoring.scorer import Scorer

from .rows import TrainingRows

__all__ = ["RISING", "Metrics", "RowDeviance", "measure"]

Array = NDArray[np.float64]
#: From responses, linear predictors and weights to each row's deviance, ``(rows,)`` each.
RowDeviance = Callable[[Array, Array, Array], Array]

#: Metrics of which more is better; of all others, less.
RISING: Final = frozenset({"AUC", "accuracy"})


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
            probabilities = scorer.score_matrix(rows.matrix)
            labels = scorer.label_indices(probabilities, rows.matrix)
            actual = rows.targets[:, 0].astype(np.int64)
            return of_classes(probabilities, labels, actual, rows.weights)
        case Regression():
            return _response(scorer, mojo.output, rows, deviance)
        case Reconstruction():
            errors = scorer.anomaly_matrix(rows.matrix, missing="server")
            return {"reconstruction_MSE": mean(errors, rows.weights)}


def _response(
    scorer: Scorer, output: Regression, rows: TrainingRows, deviance: RowDeviance
) -> Metrics:
    predicted, actual = scorer.score_matrix(rows.matrix)[:, 0], rows.targets[:, 0]
    predictor = predicted
    if output.inverse_link is InverseLink.EXP:
        predictor = np.log(np.maximum(predicted, np.finfo(np.float64).tiny))
    deviances = deviance(actual, predictor, rows.weights)
    return {
        "mean_residual_deviance": mean(deviances, rows.weights),
        **of_response(predicted, actual, rows.weights),
    }
