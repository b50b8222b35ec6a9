"""Files of rows as the model reads them, whole, with their response and weights.

What looks at all rows many times (a grid, a permutation) reads them once. Few are held in memory;
many are laid down in a file without a name, and mapped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.labelled import LabelledRows, response_of, weights_of
from mojo_reader.files.rules import Reading
from mojo_reader.files.score import Made, ScoreOptions, row_pieces, run
from mojo_reader.files.sources import Source
from mojo_reader.files.tables import Piece
from mojo_reader.model import Regression
from mojo_reader.scoring.columns import KEPT, AbsentColumnError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import RowRules, Strictness, described, option, values_of
from mojo_reader.scoring.rows import EncodedRows
from mojo_reader.scoring.scorer import Scorer

Array = NDArray[np.float64]


@described
@dataclass(frozen=True, kw_only=True)
class RowFiles(Reading, Strictness, RowRules):
    """How files of rows are read for what looks at all of them."""

    workers: int | None = option(
        None, "Number of threads that read; by default one for each core.", sign="N", least=1
    )

    @property
    def reading(self) -> ScoreOptions:
        """How the rows are read."""
        values = {**values_of(Reading, self), **values_of(Strictness, self)}
        return ScoreOptions(**values, offset=self.offset, workers=self.workers)


#: Bytes that are held in memory; more are laid down.
_HELD: Final = 256 << 20


def read_labelled(  # noqa: PLR0913 - the last are options
    scorer: Scorer,
    source: Source | Sequence[Source],
    reading: ScoreOptions,
    notices: Notices,
    *,
    response: str | None = None,
    weights: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> LabelledRows:
    """Read files of rows.

    Args:
        scorer: of the model.
        source: the files.
        reading: how they are read.
        notices: what was seen is added here.
        response: the rows' column with the response; None for none.
        weights: the rows' column with their weights; None for none.
        progress: called with the number of rows read.

    Raises:
        MojoDataError: a file is no table, lacks a column, or a cell has no meaning.
    """
    beside = dict.fromkeys(name for name in (response, weights) if name is not None)
    of_numbers = (weights, response if isinstance(scorer.mojo.output, Regression) else None)
    numbers = frozenset(name for name in of_numbers if name is not None)
    store = _Store()

    def job(piece: Piece) -> Made:
        seen = Notices()
        batch = piece.read(seen)
        kept = {name: batch.column(KEPT + name) for name in beside}
        rows = batch.drop_columns([KEPT + name for name in beside]) if beside else batch
        part = LabelledRows(
            encoded=scorer.encode_batch(rows, seen, reading),
            response=None
            if response is None
            else response_of(scorer.mojo, kept[response], response),
            weights=None if weights is None else weights_of(kept[weights], weights),
        )
        return Made(rows=batch.num_rows, notices=seen, parts=(part,))

    chosen = replace(reading, keep=tuple(beside))
    try:
        parts = row_pieces(scorer, source, chosen, notices, numbers=numbers)
        run(parts, job, store.add, notices, workers=reading.workers, progress=progress)
    except AbsentColumnError as error:
        message = f"the rows lack the weights column {error.column!r}"
        if error.column == response:
            message = f"the rows lack the response column {response!r} (--response names another)"
        raise MojoDataError(message, file=error.file) from error
    return store.rows(len(scorer.mojo.features.names))


class _Store:
    """Keeps rows, the matrix on disk where it is large."""

    def __init__(self) -> None:
        self._parts: list[LabelledRows] = []
        self._matrices: list[Array] = []
        self._held = 0
        self._file: Any = None
        self._rows = 0

    def add(self, part: LabelledRows) -> None:
        """Take further rows."""
        matrix = np.ascontiguousarray(part.encoded.matrix)
        self._rows += len(matrix)
        empty = EncodedRows(matrix=np.empty((0, 0)), offset=part.encoded.offset)
        self._parts.append(
            LabelledRows(encoded=empty, response=part.response, weights=part.weights)
        )
        self._matrices.append(matrix)
        self._held += matrix.nbytes
        if self._file is not None or self._held > _HELD:
            self._lay_down()

    def _lay_down(self) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - until the rows are asked for
        for matrix in self._matrices:
            self._file.write(matrix.tobytes())
        self._matrices, self._held = [], 0

    def rows(self, width: int) -> LabelledRows:
        """Return all rows."""
        matrix: Array
        if self._file is None:
            matrix = np.concatenate([np.empty((0, width)), *self._matrices])
        else:
            self._file.flush()
            matrix = np.memmap(self._file, np.float64, "r", shape=(self._rows, width))
            self._file.close()  # the map holds what has no name
        offsets = [part.encoded.offset for part in self._parts]
        return LabelledRows(
            encoded=EncodedRows(matrix=matrix, offset=_joined(offsets)),
            response=_joined([part.response for part in self._parts]),
            weights=_joined([part.weights for part in self._parts]),
        )


def _joined(parts: list[Array | None]) -> Array | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if there else None
