"""Which columns are to blame where a row is beyond a type of numbers."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.worst_rows import Array, absolute_difference, relative_difference
from mojo_reader.model import Classification, Features, Reconstruction, Regression
from mojo_reader.scoring.scorer import Scorer

#: Rows beyond float32 that are scored again to find the columns to blame.
_BLAMED_ROWS: Final = 64
#: Cells that this scoring may take, and cells of one row's: a wide model has fewer rows looked at,
#: and of these the columns that rounding moves most.
_BLAMED_CELLS: Final = 20_000_000
_BLAMED_ROW_CELLS: Final = 2_000_000


class Blame:
    """Finds the columns that the model's type cannot hold.

    Args:
        scorer: the float64 reference.
        tolerance: a score that moves by more than this, relative to ``1 + |value|``, is moved.
    """

    def __init__(self, scorer: Scorer, tolerance: float) -> None:
        self._scorer = scorer
        self._tolerance = tolerance
        self._features: Features = scorer.mojo.features
        self._rows = self._cells = 0
        self._features_found: set[int] = set()
        self._response_found = False

    def inputs(self, matrix: Array, scored: Array) -> None:
        """Blame features for rows that float32 does not hold; a sample of them tells.

        Args:
            matrix: ``(rows, n_features)`` float64, the rows.
            scored: ``(rows, outputs)`` float64, their scores.
        """
        outputs = max(1, len(self._features.names), scored.shape[1])
        for row, values in zip(matrix, scored, strict=True):
            if self._rows >= _BLAMED_ROWS or self._cells >= _BLAMED_CELLS:
                return
            self._rows += 1
            moved = self._moved(row)[: max(1, _BLAMED_ROW_CELLS // outputs)]
            self._cells += len(moved) * outputs
            self._features_found.update(self._columns_of(row, values, moved))

    def outputs(self, columns: NDArray[np.bool_]) -> None:
        """Blame output columns ``(outputs,)`` for their units."""
        match self._scorer.mojo.output:
            case Reconstruction():
                for column in np.flatnonzero(columns).tolist():
                    self._features_found.update(self._features_of(column))
            case Regression() | Classification():
                self._response_found |= bool(columns.any())

    def _features_of(self, column: int) -> list[int]:
        """Return the features of an autoencoder's output column; hashed levels share theirs."""
        categorical = self._features.categorical
        if column >= self._features.one_hot_width:
            return [len(categorical) + column - self._features.one_hot_width]
        return [i for i, feature in enumerate(categorical) if column in feature.slots]

    def columns(self) -> tuple[str, ...]:
        """Return the names, in the model's order."""
        names = [self._features.names[column] for column in sorted(self._features_found)]
        output = self._scorer.mojo.output
        if self._response_found and not isinstance(output, Reconstruction):
            names.append(output.response)
        return tuple(names)

    def _moved(self, row: Array) -> NDArray[np.int64]:
        """Return the columns that rounding moves, those first that it moves most deviations."""
        rounded = rounded_to_float32(row)
        moved = np.flatnonzero(~((rounded == row) | np.isnan(row)))
        factors = np.ones(len(row))
        factors[len(self._features.categorical) :] = self._features.norm_mul
        with np.errstate(over="ignore", invalid="ignore"):
            steps = np.abs(rounded[moved] - row[moved]) * factors[moved]
        return moved[np.argsort(-steps, kind="stable")]

    def _columns_of(self, row: Array, values: Array, moved: NDArray[np.int64]) -> list[int]:
        """Round one column at a time; the columns that alone move the score, or that do most."""
        if not moved.size:
            return []
        rounded = rounded_to_float32(row)
        rows = np.repeat(row[np.newaxis], len(moved), axis=0)
        rows[np.arange(len(moved)), moved] = rounded[moved]
        relative = relative_difference(
            absolute_difference(self._scorer.score_matrix(rows), values), values
        )
        effect = relative.max(axis=1)
        effect[np.isnan(effect)] = np.inf
        alone = effect > self._tolerance
        return list(map(int, moved[alone] if alone.any() else moved[[effect.argmax()]]))


def rounded_to_float32(matrix: Array) -> Array:
    """Return ``(rows, n_features)`` float64 rows as a float32 model reads them."""
    with np.errstate(over="ignore"):
        return matrix.astype(np.float32).astype(np.float64)
