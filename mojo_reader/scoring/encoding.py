"""First stage: raw rows to the row matrix, and the row matrix to what the first layer reads."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader import formulas
from mojo_reader.errors import MojoDataError, listed
from mojo_reader.model import CategoricalInput, Features, Mojo
from mojo_reader.scoring.cells import cell_at
from mojo_reader.scoring.column_values import column_positions, number_values
from mojo_reader.scoring.columns import Columns, absent, matched_names
from mojo_reader.scoring.invalid import Invalid, invalid_handler
from mojo_reader.scoring.levels import LevelLookup
from mojo_reader.scoring.near_names import near_names, shown_names
from mojo_reader.scoring.notices import Count, Notices
from mojo_reader.scoring.one_row_cells import OneRowEncoder
from mojo_reader.scoring.options import Strictness

DEFAULT_STRICTNESS: Final = Strictness()


class Encoder:
    """Turns raw columns into the row matrix of ``Features`` (codes and numbers).

    Attributes:
        names: of the raw columns.
    """

    def __init__(self, mojo: Mojo) -> None:
        self._inputs = mojo.inputs
        self.names = tuple(column.name for column in mojo.inputs)
        # The model's other columns (response, weights) are nobody's misspelling either.
        self._known = frozenset((*self.names, *mojo.kept.columns))
        self._n_features = len(mojo.features.names)
        self._info = mojo.info
        self._wanted = frozenset(self.names)
        self._lookups = {
            column.name: LevelLookup(column)
            for column in mojo.inputs
            if isinstance(column, CategoricalInput)
        }
        self._one_row = OneRowEncoder(mojo.inputs, self._n_features, self._lookups)

    def one_row(self, table: object) -> NDArray[np.float64] | None:
        """Return the matrix ``(1, n_features)`` of one plain row; None for any other table."""
        return self._one_row.matrix(table)

    def encode(
        self,
        columns: Columns,
        rows: int,
        notices: Notices,
        strictness: Strictness = DEFAULT_STRICTNESS,
    ) -> NDArray[np.float64]:
        """Return the row matrix.

        Args:
            columns: raw columns by name; further columns are ignored.
            rows: number of rows.
            notices: what was seen is added here.
            strictness: what to refuse.

        Returns:
            ``(rows, n_features)`` float64, NaN for missing.

        Raises:
            MojoDataError: a cell has no meaning in its column, or no column is there.
        """
        columns = self._as_trained(columns)
        self._check_absent(columns, notices, strictness)
        matrix = np.full((rows, self._n_features), np.nan)
        for column in self._inputs:
            if column.name not in columns:
                continue
            on_invalid = invalid_handler(
                column.name, notices, invalid_is_missing=strictness.invalid_is_missing
            )
            values = columns[column.name]
            if isinstance(column, CategoricalInput):
                positions = column_positions(self._lookups[column.name], values, on_invalid)
                _note_unseen(column, values, positions, notices, strictness)
                matrix[:, column.feature : column.feature + column.width] = column.table[positions]
            else:
                matrix[:, column.feature] = number_values(values, on_invalid)
        return matrix

    def _as_trained(self, columns: Columns) -> Columns:
        """Call a column that has other blanks around its name as it was trained."""
        meant = matched_names(columns, self._wanted)
        if not meant:
            return columns
        return {**columns, **{name: columns[given] for given, name in meant.items()}}

    def _check_absent(self, columns: Columns, notices: Notices, strictness: Strictness) -> None:
        names = self.names
        lacking = absent(names, columns)
        if not lacking:
            return
        if self._info.encoded_inputs:
            message = (
                "the model was trained with categorical_encoding "
                f"{self._info.categorical_encoding} and this {self._info.form_and_version} lacks "
                "the original levels, so the rows must carry its encoded columns; absent: "
                f"{listed(lacking)}"
            )
            raise MojoDataError(message)
        strangers = [name for name in columns if name not in self._known]
        near = near_names(lacking, strangers)
        if len(lacking) == len(names):
            message = f"the rows have none of the model's columns: {shown_names(near)}"
            raise MojoDataError(message)
        if strictness.on_absent == "error":
            message = f"the rows lack columns of the model: {shown_names(near)}"
            raise MojoDataError(message)
        notices.absent.update(near)
        notices.extra.update(dict.fromkeys(strangers))


def _note_unseen(
    column: CategoricalInput,
    values: Any,
    positions: NDArray[np.int64],
    notices: Notices,
    strictness: Strictness,
) -> None:
    unseen = positions == column.unseen
    if not unseen.any():
        return
    row = int(np.argmax(unseen))
    example = cell_at(values, row)
    if strictness.on_unseen == "error":
        expected = f"one of the model's {len(column.levels)} levels"
        raise Invalid(row=row, cell=example, expected=expected).error(column.name)
    seen = notices.unseen.setdefault(column.name, Count(outcome=_outcome(column)))
    seen.add(int(np.count_nonzero(unseen)), example)


def _outcome(column: CategoricalInput) -> str:
    """Say what the model reads for a level that it does not know."""
    missing, unseen = column.table[column.missing], column.table[column.unseen]
    if np.array_equal(missing, unseen, equal_nan=True):
        return "taken as missing"
    # Binary has bits, EnumLimited its level for all others.
    return "encoded without a bit" if column.marks_unseen else "scored as its level 'other'"


# --------------------------------------------------------------------------- expansion


def one_hot_slots(matrix: NDArray[np.float64], features: Features) -> NDArray[np.int64]:
    """Return the input that each code adds 1 to.

    Args:
        matrix: ``(rows, n_features)`` float64. A code that is NaN or none of the column's is
            missing.
        features: the model's features.

    Returns:
        ``(rows, cats)`` int64, -1 where a code adds nothing.
    """
    slots = np.empty((matrix.shape[0], len(features.categorical)), np.int64)
    for index, feature in enumerate(features.categorical):
        places = formulas.code_places(np, matrix[:, index], len(feature.levels))
        slots[:, index] = feature.slots[places.astype(np.intp)]
    return slots


def standardized(matrix: NDArray[np.float64], features: Features) -> NDArray[np.float64]:
    """Return the numeric inputs: standardized, then 0 for NaN.

    Args:
        matrix: ``(rows, n_features)`` float64.
        features: the model's features.

    Returns:
        ``(rows, nums)`` float64.
    """
    numbers = matrix[:, len(features.categorical) :]
    return np.asarray(formulas.network_numbers(np, numbers, features, formulas.FLOAT64))
