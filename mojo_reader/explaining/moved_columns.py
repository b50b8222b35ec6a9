"""Predictions of rows in which one or two columns have other values, block by block."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError, MojoUnsupportedError, listed
from mojo_reader.explaining.grid import Grid
from mojo_reader.explaining.spread import Spread
from mojo_reader.explaining.workers import in_order
from mojo_reader.model import Classification, Mojo, Reconstruction
from mojo_reader.scoring.blas import usable_cores
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.near_names import near_names, shown_names
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]
Progress = Callable[[int], None]
_TWO_CLASSES: Final = 2
#: Rows of a block, at most.
_BLOCK: Final = 4096
#: Fewer predictions are not worth a second thread.
_FEW: Final = 4_000
_Done = TypeVar("_Done")


def outputs_of(mojo: Mojo, targets: tuple[str, ...] | None) -> list[int]:
    """Return which columns of ``score_matrix`` are looked at.

    The second of two classes, or the response; of more classes all, or those that are asked for.

    Raises:
        MojoUnsupportedError: an autoencoder predicts no response.
        MojoDataError: there is no such class, or classes are asked for where there are none to
            choose of.
    """
    output = mojo.output
    if isinstance(output, Reconstruction):
        raise MojoUnsupportedError("an autoencoder predicts no response that depends on a column")
    labels = output.labels if isinstance(output, Classification) else ()
    if len(labels) <= _TWO_CLASSES:
        if targets is not None:
            message = "a target is a class of a model of more than two; this one has " + (
                f"{len(labels)}" if labels else "none"
            )
            raise MojoDataError(message)
        return [1] if labels else [0]
    if targets is None:
        return list(range(len(labels)))
    lacking = [name for name in targets if name not in labels]
    if lacking or not targets:
        shown = shown_names(near_names(lacking, labels)) or "none"
        message = f"expected targets of the model's classes {listed(labels)}, found {shown}"
        raise MojoDataError(message)
    return [labels.index(name) for name in targets]


class MovedColumns:
    """Predicts rows whose cells in some columns are the points of a grid.

    Args:
        scorer: the model's scorer.
        grids: of one column, or of two, whose points are all pairs, the second's fastest.
        outputs: columns of the predictions that are looked at.
        nan_is_missing: a prediction that is NaN is none; else it is refused.
    """

    def __init__(
        self,
        scorer: EncodedScorer,
        grids: tuple[Grid, ...],
        outputs: list[int],
        *,
        nan_is_missing: bool = False,
    ) -> None:
        self._scorer = scorer
        self._grids = grids
        self._outputs = outputs
        self._predict = scorer.score_matrix if nan_is_missing else scorer.defined_matrix
        self._cells = list(product(*(grid.cells for grid in grids)))

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self._cells)

    @property
    def outputs(self) -> int:
        """Number of values that are looked at."""
        return len(self._outputs)

    def spread(
        self, rows: EncodedRows, weights: Array | None = None, progress: Progress | None = None
    ) -> Spread:
        """Return the figures of each point over rows, ``(points, outputs)``.

        Args:
            rows: as the model reads them.
            weights: ``(rows,)``; None where all weigh 1.
            progress: called with the number of predictions made since it was called before.

        Raises:
            RowError: a prediction is NaN.
        """

        def job(cut: slice) -> Spread:
            weighed = None if weights is None else weights[cut]
            return Spread.stacked([Spread.of(v, weighed) for v in self._predicted(rows, cut)])

        found = Spread.empty((self.points, self.outputs))
        for part in self._in_blocks(len(rows.matrix), job, progress):
            found.add(part)
        return found

    def curves(self, rows: EncodedRows, progress: Progress | None = None) -> Array:
        """Return each row's prediction at each point, ``(rows, points, outputs)`` float64.

        Raises:
            RowError: a prediction is NaN.
        """

        def job(cut: slice) -> Array:
            return np.stack(list(self._predicted(rows, cut)), axis=1)

        empty = np.empty((0, self.points, self.outputs))
        return np.concatenate([empty, *self._in_blocks(len(rows.matrix), job, progress)])

    def _in_blocks(
        self, rows: int, job: Callable[[slice], _Done], progress: Progress | None
    ) -> Iterator[_Done]:
        workers = usable_cores() if rows * self.points > _FEW else 1
        size = max(1, min(_BLOCK, -(-rows // workers)))

        def block(start: int) -> tuple[int, _Done]:
            cut = slice(start, min(start + size, rows))
            try:
                return cut.stop - start, job(cut)
            except RowError as error:
                raise error.moved(start) from error

        for count, done in in_order(block, range(0, rows, size), workers):
            if progress is not None:
                progress(count * self.points)
            yield done

    def _predicted(self, rows: EncodedRows, cut: slice) -> Iterator[Array]:
        """Yield the predictions at each point, ``(rows, outputs)``."""
        matrix = np.array(rows.matrix[cut])
        offset = None if rows.offset is None else rows.offset[cut]
        for cells in self._cells:
            for grid, values in zip(self._grids, cells, strict=True):
                matrix[:, grid.features] = values
            yield self._predict(matrix, offset=offset)[:, self._outputs]
