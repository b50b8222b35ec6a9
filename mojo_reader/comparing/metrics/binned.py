"""H2O's curve of two classes: a histogram of at most 400 thresholds, built row by row.

Each row joins the bin that it widens least, or opens one, and the two bins whose union is the
narrowest become one. H2O does so for each chunk of the rows, and joins the chunks' histograms.
Where chunks begin depends on the server, so that its figures are met to about three digits; for
rows of one chunk to all.

Source: ``hex.AUC2.AUCBuilder``.
"""

from bisect import bisect_left
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics.basics import Array
from mojo_reader.comparing.metrics.thresholds import Curve

#: ``AUC2.NBINS``.
BINS: Final = 400
#: Rows that are added one by one.
_ONE_BY_ONE: Final = 20_000


def binned(scores: Array, positive: NDArray[np.bool_], weights: Array) -> Curve:
    """Return H2O's curve.

    Of many rows some, evenly spread, make the bins, and the others join the nearest.

    Args:
        scores: ``(rows,)`` probabilities of the second class.
        positive: ``(rows,)``, the row is of that class.
        weights: ``(rows,)`` above 0.
    """
    hits, misses = weights * positive, weights * ~positive
    first = np.unique(np.linspace(0, len(scores) - 1, min(_ONE_BY_ONE, len(scores))).astype(int))
    histogram = _Histogram()
    for row in zip(*(values[first].tolist() for values in (scores, hits, misses)), strict=True):
        histogram.add(*row)
    found = histogram.curve()
    if len(first) == len(scores):
        return found
    rest = np.ones(len(scores), bool)
    rest[first] = False
    return _joined(found, scores[rest], hits[rest], misses[rest])


def _joined(curve: Curve, scores: Array, hits: Array, misses: Array) -> Curve:
    """Add further rows to the bins whose centres are the nearest."""
    rising = curve.thresholds[::-1]
    places = np.searchsorted((rising[1:] + rising[:-1]) / 2, scores)
    found = [
        np.diff(before, prepend=0.0) + np.bincount(places, more, len(rising))[::-1]
        for before, more in ((curve.hits, hits), (curve.misses, misses))
    ]
    return Curve(thresholds=curve.thresholds, hits=np.cumsum(found[0]), misses=np.cumsum(found[1]))


_PACKER: Final = Struct("f")


def _single(number: float) -> float:
    """Return a number as float32 holds it."""
    return float(_PACKER.unpack(_PACKER.pack(number))[0])


class _Histogram:
    """Bins in rising order: centre, squared error, hits and misses, and the next pair's cost.

    Which pair is the narrowest is looked for only where H2O does: it keeps one that was.
    """

    def __init__(self) -> None:
        self._centres: list[float] = []
        self._singles: list[float] = []  # the centres as float32, by which H2O tells them apart
        self._errors: list[float] = []
        self._hits: list[float] = []
        self._misses: list[float] = []
        self._costs: list[float] = []  # of the union of a bin and the next
        self._best = -1

    def add(self, score: float, hit: float, miss: float) -> None:
        """Add a row."""
        centres = self._centres
        place = bisect_left(centres, score)
        count = len(centres)
        if place < count and centres[place] == score:
            self._hits[place] += hit
            self._misses[place] += miss
            self._cost_around(place)
            self._best = -1
            return
        if (
            count == BINS
            and 0 < place < count
            and centres[place - 1] != centres[place]
            and self._folded(place, score, hit, miss)
        ):
            return
        if place in {0, count, self._best}:
            self._best = -1
        elif place < self._best:
            self._best += 1
        centres.insert(place, score)
        self._singles.insert(place, _single(score))
        self._errors.insert(place, 0.0)
        self._hits.insert(place, hit)
        self._misses.insert(place, miss)
        self._costs.insert(place, 0.0)
        self._cost_around(place)
        if len(centres) > BINS:
            self._merge()

    def _folded(self, place: int, score: float, hit: float, miss: float) -> bool:
        """Fold a row into a bin beside it where that widens less than any union."""
        weight, single = hit + miss, _single(score)
        before = self._errors[place - 1] + self._apart(single, weight, place - 1)
        after = self._errors[place] + self._apart(single, weight, place)
        best = self._narrowest()
        if min(before, after) >= self._union(best):
            return False
        chosen = place - 1 if before <= after else place
        held = self._hits[chosen] + self._misses[chosen]
        self._errors[chosen] = min(before, after)
        centre = (self._centres[chosen] * held + score * weight) / (held + weight)
        self._centres[chosen], self._singles[chosen] = centre, _single(centre)
        self._hits[chosen] += hit
        self._misses[chosen] += miss
        self._cost_around(chosen)
        if best in {chosen - 1, chosen}:
            self._best = -1
        return True

    def _apart(self, single: float, weight: float, place: int) -> float:
        distance = single - self._singles[place]
        held = self._hits[place] + self._misses[place]
        return distance * distance * held * weight / (held + weight)

    def _cost_around(self, place: int) -> None:
        if place:
            self._cost(place - 1)
        self._cost(place)

    def _cost(self, place: int) -> None:
        if place + 1 < len(self._centres):
            weight = self._hits[place + 1] + self._misses[place + 1]
            apart = self._apart(self._singles[place + 1], weight, place)
            # What float32 does not tell apart is joined first.
            joined = self._errors[place] + self._errors[place + 1] + apart
            self._costs[place] = joined if apart else -1.0
        else:
            self._costs[place] = float("inf")

    def _merge(self) -> None:
        """Make one bin of the two whose union is the narrowest."""
        place = self._narrowest()
        apart = self._union(place)
        low, high = (self._hits[at] + self._misses[at] for at in (place, place + 1))
        centre = (self._centres[place + 1] * high + self._centres[place] * low) / (low + high)
        self._centres[place], self._singles[place] = centre, _single(centre)
        self._errors[place] = apart
        self._hits[place] += self._hits[place + 1]
        self._misses[place] += self._misses[place + 1]
        for values in (self._centres, self._singles, self._errors, self._hits, self._misses):
            del values[place + 1]
        del self._costs[place]
        self._cost_around(place)
        self._best = -1

    def _narrowest(self) -> int:
        if self._best < 0:
            self._best = self._costs.index(min(self._costs))
        return self._best

    def _union(self, place: int) -> float:
        """Squared error of a bin and the next together."""
        return max(self._costs[place], self._errors[place] + self._errors[place + 1])

    def curve(self) -> Curve:
        """Return the curve."""
        return Curve(
            thresholds=np.array(self._centres[::-1]),
            hits=np.cumsum(self._hits[::-1]),
            misses=np.cumsum(self._misses[::-1]),
        )
