"""Partial dependence: what a prediction is on average where a column has one value in every row.

Source: ``hex.PartialDependence``, for the grid and the figures.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError, MojoUnsupportedError, listed
from mojo_reader.model import (
    CategoricalInput,
    Classification,
    InputColumn,
    Reconstruction,
)
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.rows import EncodedRows

__all__ = ["partial_dependence"]

Array = NDArray[np.float64]
#: H2O's names of the figures.
_FIGURES: Final = ("mean_response", "stddev_response", "std_error_mean_response")
_TWO_CLASSES: Final = 2


def partial_dependence(
    scorer: EncodedScorer, rows: object, column: str, *, bins: int = 20, missing: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the mean prediction for each value of a column, on H2O's grid.

    Args:
        scorer: the model's scorer.
        rows: the rows whose other columns stay as they are, any table that the scorer takes, or
            ``EncodedRows``.
        column: one of the rows' columns that the model reads.
        bins: values of a number, at equal distances from its least to its largest; of whole numbers
            no more than there are. Of levels all are taken, in the model's order.
        missing: add a point at which the cell is missing.

    Returns:
        The column's name to its values (objects for levels, None for missing), then
        ``mean_response``, ``stddev_response`` and ``std_error_mean_response``, each ``(points,)``
        float64: of the response, or of the second class's probability; ``(points, n_classes)`` for
        more classes.

    Raises:
        MojoDataError: the model reads no such column, or no row has a number there.
        MojoUnsupportedError: an autoencoder predicts no response.
        ValueError: fewer than one bin.
    """
    mojo = scorer.mojo
    if isinstance(mojo.output, Reconstruction):
        raise MojoUnsupportedError("an autoencoder predicts no response that depends on a column")
    if bins < 1:
        message = f"expected bins of 1 or more, found {bins}"
        raise ValueError(message)
    found = next((one for one in mojo.inputs if one.name == column), None)
    if found is None:
        known = listed([one.name for one in mojo.inputs])
        message = f"the model reads no column {column!r}; it reads {known}"
        raise MojoDataError(message)
    encoded = rows if isinstance(rows, EncodedRows) else scorer.encode_rows(rows)
    if not len(encoded.matrix):
        raise MojoDataError("expected at least one row, found none")
    points, cells = _points(found, encoded.matrix, bins, missing=missing)
    figures = np.array([_figures(_predicted(scorer, encoded, found, one)) for one in cells])
    values = figures[..., 0] if figures.shape[-1] == 1 else figures
    return {column: points, **dict(zip(_FIGURES, np.moveaxis(values, 1, 0), strict=True))}


def _points(
    column: InputColumn, matrix: Array, bins: int, *, missing: bool
) -> tuple[NDArray[Any], Array]:
    """Return a column's values, and the features of each, ``(points, width)``."""
    if isinstance(column, CategoricalInput):
        levels: list[str | None] = [*column.levels, *([None] if missing else [])]
        return np.array(levels, object), column.table[: len(levels)]
    numbers = matrix[:, column.feature]
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        message = f"no row has a number in the column {column.name!r}"
        raise MojoDataError(message)
    least, largest = float(numbers.min()), float(numbers.max())
    if (numbers == np.floor(numbers)).all() and largest - least + 1 < bins:
        bins = int(largest - least) + 1
    step = (largest - least) / max(bins - 1, 1)
    points: Array = least + np.arange(bins, dtype=np.float64) * step
    if missing:
        points = np.append(points, np.nan)
    return points, points[:, None]


def _predicted(
    scorer: EncodedScorer, rows: EncodedRows, column: InputColumn, cells: Array
) -> Array:
    """Predict rows in which a column has other cells, ``(rows, outputs)``."""
    matrix = np.copy(rows.matrix)
    matrix[:, column.feature : column.feature + len(cells)] = cells
    values = scorer.defined_matrix(matrix, offset=rows.offset)
    output = scorer.mojo.output
    two = isinstance(output, Classification) and len(output.labels) == _TWO_CLASSES
    return values[:, 1:] if two else values


def _figures(values: Array) -> Array:
    """Return mean, standard deviation and standard error, ``(3, outputs)``."""
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1], np.nan)
    return np.array([values.mean(axis=0), spread, spread / np.sqrt(len(values))])
