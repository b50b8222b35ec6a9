"""First stage: raw rows to the row matrix, and the row matrix to what the first layer reads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.model import CategoricalInput, Features, Mojo
from mojo_reader.scoring.cells import Invalid, LevelLookup, OnInvalid, number_values
from mojo_reader.scoring.columns import Columns, absent


@dataclass(kw_only=True, slots=True)
class Count:
    """How often something was seen in a column, and its first example."""

    count: int = 0
    example: object = None

    def add(self, count: int, example: object) -> None:
        """Count further cells."""
        if self.count == 0:
            self.example = example
        self.count += count


@dataclass(kw_only=True, slots=True)
class Notices:
    """What was seen in the rows that a person may not have meant.

    Attributes:
        absent: columns of the model that the rows lack; they are taken as missing.
        unseen: by column, levels that the model does not know.
        invalid: by column, cells without a meaning that were read as missing.
    """

    absent: dict[str, None] = field(default_factory=dict)
    unseen: dict[str, Count] = field(default_factory=dict)
    invalid: dict[str, Count] = field(default_factory=dict)


class Encoder:
    """Turns raw columns into the row matrix of ``Features`` (codes and numbers)."""

    def __init__(self, mojo: Mojo) -> None:
        self._inputs = mojo.inputs
        self._n_features = len(mojo.features.names)
        self._encoded = mojo.info.encoded_inputs
        self._encoding = mojo.info.categorical_encoding
        self._lookups = {
            column.name: LevelLookup(column)
            for column in mojo.inputs
            if isinstance(column, CategoricalInput)
        }

    def encode(
        self, columns: Columns, rows: int, notices: Notices, *, invalid_is_missing: bool = False
    ) -> NDArray[np.float64]:
        """Return the row matrix.

        Args:
            columns: raw columns by name; further columns are ignored.
            rows: number of rows.
            notices: what was seen is added here.
            invalid_is_missing: read a cell without a meaning as missing instead of raising.

        Returns:
            ``(rows, n_features)`` float64, NaN for missing.

        Raises:
            MojoDataError: a cell has no meaning in its column, or no column is there.
        """
        self._check_absent(columns, notices)
        matrix = np.full((rows, self._n_features), np.nan)
        for column in self._inputs:
            if column.name not in columns:
                continue
            on_invalid = _handler(column.name, notices, invalid_is_missing=invalid_is_missing)
            values = columns[column.name]
            if isinstance(column, CategoricalInput):
                positions = self._level_positions(column, values, notices, on_invalid)
                matrix[:, column.feature : column.feature + column.width] = column.table[positions]
            else:
                matrix[:, column.feature] = number_values(values, on_invalid)
        return matrix

    def _level_positions(
        self, column: CategoricalInput, values: object, notices: Notices, on_invalid: OnInvalid
    ) -> NDArray[np.int64]:
        positions = self._lookups[column.name].positions(values, on_invalid)
        unseen = positions == column.unseen
        if unseen.any():
            example = values[int(np.argmax(unseen))] if hasattr(values, "__getitem__") else None
            count = notices.unseen.setdefault(column.name, Count())
            count.add(int(np.count_nonzero(unseen)), example)
        return positions

    def _check_absent(self, columns: Columns, notices: Notices) -> None:
        names = tuple(column.name for column in self._inputs)
        lacking = absent(names, columns)
        if self._encoded and lacking:
            message = (
                f"the model was trained with categorical_encoding {self._encoding} and this MOJO "
                "(version 1.00) lacks the original levels, so the rows must carry its encoded "
                f"columns; absent: {_listed(lacking)}"
            )
            raise MojoDataError(message)
        if names and len(lacking) == len(names):
            message = f"the rows have none of the model's columns: {_listed(names)}"
            raise MojoDataError(message)
        notices.absent.update(dict.fromkeys(lacking))


_LISTED: Final = 5


def _listed(names: tuple[str, ...]) -> str:
    text = ", ".join(map(repr, names[:_LISTED]))
    return f"{text} and {len(names) - _LISTED} more" if len(names) > _LISTED else text


def _handler(
    column: str, notices: Notices, *, invalid_is_missing: bool
) -> Callable[[Invalid], None]:
    def handle(invalid: Invalid) -> None:
        if not invalid_is_missing:
            raise invalid.error(column)
        notices.invalid.setdefault(column, Count()).add(1, invalid.cell)

    return handle


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
        codes = matrix[:, index]
        levels = len(feature.levels)
        known = (codes >= 0) & (codes < levels)
        positions = np.where(known, codes, levels).astype(np.intp)
        slots[:, index] = feature.slots[positions]
    return slots


def standardized(matrix: NDArray[np.float64], features: Features) -> NDArray[np.float64]:
    """Return the numeric inputs: standardized, then 0 for NaN.

    Args:
        matrix: ``(rows, n_features)`` float64.
        features: the model's features.

    Returns:
        ``(rows, nums)`` float64.
    """
    inputs = matrix[:, len(features.categorical) :]
    if features.standardize:
        inputs = (inputs - features.norm_sub) * features.norm_mul
    return np.where(np.isnan(inputs), 0.0, inputs)
