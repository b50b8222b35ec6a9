"""Inputs whose text is odd: numbers as Java writes them, ragged rows, other line ends."""

from __future__ import annotations

from typing import Final

from frames import Cell, Frame, enum
from rows import Rows

NUMBER_TEXTS: Final = (
    "1d",
    "1.5f",
    "0x1p1",
    "0x1.8p3",
    "+1",
    ".5",
    "5.",
    " 7 ",
    "1e3",
    "1E+3",
    "-0",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "1e-400",
    "4.9E-324",
    "00012",
    "123456789012345678901234567890",
    "0.1000000000000000055511151231257827",
)


def number_text_rows(frame: Frame) -> Frame:
    """Rows with odd texts in two numeric columns, one after the other."""
    rows = Rows(sample=60, extremes=(), missing=False, unseen=False).make(frame, "y")
    for start, name in ((0, "age"), (len(NUMBER_TEXTS), "ratio")):
        cells: list[Cell] = [*map(_text, rows[name].cells)]
        cells[start : start + len(NUMBER_TEXTS)] = NUMBER_TEXTS
        rows = rows.with_column(enum(name, cells))
    return rows


def ragged(text: str) -> str:
    """Changes the first eight rows: each is odd in a way of its own."""
    header, *rows = text.splitlines()
    cells = [row.split(",") for row in rows]
    last = len(cells[0]) - 1
    cells[0] = cells[0][:-1]
    cells[1] = cells[1][:2]
    cells[2] = [""]
    cells[3] = [*cells[3], "surplus", "7"]
    cells[4] = [f'"{cell}"' for cell in cells[4]]
    cells[5] = [cell.replace("e", "\\e") for cell in cells[5]]
    cells[6] = [f" {cell}" if index == last else cell for index, cell in enumerate(cells[6])]
    cells[7] = [cell.upper() for cell in cells[7]]
    return "\n".join([header, *(",".join(row) for row in cells)]) + "\n"


def windows_lines(text: str) -> str:
    """The same lines with other ends."""
    return "\r\n".join(text.splitlines())


def _text(cell: Cell) -> Cell:
    """A number as text, a missing cell as it is."""
    return None if cell is None else str(cell)
