"""Background rows: some of many, each as likely as any other, and rows that were read before."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.options import Drawing
from mojo_reader.model import CategoricalInput, Mojo
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BackgroundRows(EncodedRows):
    """Background rows that were read of files.

    Attributes:
        unseen: the columns that hold levels which the model does not know.
        read_as: what the reading model's columns and levels are, see ``read_as``.
    """

    unseen: tuple[str, ...]
    read_as: str


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
        chosen = _least(every, self._count)
        offset = None if offsets[0] is None else np.concatenate(offsets)[chosen]
        return every[chosen], np.concatenate(matrices)[chosen], offset


def drawn(rows: EncodedRows, drawing: Drawing) -> EncodedRows:
    """Return some of the rows; all of them where no number is asked for."""
    if drawing.background_rows is None:
        return rows
    places = drawn_places(len(rows.matrix), drawing.background_rows, drawing.seed)
    offset = None if rows.offset is None else rows.offset[places]
    return EncodedRows(matrix=rows.matrix[places], offset=offset)


def drawn_places(count: int, most: int | None, seed: int) -> Places:
    """Return the places of the rows that ``Draw`` keeps of ``count``, in their order."""
    return _least(np.random.default_rng(seed).random(count), most)


def _least(keys: Array, most: int | None) -> Places:
    return np.sort(np.argsort(keys, kind="stable")[:most])


def read_as(mojo: Mojo) -> str:
    """Return what tells models apart that do not read rows alike: by other columns, or levels."""
    inputs = [
        (column.name, column.levels if isinstance(column, CategoricalInput) else None)
        for column in mojo.inputs
    ]
    said = repr((mojo.features.names, inputs))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def read_before(scorer: EncodedScorer, rows: EncodedRows) -> EncodedRows:
    """Return background rows that were encoded before, as a scorer takes them.

    Raises:
        MojoDataError: another model read them, or nobody read the offset that the scorer adds.
    """
    shape = (len(rows.matrix), len(scorer.mojo.features.names))
    other = isinstance(rows, BackgroundRows) and rows.read_as != read_as(scorer.mojo)
    if other or rows.matrix.shape != shape:
        raise MojoDataError(
            "the background was read for a model with other columns or levels: read it with this "
            "model's scorer"
        )
    if scorer.rules.offset == "java":
        return EncodedRows(matrix=rows.matrix, offset=None)
    if rows.offset is None and len(rows.matrix):
        message = (
            "the background was read without the offset, which is added here: read it with a "
            f"scorer of offset={scorer.rules.offset!r}"
        )
        raise MojoDataError(message)
    return rows
