"""Rows for a proof: every text that a column knows, and numbers out to six deviations."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, Features, Mojo, NumericInput
from mojo_reader.scoring.cells import level_positions

#: Rows that are made at least.
CHECK_ROWS: Final = 10_000
#: Deviations from the mean that numbers are made up to.
_DEVIATIONS: Final = 6.0
#: Share of cells that are made missing.
_MISSING: Final = 0.03
_UNSEEN: Final = "no such level"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MadeRows:
    """The same rows twice.

    Attributes:
        columns: raw columns by name: ``(rows,)`` objects, texts, for levels; float64 for numbers.
        matrix: ``(rows, n_features)`` float64, what the scorer makes of them.
    """

    columns: dict[str, NDArray[Any]]
    matrix: NDArray[np.float64]


def make_rows(mojo: Mojo, *, rows: int = CHECK_ROWS, seed: int = 0) -> MadeRows:
    """Make rows that show every level, and numbers out to six deviations.

    Args:
        mojo: the model.
        rows: number of rows; more where a column knows more texts.
        seed: the same seed makes the same rows.

    Returns:
        Rows in which every categorical column has each text that it knows, each missing mark, and
        a level that the model does not know.
    """
    random = np.random.default_rng(seed)
    texts = {c.name: _positions(c) for c in mojo.inputs if isinstance(c, CategoricalInput)}
    count = max([rows, *map(len, texts.values())])
    made = MadeRows(columns={}, matrix=np.full((count, len(mojo.features.names)), np.nan))
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            _fill_levels(made, column, texts[column.name], random)
        else:
            _fill_numbers(made, column, mojo.features, random)
    return made


def check_rows(mojo: Mojo, *, rows: int = CHECK_ROWS, seed: int = 0) -> NDArray[np.float64]:
    """Make the rows of ``make_rows`` as a matrix ``(rows, n_features)`` float64 alone."""
    return make_rows(mojo, rows=rows, seed=seed).matrix


def _positions(column: CategoricalInput) -> dict[str, int]:
    """Every text that the column knows, and one that it does not, with its row of the table."""
    positions = level_positions(column)
    unseen = _UNSEEN
    # Nor may COLUMN.TEXT be a level.
    while unseen in positions or f"{column.name}.{unseen}" in positions:
        unseen += "_"
    return {**positions, unseen: column.unseen}


def _fill_levels(
    made: MadeRows, column: CategoricalInput, texts: dict[str, int], random: np.random.Generator
) -> None:
    """Give each text in turn, in an order of its own."""
    order = random.permutation(np.arange(len(made.matrix)) % len(texts))
    made.columns[column.name] = np.array(list(texts), object)[order]
    positions = np.fromiter(texts.values(), np.int64)[order]
    made.matrix[:, column.feature : column.feature + column.width] = column.table[positions]


def _fill_numbers(
    made: MadeRows, column: NumericInput, features: Features, random: np.random.Generator
) -> None:
    """Give numbers out to six deviations around the mean, some missing."""
    norm_sub, norm_mul = features.standardization_of(column)
    deviations = random.uniform(-_DEVIATIONS, _DEVIATIONS, len(made.matrix))
    numbers = deviations / norm_mul + norm_sub
    numbers[random.random(len(made.matrix)) < _MISSING] = np.nan
    made.columns[column.name] = numbers
    made.matrix[:, column.feature] = numbers
