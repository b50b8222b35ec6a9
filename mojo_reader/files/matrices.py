"""Files of encoded rows: NumPy's ``.npy``, or CSV with the model's column names."""

from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from mojo_reader.files.csv_text import column_texts, csv_lines, quoted
from mojo_reader.scoring.arrow import float_array


class MatrixSink(Protocol):
    """Takes blocks of the row matrix, ``(rows, n_features)`` float64."""

    def write(self, block: NDArray[np.float64]) -> None:
        """Write ``(rows, n_features)`` rows after those before."""

    def close(self) -> None:
        """Write what is left; the stream stays open."""


class NpySink:
    """One ``(rows, n_features)`` float64 array; its header is completed at the end."""

    def __init__(self, stream: BinaryIO, columns: int) -> None:
        self._stream = stream
        self._columns = columns
        self._rows = 0
        self._write_header()

    def write(self, block: NDArray[np.float64]) -> None:
        """Write ``(rows, n_features)`` rows after those before."""
        self._stream.write(np.ascontiguousarray(block, "<f8").data)
        self._rows += len(block)

    def close(self) -> None:
        """Put the number of rows into the header, which has room for it."""
        self._stream.seek(0)
        self._write_header()

    def _write_header(self) -> None:
        header: dict[str, Any] = {
            "descr": "<f8",
            "fortran_order": False,
            "shape": (self._rows, self._columns),
        }
        np.lib.format.write_array_header_1_0(self._stream, header)


class CsvMatrixSink:
    """CSV: a line of names, then numbers; a missing one is an empty cell."""

    def __init__(self, stream: BinaryIO, names: tuple[str, ...]) -> None:
        self._stream = stream
        self._stream.write((",".join(map(quoted, names)) + "\n").encode())

    def write(self, block: NDArray[np.float64]) -> None:
        """Write ``(rows, n_features)`` rows after those before."""
        if block.shape[1]:
            self._stream.write(csv_lines(column_texts([float_array(column) for column in block.T])))

    def close(self) -> None:
        """Do nothing: every row is written."""
