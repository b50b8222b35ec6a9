"""A frame of numbers as H2O writes it to CSV, in bounded memory.

Numbers are decimal (``h2o.download_csv``, ``h2o.exportFile``) or hexadecimal (R's
``as.data.frame`` asks the server for these); both hold every bit (``water.fvec.Frame.CSVStream``).
"""

import re
from pathlib import Path
from typing import BinaryIO, Final

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


def read_table(
    path: Path, rows: int, columns: int, *, header_lines: int, limits: Limits
) -> NDArray[np.float64]:
    """Return the numbers below the header.

    The header is not read: H2O writes names into it with the quotes and commas they have.

    Args:
        path: of the file.
        rows: how many there have to be.
        columns: how many there have to be.
        header_lines: more than one where a name has line breaks.
        limits: what the file may ask for.

    Returns:
        ``(rows, columns)``.

    Raises:
        MojoFormatError: it is no such table.
        MojoLimitError: it is larger than the limits allow.
    """
    size = path.stat().st_size
    limits.check("file_bytes", size, f"the file has {size:,} bytes")
    with path.open("rb") as stream:
        found = _line_count(stream) - header_lines
        if found != rows:
            message = f"expected {rows:,} rows of {columns:,} numbers below a header, found {found}"
            raise MojoFormatError(message)
        stream.seek(0)
        for _ in range(header_lines):
            _skip_line(stream)
        table = np.empty((rows, columns), np.float64)
        for row in range(rows):
            table[row] = _row(stream, row, columns)
    if not np.isfinite(table).all():
        raise MojoFormatError("expected numbers, found one that is too large")
    return table


def to_float32(table: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return weights as H2O holds them.

    Raises:
        MojoUnsupportedError: the file has fewer digits than H2O gave.
    """
    with np.errstate(over="ignore"):
        weights = table.astype(np.float32)
    lost = np.abs(table - weights) > _DIGITS_LOST * np.abs(table)
    if lost.any():
        message = (
            f"the weight {float(table[lost][0])!r} is no float32, so digits were lost when the "
            "file was written; write it with h2o.download_csv (Python) or h2o.downloadCSV (R)"
        )
        raise MojoUnsupportedError(message)
    return weights


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
