"""How far rows are from training: the statistics, and the rule by which a column is flagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .data_known import Known
from .tallies import LevelTally, NumberTally, Tally

Array = NDArray[np.float64]
#: From which population stability index on a column has moved, and has drifted.
PSI_MOVED: Final = 0.1
PSI_DRIFTED: Final = 0.25
#: Deviations (of an autoencoder ranges) that a mean may move, and how far a spread may.
SHIFT: Final = 0.5
SHIFT_OF_RANGE: Final = 0.1
SPREAD: Final = 2.0
#: Shares of the cells: missing ones above the reference's, or above none that is known; unseen
#: levels; numbers outside.
MISSING: Final = 0.05
MISSING_UNKNOWN: Final = 0.5
ODD: Final = 0.01
#: Fewer cells are no share.
_FEW: Final = 3
_FEW_NUMBERS: Final = 30
#: What chance gives in one column of a thousand: of a normal, and of what lies outside of the
#: least and the largest of ``m`` numbers, times ``m`` (a gamma distribution of shape 2).
_CHANCE: Final = 3.09
_CHANCE_OUTSIDE: Final = 9.23
#: A level with fewer rows expected in either set is counted among the rare ones.
_RARE: Final = 5.0
#: Of a share that is 0, as it stands in a logarithm: half a row; where rows are not counted:
_LEAST_SHARE: Final = 1e-4


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How far one column is from training.

    Attributes:
        psi: population stability index; None where the reference's shares are not known.
        shift: of the mean, in deviations (ranges) of training; None where these are not known.
        spread: the deviation over training's; None where that is not known.
        missing: share of missing cells.
        unseen: share of levels that the model does not know.
        outside: share of numbers outside of the span.
        flag: 2 for drifted, 1 for moved, 0 for neither.
        reasons: what the flag is for.
        strength: how far beyond the rule's bounds it is, to sort by.
    """

    psi: float | None
    shift: float | None
    spread: float | None
    missing: float
    unseen: float
    outside: float
    flag: int
    reasons: tuple[str, ...]
    strength: float


def stability_index(reference: Array, found: Array, *, shares: bool = False) -> float:
    """Return the population stability index: ``sum((q - p) * log(q / p))`` over the bins.

    A share that is 0 stands for half a row, without which the index would be infinite.

    Args:
        reference: ``(bins,)`` rows of the reference in each bin.
        found: ``(bins,)`` rows in each bin.
        shares: the reference holds shares, not rows.
    """
    p, q = reference / reference.sum(), found / found.sum()
    p = np.maximum(p, _LEAST_SHARE if shares else 0.5 / reference.sum())
    q = np.maximum(q, 0.5 / found.sum())
    return float(((q - p) * np.log(q / p)).sum())


def chance_index(bins: int, reference: float, found: float) -> float:
    """Return the index that rows of one distribution exceed once in a thousand times.

    The index is about chi-squared with one degree of freedom less than bins, times the sum of
    both numbers' inverses; its quantile is Wilson's and Hilferty's.
    """
    if bins < 2:  # noqa: PLR2004 - a single bin never moves
        return np.inf
    freedom = bins - 1
    part = 2 / (9 * freedom)
    quantile = freedom * (1 - part + _CHANCE * part**0.5) ** 3
    return float(quantile * (1 / reference + 1 / found))


def drift_of(tally: Tally, known: Known, *, ranged: bool = False) -> Drift:
    """Return how far a column is from what is known of it.

    Args:
        tally: what was counted in the rows.
        known: what is known of training.
        ranged: the scale of a number is its range.
    """
    cells = tally.rows
    psi, by_chance = _index(tally, known)
    shift = spread = None
    unseen = outside = 0.0
    reasons: list[tuple[float, str]] = []
    if psi is not None and psi >= PSI_MOVED and psi > by_chance:
        reasons.append((psi / PSI_DRIFTED, f"PSI {psi:.2f}"))
    if isinstance(tally, NumberTally):
        outside = tally.outside / cells
        shift, spread = _moments(tally, known, ranged=ranged)
        if psi is None:
            reasons += _moment_reasons(tally, shift, spread, ranged=ranged)
        reasons += _outside_reason(tally, known, outside)
    else:
        unseen = tally.unseen / cells
        more = unseen - known.unseen
        by_chance = _chance_of_share(unseen, known.unseen, tally, known)
        if tally.unseen >= _FEW and more > max(ODD, by_chance):
            reasons.append((more / ODD, f"{percent(unseen)} unseen levels"))
    missing = tally.missing / cells
    reasons += _missing_reason(tally, known, missing)
    strongest = max((strength for strength, _ in reasons), default=0.0)
    return Drift(
        psi=psi,
        shift=shift,
        spread=spread,
        missing=missing,
        unseen=unseen,
        outside=outside,
        flag=0 if not reasons else 2 if strongest >= 1 else 1,
        reasons=tuple(words for _, words in reasons),
        strength=strongest or (psi or abs(shift or 0.0)) * 1e-3,
    )


def _index(tally: Tally, known: Known) -> tuple[float | None, float]:
    """Return the stability index, None where there is none, and what chance gives."""
    counts = known.counts
    found = tally.bins if isinstance(tally, NumberTally) else tally.counts
    if counts is None or len(counts) != len(found) or not counts.sum() or not found.sum():
        return None, np.inf
    by_shares = not np.isfinite(known.rows)
    p, q = np.asarray(counts, np.float64), found.astype(np.float64)
    if isinstance(tally, LevelTally):
        p, q = _without_rare(p, q, shares=by_shares)
    return stability_index(p, q, shares=by_shares), chance_index(len(p), known.rows, q.sum())


def _without_rare(p: Array, q: Array, *, shares: bool) -> tuple[Array, Array]:
    """Put the levels together of which both sets would have few rows; absent ones go."""
    smaller = q.sum() if shares else min(p.sum(), q.sum())
    rare = (p / p.sum() + q / q.sum()) / 2 * smaller < _RARE
    if not rare.any():
        return p, q
    both = [np.append(one[~rare], one[rare].sum()) for one in (p, q)]
    if not both[0][-1] and not both[1][-1]:
        return both[0][:-1], both[1][:-1]
    return both[0], both[1]


def _moments(
    tally: NumberTally, known: Known, *, ranged: bool
) -> tuple[float | None, float | None]:
    scale = known.scale
    inside = tally.inside
    if known.mean is None or not scale or not np.isfinite(scale) or not inside.count:
        return None, None
    with np.errstate(over="ignore", invalid="ignore"):
        shift = float(np.float64(inside.mean - known.mean) / abs(scale))
    spread = None
    if not ranged and inside.count >= _FEW_NUMBERS and np.isfinite(inside.deviation):
        spread = inside.deviation / abs(scale)
    return (None if np.isnan(shift) else shift), spread


def _moment_reasons(
    tally: NumberTally, shift: float | None, spread: float | None, *, ranged: bool
) -> Sequence[tuple[float, str]]:
    reasons = []
    bound, unit = (SHIFT_OF_RANGE, "ranges") if ranged else (SHIFT, "deviations")
    if shift is not None and abs(shift) > max(bound, _CHANCE * tally.inside.count**-0.5):
        way = "above" if shift > 0 else "below"
        reasons.append((abs(shift) / bound, f"mean {abs(shift):.2g} {unit} {way} training's"))
    if spread is not None and not 1 / SPREAD <= spread <= SPREAD:
        times = max(spread, 1 / spread) if spread else np.inf
        words = f"spread {spread:.2g} times training's" if spread else "always the same number"
        reasons.append((min(times / SPREAD, 1e6), words))
    return reasons


def _outside_reason(
    tally: NumberTally, known: Known, outside: float
) -> Sequence[tuple[float, str]]:
    bound = max(ODD, _CHANCE_OUTSIDE / known.rows) if known.bounded and known.rows else ODD
    if outside <= bound or tally.outside < _FEW:
        return []
    what = "outside of the background's range" if known.bounded else "far outside"
    return [(outside / bound, f"{percent(outside)} {what}")]


def _missing_reason(tally: Tally, known: Known, missing: float) -> Sequence[tuple[float, str]]:
    if known.missing is None:
        if missing <= MISSING_UNKNOWN or tally.missing < _FEW:
            return []
        return [(missing / MISSING_UNKNOWN, f"{percent(missing)} missing")]
    before = known.missing
    more = missing - before
    if more <= max(MISSING, _chance_of_share(missing, before, tally, known)):
        return []
    where = "the background" if np.isfinite(known.rows) else "training"
    said = f"{percent(before) if before else 'none'} in {where}"
    return [(more / MISSING, f"{percent(missing)} missing, {said}")]


def _chance_of_share(share: float, before: float, tally: Tally, known: Known) -> float:
    """Return by how much chance lets a share exceed what it was in as many rows."""
    if not np.isfinite(known.rows):
        return 0.0
    pooled = (share + before) / 2
    rows = 1 / tally.rows + (1 / known.rows if known.rows else 1.0)
    return float(_CHANCE * (pooled * (1 - pooled) * rows) ** 0.5)


def percent(share: float) -> str:
    """Write a share in percent."""
    if 0 < share < _LEAST_SHARE:
        return "under 0.01 %"
    digits = ".0f" if share >= 0.095 or not share else ".2g"  # noqa: PLR2004 - two digits
    return f"{100 * share:{digits}} %"
