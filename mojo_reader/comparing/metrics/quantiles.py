"""H2O's quantiles of numbers with weights.

H2O finds them by histograms of 1,024 bins, each pass within a bin of the one before. Where weights
are whole numbers that is the quantile of as many rows. Where they are not, H2O cuts sums of them
off to whole ones on the way, so that the result is that of the passes; where a sum is a whole
number but for its last bit, it hangs on how H2O's server cuts the rows. Here they are one piece.

Source: ``hex.quantile.Quantile``.
"""

from collections.abc import Sequence
from math import nan, ulp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics.basics import Array

_BINS: Final = 1024
#: Passes narrow the range by the number of bins; where one does not, no further one would.
_PASSES: Final = 12


def quantiles(values: Array, shares: Sequence[float], weights: Array) -> Array:
    """Return numbers that shares of the rows are not above, between two numbers in proportion.

    Args:
        values: ``(rows,)`` float64, finite, at least one.
        shares: ``(shares,)``, 0 to 1.
        weights: ``(rows,)`` float64; rows of weight 0 only widen the range of the first pass.

    Returns:
        ``(shares,)`` float64.
    """
    if bool((weights == np.trunc(weights)).all()):
        return _of_whole(values, np.asarray(shares), weights)
    whole = bool((values == np.trunc(values)).all())
    first = _Histogram(
        values, weights, float(values.min()), float(values.max()), before=0.0, whole=whole
    )
    # Added up one by one, as H2O does: the last bit decides which whole number is next.
    last = float(np.cumsum(weights)[-1]) - 1.0
    return np.array([_narrowed(first, share * last) for share in shares])


def _narrowed(histogram: "_Histogram", row: float) -> float:
    for _ in range(_PASSES):
        found = histogram.quantile(row)
        if not np.isnan(found):
            return found
        histogram = histogram.refined(row)
    return histogram.middle(row)


def _of_whole(values: Array, shares: Array, weights: Array) -> Array:
    """Return the quantiles where each row stands for a whole number of rows."""
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(weights[order])
    rows = shares * max(0.0, float(ends[-1]) - 1.0)
    firsts = np.floor(rows)
    low, high = (
        values[order[np.minimum(np.searchsorted(ends, at, side="right"), len(order) - 1)]]
        for at in (firsts, firsts + 1.0)
    )
    return np.asarray(low + (high - low) * (rows - firsts))


class _Histogram:
    """Bins of equal width, each with its weight, its smallest and its largest number."""

    def __init__(  # noqa: PLR0913 - the last are of H2O's
        self, values: Array, weights: Array, low: float, high: float, *, before: float, whole: bool
    ) -> None:
        self._values, self._weights, self._whole = values, weights, whole
        few = whole and high - low < _BINS
        self._bins = int(high - low + 1) if few else _BINS
        step = 1.0 if few else (high + ulp(max(abs(low), abs(high))) - low) / self._bins
        self._edge = low + step * self._bins
        places: NDArray[np.float64] = (values - low) / step
        inside = (places >= 0) & (places < self._bins) & (weights != 0)
        bins, numbers = places[inside].astype(np.int64), values[inside]
        sums = np.bincount(bins, weights[inside], self._bins)
        self._least = np.full(self._bins, np.inf)
        np.minimum.at(self._least, bins, numbers)
        self._largest = np.full(self._bins, -np.inf)
        np.maximum.at(self._largest, bins, numbers)
        self._before = before
        # A whole number after each bin, as Java adds a double to a long.
        total, ends = float(int(before)), []
        for weight in sums.tolist():
            total = float(int(total + weight))
            ends.append(total)
        self._ends = np.array(ends)
        self._sums = sums

    def _bin(self, row: float) -> int:
        """Bin of a row in order; the number of bins for one after all."""
        return int(np.searchsorted(self._ends, row, side="right"))

    def quantile(self, row: float) -> float:
        """Return the quantile at a row in order, NaN where another pass is needed."""
        first = int(row)
        low = self._bin(first)
        lower = self._edge if low == self._bins else float(self._largest[low])
        if low < self._bins and first == row and self._least[low] == lower:
            return lower
        high = self._bin(first + 1)
        upper = self._edge if high == self._bins else float(self._least[high])
        if low == high:
            return lower if lower == upper else nan
        return lower + (upper - lower) * (row - first)

    def refined(self, row: float) -> "_Histogram":
        """Return a histogram of the numbers around a row in order."""
        first = int(row)
        low, high = self._bin(first), self._bin(first if first == row else first + 1)
        upper = self._edge if high == self._bins else float(self._largest[high])
        return _Histogram(
            self._values,
            self._weights,
            float(self._least[low]),
            upper,
            before=float(int(self._before)) + float(self._sums[:low].astype(np.int64).sum()),
            whole=self._whole,
        )

    def middle(self, row: float) -> float:
        """Return a number of the row's bin, which no pass makes narrower."""
        return float(self._least[min(self._bin(int(row)), self._bins - 1)])
