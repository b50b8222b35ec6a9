"""Whose a network input's contribution is: H2O's columns, and where each input goes.

What a code stands for, an *entry*, is a level of a column or its missing cell; it sets one input of
the network, or none. A contribution belongs to an entry, so that levels which share an input
(``max_categorical_features``) keep their own.

Sources: ``DeepSHAPContributionsWithBackground`` and ``DataInfo.coefNames`` for the names.
"""

from collections.abc import Iterator
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.passes import Passed
from mojo_reader.model import CategoricalFeature, CategoricalInput, Mojo

Shares = Literal["original", "compact"]
"""``original``: one column for each level and number. ``compact``: one for each column."""
SHARES: Final[tuple[Shares, ...]] = get_args(Shares)
BIAS: Final = "BiasTerm"
#: After a column's name, its missing cell.
MISSING: Final = ".missing(NA)"

Integers = NDArray[np.int64]


class Columns:
    """The columns of contributions, and which entry and number goes to which.

    Args:
        mojo: the model.
        shares: ``original`` or ``compact``.
        encoded: keep the columns that an encoding made (``COL:0``), as H2O's server does, instead
            of giving their shares to the raw one.

    Attributes:
        names: of the columns, ``BiasTerm`` apart.
        numbers: ``(nums,)`` int64, the column of each number.
    """

    def __init__(self, mojo: Mojo, shares: Shares, *, encoded: bool) -> None:
        features = mojo.features
        self._starts = np.cumsum([0, *(len(one.slots) for one in features.categorical)])[:-1]
        slots = [one.slots for one in features.categorical]
        self._slots = np.concatenate([*slots, np.empty(0, np.int64)])
        if shares == "original":
            places, names = _inputs(features.categorical)
            self._columns = places
            self.numbers = len(names) + np.arange(len(features.numeric))
            self.names = (*names, *features.numeric)
            return
        of_feature = np.arange(len(features.names))
        self.names = features.names
        if not encoded:
            self.names = tuple(column.name for column in mojo.inputs)
            for index, column in enumerate(mojo.inputs):
                width = column.width if isinstance(column, CategoricalInput) else 1
                of_feature[column.feature : column.feature + width] = index
        cats = len(features.categorical)
        sizes = [len(one.slots) for one in features.categorical]
        self._columns = np.repeat(of_feature[:cats], sizes)
        self.numbers = of_feature[cats:]

    def slots(self, rows: Passed) -> Integers:
        """Return the input that each entry of rows sets, ``(rows, cats)``; -1 for none."""
        found: Integers = self._slots[self._entries(rows)]
        return found

    def of(self, rows: Passed) -> Integers:
        """Return the column of each entry of rows, ``(rows, cats)``.

        What sets no input moves nothing, and adds its zero to some column.
        """
        found: Integers = self._columns[self._entries(rows)]
        return found

    def _entries(self, rows: Passed) -> Integers:
        found: Integers = rows.places + self._starts
        return found


def _inputs(features: tuple[CategoricalFeature, ...]) -> tuple[Integers, list[str]]:
    """Return the column of each entry, and the names of those that set an input."""
    named = [
        (name, slot >= 0)
        for feature in features
        for name, slot in zip(_entry_names(feature), feature.slots.tolist(), strict=True)
    ]
    names = [name for name, sets in named if sets]
    # An entry that sets no input has no column of its own; any will do for its zeros.
    places = np.cumsum([sets for _, sets in named], dtype=np.int64) - 1
    return np.maximum(places, 0), names


def _entry_names(feature: CategoricalFeature) -> Iterator[str]:
    for level in feature.levels:
        yield f"{feature.name}.{level}"
    yield f"{feature.name}{MISSING}"
