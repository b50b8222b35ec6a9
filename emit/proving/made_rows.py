"""Rows for a proof: every text that a column knows, and numbers as far as the model tells.

Numbers go out to six deviations. A model that was not standardized does not hold the deviations of
its columns, so there each row has a magnitude, from 1 to a million, and its numbers are up to that:
in every other row all alike, in the others each up to a magnitude of its own.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, Mojo, NumericInput, Reconstruction
from mojo_reader.model.levels import MISSING_MARKS, level_positions

#: Rows that are made at most, but for a column that knows more texts.
CHECK_ROWS: Final = 10_000
#: Rows that are made at least.
FEWEST_ROWS: Final = 16
#: Numbers that a proof's rows may fill: wide models get fewer rows.
CELL_BUDGET: Final = 4_000_000
#: Products that the rows may cost in the network: large models get fewer rows.
PRODUCT_BUDGET: Final = 10_000_000_000
#: The same for a report of the proof.
BUDGET: Final = {"rows": CHECK_ROWS, "cells": CELL_BUDGET, "products": PRODUCT_BUDGET}
#: Magnitudes of numbers whose scale the model does not tell.
MAGNITUDES: Final = tuple(10.0**power for power in range(7))
#: Deviations from the mean that numbers are made up to.
_DEVIATIONS: Final = 6.0
#: Share of cells that are made missing.
_MISSING: Final = 0.03
_UNSEEN: Final = "no such level"
#: An emitted network multiplies at most so much of the one-hot block for each column.
_ONE_HOT: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MadeRows:
    """The same rows twice.

    Attributes:
        columns: raw columns by name: ``(rows,)`` objects, texts, for levels; float64 for numbers.
        matrix: ``(rows, n_features)`` float64, what the scorer makes of them.
        unscaled: names of the numeric columns whose scale the model does not tell.
        magnitudes: ``(rows,)`` float64, largest number that a row may have in these columns.
        seed: that decided the rows.
    """

    columns: dict[str, NDArray[Any]]
    matrix: NDArray[np.float64]
    unscaled: tuple[str, ...]
    magnitudes: NDArray[np.float64]
    seed: int


def make_rows(mojo: Mojo, *, rows: int | None = None, seed: int = 0) -> MadeRows:
    """Make rows that show every level, and numbers as far as the model tells.

    Args:
        mojo: the model.
        rows: number of rows; more where a column knows more texts. None makes as many as a proof
            can afford: see ``affordable_rows``.
        seed: the same seed makes the same rows.

    Returns:
        Rows in which every categorical column has each text that it knows, each missing mark, and
        a level that the model does not know; where a proof cannot afford so many rows, a draw of
        the levels.
    """
    random = np.random.default_rng(seed)
    texts = {c.name: _positions(c) for c in mojo.inputs if isinstance(c, CategoricalInput)}
    most = max(map(len, texts.values()), default=0)
    count = affordable_rows(mojo, max(CHECK_ROWS, most)) if rows is None else max(rows, most)
    powers = random.permutation(np.arange(count) % len(MAGNITUDES))
    made = MadeRows(
        columns={},
        matrix=np.full((count, len(mojo.features.names)), np.nan),
        unscaled=unscaled_columns(mojo),
        magnitudes=np.array(MAGNITUDES)[powers],
        seed=seed,
    )
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            _fill_levels(made, column, texts[column.name], random)
        else:
            _fill_numbers(made, column, mojo, random)
    return made


def check_rows(mojo: Mojo, *, rows: int | None = None, seed: int = 0) -> NDArray[np.float64]:
    """Make the rows of ``make_rows`` as a matrix ``(rows, n_features)`` float64 alone."""
    return make_rows(mojo, rows=rows, seed=seed).matrix


def affordable_rows(mojo: Mojo, wanted: int) -> int:
    """Return how many rows, at most ``wanted``, a proof can have within its budgets."""
    features = mojo.features
    rebuilt = features.width if isinstance(mojo.output, Reconstruction) else 0
    cells = len(mojo.inputs) + len(features.names) + rebuilt
    hot = min(features.one_hot_width, _ONE_HOT * len(features.categorical))
    first, *rest = mojo.layers
    products = sum(kernel.shape[1] for kernel in first.kernels) * (hot + len(features.numeric))
    products += sum(layer.weight_count for layer in rest)
    affordable: int = min(CELL_BUDGET // cells, PRODUCT_BUDGET // max(1, products))
    return min(wanted, max(FEWEST_ROWS, affordable))


def unscaled_columns(mojo: Mojo) -> tuple[str, ...]:
    """Return the names of the numeric columns whose scale the model does not tell."""
    if mojo.features.standardize:
        return ()
    return tuple(column.name for column in mojo.inputs if isinstance(column, NumericInput))


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
    order = random.permutation(_turns(list(texts), len(made.matrix), random))
    made.columns[column.name] = np.array(list(texts), object)[order]
    positions = np.fromiter(texts.values(), np.int64)[order]
    made.matrix[:, column.feature : column.feature + column.width] = column.table[positions]


def _turns(texts: list[str], rows: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return which text each row has ``(rows,)``; of too many, the marks and a draw of others."""
    if len(texts) <= rows:
        return np.arange(rows) % len(texts)
    unseen = len(texts) - 1
    odd = [place for place, text in enumerate(texts[:-1]) if text in MISSING_MARKS]
    drawn = random.choice(unseen, rows, replace=False)
    drawn[: len(odd) + 1] = [*odd, unseen]
    return np.asarray(drawn)


def _own_magnitudes(
    magnitudes: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Return a column's magnitudes ``(rows,)``: in every other row the row's, else up to that."""
    powers = np.log10(magnitudes)
    own = np.floor(random.uniform(0.0, powers + 1.0))
    alike = np.arange(len(magnitudes)) % 2 == 0
    return np.asarray(np.where(alike, magnitudes, 10.0**own))


def _fill_numbers(
    made: MadeRows, column: NumericInput, mojo: Mojo, random: np.random.Generator
) -> None:
    """Give numbers out to six deviations around the mean or to a magnitude, some missing."""
    numbers = random.uniform(-1.0, 1.0, len(made.matrix))
    if mojo.features.standardize:
        norm_sub, norm_mul = mojo.features.standardization_of(column)
        numbers = numbers * _DEVIATIONS / norm_mul + norm_sub
    else:
        numbers *= _own_magnitudes(made.magnitudes, random)
    numbers[random.random(len(made.matrix)) < _MISSING] = np.nan
    made.columns[column.name] = numbers
    made.matrix[:, column.feature] = numbers
