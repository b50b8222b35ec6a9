"""Rows in groups: what is observed for what is said, with how sure that is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Groups:
    """Groups of rows, ``(groups,)`` each.

    Attributes:
        x: mean of what the rows are grouped by.
        y: mean of what is looked at.
        error: standard error of ``y``.
        low: what a tenth of the rows lies below; empty where it is not asked for.
        middle: what half of them lies below.
        high: what a tenth of them lies above.
        counts: number of rows.
    """

    x: Array
    y: Array
    error: Array
    low: Array
    middle: Array
    high: Array
    counts: NDArray[np.int64]


def grouped(by: Array, values: Array, weights: Array, places: NDArray[np.int64]) -> Groups:
    """Put rows in groups.

    Args:
        by: ``(rows,)``.
        values: ``(rows,)``.
        weights: ``(rows,)`` above 0.
        places: ``(rows,)`` group of each row; those without a row are left out.
    """
    _, places = np.unique(places, return_inverse=True)
    sums = np.bincount(places, weights)
    x = np.bincount(places, weights * by) / sums
    y = np.bincount(places, weights * values) / sums
    spread = np.bincount(places, weights * (values - y[places]) ** 2) / sums
    # So many rows of one weight are as sure.
    counted = sums**2 / np.bincount(places, weights**2)
    return Groups(
        x=x, y=y, error=np.sqrt(spread / np.maximum(counted - 1, 1)),
        low=np.empty(0), middle=np.empty(0), high=np.empty(0), counts=np.bincount(places),
    )  # fmt: skip


def equal_groups(by: Array, weights: Array, most: int) -> NDArray[np.int64]:
    """Return each row's group ``(rows,)``: of about the same weight, equal numbers together."""
    numbers, places = np.unique(by, return_inverse=True)
    sums = np.bincount(places, weights, len(numbers))
    middles = np.cumsum(sums) - sums / 2
    return np.asarray((middles / sums.sum() * most).astype(np.int64)[places])


def bulk(by: Array, values: Array, weights: Array, most: int) -> Groups:
    """Return groups by rising numbers with the bulk of each."""
    places = equal_groups(by, weights, most)
    found = grouped(by, values, weights, places)
    parts = [values[places == place] for place in np.unique(places)]
    low, middle, high = np.array([np.quantile(part, (0.1, 0.5, 0.9)) for part in parts]).T
    return Groups(
        x=found.x, y=found.y, error=found.error, low=low, middle=middle, high=high,
        counts=found.counts,
    )  # fmt: skip
