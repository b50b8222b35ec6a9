"""Encoded rows as the report looks at them, without a file."""

import numpy as np

from emit.report.rows import Cells, Rows, predictions
from emit.report.worst import WorstRows
from mojo_reader import Scorer
from mojo_reader.model import Classification
from mojo_reader.scoring.notices import Notices


def cells_of(matrix: np.ndarray) -> Cells:
    """Return encoded rows as some of a file's."""
    return Cells(places=np.arange(len(matrix)), matrix=matrix)


def rows_of(scorer: Scorer, matrix: np.ndarray, response: np.ndarray | None = None) -> Rows:
    """Return encoded rows as ``read_rows`` would."""
    predicted, cells = predictions(scorer, matrix), cells_of(matrix)
    worst = WorstRows(scorer.mojo.output)
    worst.add(predicted, response, cells.places, matrix, None)
    last = predicted[:, -1]
    places, words = worst.places(float(np.median(last[np.isfinite(last)])))
    classes = isinstance(scorer.mojo.output, Classification)
    return Rows(
        name="rows.csv",
        count=len(matrix),
        notices=Notices(),
        scored=cells.places,
        predicted=predicted,
        labels=scorer.label_indices(predicted, matrix) if classes else None,
        response=response,
        sample=cells,
        single=cells,
        worst=places,
        worst_words=words,
    )
