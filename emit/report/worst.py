"""Which rows are shown by themselves unasked: those that the model gets most wrong."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Classification, Output, Reconstruction

from .kept_rows import TopRows

Array = NDArray[np.float64]
Places = NDArray[np.int64]
#: Rows that are kept; some may be too large to be explained.
MOST: Final = 20
_TWO_CLASSES: Final = 2


class WorstRows:
    """Keeps the rows that a model gets most wrong; without a response, the most unusual ones.

    Args:
        output: the model's.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._wrong = TopRows(MOST)
        # Without a response the ends of the predictions are unusual: which end, their middle tells.
        self._high = TopRows(MOST)
        self._low = TopRows(MOST)

    def add(self, predicted: Array, response: Array | None, *items: Any) -> None:
        """Look at further rows.

        Args:
            predicted: ``(rows, outputs)``; of an autoencoder ``(rows, 1)``, the errors.
            response: ``(rows,)`` float64; None where there is none.
            *items: what is kept of the rows, arrays or Arrow tables; their positions first.
        """
        if isinstance(self._output, Reconstruction):
            self._wrong.add(predicted[:, 0], *items)
            return
        if response is not None:
            self._wrong.add(self._wrongness(predicted, response), *items)
        if isinstance(self._output, Classification) and predicted.shape[1] > _TWO_CLASSES:
            self._high.add(predicted.max(axis=1), *items)
        else:
            self._high.add(predicted[:, -1], *items)
            self._low.add(-predicted[:, -1], *items)

    def _wrongness(self, predicted: Array, response: Array) -> Array:
        if not isinstance(self._output, Classification):
            with np.errstate(over="ignore", invalid="ignore"):
                return np.asarray(np.abs(response - predicted[:, 0]))
        known = np.flatnonzero(np.isfinite(response))
        found = np.full(len(response), np.nan)
        found[known] = 1 - predicted[known, response[known].astype(np.int64)]
        return found

    def items(self) -> list[tuple[Any, ...]]:
        """Return what is kept, a few rows at a time, some of them more than once."""
        tops = (self._wrong, self._high, self._low)
        return [kept[1:] for top in tops if (kept := top.rows())]

    def places(self, middle: float) -> tuple[tuple[int, ...], str]:
        """Return the rows' positions in the file, the worst first, and what makes them so.

        Args:
            middle: of the predictions of all rows.
        """
        wrong = self._wrong.rows()
        if isinstance(self._output, Reconstruction):
            return _places(wrong), "largest reconstruction error"
        if wrong:
            if isinstance(self._output, Classification):
                return _places(wrong), "smallest probability of the actual class"
            return _places(wrong), "largest error"
        if not (low := self._low.rows()):
            return _places(self._high.rows()), "most certain prediction"
        values = np.concatenate([self._high.rows()[0], -low[0]])
        places = np.concatenate([self._high.rows()[1], low[1]])
        apart = np.abs(values - middle)
        order = np.lexsort((places, -apart))
        found = dict.fromkeys(places[order].tolist())
        return tuple(found)[:MOST], "most unusual prediction"


def _places(kept: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(kept[1].tolist()) if kept else ()
