"""Metrics of a regression.

Source: ``hex.ModelMetricsRegression``.
"""

from dataclasses import dataclass

import numpy as np

from mojo_reader.comparing.metrics.basics import Array, Metrics, mean, squared_errors
from mojo_reader.comparing.metrics.quantiles import quantiles
from mojo_reader.details import read_details
from mojo_reader.formulas import DEVIANCES, DISTRIBUTION_OF_LOSS, SMALLEST_LOG, DevianceNumbers
from mojo_reader.model import InverseLink, Mojo
from mojo_reader.model.distributions import DISTRIBUTIONS

__all__ = ["ResponseDeviance", "of_regression", "of_response"]


def of_response(predicted: Array, actual: Array, weights: Array) -> Metrics:
    """Measure a regression's predictions, all ``(rows,)`` in the response's units."""
    residuals = np.abs(actual - predicted)
    return {
        "RMSE": float(np.sqrt(mean(residuals**2, weights))),
        "MAE": mean(residuals, weights),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseDeviance:
    """How far a prediction is from the response by the model's distribution.

    Attributes:
        distribution: H2O's name.
        numbers: the distribution's own.
        huber_alpha: the share of the rows whose errors are within Huber's delta.
    """

    distribution: str
    numbers: DevianceNumbers
    huber_alpha: float

    def mean(self, predicted: Array, actual: Array, weights: Array) -> float:
        """Return the weighted mean, of ``(rows,)`` each in the response's units."""
        numbers = self.numbers
        if self.distribution == "huber":
            delta = float(quantiles(np.abs(actual - predicted), [self.huber_alpha], weights)[0])
            numbers = DevianceNumbers(huber_delta=delta)
        raw = predicted
        if DISTRIBUTIONS[self.distribution].inverse_link is InverseLink.EXP:
            with np.errstate(divide="ignore"):
                raw = np.log(np.maximum(predicted, 0.0))
            if self.distribution == "tweedie":
                raw = np.maximum(raw, SMALLEST_LOG)
        with np.errstate(invalid="ignore", over="ignore"):
            values = DEVIANCES[self.distribution](np, actual, raw, numbers)
        return mean(np.asarray(values), weights)


def response_deviance(mojo: Mojo) -> ResponseDeviance | None:
    """Return a regression's deviance; None where the file does not say all that it takes."""
    told = mojo.training.parameters if mojo.training else read_details(mojo).parameters
    named = mojo.info.distribution
    if named == "AUTO":
        named = DISTRIBUTION_OF_LOSS.get(str(told.get("loss", "Automatic")), "gaussian")
    needed = {"huber": "huber_alpha", "quantile": "quantile_alpha", "tweedie": "tweedie_power"}
    own = {
        name: float(told[name])
        for name in needed.values()
        if isinstance(told.get(name), int | float) and not isinstance(told.get(name), bool)
    }
    if named not in DEVIANCES or (named in needed and needed[named] not in own):
        return None
    alpha = own.pop("huber_alpha", 0.9)
    return ResponseDeviance(distribution=named, numbers=DevianceNumbers(**own), huber_alpha=alpha)


def of_regression(
    predicted: Array, actual: Array, weights: Array, deviance: ResponseDeviance | None
) -> Metrics:
    """Measure a regression as H2O does.

    H2O holds the response as float32, and measures by what it holds; Huber's deviance alone is of
    the response as it is.

    Args:
        predicted: ``(rows,)``, in the response's units.
        actual: ``(rows,)``.
        weights: ``(rows,)``.
        deviance: None where it is not known, and not given.
    """
    with np.errstate(over="ignore"):
        held = actual.astype(np.float32).astype(np.float64)
    errors = held - predicted
    with np.errstate(invalid="ignore", divide="ignore"):
        of_logs = np.log1p(predicted) - np.log1p(held)
    found = {
        **squared_errors(errors, held, weights),
        "MAE": mean(np.abs(errors), weights),
        "RMSLE": float(np.sqrt(mean(of_logs * of_logs, weights))),
    }
    if deviance is not None:
        response = actual if deviance.distribution == "huber" else held
        found["mean_residual_deviance"] = deviance.mean(predicted, response, weights)
    return found
