"""A response column of labelled rows: class positions, or numbers in the response's own units."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import listed
from mojo_reader.model import CategoricalInput, Classification, Mojo
from mojo_reader.scoring.cells import cell_at
from mojo_reader.scoring.column_values import column_positions, number_values
from mojo_reader.scoring.columns import Columns
from mojo_reader.scoring.invalid import Invalid, OnInvalid
from mojo_reader.scoring.levels import LevelLookup, bare_forms


def response_values(mojo: Mojo, columns: Columns, name: str) -> NDArray[np.float64]:
    """Read the response of each row.

    Args:
        mojo: the model, no autoencoder.
        columns: the rows' columns, as ``named_columns`` gives them.
        name: of the response.

    Returns:
        ``(rows,)`` float64: positions of the class labels, or numbers; NaN where it is missing.

    Raises:
        RowError: a cell has no meaning there, or is none of the classes.
    """
    if isinstance(mojo.output, Classification):
        return _class_positions(mojo.output, columns[name], name)
    return number_values(columns[name], raising(name))


def raising(column: str) -> OnInvalid:
    """Return the handler that raises at a cell without a meaning."""

    def handle(invalid: Invalid) -> None:
        raise invalid.error(column)

    return handle


def _class_positions(output: Classification, values: Any, name: str) -> NDArray[np.float64]:
    """Positions of the classes; blanks around a text are dropped where it is none without."""
    column = CategoricalInput(
        name=name,
        levels=output.labels,
        prefixed=False,
        feature=0,
        table=np.empty((len(output.labels) + 2, 0)),
    )
    lookup = LevelLookup(column)
    found = column_positions(lookup, values, raising(name))
    for row in np.flatnonzero(found == column.unseen).tolist():
        cell = cell_at(values, row)
        forms = bare_forms(cell) if isinstance(cell, str) else (cell,)
        tried = lookup.cell_positions(forms, raising(name))
        found[row] = next((place for place in tried if place != column.unseen), column.unseen)
        if found[row] == column.unseen:
            expected = f"one of the model's classes {listed(output.labels)}"
            raise Invalid(row=row, cell=cell, expected=expected).error(name)
    return np.where(found == column.missing, np.nan, found)
