"""The threshold of the largest F1, as H2O takes it from its histogram of probabilities.

Source: ``hex.AUC2``. H2O keeps at most 400 bins, so with more distinct probabilities than that the
threshold is a bin's mean and not a row's own probability. It depends on the order of the rows;
H2O adds the rows of one chunk in order, as is done here, and then joins the chunks' histograms.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.java import text as java
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.model import Mojo
from mojo_reader.scoring.thresholds import check_threshold

__all__ = ["max_f1_threshold", "with_threshold"]

#: Bins of H2O's histogram (``AUC2.NBINS``).
BINS: Final = 400
#: What H2O takes where no threshold has an F1.
DEFAULT: Final = 0.5


def max_f1_threshold(
    probabilities: ArrayLike, actual: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Return the probability from which on predicting the second class has the largest F1.

    About ten microseconds a row.

    Args:
        probabilities: ``(rows,)`` of the second class, from 0 to 1. NaN leaves the row out.
        actual: ``(rows,)``, 1 for the second class and 0 for the first. NaN leaves the row out.
        weights: ``(rows,)``, finite and not negative; None weighs all rows alike.

    Returns:
        H2O's ``default_threshold`` of these rows; 0.5 where no row is of the second class.

    Raises:
        MojoDataError: the arrays do not fit each other, or hold other numbers.
    """
    predicted = np.asarray(probabilities, np.float64)
    actuals = np.asarray(actual, np.float64)
    row_weights = np.ones_like(predicted) if weights is None else np.asarray(weights, np.float64)
    _check(predicted, actuals, row_weights)
    counted = ~np.isnan(predicted) & ~np.isnan(actuals) & (row_weights > 0)
    histogram = _Histogram()
    for probability, is_second, weight in zip(
        predicted[counted].tolist(),
        (actuals[counted] == 1).tolist(),
        row_weights[counted].tolist(),
        strict=True,
    ):
        histogram.add(probability, weight, is_second=is_second)
    return histogram.best_threshold()


def with_threshold(mojo: Mojo, threshold: float) -> Mojo:
    """Return the model with another threshold between its two classes.

    Raises:
        MojoUnsupportedError: the model has no two classes, or the threshold is no number from 0
            to 1.
    """
    check_threshold(mojo, threshold)
    return rebuilt(mojo, keys={"default_threshold": java.double_text(threshold)})


def _check(
    predicted: NDArray[np.float64], actuals: NDArray[np.float64], weights: NDArray[np.float64]
) -> None:
    if not predicted.shape == actuals.shape == weights.shape == (predicted.size,):
        message = (
            "expected one probability, one actual class and one weight a row, found arrays of "
            f"{predicted.shape}, {actuals.shape} and {weights.shape}"
        )
        raise MojoDataError(message)
    if (predicted < 0).any() or (predicted > 1).any():
        raise MojoDataError("expected probabilities from 0 to 1")
    if not (np.isin(actuals, (0, 1)) | np.isnan(actuals)).all():
        raise MojoDataError("expected actual classes of 0 and 1")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise MojoDataError("expected weights that are finite and not negative")


class _Histogram:
    """Bins over probabilities, merged where that adds the least squared error (``AUCBuilder``).

    The order of operations is Java's, so that the thresholds are H2O's to the last bit.
    """

    def __init__(self) -> None:
        self._n = 0
        # One more than the bins: a row is inserted first, then two bins are merged.
        self._centers = np.empty(BINS + 1)
        self._errors = np.empty(BINS + 1)
        self._hits = np.empty(BINS + 1)
        self._misses = np.empty(BINS + 1)
        # Merging this bin with the next adds the least error; None where that is not known.
        self._cheapest: int | None = None

    def add(self, probability: float, weight: float, *, is_second: bool) -> None:
        """Count one row (``perRow``)."""
        index = int(np.searchsorted(self._centers[: self._n], probability))
        if index < self._n and self._centers[index] == probability:
            self._count(index, weight, is_second=is_second)
            self._cheapest = None
        elif not self._folded(index, probability, weight, is_second=is_second):
            self._insert(index, probability, weight, is_second=is_second)
            if self._n > BINS:
                self._merge()

    def best_threshold(self) -> float:
        """The center of the bin from which on F1 is largest (``AUC2.defaultThreshold``)."""
        centers = self._centers[: self._n][::-1]
        hits = self._hits[: self._n][::-1].cumsum()
        misses = self._misses[: self._n][::-1].cumsum()
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = hits / (hits + misses)
            # As Java does: the second class's rows are those found and those not found.
            recall = hits / (hits + (hits[-1:] - hits))
            f1 = 2.0 * (precision * recall) / (precision + recall)
        scores = np.where(np.isnan(f1), -np.inf, f1)
        if not (scores > -np.inf).any():
            return DEFAULT
        return float(centers[int(np.argmax(scores))])

    def _count(self, index: int, weight: float, *, is_second: bool) -> None:
        counts = self._hits if is_second else self._misses
        counts[index] += weight

    def _weight(self, index: int) -> float:
        return float(self._hits[index] + self._misses[index])

    def _folded(self, index: int, probability: float, weight: float, *, is_second: bool) -> bool:
        """Put a row into a neighbouring bin of a full histogram, where no merge is cheaper."""
        inner = self._n == BINS and 0 < index < self._n
        if not inner or self._centers[index - 1] == self._centers[index]:
            return False
        cheapest = self._find_cheapest()
        least = (
            self._errors[cheapest]
            + self._errors[cheapest + 1]
            + _added_error(
                self._centers[cheapest + 1],
                self._weight(cheapest + 1),
                self._centers[cheapest],
                self._weight(cheapest),
            )
        )
        left = self._errors[index - 1] + _added_error(
            probability, weight, self._centers[index - 1], self._weight(index - 1)
        )
        right = self._errors[index] + _added_error(
            self._centers[index], self._weight(index), probability, weight
        )
        if not (left < least or right < least):
            return False
        self._fold(index - 1 if left <= right else index, probability, weight, is_second=is_second)
        return True

    def _fold(self, index: int, probability: float, weight: float, *, is_second: bool) -> None:
        if self._cheapest in (index - 1, index):
            self._cheapest = None
        center, before = float(self._centers[index]), self._weight(index)
        self._count(index, weight, is_second=is_second)
        self._errors[index] += _added_error(probability, weight, center, before)
        self._centers[index] = _joined_center(center, before, probability, weight)

    def _insert(self, index: int, probability: float, weight: float, *, is_second: bool) -> None:
        """Give a row a bin of its own."""
        if self._cheapest is not None:
            if index in (0, self._n, self._cheapest):
                self._cheapest = None
            elif index < self._cheapest:
                self._cheapest += 1
        row = (probability, 0.0, weight if is_second else 0.0, 0.0 if is_second else weight)
        arrays = (self._centers, self._errors, self._hits, self._misses)
        for numbers, number in zip(arrays, row, strict=True):
            numbers[index + 1 : self._n + 1] = numbers[index : self._n]
            numbers[index] = number
        self._n += 1

    def _merge(self) -> None:
        """Merge the two bins whose merging adds the least error (``mergeOneBin``)."""
        first = self._find_cheapest()
        second = first + 1
        before, added = self._weight(first), self._weight(second)
        centers = float(self._centers[first]), float(self._centers[second])
        self._errors[first] = (
            self._errors[first]
            + self._errors[second]
            + _added_error(centers[1], added, centers[0], before)
        )
        self._centers[first] = _joined_center(centers[0], before, centers[1], added)
        self._hits[first] += self._hits[second]
        self._misses[first] += self._misses[second]
        for numbers in (self._centers, self._errors, self._hits, self._misses):
            numbers[second : self._n - 1] = numbers[second + 1 : self._n]
        self._n -= 1
        self._cheapest = None

    def _find_cheapest(self) -> int:
        """The first bin whose merging with the next adds the least error (``find_smallest``)."""
        if self._cheapest is None:
            centers = self._centers[: self._n]
            weights = self._hits[: self._n] + self._misses[: self._n]
            errors = self._errors[: self._n]
            added = _added_errors(centers, weights)
            total = errors[:-1] + errors[1:] + added
            # Equal centers are merged before any others.
            self._cheapest = int(np.argmin(np.where(added == 0, -1.0, total)))
        return self._cheapest


def _added_error(center_1: float, weight_1: float, center_0: float, weight_0: float) -> float:
    """Squared error that joining two bins adds; none where they are one float32."""
    delta = float(np.float32(center_1) - np.float32(center_0))
    return delta * delta * weight_0 * weight_1 / (weight_0 + weight_1)


def _added_errors(
    centers: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``_added_error`` of each bin with the next ``(bins - 1,)``."""
    delta = np.diff(centers.astype(np.float32)).astype(np.float64)
    below, above = weights[:-1], weights[1:]
    return np.asarray(delta * delta * below * above / (below + above))


def _joined_center(center_0: float, weight_0: float, center_1: float, weight_1: float) -> float:
    return (center_1 * weight_1 + center_0 * weight_0) / (weight_1 + weight_0)
