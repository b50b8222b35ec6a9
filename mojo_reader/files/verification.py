"""Compare our scores of a file of rows with scores that H2O made of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from mojo_reader.comparing.tally import Tally, distances
from mojo_reader.comparing.worst_rows import WorstRow
from mojo_reader.files.expected import ExpectedScores
from mojo_reader.files.score import Made, ScoreOptions, row_pieces, run
from mojo_reader.files.sources import Source
from mojo_reader.files.tables import Piece
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.outputs import Predictions, RowErrors, ScorerOutput
from mojo_reader.scoring.scorer import Scorer

__all__ = ["ColumnDifference", "Verification", "verify_file"]

DEFAULT_TOLERANCE: Final = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnDifference:
    """How one output column differs.

    Attributes:
        name: H2O's name of the column.
        max_abs: largest absolute difference.
        max_rel: largest difference over ``1 + |expected|``.
        off: rows outside of the tolerance.
    """

    name: str
    max_abs: float
    max_rel: float
    off: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """The verdict on a file of scores.

    Attributes:
        rows: number of rows compared.
        tolerance: largest difference allowed, over ``1 + |expected|``.
        columns: differences of each number column.
        labels_compared: the file has labels.
        labels_off: rows with another label.
        rows_off: rows with a number outside of the tolerance.
        rows_without_error: of these, rows of an autoencoder that have an error in the file alone.
        worst: the rows with the largest differences, the largest first; rows count from 0.
        decades: number of rows by the power of ten of their largest relative difference.
        first_label_off: position from 0 of the first row with another label, None for none.
        notes: what a person should know about the comparison.
        notices: what was seen in the rows.
    """

    rows: int
    tolerance: float
    columns: tuple[ColumnDifference, ...]
    labels_compared: bool
    labels_off: int
    rows_off: int
    rows_without_error: int
    worst: tuple[WorstRow, ...]
    decades: Mapping[int, int]
    first_label_off: int | None
    notes: tuple[str, ...]
    notices: Notices

    @property
    def passed(self) -> bool:
        """Whether all rows, at least one, have H2O's numbers and labels."""
        return self.rows > 0 and not self.labels_off and not self.rows_off

    def as_dict(self) -> dict[str, Any]:
        """Return everything, the verdict too, for JSON, where rows count from 1."""
        first = self.first_label_off
        return {
            **asdict(self),
            "worst": [row.as_dict() for row in self.worst],
            "first_label_off": None if first is None else first + 1,
            "notices": list(self.notices.sentences()),
            "passed": self.passed,
        }


def verify_file(  # noqa: PLR0913 - the last two are options
    mojo: Mojo,
    source: Source | Sequence[Source],
    expected: Source,
    options: ScoreOptions,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Score rows and compare with H2O's scores, in bounded memory.

    Args:
        mojo: the model.
        source: the rows, as in ``score_file``.
        expected: CSV or Parquet file that H2O made; what it holds is told by its header:
            predictions, ``Reconstruction.MSE``, the columns' errors, or a hidden layer's
            ``DF.L1.C1``.
        options: how the rows are read and scored; what to give is not used.
        tolerance: largest difference allowed, over ``1 + |expected|``.
        progress: called with the number of rows done.

    Raises:
        FileNotFoundError: one of the files does not exist.
        MojoDataError: rows or scores cannot be read, or differ in number.
    """
    require_pyarrow("Files of rows")
    scorer = options.scorer(mojo)
    notices = Notices()
    parts = row_pieces(scorer, source, options, notices)
    with closing(ExpectedScores(expected, scorer.mojo, missing=options.missing)) as scores:
        comparison = _Comparison(scorer.mojo, scores, tolerance)
        job = _job(scorer, scores.output, options)
        rows = run(parts, job, comparison.add, notices, workers=options.workers, progress=progress)
        scores.require_end()
    return comparison.result(rows, notices)


def _job(scorer: Scorer, output: ScorerOutput, options: ScoreOptions) -> Callable[[Piece], Made]:
    def job(piece: Piece) -> Made:
        notices = Notices()
        batch = piece.read(notices)
        encoded = scorer.encode_batch(batch, notices, options)
        found = output.made(scorer, encoded, notices)
        return Made(rows=batch.num_rows, notices=notices, parts=(found,))

    return job


class _Comparison:
    """Adds up differences, block by block, in the order of the rows."""

    def __init__(self, mojo: Mojo, scores: ExpectedScores, tolerance: float) -> None:
        self._scores = scores
        self._tolerance = tolerance
        names = scores.output.columns(mojo)
        labels = scores.output.labelled(mojo)
        self._labels = mojo.output.labels if isinstance(mojo.output, Classification) else ()
        positions = scores.compared[1:] if scores.labelled else scores.compared
        self._compared = [names[position] for position in positions]
        self._places = [position - int(labels) for position in positions]
        self._tally = Tally(self._compared)
        self._labels_off = self._without_error = 0
        self._first_label_off: int | None = None

    def add(self, found: Predictions) -> None:
        """Compare the next rows."""
        labels, expected = self._scores.take(len(found.values))
        self._compare_labels(found, labels)
        values = found.values[:, self._places]
        if isinstance(self._scores.output, RowErrors):
            self._without_error += int(np.count_nonzero(np.isnan(values) & ~np.isnan(expected)))
        difference, relative = distances(values, expected)
        self._tally.add(
            expected=expected,
            found=values,
            difference=difference,
            relative=relative,
            off=~(relative <= self._tolerance),
        )

    def _compare_labels(self, found: Predictions, labels: list[str] | None) -> None:
        if labels is None or found.labels is None:
            return
        ours = ["NA" if index < 0 else self._labels[index] for index in found.labels.tolist()]
        off = [row for row, (a, b) in enumerate(zip(ours, labels, strict=True)) if a != b]
        self._labels_off += len(off)
        if off and self._first_label_off is None:
            self._first_label_off = self._tally.rows + off[0]

    def result(self, rows: int, notices: Notices) -> Verification:
        """Return the verdict."""
        tally = self._tally
        figures = zip(self._compared, tally.max_abs, tally.max_rel, tally.off, strict=True)
        columns = tuple(
            ColumnDifference(name=name, max_abs=float(absolute), max_rel=float(rel), off=int(off))
            for name, absolute, rel, off in figures
        )
        return Verification(
            rows=rows,
            tolerance=self._tolerance,
            columns=columns,
            labels_compared=self._scores.labelled,
            labels_off=self._labels_off,
            rows_off=tally.rows_off,
            worst=tally.worst(),
            decades=tally.decades(),
            first_label_off=self._first_label_off,
            notes=tuple(self._scores.notes),
            rows_without_error=self._without_error,
            notices=notices,
        )
