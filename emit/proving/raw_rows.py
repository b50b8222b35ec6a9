"""A person's rows as a program reads them that takes texts and doubles, and nothing else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, Mojo
from mojo_reader.model.levels import position_texts
from mojo_reader.scoring.column_values import column_positions, number_values
from mojo_reader.scoring.columns import named_columns
from mojo_reader.scoring.invalid import invalid_handler
from mojo_reader.scoring.levels import LevelLookup
from mojo_reader.scoring.notices import Notices


def raw_columns(
    mojo: Mojo, table: object, *, invalid_is_missing: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the columns of a table as such a program reads them.

    Args:
        mojo: the model.
        table: any table that the scorer takes.
        invalid_is_missing: take a cell without a meaning as missing instead of raising.

    Returns:
        By name, ``(rows,)``: the texts of levels, or float64, NaN for missing.

    Raises:
        MojoDataError: a cell has no meaning in its column.
    """
    named, rows = named_columns(table, {column.name for column in mojo.inputs})
    columns: dict[str, NDArray[Any]] = {}
    notices = Notices()  # Who read the table has said what is in it.
    for column in mojo.inputs:
        cells = named.get(column.name, [None] * rows)
        handler = invalid_handler(column.name, notices, invalid_is_missing=invalid_is_missing)
        if isinstance(column, CategoricalInput):
            positions = column_positions(LevelLookup(column), cells, handler)
            columns[column.name] = np.array(position_texts(column), object)[positions]
        else:
            columns[column.name] = number_values(cells, handler)
    return columns
