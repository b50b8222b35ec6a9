"""What the tests of tables and of the commands share: running the program, and inputs for it."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support import Golden, read_csv

from mojo_reader.cli import main
from mojo_reader.model import CategoricalInput
from mojo_reader.model.levels import MISSING_MARKS, level_positions

UNSEEN = "no level at all"


class Run:
    """What the program did."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


def run(capfd: pytest.CaptureFixture[str], *words: object) -> Run:
    """Run the program in this process."""
    capfd.readouterr()
    with pytest.raises(SystemExit) as exit_:
        main([str(word) for word in words])
    code = exit_.value.code
    out, err = capfd.readouterr()
    return Run(int(code or 0), out, err)


def rows_file(case: Golden, folder: Path) -> Path:
    """Write a golden case's input as a file whose text means what the Java scorer took from it.

    The inputs are written for Java's CSV reader: its escapes are undone, and a level with blanks
    around it, which Java does not know and we read without the blanks, becomes an unknown one.
    """
    header, *rows = read_csv(case.folder / "input.csv", escapechar="\\")
    known = {
        column.name: set(level_positions(column))
        for column in case.mojo().inputs
        if isinstance(column, CategoricalInput)
    }
    for row in rows:
        for place, name in enumerate(header[: len(row)]):
            cell = row[place]
            if name in known and cell not in known[name] and cell.strip(" \t") in known[name]:
                row[place] = UNSEEN
    path = folder / "input.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows and [header, *rows])
    return path


def table_of(text: str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of CSV text."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return header, rows


def numbers_of(rows: Sequence[Sequence[str]], start: int) -> np.ndarray:
    """Return the cells from a column on as numbers, ``NA`` as NaN."""
    return np.array(
        [[float("nan") if cell == "NA" else float(cell) for cell in row[start:]] for row in rows],
        np.float64,
    )


__all__ = ["MISSING_MARKS", "UNSEEN", "Run", "numbers_of", "rows_file", "run", "table_of"]
