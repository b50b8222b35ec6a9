"""From cells to levels: the position of each cell's level in ``CategoricalInput.table``.

A text is a level or none, compared exactly. A cell that is no text is looked up by each of its
spellings: among the levels themselves, then, where the encoding allows it, as ``COLUMN.LEVEL``.

Sources: ``hex.genmodel.easy.RowToRawDataConverter``, ``EnumEncoder``.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput
from mojo_reader.model.levels import LEVEL_BLANKS, level_positions
from mojo_reader.scoring.cells import is_missing
from mojo_reader.scoring.invalid import Invalid, OnInvalid
from mojo_reader.scoring.spellings import spellings

#: Types of which each value is spelled once; what is equal is spelled alike.
_REPEATED: Final = frozenset({bool, int, float})

LookUp = Callable[[Any, OnInvalid], NDArray[np.int64]]


class LevelLookup:
    """Finds the position of a cell's level in ``CategoricalInput.table``.

    Attributes:
        missing: the position of a missing cell.
        unseen: the position of a level that the column does not know.
        positions: of each text that is known, the marks of missing cells among them.
    """

    def __init__(self, column: CategoricalInput) -> None:
        self.missing = column.missing
        self.unseen = column.unseen
        self._levels = column.levels
        self.positions = level_positions(column)

    def cell_positions(self, cells: Sequence[Any], on_invalid: OnInvalid) -> NDArray[np.int64]:
        """Return the position of each of some plain Python cells, ``(rows,)`` int64."""
        try:
            found: list[int | None] = list(map(self.positions.get, cells))
        except TypeError:  # an unhashable cell, which is named below
            found = [None] * len(cells)
        if None in found:
            known: dict[tuple[type, object], int] = {}
            for row, position in enumerate(found):
                if position is None:
                    found[row] = self._position(row, cells[row], known, on_invalid)
        return np.array(found, np.int64)

    def _position(
        self, row: int, cell: object, known: dict[tuple[type, object], int], on_invalid: OnInvalid
    ) -> int:
        kind = type(cell)
        if kind in _REPEATED and (kind, cell) in known:
            return known[kind, cell]
        if is_missing(cell):
            return self.missing
        texts = spellings(cell)
        if texts is None:
            on_invalid(Invalid(row=row, cell=cell, expected="a level's text"))
            return self.missing
        position = self._first_of(texts)
        if kind in _REPEATED:
            known[kind, cell] = position
        return position

    def _first_of(self, texts: Sequence[str]) -> int:
        known = [(text, self.positions[text]) for text in texts if text in self.positions]
        for text, position in known:
            # A level itself, before what is one only behind the column's name, and missing marks.
            if self._levels[position : position + 1] == (text,):
                return position
        return known[0][1] if known else self.unseen


def by_distinct(
    distinct: Any, codes: NDArray[np.int64], missing: int, look_up: LookUp, on_invalid: OnInvalid
) -> NDArray[np.int64]:
    """Look each distinct cell up once.

    Args:
        distinct: the cells that there are.
        codes: ``(rows,)`` place of each row's cell among them, -1 for a missing one.
        missing: the position of a missing cell.
        look_up: returns the positions of cells.
        on_invalid: called for each row of a cell that cannot be a level.

    Returns:
        ``(rows,)`` int64.
    """
    invalid: list[Invalid] = []
    found = look_up(distinct, invalid.append)
    report(invalid, codes, on_invalid)
    return np.append(found, missing)[codes]


def report(invalid: Sequence[Invalid], codes: NDArray[np.int64], on_invalid: OnInvalid) -> None:
    """Say of each row what is wrong with its entry of the dictionary.

    Args:
        invalid: entries without a meaning, by their place.
        codes: ``(rows,)`` place of each row's entry.
        on_invalid: called for each such row.
    """
    if not invalid:
        return
    by_position = {one.row: one for one in invalid}
    for row in np.flatnonzero(np.isin(codes, list(by_position))).tolist():
        one = by_position[int(codes[row])]
        on_invalid(Invalid(row=row, cell=one.cell, expected=one.expected))


def bare_forms(text: str) -> tuple[str, str, str, str]:
    """Return a text of a CSV file as it stands, and without leading, trailing and both blanks.

    H2O's parser drops leading blanks alone, so that a level may end in blanks.
    """
    bare = text.strip(LEVEL_BLANKS)
    return text, text.lstrip(LEVEL_BLANKS), text.rstrip(LEVEL_BLANKS), bare
