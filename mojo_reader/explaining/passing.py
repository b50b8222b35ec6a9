"""From encoded rows to rows that passed the network, with what cannot be explained refused."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.background import filled_numbers
from mojo_reader.explaining.passes import Forward, Passed, places_of
from mojo_reader.explaining.refusals import check_rows
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.encoding import standardized
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.offsets import checked_shift
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]
#: Numbers of background rows' sums that are kept instead of computed again for each batch.
_KEPT: Final = 1 << 20
#: Background rows that pass the network at once.
_BATCH: Final = 256
#: After ``row N``.
TOO_LARGE: Final = ": its numbers are too large to be explained"


class Passing:
    """Sends rows and background rows through the network.

    Args:
        scorer: the model's scorer.
        background: the background rows.
        h2o: extract rows as H2O's server does for contributions, which is not how it scores them.

    Attributes:
        centre: ``(nums,)`` what the numbers are less: the background's median, 0 for H2O's own
            rules, which are followed in its own arithmetic.
        others: number of background rows.

    Raises:
        MojoDataError: there are no background rows, or they cannot be explained by.
    """

    def __init__(self, scorer: EncodedScorer, background: EncodedRows, *, h2o: bool) -> None:
        self._mojo = scorer.mojo
        self._rule = scorer.rules.offset
        self._h2o = h2o
        self._background = background
        self.others = len(background.matrix)
        if not self.others:
            raise MojoDataError("expected at least one background row, found none")
        try:
            numbers = self._numbers(background.matrix)
            with np.errstate(over="ignore", invalid="ignore"):
                centre = np.zeros(numbers.shape[1]) if h2o else np.median(numbers, axis=0)
            self.centre = np.where(np.isfinite(centre), centre, 0.0)
            self._forward = Forward(self._mojo, self.centre)
            units = sum(layer.units * len(layer.kernels) for layer in self._mojo.layers)
            keeps = self.others * units <= _KEPT
            self._kept = self.rows(background) if keeps else None
        except RowError as error:
            message = f"background {error}"
            raise MojoDataError(message) from error

    def rows(self, rows: EncodedRows) -> Passed:
        """Send rows through the network.

        Raises:
            RowError: a row's numbers are too large, or H2O's server has no answer for it alone.
        """
        matrix, features = rows.matrix, self._mojo.features
        if self._h2o:
            check_rows(self._mojo, matrix)
        places = places_of(matrix, features)
        if self._h2o:
            for index, feature in enumerate(features.categorical):
                if feature.slots[0] < 0:
                    # Where the first level sets no input, a missing cell is the last level here
                    # (``DataInfo.getCategoricalId``).
                    np.minimum(places[:, index], len(feature.levels) - 1, out=places[:, index])
        shift = checked_shift(rows.offset, len(matrix), self._mojo, self._rule)
        with np.errstate(over="ignore", invalid="ignore"):
            passed = self._forward.run(places, self._numbers(matrix) - self.centre, shift)
        _require_finite(passed)
        return passed

    def background(self, size: int) -> Iterator[Passed]:
        """Yield the background rows, at most ``size`` at once."""
        for start in range(0, self.others, _BATCH):
            batch = self._batch(start, min(start + _BATCH, self.others))
            for first in range(0, len(batch), size):
                yield batch.part(first, first + size)

    def _batch(self, start: int, stop: int) -> Passed:
        if self._kept is not None:
            return self._kept.part(start, stop)
        offset = self._background.offset
        part = None if offset is None else offset[start:stop]
        try:
            return self.rows(EncodedRows(matrix=self._background.matrix[start:stop], offset=part))
        except RowError as error:
            message = f"background {error.moved(start)}"
            raise MojoDataError(message) from error

    def _numbers(self, matrix: Array) -> Array:
        if self._h2o:
            return filled_numbers(self._mojo, matrix)
        return standardized(matrix, self._mojo.features)


def _require_finite(passed: Passed) -> None:
    finite = np.ones(len(passed), np.bool_)
    for layer in (*passed.sums, list(passed.values)):
        for one in layer:
            finite &= np.isfinite(one).all(axis=1)
    if not finite.all():
        raise RowError(int(np.argmin(finite)), TOO_LARGE)
