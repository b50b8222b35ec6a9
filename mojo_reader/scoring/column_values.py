"""What a column's cells mean, whoever holds it: Python, NumPy, pandas, polars or Arrow."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.scoring.cells import arrow_column, cell_list, numeric_array, time_array
from mojo_reader.scoring.invalid import OnInvalid
from mojo_reader.scoring.levels import LevelLookup, by_distinct
from mojo_reader.scoring.numbers import array_milliseconds, cell_numbers


def number_values(values: Any, on_invalid: OnInvalid) -> NDArray[np.float64]:
    """Return the number in each cell, NaN for missing.

    Args:
        values: a sequence or array of cells.
        on_invalid: called for a cell that is no number.

    Returns:
        ``(rows,)`` float64.
    """
    if isinstance(values, list):
        return cell_numbers(values, on_invalid)
    arrow = arrow_column(values)
    if arrow is not None:
        from mojo_reader.scoring import arrow_cells

        return arrow_cells.arrow_numbers(arrow, on_invalid)
    array = numeric_array(values)
    if array is not None:
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    times = time_array(values)
    if times is not None:
        return array_milliseconds(times, on_invalid)
    return cell_numbers(cell_list(values), on_invalid)


def column_positions(lookup: LevelLookup, values: Any, on_invalid: OnInvalid) -> NDArray[np.int64]:
    """Return the position of each cell's level in ``CategoricalInput.table``.

    Args:
        lookup: of the column.
        values: a sequence or array of cells.
        on_invalid: called for a cell that cannot be a level.

    Returns:
        ``(rows,)`` int64.
    """
    if isinstance(values, list):
        return lookup.cell_positions(values, on_invalid)
    arrow = arrow_column(values)
    if arrow is not None:
        from mojo_reader.scoring import arrow_cells

        return arrow_cells.arrow_positions(arrow, lookup.missing, lookup.cell_positions, on_invalid)
    coded = _coded(values)
    if coded is None:
        return lookup.cell_positions(cell_list(values), on_invalid)

    def look_up(distinct: Any, on_invalid: OnInvalid) -> NDArray[np.int64]:
        return column_positions(lookup, distinct, on_invalid)

    return by_distinct(*coded, lookup.missing, look_up, on_invalid)


def _coded(values: Any) -> tuple[Any, NDArray[np.int64]] | None:
    """Return the distinct cells and each row's place among them, where that is quicker."""
    array = getattr(values, "array", values)
    if hasattr(array, "codes") and hasattr(array, "categories"):  # pandas's categories
        return array.categories, np.asarray(array.codes, np.int64)
    numbers = numeric_array(values)
    if numbers is None or len(numbers) <= 1:
        return None
    distinct, codes = np.unique(numbers, return_inverse=True)
    return cell_list(distinct), codes
