"""What moves the predictions of rows: contributions, and which rows are shown one by one."""

from dataclasses import dataclass
from math import isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import ExplainOptions
from mojo_reader.model import (
    Classification,
    InputColumn,
    InverseLink,
    Output,
    Reconstruction,
)
from mojo_reader.scoring.encoding import standardized
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.rows import EncodedRows
from mojo_reader.scoring.scorer import Scorer

from .background import Background
from .rows import Cells

Array = NDArray[np.float64]
Places = NDArray[np.int64]
#: Rows that are explained at most.
_MOST_ROWS: Final = 1000
#: Products that all pairs of a row and a background row may take.
_WORK: Final = 20_000_000_000
#: Rows that are explained at once, where one of them may turn out to be too large.
_BLOCK: Final = 100
#: Standardized numbers beyond this are no data: a mean with them shows nothing else.
_LARGEST: Final = 1e30
_TWO_CLASSES: Final = 2
#: A contribution for each raw column.
_OPTIONS: Final = ExplainOptions(output="compact")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Moves:
    """Contributions of some rows.

    Attributes:
        columns: the raw columns.
        outputs: what is explained, with its unit; one text for each output.
        places: ``(rows,)`` positions in the file.
        matrix: ``(rows, n_features)`` float64.
        values: ``(rows, columns, outputs)`` float64.
        base: ``(outputs,)`` the background's mean.
    """

    columns: tuple[InputColumn, ...]
    outputs: tuple[str, ...]
    places: Places
    matrix: Array
    values: Array
    base: Array

    def strengths(self) -> Array:
        """Return each column's mean absolute contribution, ``(columns, outputs)``."""
        return np.asarray(np.abs(self.values).mean(axis=0))


class Mover:
    """Explains rows by background rows, without those whose numbers are too large.

    Args:
        scorer: the model's scorer.
        background: the background rows.

    Attributes:
        words: what the background rows are, as in "compared with ...".
        background: ``(rows, n_features)`` float64: those of them that it takes, for a few seconds
            of work; none where all are too large.
        most: number of rows that take as long.
    """

    def __init__(self, scorer: Scorer, background: Background) -> None:
        self._mojo = scorer.mojo
        pairs = max(1, _WORK // (self._mojo.weight_count * len(outputs_of(self._mojo.output))))
        self._explainer: Explainer | None = None
        self.background = self._small(background.matrix)[: max(1, isqrt(pairs))]
        self.most = min(_MOST_ROWS, max(1, pairs // max(1, len(self.background))))
        taken = len(self.background)
        self.words = background.words
        if taken < len(background.matrix):
            self.words = f"{taken:,} of {background.words}"
        self._open(scorer)

    def _open(self, scorer: Scorer) -> None:
        while self._explainer is None and len(self.background):
            try:
                others = EncodedRows(matrix=self.background, offset=None)
                self._explainer = Explainer(scorer, others, _OPTIONS)
            except MojoDataError as error:
                if not isinstance(error.__cause__, RowError):
                    raise
                self.background = np.delete(self.background, error.__cause__.row, axis=0)

    def moves(self, rows: Cells, places: Places) -> Moves | None:
        """Explain some of the rows.

        Args:
            rows: the rows.
            places: ``(places,)`` which of them.

        Returns:
            None where none can be explained.
        """
        if self._explainer is None:
            return None
        parts, kept = [], []
        for start in range(0, len(places), _BLOCK):
            block = places[start : start + _BLOCK]
            block = block[self._is_small(rows.matrix[block])]
            values, taken = _explained(self._explainer, rows.matrix, block)
            parts.append(values)
            kept.append(taken)
        found = np.concatenate([*kept, np.empty(0, np.int64)])
        if not len(found):
            return None
        values = np.concatenate(parts)
        return Moves(
            columns=self._mojo.inputs,
            outputs=outputs_of(self._mojo.output),
            places=rows.places[found],
            matrix=rows.matrix[found],
            values=values[:, :-1],
            base=values[0, -1],
        )

    def _small(self, matrix: Array) -> Array:
        return matrix[self._is_small(matrix)]

    def _is_small(self, matrix: Array) -> NDArray[np.bool_]:
        numbers = standardized(matrix, self._mojo.features)
        return np.asarray((np.abs(numbers) < _LARGEST).all(axis=1))


def _explained(explainer: Explainer, matrix: Array, places: Places) -> tuple[Array, Places]:
    """Explain rows, and return which ones they are."""
    while len(places):
        try:
            rows = EncodedRows(matrix=matrix[places], offset=None)
            return explainer.explain(rows).values, places
        except RowError as error:
            places = np.delete(places, error.row)
    return np.empty((0, len(explainer.names), explainer.outputs)), places


# --------------------------------------------------------------------------- words


def outputs_of(output: Output) -> tuple[str, ...]:
    """Return what is explained of a model, with its unit."""
    if isinstance(output, Reconstruction):
        return ("reconstruction error",)
    if isinstance(output, Classification):
        if len(output.labels) == _TWO_CLASSES:
            return (f"log-odds of {output.labels[1]}",)
        return tuple(f"logit of {label}" for label in output.labels)
    links = {InverseLink.EXP: "log of {}", InverseLink.LOGISTIC: "log-odds of {}"}
    return (links.get(output.inverse_link, "{}").format(output.response),)
