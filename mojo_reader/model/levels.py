"""Texts as a model knows them: which is a level, which is a missing cell.

Sources: ``hex.genmodel.easy.RowToRawDataConverter``, ``EnumEncoder``.
"""

from typing import Final

from mojo_reader.model import CategoricalInput

#: Texts that are a missing cell, where they are no level.
MISSING_MARKS: Final = ("", "NA", "N/A", "-")
#: What is dropped around a level or a column's name in a CSV file.
LEVEL_BLANKS: Final = " \t"


def level_positions(column: CategoricalInput) -> dict[str, int]:
    """Return the position of every text that the column knows, with the marks of missing cells."""
    positions = dict(zip(column.levels, range(len(column.levels)), strict=True))
    if column.prefixed:
        prefix = f"{column.name}."
        for level in [level for level in column.levels if level.startswith(prefix)]:
            # What is left of the level ``COLUMN.`` is a missing cell, in a CSV and in ONNX.
            if level != prefix:
                positions.setdefault(level.removeprefix(prefix), positions[level])
    for mark in ("",) if column.marks_unseen else MISSING_MARKS:
        positions.setdefault(mark, column.missing)
    return positions


def position_texts(column: CategoricalInput) -> tuple[str, ...]:
    """Return a text for each row of ``column.table``, for programs that take nothing but texts.

    The last two are a missing mark that is no level, and a text that the column does not know.
    """
    positions = level_positions(column)
    marks = (mark for mark in MISSING_MARKS if positions.get(mark) == column.missing)
    missing = next(marks, "")
    unseen = "unseen"
    while unseen in positions:
        unseen += "?"
    return (*column.levels, missing, unseen)
