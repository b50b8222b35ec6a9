"""Some of many background rows, each as likely as any other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.options import Drawing
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BackgroundRows(EncodedRows):
    """Background rows that were read of files.

    Attributes:
        unseen: the columns that hold levels which the model does not know.
    """

    unseen: tuple[str, ...]


class Draw:
    """Keeps the rows with the smallest of random numbers, in the order in which they came.

    Which these are depends on the seed and the number of rows, not on the parts that they come in.

    Args:
        drawing: how many are kept, and the seed.
    """

    def __init__(self, drawing: Drawing) -> None:
        self._count = drawing.background_rows
        self._random = np.random.default_rng(drawing.seed)
        self._parts: list[tuple[Array, Array, Array | None]] = []

    def add(self, rows: EncodedRows) -> None:
        """Take further rows."""
        keys = self._random.random(len(rows.matrix))
        self._parts.append((keys, rows.matrix, rows.offset))
        if self._count is not None:
            kept = sum(len(keys) for keys, _, _ in self._parts)
            if kept > self._count:
                self._parts = [self._drawn()]

    def rows(self, width: int) -> EncodedRows:
        """Return what was drawn, rows of ``width`` features."""
        if not self._parts:
            return EncodedRows(matrix=np.empty((0, width)), offset=None)
        _, matrix, offset = self._drawn()
        return EncodedRows(matrix=matrix, offset=offset)

    def _drawn(self) -> tuple[Array, Array, Array | None]:
        keys, matrices, offsets = zip(*self._parts, strict=True)
        every = np.concatenate(keys)
        chosen = np.sort(np.argsort(every, kind="stable")[: self._count])
        offset = None if offsets[0] is None else np.concatenate(offsets)[chosen]
        return every[chosen], np.concatenate(matrices)[chosen], offset


def drawn(rows: EncodedRows, drawing: Drawing) -> EncodedRows:
    """Return some of the rows; all of them where no number is asked for."""
    if drawing.background_rows is None:
        return rows
    draw = Draw(drawing)
    draw.add(rows)
    return draw.rows(rows.matrix.shape[1])
