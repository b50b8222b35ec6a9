"""``Explainer``: contributions of encoded rows, in bounded memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.backward import Backward
from mojo_reader.explaining.columns import BIAS, Columns
from mojo_reader.explaining.deepshap import ZERO, DeepShap
from mojo_reader.explaining.means import Means
from mojo_reader.explaining.options import ExplainOptions
from mojo_reader.explaining.pairs import PairColumns
from mojo_reader.explaining.passes import Passed
from mojo_reader.explaining.passing import TOO_LARGE, Passing
from mojo_reader.explaining.refusals import check_h2o
from mojo_reader.explaining.targets import Error, target_of
from mojo_reader.explaining.workers import in_order
from mojo_reader.model import Regression
from mojo_reader.scoring.blas import usable_cores
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]
#: Numbers that a block of pairs holds for its widest layer: what stays near the processor.
_BLOCK: Final = 1 << 17
#: The same where each pair has its own contributions. Larger arrays the system takes back and
#: gives anew, page by page.
_PAIR_BLOCK: Final = 1 << 16
#: Background rows of a block.
_MOST_OTHERS: Final = 128
#: Numbers that hold what the background rows of a block add to the first layer's sums.
_LARGEST_ADDS: Final = 1 << 22
#: Rows that are explained at once.
_BATCH: Final = 1024
#: Fewer pairs are not worth a second thread.
_FEW_PAIRS: Final = 2_000
#: What contributions may be off by, of 1 + |f(x)| + |f(b)| + sum |phi|.
TOLERANCE: Final = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Explained:
    """Contributions of some rows.

    Attributes:
        values: ``(rows, columns, outputs)`` float64, the bias last; a row for each pair where
            pairs are given, those of the first row first.
        error: how far the contributions of a row, or a pair, are from adding up at most, of
            ``1 + |f(x)| + |f(b)| + sum |phi|``.
    """

    values: Array
    error: float


class Explainer:
    """Explains encoded rows by background rows.

    Args:
        scorer: the model's scorer; its rule for the offset holds.
        background: the background rows.
        options: how to explain.
        workers: number of threads; None for one on each core where there is enough to do.

    Attributes:
        options: as given.
        names: of the columns: those of contributions, the offset's where it is added, ``BiasTerm``.
        outputs: number of values that are explained: the classes, where there are more than two.
        pairs: background rows of a row, where each pair is given; else 1.

    Raises:
        MojoUnsupportedError: H2O's server has no such contributions.
        MojoDataError: there are no background rows, or they cannot be explained by.
    """

    def __init__(
        self,
        scorer: EncodedScorer,
        background: EncodedRows,
        options: ExplainOptions,
        *,
        workers: int | None = None,
    ) -> None:
        mojo = scorer.mojo
        h2o = options.method == "h2o"
        if h2o:
            check_h2o(mojo, offset=background.offset is not None)
        self.options = options
        self._workers = workers
        self._mojo = mojo
        self._passing = Passing(scorer, background, h2o=h2o)
        self._target = target_of(mojo, options.space, self._passing.centre)
        self._backward = Backward(mojo, self._target)
        self._deep_shap = DeepShap(mojo) if h2o else None
        self._columns = Columns(mojo, options.output, encoded=h2o)
        self._widest = max(layer.units * len(layer.kernels) for layer in mojo.layers)
        # Numbers that a pair holds at its widest: an autoencoder's error is of every input.
        width = mojo.features.width if isinstance(self._target, Error) else 0
        self._pair_width = max(self._widest, len(self._columns.names), width)
        self._most_paired = max(1, min(_MOST_OTHERS, _PAIR_BLOCK // self._pair_width))
        self.outputs = 1 if h2o else self._target.outputs
        self.pairs = self._passing.others if options.per_reference else 1
        offset = () if background.offset is None else (mojo.info.offset_column or "offset",)
        self.names = (*self._columns.names, *offset, BIAS)

    def explain(
        self, rows: EncodedRows, *, progress: Callable[[int], None] | None = None
    ) -> Explained:
        """Explain rows.

        Args:
            rows: as the scorer encodes them.
            progress: called with the number of rows done since it was called before.

        Raises:
            RowError: a row's numbers are too large, H2O's server has no answer for it alone, or
                its contributions do not add up.
        """
        count = len(rows.matrix)
        found = np.empty((count, self.pairs, len(self.names), self.outputs))
        workers = 1
        if count * self._passing.others > _FEW_PAIRS:
            workers = self._workers or usable_cores()
        size = max(1, min(_BATCH, -(-count // workers)))

        def batch(start: int) -> tuple[int, float]:
            cut = slice(start, min(start + size, count))
            try:
                return cut.stop - start, self._batch(rows, cut, found)
            except RowError as error:
                raise error.moved(start) from error

        worst = 0.0
        for done, error in in_order(batch, range(0, count, size), workers):
            worst = max(worst, error)
            if progress is not None:
                progress(done)
        values = found.reshape(count * self.pairs, len(self.names), self.outputs)
        return Explained(values=values, error=worst)

    def _batch(self, rows: EncodedRows, cut: slice, found: Array) -> float:
        """Explain some of the rows, and return how far they are from adding up."""
        offset = None if rows.offset is None else rows.offset[cut]
        passed = self._passing.rows(EncodedRows(matrix=rows.matrix[cut], offset=offset))
        with np.errstate(over="ignore", invalid="ignore"):
            if self.options.per_reference:
                self._fill_pairs(passed, found[cut])
            else:
                found[cut, 0] = self._means(passed)
            return self._checked(passed, found[cut])

    # ------------------------------------------------------------------ pairs

    def _fill_pairs(self, rows: Passed, found: Array) -> None:
        first = 0
        for others in self._passing.background(self._most_paired):
            for start, part in self._blocks(rows, others):
                pairs = self._pairs(part, others)
                found[start : start + len(part), first : first + len(others)] = pairs
            first += len(others)

    def _pairs(self, rows: Passed, others: Passed) -> Array:
        """Explain pairs, ``(rows, others, columns, outputs)``."""
        places = PairColumns(self._columns, rows, others)
        found = np.empty((len(rows), len(others), len(self.names), self.outputs))
        width = len(self._columns.names)
        for output, multipliers in enumerate(self._multipliers(rows, others, places)):
            found[:, :, :width, output] = places.shares(multipliers)
        if rows.shift is not None:
            found[:, :, width] = self._offset_shares(rows, others)
        found[:, :, -1] = self._values(others)
        if self._scales:
            self._scale(rows, found)
        return found

    def _multipliers(self, rows: Passed, others: Passed, places: PairColumns) -> Iterator[Array]:
        if self._deep_shap is None:
            return self._backward.inputs(rows, others, places.own, places.theirs)
        return iter([self._deep_shap.inputs(rows, others, places.own, places.theirs)])

    @property
    def _scales(self) -> bool:
        """Whether H2O's rules scale each pair to the response (``output_space``)."""
        regression = isinstance(self._mojo.output, Regression)
        return self._deep_shap is not None and regression and self.options.space == "response"

    def _scale(self, rows: Passed, found: Array) -> None:
        total = found[:, :, :-1].sum(axis=2)
        moved = self._values(rows)[:, None] - found[:, :, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(np.abs(total) < ZERO, 0.0, moved / total)
        found[:, :, :-1] *= factor[:, :, None]

    def _offset_shares(self, rows: Passed, others: Passed) -> Array:
        """Return what the offset moves, ``(rows, others, outputs)``."""
        if rows.shift is None or others.shift is None:
            raise ValueError("the offsets of rows and background rows")
        moved = rows.shift[:, None] - others.shift[None]
        (multipliers,) = self._target.multipliers(rows, others)
        return np.asarray(multipliers[0] * moved)

    # ------------------------------------------------------------------ means

    def _means(self, rows: Passed) -> Array:
        """Explain rows by the mean over the background rows, ``(rows, columns, outputs)``."""
        if self._deep_shap is not None or isinstance(self._target, Error):
            return self._means_of_pairs(rows)
        found = np.zeros((len(rows), len(self.names), self.outputs))
        width = len(self._columns.names)
        found[:, :width] = self._mean_shares(rows)
        for others in self._passing.background(_MOST_OTHERS):
            found[:, -1] += self._values(others).sum(axis=0)
            if rows.shift is not None:
                found[:, width] += self._offset_shares(rows, others).sum(axis=1)
        found[:, width:] /= self._passing.others
        return found

    def _mean_shares(self, rows: Passed) -> Array:
        """Return what the columns themselves have, ``(rows, columns, outputs)``."""
        means = Means(self._backward, self._columns, rows, self.outputs)
        for others in self._passing.background(self._most_others()):
            means.add(others, max(1, _BLOCK // (self._widest * len(others))))
        return means.shares(self._passing.others)

    def _most_others(self) -> int:
        each = self._backward.sums * len(self._mojo.features.names)
        return max(1, min(_MOST_OTHERS, _LARGEST_ADDS // each, _BLOCK // self._widest))

    def _means_of_pairs(self, rows: Passed) -> Array:
        found = np.zeros((len(rows), len(self.names), self.outputs))
        for others in self._passing.background(self._most_paired):
            for start, part in self._blocks(rows, others):
                found[start : start + len(part)] += self._pairs(part, others).sum(axis=1)
        return found / self._passing.others

    def _blocks(self, rows: Passed, others: Passed) -> Iterator[tuple[int, Passed]]:
        """Cut rows into blocks whose pairs stay near the processor."""
        block = max(1, _PAIR_BLOCK // (self._pair_width * len(others)))
        for start in range(0, len(rows), block):
            yield start, rows.part(start, start + block)

    # ------------------------------------------------------------------ adding up

    def _values(self, rows: Passed) -> Array:
        """Return what is explained, ``(rows, outputs)``."""
        return (
            self._target.values(rows) if self._deep_shap is None else self._deep_shap.values(rows)
        )

    def _checked(self, rows: Passed, found: Array) -> float:
        """Return how far ``(rows, pairs, columns, outputs)`` are from adding up; require it.

        Raises:
            RowError: they do not add up, by a sound method.
        """
        if not found.size:
            return 0.0
        values = self._values(rows)[:, None]
        scale = 1 + np.abs(values) + np.abs(found).sum(axis=2)
        error = np.abs(values - found.sum(axis=2)) / scale
        if self._deep_shap is None and not (error <= TOLERANCE).all():
            row = int(np.argmax(~(error <= TOLERANCE).all(axis=(1, 2))))
            off = float(error[row].max())
            problem = (
                f": its contributions are {off:.2g} from adding up to the prediction, where "
                f"{TOLERANCE:g} is allowed: its numbers are too large for float64"
            )
            raise RowError(row, problem if np.isfinite(off) else TOO_LARGE)
        return float(error.max())
