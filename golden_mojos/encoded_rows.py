"""Rows whose categorical columns are encoded already, as MOJO 1.00 needs them.

The scores are the Java scorer's on these columns, so nothing here decides what is right; a
comparison with the server on the raw columns shows that the columns mean what they should.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from frames import Cell, Frame, Kind, numeric, stream
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from frames import Column

RESPONSE = "y"


def binary_rows(frame: Frame) -> Frame:
    """Each categorical column as bits, the lowest first."""
    return _encoded(frame, _bits)


def label_rows(frame: Frame) -> Frame:
    """Each categorical column as its level's number."""
    return _encoded(frame, lambda column, codes: [numeric(column.name, codes)])


def eigen_rows(frame: Frame) -> Frame:
    """Each categorical column as one number, here any, since the MOJO does not keep H2O's."""
    source = stream(91)

    def values(column: Column, codes: Sequence[int | None]) -> list[Column]:
        numbers = [None if c is None else round(source.uniform(-1, 1), 4) for c in codes]
        return [numeric(f"{column.name}.Eigen", numbers)]

    return _encoded(frame, values)


def _encoded(frame: Frame, encode: Callable[[Column, Sequence[int | None]], list[Column]]) -> Frame:
    """The usual rows, with each categorical column replaced."""
    rows = Rows(sample=None, unseen=False).make(frame, RESPONSE)
    columns: list[Column] = []
    for column in rows.columns:
        if column.kind is not Kind.ENUM:
            columns.append(column)
            continue
        levels = sorted({str(cell) for cell in frame[column.name].cells if cell is not None})
        codes = [None if cell is None else levels.index(str(cell)) for cell in column.cells]
        columns.extend(encode(column, codes))
    return Frame(tuple(columns))


def _bits(column: Column, codes: Sequence[int | None]) -> list[Column]:
    """One column for each bit of the level's number plus one."""
    highest = max(code + 1 for code in codes if code is not None)

    def bit(code: int | None, place: int) -> Cell:
        return None if code is None else (code + 1) >> place & 1

    return [
        numeric(f"{column.name}:{place}", [bit(code, place) for code in codes])
        for place in range(highest.bit_length())
    ]
