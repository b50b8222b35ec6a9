"""What two classes' scores tell apart at each threshold: areas, and the best of each criterion.

Source: ``hex.AUC2``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics.basics import Array

__all__ = ["CRITERIA", "Best", "Curve", "auc", "error_at_max_f1", "pr_auc"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Curve:
    """Hits and misses from each threshold on.

    Attributes:
        thresholds: ``(thresholds,)`` float64, the largest first.
        hits: ``(thresholds,)`` float64, weight of the second class's rows whose score is at least
            that.
        misses: ``(thresholds,)`` float64, weight of the first class's.
    """

    thresholds: Array
    hits: Array
    misses: Array

    @classmethod
    def of(cls, scores: Array, positive: Bools, weights: Array) -> "Curve":
        """Return the exact curve, with a threshold for each distinct score.

        Args:
            scores: ``(rows,)`` probabilities of the second class, at least one.
            positive: ``(rows,)``, the row is of that class.
            weights: ``(rows,)``.
        """
        falling, places = np.unique(-scores, return_inverse=True)
        hits = np.bincount(places, weights * positive)
        misses = np.bincount(places, weights * ~positive)
        return cls(thresholds=-falling, hits=np.cumsum(hits), misses=np.cumsum(misses))

    @property
    def both(self) -> bool:
        """Whether there are rows of both classes."""
        return bool(self.hits[-1] and self.misses[-1])

    @property
    def positives(self) -> float:
        """Weight of the second class."""
        return float(self.hits[-1])

    @property
    def negatives(self) -> float:
        """Weight of the first class."""
        return float(self.misses[-1])

    def auc(self) -> float:
        """Return the area under the ROC curve; NaN where a class is absent."""
        if not self.both:
            return float("nan")
        hits, misses = np.diff(self.hits, prepend=0.0), np.diff(self.misses, prepend=0.0)
        # A miss is beaten by the hits of larger scores, and by half of those of its own.
        beaten = (misses * (self.hits - 0.5 * hits)).sum()
        return float(beaten / self.positives / self.negatives)

    def pr_auc(self) -> float:
        """Return the area under the curve of precision and recall; NaN where a class is absent.

        Between two thresholds precision is that of a mix of both.
        """
        if not self.both:
            return float("nan")
        hits, misses, total = self.hits, self.misses, self.positives
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

    def values(self, criterion: str) -> Array:
        """Return a criterion of ``CRITERIA`` at each threshold, NaN where it is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return CRITERIA[criterion](_Cells(self))

    def best(self, criterion: str) -> "Best | None":
        """Return where a criterion is the largest, first of equals; None where it is nowhere."""
        values = self.values(criterion)
        if np.isnan(values).all():
            return None
        place = int(np.nanargmax(values))
        return Best(
            threshold=float(self.thresholds[place]), value=float(values[place]), place=place
        )

    def maxima(self) -> "dict[str, Best]":
        """Return H2O's ``max_criteria_and_metric_scores``, by the criterion's name."""
        found = {f"max {name}": self.best(name) for name in CRITERIA}
        return {name: best for name, best in found.items() if best is not None}

    def error_at_max_f1(self) -> float:
        """Return the mean error of both classes where F1 is the largest; NaN without both.

        It is H2O's ``mean_per_class_error`` of two classes, whose confusion matrix is at that
        threshold of the rows at hand.
        """
        best = self.best("f1") if self.both else None
        if best is None:
            return float("nan")
        missed = 1.0 - self.hits[best.place] / self.positives
        return float((missed + self.misses[best.place] / self.negatives) / 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Best:
    """Where a criterion is the largest.

    Attributes:
        threshold: the label is the second class from it on.
        value: the criterion there.
        place: of the threshold in the curve.
    """

    threshold: float
    value: float
    place: int


class _Cells:
    """The four cells of the confusion matrix at each threshold, ``(thresholds,)`` float64."""

    def __init__(self, curve: Curve) -> None:
        self.tp, self.fp = curve.hits, curve.misses
        self.fn, self.tn = curve.positives - self.tp, curve.negatives - self.fp
        self.recall = self.tp / (self.tp + self.fn)
        self.specificity = self.tn / (self.tn + self.fp)
        self.precision = self.tp / (self.tp + self.fp)

    def f(self, square: float) -> Array:
        """The mean of precision and recall, which weighs recall ``square`` times as much."""
        product = (1.0 + square) * self.precision * self.recall
        return product / (square * self.precision + self.recall)

    def mcc(self) -> Array:
        """The size of Matthews's correlation; 0 where a row or column of the matrix is empty."""
        found = self.tp * self.tn - self.fp * self.fn
        sides = (self.tp + self.fp) * (self.tp + self.fn)
        sides = sides * (self.tn + self.fp) * (self.tn + self.fn)
        return np.where(found == 0, 0.0, np.minimum(np.abs(found / np.sqrt(sides)), 1.0))


#: ``AUC2.ThresholdCriterion``, in H2O's order.
CRITERIA: Final[Mapping[str, Callable[[_Cells], Array]]] = {
    "f1": lambda cells: cells.f(1.0),
    "f2": lambda cells: cells.f(4.0),
    "f0point5": lambda cells: cells.f(0.25),
    "accuracy": lambda cells: (cells.tn + cells.tp) / (cells.tp + cells.fn + cells.tn + cells.fp),
    "precision": lambda cells: cells.precision,
    "recall": lambda cells: cells.recall,
    "specificity": lambda cells: cells.specificity,
    "absolute_mcc": _Cells.mcc,
    "min_per_class_accuracy": lambda cells: np.minimum(cells.recall, cells.specificity),
    "mean_per_class_accuracy": lambda cells: 0.5 * (cells.recall + cells.specificity),
    "tns": lambda cells: cells.tn,
    "fns": lambda cells: cells.fn,
    "fps": lambda cells: cells.fp,
    "tps": lambda cells: cells.tp,
    "tnr": lambda cells: cells.specificity,
    "fnr": lambda cells: 1.0 - cells.recall,
    "fpr": lambda cells: 1.0 - cells.specificity,
    "tpr": lambda cells: cells.recall,
}


def auc(scores: Array, positive: Bools, weights: Array) -> float:
    """Return the area under the ROC curve; NaN where a class is absent.

    Args:
        scores: ``(rows,)`` probabilities of the second class.
        positive: ``(rows,)``, the row is of that class.
        weights: ``(rows,)``.
    """
    return Curve.of(scores, positive, weights).auc()


def pr_auc(scores: Array, positive: Bools, weights: Array) -> float:
    """Return the area under the curve of precision and recall, of the arguments of ``auc``."""
    return Curve.of(scores, positive, weights).pr_auc()


def error_at_max_f1(scores: Array, positive: Bools, weights: Array) -> float:
    """Return the mean error of both classes where F1 is the largest, of the arguments of ``auc``.

    It is NaN where a class is absent.
    """
    return Curve.of(scores, positive, weights).error_at_max_f1()
