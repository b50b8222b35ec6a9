"""All that H2O's ``model_performance`` says of a model's predictions of labelled rows."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mojo_reader.comparing.metrics.basics import Array, Metrics, Positions, mean
from mojo_reader.comparing.metrics.binned import BINS, binned
from mojo_reader.comparing.metrics.classes import (
    TWO,
    confusion,
    hit_ratios,
    of_curve,
    of_more,
    of_two,
)
from mojo_reader.comparing.metrics.gains import Gains, gains_and_lift, group_bounds
from mojo_reader.comparing.metrics.pairs import of_pairs
from mojo_reader.comparing.metrics.response import of_regression, response_deviance
from mojo_reader.comparing.metrics.thresholds import Curve
from mojo_reader.details import read_details
from mojo_reader.model import Classification, Mojo, Reconstruction

__all__ = ["Performance", "of_predictions", "performance"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Performance:
    """H2O's metrics of predictions.

    Attributes:
        rows: rows that were measured: those with a response, a weight above 0 and a prediction.
        weight: sum of their weights.
        figures: by H2O's name.
        binned: figures of two classes as H2O has them, from at most 400 thresholds; empty where
            there are no more, and ``figures`` are H2O's.
        labels: of the classes; empty for other models.
        confusion: ``(n_classes, n_classes)`` weight of the rows by actual class (down) and the
            label that the model gives; None for other models.
        curve: of two classes, with a threshold for each distinct score.
        gains: gains and lift of two classes; None where there are none.
        hit_ratios: of more than two classes, ``(most,)`` share of rows whose class is among the
            best 1, 2, ...; None for other models.
    """

    rows: int
    weight: float
    figures: Metrics
    binned: Metrics = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    confusion: Array | None = None
    curve: Curve | None = None
    gains: Gains | None = None
    hit_ratios: Array | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return all but the curve for JSON, by H2O's names; None for what is no number."""
        found: dict[str, Any] = {
            "rows": self.rows,
            "weight": self.weight,
            "metrics": _numbers(self.figures),
        }
        if self.binned:
            found["metrics_of_400_thresholds"] = _numbers(self.binned)
        if self.confusion is not None:
            counts = self.confusion.tolist()
            found["confusion_matrix"] = {"labels": list(self.labels), "weights": counts}
        if self.curve is not None:
            found["max_criteria_and_metric_scores"] = {
                name: {"threshold": best.threshold, "value": best.value}
                for name, best in self.curve.maxima().items()
            }
        if self.gains is not None:
            columns = {name: _list(values) for name, values in self.gains.columns.items()}
            found["gains_lift_table"] = columns
        if self.hit_ratios is not None:
            found["hit_ratios"] = _list(self.hit_ratios)
        return found


def _numbers(figures: Metrics) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in figures.items()}


def _list(values: Array) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Known:
    """Predictions of rows that are measured."""

    values: Array
    labels: Positions | None
    response: Array
    weights: Array


def of_predictions(
    mojo: Mojo,
    values: Array,
    labels: Positions | None,
    response: Array | None,
    weights: Array | None = None,
) -> Metrics:
    """Return the figures that H2O reports, by H2O's names.

    Rows without a response, without a number as prediction, or of weight 0 are not measured.

    Args:
        mojo: the model.
        values: ``(rows, n_classes)`` probabilities, or ``(rows, 1)``: the predicted response, or an
            autoencoder's errors (``Scorer.anomaly`` with ``missing="server"``).
        labels: ``(rows,)`` positions of the labels (``Scorer.label_indices``); None for others.
        response: ``(rows,)`` float64: positions of the classes, or numbers, NaN where it is
            missing; an infinite one is, too. None for an autoencoder.
        weights: ``(rows,)``, none below 0; None where all rows weigh 1.

    Returns:
        ``AUC``, ``pr_auc`` (exact; of more than two classes where the model's ``auc_type`` names a
        kind), ``Gini`` (of two classes), ``mean_per_class_error``,
        ``logloss`` (of classes), ``MSE``, ``RMSE``, ``r2``, ``accuracy`` (of the model's own
        labels), ``MAE``, ``RMSLE``, ``mean_residual_deviance`` (of a response); an autoencoder has
        ``MSE`` and ``RMSE``. Empty where no row can be measured.
    """
    known = _known(values, labels, response, weights)
    return _figures(mojo, known, _curve(mojo, known)) if len(known.weights) else {}


def performance(  # noqa: PLR0913 - the last is an option
    mojo: Mojo,
    values: Array,
    labels: Positions | None,
    response: Array | None,
    weights: Array | None = None,
    *,
    groups: int = -1,
) -> Performance | None:
    """Return the figures of ``of_predictions`` and what stands behind them.

    Args:
        mojo: the model.
        values: as for ``of_predictions``.
        labels: as for ``of_predictions``.
        response: as for ``of_predictions``.
        weights: as for ``of_predictions``.
        groups: of gains and lift, H2O's ``gainslift_bins``.

    Returns:
        None where no row can be measured.
    """
    known = _known(values, labels, response, weights)
    if not len(known.weights):
        return None
    curve = _curve(mojo, known)
    found = Performance(
        rows=len(known.weights),
        weight=float(known.weights.sum()),
        figures=_figures(mojo, known, curve),
        curve=curve,
    )
    if known.labels is None:
        return found
    classes = known.values.shape[1]
    actual = known.response.astype(np.int64)
    found = replace(
        found,
        labels=() if not isinstance(mojo.output, Classification) else mojo.output.labels,
        confusion=confusion(known.labels, actual, known.weights, classes),
    )
    if curve is None:
        return replace(
            found, hit_ratios=hit_ratios(known.values, known.labels, actual, known.weights)
        )
    scores, positive = known.values[:, 1], actual == 1
    weighed = np.ones(len(values)) if weights is None else np.nan_to_num(weights)
    # H2O scores no row of weight 0, and has 0 there.
    there = np.isfinite(values[:, 1])
    bounds = group_bounds(np.where(weighed > 0, values[:, 1], 0.0)[there], weighed[there], groups)
    many = len(curve.thresholds) > BINS
    return replace(
        found,
        binned=of_curve(binned(scores, positive, known.weights)) if many else {},
        gains=gains_and_lift(scores, positive, known.weights, bounds),
    )


def _known(
    values: Array, labels: Positions | None, response: Array | None, weights: Array | None
) -> _Known:
    """Leave out the rows that are not measured."""
    weighed = np.ones(len(values)) if weights is None else np.nan_to_num(weights)
    there = np.isfinite(values).all(axis=1) & (weighed > 0)
    if response is not None:
        there &= np.isfinite(response)
    return _Known(
        values=values[there],
        labels=None if labels is None else labels[there],
        response=np.zeros(int(there.sum())) if response is None else response[there],
        weights=weighed[there],
    )


def _curve(mojo: Mojo, known: _Known) -> Curve | None:
    output = mojo.output
    if not isinstance(output, Classification) or len(output.labels) != TWO:
        return None
    if not len(known.weights):
        return None
    return Curve.of(known.values[:, 1], known.response == 1, known.weights)


def _figures(mojo: Mojo, known: _Known, curve: Curve | None) -> Metrics:
    values, weights = known.values, known.weights
    if isinstance(mojo.output, Reconstruction):
        mse = mean(values[:, 0], weights)
        return {"MSE": mse, "RMSE": float(np.sqrt(mse))}
    if known.labels is None:
        return of_regression(values[:, 0], known.response, weights, response_deviance(mojo))
    actual = known.response.astype(np.int64)
    if curve is None:
        auc_type = read_details(mojo).parameters.get("auc_type")
        areas = of_pairs(values, actual, weights, auc_type)
        return {**areas, **of_more(values, known.labels, actual, weights)}
    return of_two(curve, values, known.labels, actual, weights)
