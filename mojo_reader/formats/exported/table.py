"""A frame of numbers as H2O writes it to CSV, in bounded memory.

Numbers are decimal (``h2o.download_csv``, ``h2o.exportFile``) or hexadecimal (R's
``as.data.frame`` asks the server for these); both hold every bit (``water.fvec.Frame.CSVStream``).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.limits import Limits

_PIECE_BYTES: Final = 1 << 20
#: A number's text that H2O writes has 24 characters at most; R's have blanks before them.
_CELL_BYTES: Final = 64
_DECIMAL: Final = rb" *-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,4})?"
_DECIMAL_CELL: Final = re.compile(_DECIMAL)
_HEXADECIMAL_CELL: Final = re.compile(rb"-?0x[01](?:\.[0-9a-f]{1,13})?p-?\d{1,4}")
_DECIMALS: Final = re.compile(rb"(?:%b,)*%b" % (_DECIMAL, _DECIMAL))
#: So far a float32 may stand from the number in the file: the 15 digits of R's ``write.csv``.
_DIGITS_LOST: Final = 1e-13


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What a table has to be.

    Attributes:
        rows: number of rows below the header.
        columns: number of columns.
        dtype: in which H2O holds the numbers.
        header_lines: more than one where a name has line breaks.
    """

    rows: int
    columns: int
    dtype: type[np.float32 | np.float64]
    header_lines: int = 1


def read_table(path: Path, expected: Expected, limits: Limits) -> NDArray[Any]:
    """Return the numbers below the header, ``(rows, columns)``.

    The header is not read: H2O writes names into it with the quotes and commas they have.

    Raises:
        MojoFormatError: it is no such table.
        MojoLimitError: it is larger than the limits allow.
        MojoUnsupportedError: float32 numbers have fewer digits than H2O gave.
    """
    size = path.stat().st_size
    limits.check("file_bytes", size, f"the file has {size:,} bytes")
    rows, columns, dtype = expected.rows, expected.columns, expected.dtype
    with path.open("rb") as stream:
        found = _line_count(stream) - expected.header_lines
        if found != rows:
            message = f"expected {rows:,} rows of {columns:,} numbers below a header, found {found}"
            raise MojoFormatError(message)
        stream.seek(0)
        for _ in range(expected.header_lines):
            _skip_line(stream)
        table = np.empty((rows, columns), dtype)
        for row in range(rows):
            numbers = np.array(_row(stream, row, columns))
            table[row] = _to_float32(numbers) if dtype is np.float32 else numbers
    if not np.isfinite(table).all():
        raise MojoFormatError("expected numbers, found one that is too large")
    return table


def _to_float32(numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        found = numbers.astype(np.float32)
        lost = np.abs(numbers - found) > _DIGITS_LOST * np.abs(numbers)
    if lost.any():
        message = (
            f"the weight {float(numbers[lost][0])!r} is no float32, so digits were lost when the "
            "file was written; write it with h2o.download_csv (Python) or h2o.downloadCSV (R)"
        )
        raise MojoUnsupportedError(message)
    return found


def _line_count(stream: BinaryIO) -> int:
    count, last = 0, b"\n"
    while piece := stream.read(_PIECE_BYTES):
        count += piece.count(b"\n")
        last = piece[-1:]
    return count + (last != b"\n")


def _skip_line(stream: BinaryIO) -> None:
    while (piece := stream.readline(_PIECE_BYTES)) and not piece.endswith(b"\n"):
        pass


def _row(stream: BinaryIO, row: int, columns: int) -> list[float]:
    line = stream.readline(_CELL_BYTES * columns + 2).rstrip(b"\r\n")
    cells = line.split(b",", columns)
    if len(cells) != columns:
        found = f"{len(cells):,}" if len(cells) < columns else "more"
        message = f"row {row + 1:,}: expected {columns:,} numbers, found {found}"
        raise MojoFormatError(message)
    if _DECIMALS.fullmatch(line):
        return list(map(float, cells))
    # In hexadecimal, H2O writes a column of integers in decimals all the same.
    return [_number(cell, row) for cell in cells]


def _number(cell: bytes, row: int) -> float:
    if _DECIMAL_CELL.fullmatch(cell):
        return float(cell)
    if _HEXADECIMAL_CELL.fullmatch(cell):
        return float.fromhex(cell.decode())
    message = f"row {row + 1:,}: expected a number, found {cell[:40].decode(errors='replace')!r}"
    raise MojoFormatError(message)
