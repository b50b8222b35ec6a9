"""H2O's table of gains and lift: the rows in groups by falling probability.

Source: ``hex.GainsLift``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics.basics import Array
from mojo_reader.comparing.metrics.quantiles import quantiles

__all__ = ["Gains", "gains_and_lift", "group_bounds"]

#: Shares of the rows above which the groups begin, where ``gainslift_bins`` is -1.
_SHARES: Final = (0.99, 0.98, 0.97, 0.96, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1,
                  0.0)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Gains:
    """The table, ``(groups,)`` float64 each, by H2O's names.

    Attributes:
        columns: by H2O's name.
        response_rate: share of the second class among all rows.
    """

    columns: dict[str, Array]
    response_rate: float

    @property
    def kolmogorov_smirnov(self) -> float:
        """The largest distance between what is captured of both classes."""
        return float(self.columns["kolmogorov_smirnov"].max())


def group_bounds(scores: Array, weights: Array, groups: int = -1) -> Array:
    """Return the least score of each group, the largest first, ``(groups,)``.

    Args:
        scores: ``(rows,)`` probabilities of the second class, of all rows with or without response.
        weights: ``(rows,)``; H2O has a score of 0 where one is 0.
        groups: H2O's ``gainslift_bins``; -1 for 16 groups, smaller where scores are the largest.
    """
    shares = _SHARES if groups < 1 else [(groups - 1.0 - at) / groups for at in range(groups)]
    return np.unique(quantiles(scores, shares, weights))[::-1]


def gains_and_lift(
    scores: Array, positive: NDArray[np.bool_], weights: Array, bounds: Array
) -> Gains | None:
    """Return gains and lift of groups.

    H2O counts each row as its weight without what is behind the decimal point.

    Args:
        scores: ``(rows,)`` probabilities of the second class, of the rows with a response.
        positive: ``(rows,)``, the row is of that class.
        weights: ``(rows,)`` above 0.
        bounds: as ``group_bounds`` returns them.

    Returns:
        None where nothing counts, or no row is of the second class.
    """
    places = len(bounds) - np.searchsorted(bounds[::-1], scores, side="right")
    there = places < len(bounds)
    counts = np.trunc(weights)
    observed, events, sums = (
        np.asarray(np.bincount(places[there], values[there], len(bounds)), np.float64)
        for values in (counts, counts * positive, weights * scores)
    )
    total, found = float(observed.sum()), float((counts * positive).sum())
    if not total or not found:
        return None
    return _table(bounds, observed, events, sums, found / total)


def _table(bounds: Array, observed: Array, events: Array, sums: Array, rate: float) -> Gains:
    filled = np.where(observed > 0, observed, 1.0)
    rates = np.where(observed > 0, events / filled, 0.0)
    scores = np.where(observed > 0, sums / filled, 0.0)
    total = observed.sum()
    hits = np.floor(total * rate + 0.5)
    so_far, caught = np.cumsum(observed), np.cumsum(events)
    others = total - hits
    with np.errstate(divide="ignore", invalid="ignore"):
        lift, total_lift = rates / rate, caught / so_far / rate
        columns = {
            "group": np.arange(1.0, len(bounds) + 1.0),
            "cumulative_data_fraction": so_far / total,
            "lower_threshold": bounds,
            "lift": lift,
            "cumulative_lift": total_lift,
            "response_rate": rates,
            "score": scores,
            "cumulative_response_rate": caught / so_far,
            "cumulative_score": np.cumsum(observed * scores) / so_far,
            "capture_rate": events / hits,
            "cumulative_capture_rate": caught / hits,
            "gain": 100.0 * (lift - 1.0),
            "cumulative_gain": 100.0 * (total_lift - 1.0),
            "kolmogorov_smirnov": caught / hits - (so_far - caught) / others
            if others
            else caught / hits,
        }
    return Gains(columns=columns, response_rate=rate)
