"""The rows that a page looks at, and what the model predicts for them.

A file may have more rows than memory: of all of them the page keeps what it counts, and the
predictions and the response; cell by cell it keeps rows that are drawn, and some that are shown by
themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.drawing import drawn_places
from mojo_reader.model import CategoricalInput, InputColumn, Mojo, Reconstruction
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.scorer import Scorer

from .tallies import Tally

Array = NDArray[np.float64]
Places = NDArray[np.int64]
#: Groups by their names, and which rows are theirs.
Segments = Sequence[tuple[str, NDArray[np.bool_]]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Cells:
    """Some of a file's rows, cell by cell.

    Attributes:
        places: ``(cells,)`` int64, their positions in the file from 0, rising.
        matrix: ``(cells, n_features)`` float64, as ``Scorer.encode`` returns it.
        table: the raw rows, any table that the scorer takes; None where nobody asks for texts.
    """

    places: Places
    matrix: Array
    table: Any = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.matrix)

    def index(self, place: int) -> int:
        """Return where a row of the file stands among these.

        Raises:
            KeyError: it does not.
        """
        found = int(np.searchsorted(self.places, place))
        if found == len(self.places) or self.places[found] != place:
            raise KeyError(place)
        return found

    def text(self, index: int, column: InputColumn) -> str:
        """Return what stands in a cell of the row at an index."""
        if not isinstance(column, CategoricalInput):
            number = float(self.matrix[index, column.feature])
            return "missing" if np.isnan(number) else f"{number:.6g}"
        if column.name not in self.table.column_names:
            return "missing"
        level = self.table.column(column.name)[index].as_py()
        return "missing" if level is None else str(level)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rows:
    """Rows to look at.

    Attributes:
        name: of the file.
        count: number of its rows.
        notices: what was seen while they were read.
        scored: ``(scored,)`` int64, positions in the file of the rows whose predictions are kept:
            all of them, unless they are too many to be held.
        predicted: ``(scored, outputs)`` float64: probabilities, or the response; of an autoencoder
            the reconstruction error.
        labels: ``(scored,)`` int64, positions of the labels predicted, -1 for none; None where
            there are no classes.
        response: ``(scored,)`` float64, positions of the labels, or numbers; NaN where it is
            missing. None where the file has no response.
        weights: ``(scored,)`` float64, 0 for a missing one; None where the model was trained
            without weights, or the file lacks their column.
        sample: rows drawn of the file, each as likely as any other; all of them where they are few.
            They are among the scored ones.
        single: rows that are shown by themselves: those that were asked for, and the worst.
        worst: positions in the file of the rows that the model gets most wrong, those first.
        worst_words: what makes them the worst.
        tallies: by raw column, and under ``RESPONSE`` the response, what was counted in all rows.
        reference: rows that these are compared with; None for what the model knows of training.
        segments: by column that the scored rows are grouped by, each group's name, and
            ``(scored,)`` which rows are its own.
    """

    name: str
    count: int
    notices: Notices
    scored: Places
    predicted: Array
    labels: NDArray[np.int64] | None
    response: Array | None
    sample: Cells
    single: Cells
    worst: tuple[int, ...] = ()
    worst_words: str = ""
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    reference: "Rows | None" = None
    weights: Array | None = None
    segments: Mapping[str, Segments] = field(default_factory=dict)

    @property
    def sampled(self) -> Places:
        """Where the rows of the sample stand among the scored ones, ``(cells,)``."""
        return np.searchsorted(self.scored, self.sample.places)

    def some(self, most: int) -> Cells:
        """Return the sample, or so many rows drawn of it."""
        places = drawn_places(len(self.sample), most, seed=1)
        if len(places) == len(self.sample):
            return self.sample
        table = self.sample.table
        return Cells(
            places=self.sample.places[places],
            matrix=self.sample.matrix[places],
            table=None if table is None else table.take(places),
        )

    def cells_with(self, place: int) -> tuple[Cells, int]:
        """Return cells that hold a row of the file, and where it stands among them.

        Raises:
            KeyError: the row is not kept cell by cell.
        """
        try:
            return self.single, self.single.index(place)
        except KeyError:
            return self.sample, self.sample.index(place)

    def predicted_at(self, place: int) -> tuple[Array, float | None]:
        """Return the predictions ``(outputs,)`` of a row of the file, and its response.

        The response is None where it is missing. Rows whose predictions are not kept have NaN.
        """
        index = int(np.searchsorted(self.scored, place))
        if index == len(self.scored) or self.scored[index] != place:
            return np.full(self.predicted.shape[1], np.nan), None
        actual = None if self.response is None else float(self.response[index])
        known = actual is not None and np.isfinite(actual)
        return self.predicted[index], actual if known else None


def drawn_words(drawn: int, count: int, name: str) -> str:
    """Say which of a file's rows are looked at."""
    if drawn < count:
        return f"{drawn:,} rows drawn of the {count:,} of {name}"
    return f"the row of {name}" if count == 1 else f"the {count:,} rows of {name}"


def ranges(mojo: Mojo, rows: Rows | None) -> dict[str, tuple[float, float, float, bool]]:
    """Return where each numeric column's numbers start, have their middle, and end; are they whole?

    One row in a hundred lies outside on either side. A column with a single number has no range.
    """
    found: dict[str, tuple[float, float, float, bool]] = {}
    if rows is None:
        return found
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            continue
        numbers = finite(rows.sample.matrix[:, column.feature])
        if numbers.size:
            low, middle, high = np.quantile(numbers, (0.01, 0.5, 0.99)).tolist()
            if low < high:
                whole = bool((numbers == np.floor(numbers)).all())
                found[column.name] = (low, middle, high, whole)
    return found


def predictions(scorer: Scorer, matrix: Array) -> Array:
    """Return probabilities or the response, ``(rows, outputs)``; of an autoencoder its errors.

    Args:
        scorer: of the model.
        matrix: ``(rows, n_features)`` float64.
    """
    if isinstance(scorer.mojo.output, Reconstruction):
        return scorer.anomaly_matrix(matrix, missing="server")[:, None]
    return scorer.score_matrix(matrix)


def finite(values: Array) -> Array:
    """Return the numbers that are neither NaN nor infinite."""
    return values[np.isfinite(values)]
