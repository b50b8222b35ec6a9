"""Areas of more than two classes: each against the rest, or each against each.

Source: ``hex.MultinomialAUC``, ``PairwiseAUC``; which one a model has is its ``auc_type``.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics.basics import Array, Metrics, Positions
from mojo_reader.comparing.metrics.thresholds import Curve

#: H2O's words for the kinds of areas.
AUC_TYPES: Final = ("MACRO_OVR", "WEIGHTED_OVR", "MACRO_OVO", "WEIGHTED_OVO")
#: ``MultinomialAUC.MAX_AUC_CLASSES``.
_MOST_CLASSES: Final = 50
#: ``AUC``, ``pr_auc``, and the weight of what they are of.
_Areas = tuple[float, float, float]


def of_pairs(probabilities: Array, actual: Positions, weights: Array, auc_type: object) -> Metrics:
    """Return ``AUC`` and ``pr_auc``, exact; nothing where the model has none.

    Args:
        probabilities: ``(rows, n_classes)``.
        actual: ``(rows,)`` positions of the labels.
        weights: ``(rows,)``.
        auc_type: one of ``AUC_TYPES``; by any other word H2O computes no area.
    """
    if auc_type not in AUC_TYPES or probabilities.shape[1] > _MOST_CLASSES:
        return {}
    each = _against_each if auc_type in {"MACRO_OVO", "WEIGHTED_OVO"} else _against_the_rest
    areas, curves, sizes = np.array(list(each(probabilities, actual, weights))).T
    shares = sizes if auc_type in {"WEIGHTED_OVR", "WEIGHTED_OVO"} else np.ones(len(sizes))
    return {
        "AUC": float(np.average(areas, weights=shares)),
        "pr_auc": float(np.average(curves, weights=shares)),
    }


def _against_the_rest(probabilities: Array, actual: Positions, weights: Array) -> Iterator[_Areas]:
    for place in range(probabilities.shape[1]):
        yield _areas(probabilities[:, place], actual == place, weights)


def _against_each(probabilities: Array, actual: Positions, weights: Array) -> Iterator[_Areas]:
    """Of each pair the mean of both ways, of the rows of its classes alone."""
    for first, second in combinations(range(probabilities.shape[1]), 2):
        own = (actual == first) | (actual == second)
        if not own.any():
            yield 0.0, 0.0, 0.0
            continue
        both = [
            _areas(probabilities[own, place], actual[own] == place, weights[own])
            for place in (first, second)
        ]
        yield (
            (both[0][0] + both[1][0]) / 2,
            (both[0][1] + both[1][1]) / 2,
            both[0][2] + both[1][2],
        )


def _areas(scores: Array, positive: NDArray[np.bool_], weights: Array) -> _Areas:
    """Return both areas, where a class is absent those that H2O counts in: 1 or 0."""
    curve = Curve.of(scores, positive, weights)
    if not curve.both:
        found = float(not curve.negatives)
        return found, found, curve.positives
    return curve.auc(), curve.pr_auc(), curve.positives
