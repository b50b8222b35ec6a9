"""Partial dependence: what a prediction is on average where a column has one value in every row.

Source: ``hex.PartialDependence``, for the grid and the figures.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.grid import Grid, GridOptions, Levels, Values, column_of, grid_of
from mojo_reader.explaining.labelled import LabelledRows, labelled_rows
from mojo_reader.explaining.moved_columns import MovedColumns, outputs_of
from mojo_reader.model import InputColumn, Mojo
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.options import checked

__all__ = ["FIGURES", "partial_dependence"]

#: H2O's names of the figures.
FIGURES: Final = ("mean_response", "stddev_response", "std_error_mean_response")


def partial_dependence(  # noqa: PLR0913 - options
    scorer: EncodedScorer,
    rows: object,
    column: str,
    *,
    other: str | None = None,
    bins: int = 20,
    missing: bool = False,
    levels: Levels = "model",
    values: Values | None = None,
    row: int | None = None,
    target: str | Sequence[str] | None = None,
    weights: str | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the mean prediction for each value of a column, on H2O's grid.

    Args:
        scorer: the model's scorer; its rule for the offset holds.
        rows: the rows whose other columns stay as they are, any table that the scorer takes, or
            ``EncodedRows``.
        column: one of the rows' columns that the model reads.
        other: a second one: all pairs of their values are points, the second's fastest
            (H2O's ``col_pairs_2dpdp``).
        bins: values of a number, at equal distances from its least to its largest; of whole numbers
            no more than there are.
        missing: add a point at which the cell is missing (``include_na``).
        levels: ``model`` takes the levels that the model knows, in its order, ``rows`` those of
            them that the rows have; H2O takes those of its frame.
        values: values to take in place of H2O's (``user_splits``): of the column, or, in a
            mapping, by column.
        row: take this row alone, counted from 0, on the grid of all (``row_index``).
        target: a class, or some, of a model of more than two (``targets``); all by default.
        weights: the rows' column with their weights (``weight_column``).

    Returns:
        The column's name, and that of the other, to the values of each point (objects for levels,
        None for missing), then ``mean_response``, ``stddev_response`` and
        ``std_error_mean_response``, each ``(points,)`` float64: of the response, or of the second
        class's probability; ``(points, n_classes)`` for more classes, ``(points, n_targets)`` for
        some of them.

    Raises:
        MojoDataError: the model reads no such column, no row has a finite number there, a value
            has no meaning, or there is no such row, class or column of weights.
        MojoUnsupportedError: an autoencoder predicts no response.
        ValueError: fewer than one bin, or an unknown choice.
    """
    options = checked(GridOptions(bins=bins, missing=missing, levels=levels))
    outputs = outputs_of(scorer.mojo, _targets(target))
    columns = columns_of(scorer.mojo, column, other)
    read = labelled_rows(scorer, rows, weights=weights)
    grids = grids_of(columns, read.encoded.matrix, options, values)
    chosen = read if row is None else one_row(read, row)
    moved = MovedColumns(scorer, grids, outputs)
    figures = moved.spread(chosen.encoded, chosen.weights).figures()
    single = len(outputs) == 1 and not (target is not None and not isinstance(target, str))
    return {
        **points_of(grids),
        **{name: one[:, 0] if single else one for name, one in zip(FIGURES, figures, strict=True)},
    }


def columns_of(mojo: Mojo, column: str, other: str | None) -> tuple[InputColumn, ...]:
    """Return one of the rows' columns, or a pair.

    Raises:
        MojoDataError: the model reads no such column, or both are one.
    """
    if column == other:
        message = f"expected a pair of two columns, found {column!r} twice"
        raise MojoDataError(message)
    return tuple(column_of(mojo, name) for name in (column, other) if name is not None)


def grids_of(
    columns: tuple[InputColumn, ...],
    matrix: NDArray[np.float64],
    options: GridOptions,
    values: Values | None,
) -> tuple[Grid, ...]:
    """Return the grid of each column.

    Raises:
        MojoDataError: values are given for another column, or ``grid_of`` refuses them.
    """
    if values is None or not isinstance(values, Mapping):
        given: Mapping[str, Any] = {} if values is None else {columns[0].name: values}
    else:
        given = cast("Mapping[str, Any]", values)
    names = [column.name for column in columns]
    strange = next((name for name in given if name not in names), None)
    if strange is not None:
        message = f"values are given for the column {strange!r}, which is not asked for"
        raise MojoDataError(message)
    if not len(matrix):
        raise MojoDataError("expected at least one row, found none")
    return tuple(grid_of(one, matrix, options, given.get(one.name)) for one in columns)


def points_of(grids: tuple[Grid, ...]) -> dict[str, NDArray[Any]]:
    """Return each column's value at each point, ``(points,)``."""
    sizes = [len(grid) for grid in grids]
    places = np.indices(sizes).reshape(len(sizes), -1)
    return {grid.column.name: grid.values[place] for grid, place in zip(grids, places, strict=True)}


def one_row(rows: LabelledRows, row: int) -> LabelledRows:
    """Return a single row.

    Raises:
        MojoDataError: there is no such row.
    """
    count = len(rows.encoded.matrix)
    if not 0 <= row < count:
        message = f"there is no row {row}: the rows are counted from 0 to {count - 1}"
        raise MojoDataError(message)
    return rows.take(np.array([row]))


def _targets(target: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if target is None:
        return None
    return (target,) if isinstance(target, str) else tuple(target)
