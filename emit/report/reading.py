"""The rows that a report looks at, read with their response, in bounded memory."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.labelled import weights_of
from mojo_reader.explaining.measured import own_weights
from mojo_reader.files.rules import Reading
from mojo_reader.files.score import Made, ScoreOptions, row_pieces, run
from mojo_reader.files.tables import Piece
from mojo_reader.model import CategoricalInput, Classification, Mojo, Reconstruction, Regression
from mojo_reader.scoring.column_values import column_positions
from mojo_reader.scoring.columns import KEPT, AbsentColumnError, arrow_columns
from mojo_reader.scoring.invalid import Invalid
from mojo_reader.scoring.levels import LevelLookup
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import values_of
from mojo_reader.scoring.responses import response_values
from mojo_reader.scoring.scorer import Scorer

from .data_known import spans_of
from .kept_rows import DrawnRows, concatenated, taken
from .rows import Cells, Rows, finite, predictions
from .segments import ColumnCodes
from .tallies import RESPONSE, LevelTally, NumberTally, Tally
from .worst import WorstRows

Array = NDArray[np.float64]
Places = NDArray[np.int64]
#: Rows that are kept cell by cell, and their cells.
MOST_ROWS: Final = 20_000
_MOST_CELLS: Final = 20_000_000
#: Predictions that are kept: 20 million rows of two classes.
_MOST_PREDICTIONS: Final = 40_000_000
#: Of the rows that are drawn.
SEED: Final = 1


def read_rows(  # noqa: PLR0913 - the last are options
    mojo: Mojo,
    path: str | os.PathLike[str],
    *,
    response: str | None = None,
    labelled: bool = True,
    rules: Reading | None = None,
    chosen: Sequence[int] = (),
    by: Sequence[str] = (),
    reference: Rows | None = None,
    progress: Callable[[int], None] | None = None,
) -> Rows:
    """Read and score rows to look at, with their response where the file has it.

    Args:
        mojo: the model.
        path: file of rows.
        response: its column; None takes the model's, which may be absent.
        labelled: whether the response is read.
        rules: how the file is read.
        chosen: positions of rows that are kept to be shown by themselves.
        by: columns of the file that the rows are grouped by.
        reference: rows that these are compared with; None for what the model knows of training.
        progress: called with the number of rows read.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: the file is no table, has no rows, a cell has no meaning in its column, or
            a column that was named is absent.
    """
    name = response
    if not labelled:
        name = None
    elif name is None and not isinstance(mojo.output, Reconstruction):
        name = mojo.output.response
    asked = _Asked(
        scorer=Scorer(mojo),
        path=path,
        response=name,
        weights=own_weights(mojo) if labelled else None,
        options=ScoreOptions(**({} if rules is None else values_of(Reading, rules))),
        chosen=frozenset(chosen),
        by=tuple(dict.fromkeys(by)),
        reference=reference,
        progress=progress,
    )
    while True:
        try:
            return _read(asked)
        except AbsentColumnError as error:
            if error.column == asked.weights:
                asked = replace(asked, weights=None)
            elif response is None and error.column == asked.response:
                asked = replace(asked, response=None)
            else:
                raise _absent(asked, error, response) from error


def _absent(asked: "_Asked", error: AbsentColumnError, response: str | None) -> MojoDataError:
    """Say which column that was named is absent, and what for."""
    if error.column == response:
        message = f"the rows lack the response column {response!r}"
    else:
        message = f"the rows lack the column {error.column!r}"
        if error.column in asked.by:
            message += ", which they were to be grouped by (--by)"
    return MojoDataError(message, file=error.file)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What is asked for."""

    scorer: Scorer
    path: str | os.PathLike[str]
    response: str | None
    weights: str | None
    options: ScoreOptions
    chosen: frozenset[int]
    by: tuple[str, ...]
    reference: Rows | None
    progress: Callable[[int], None] | None

    @property
    def beside(self) -> tuple[str, ...]:
        """Columns that are read beside the model's."""
        names = (self.response, self.weights, *self.by)
        return tuple(dict.fromkeys(name for name in names if name is not None))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """Some rows, read and scored."""

    table: Any
    matrix: Array
    predicted: Array
    labels: NDArray[np.int64] | None
    response: Array | None
    weights: Array | None
    levels: Mapping[str, tuple[NDArray[np.int64], Any]]
    groups: Mapping[str, Any]


def _read(asked: _Asked) -> Rows:
    kept = _Kept(asked)
    job = _job(asked)
    options, notices = asked.options, Notices()
    beside = asked.beside
    of_number = isinstance(asked.scorer.mojo.output, Regression)
    numbers = (asked.weights, asked.response if of_number else None)
    parts = row_pieces(
        asked.scorer,
        str(asked.path),
        replace(options, keep=beside),
        notices,
        numbers=frozenset(name for name in numbers if name),
    )
    count = run(parts, job, kept.add, notices, progress=asked.progress)
    if not count:
        raise MojoDataError("the file has no rows", file=str(asked.path))
    return kept.rows(Path(asked.path).name, notices)


def _job(asked: _Asked) -> Callable[[Piece], Made]:
    scorer, mojo = asked.scorer, asked.scorer.mojo
    lookups = {
        column.name: LevelLookup(column)
        for column in mojo.inputs
        if isinstance(column, CategoricalInput)
    }

    def job(piece: Piece) -> Made:
        notices = Notices()
        batch = piece.read(notices)
        kept = {name: batch.column(KEPT + name) for name in asked.beside}
        response, name = None, asked.response
        if name is not None:
            response = response_values(mojo, {name: kept[name]}, name)
        weights, weighing = None, asked.weights
        if weighing is not None:
            weights = weights_of(kept[weighing], weighing)
        if kept:
            batch = batch.drop_columns([KEPT + name for name in kept])
        matrix = scorer.encode_batch(batch, notices, asked.options).matrix
        notices.unused_offset = None
        predicted = predictions(scorer, matrix)
        classes = isinstance(mojo.output, Classification)
        import pyarrow as pa

        part = _Part(
            table=pa.Table.from_batches([batch]),
            matrix=matrix,
            predicted=predicted,
            labels=scorer.label_indices(predicted, matrix) if classes else None,
            response=response,
            weights=weights,
            levels=_levels(lookups, batch),
            groups={name: kept[name] for name in asked.by},
        )
        return Made(rows=len(matrix), notices=notices, parts=(part,))

    return job


def _levels(
    lookups: Mapping[str, LevelLookup], batch: Any
) -> dict[str, tuple[NDArray[np.int64], Any]]:
    """Return the position of each cell's level, and the cells, by column."""
    columns, rows = arrow_columns(batch, lookups.keys())
    found = {}
    for name, lookup in lookups.items():
        cells = columns.get(name)
        if cells is None or len(cells) != rows:
            found[name] = np.full(rows, lookup.missing), None
        else:
            found[name] = column_positions(lookup, cells, _ignored), cells
    return found


def _ignored(_: Invalid) -> None:
    """Do nothing: who encoded the cells has refused or counted them."""


class _Kept:
    """Keeps what the page needs of the rows that go by."""

    def __init__(self, asked: _Asked) -> None:
        mojo = asked.scorer.mojo
        self._mojo = mojo
        self._asked = asked
        width = max(1, len(mojo.features.names))
        classes = isinstance(mojo.output, Classification)
        outputs = len(mojo.output.labels) if isinstance(mojo.output, Classification) else 1
        self._scored = DrawnRows(max(MOST_ROWS, _MOST_PREDICTIONS // outputs))
        self._sample = DrawnRows(max(1, min(MOST_ROWS, _MOST_CELLS // width)))
        self._worst = WorstRows(mojo.output)
        self._groups = {name: ColumnCodes(mojo, name) for name in asked.by}
        self._chosen: list[tuple[Any, ...]] = []
        self._random = np.random.default_rng(SEED)
        self._count = 0
        spans = spans_of(mojo, asked.reference)
        self._tallies: dict[str, Tally] = {
            column.name: LevelTally(levels=len(column.levels))
            if isinstance(column, CategoricalInput)
            else NumberTally(span=spans[column.name])
            for column in mojo.inputs
        }
        if asked.response is not None:
            self._tallies[RESPONSE] = LevelTally(levels=outputs) if classes else NumberTally()

    def add(self, part: _Part) -> None:
        """Take further rows."""
        rows = len(part.matrix)
        places = np.arange(self._count, self._count + rows)
        keys = self._random.random(rows)
        scored = (places, part.predicted, part.labels, part.response, part.weights)
        codes = [self._codes(name, part) for name in part.groups]
        self._scored.add(keys, *scored, *(one for both in codes for one in both))
        cells = (places, part.matrix, part.table)
        self._sample.add(keys, *cells)
        self._worst.add(part.predicted, part.response, *cells)
        chosen = [place for place in self._asked.chosen if 0 <= place - self._count < rows]
        if chosen:
            self._chosen.append(taken(cells, np.array(chosen) - self._count))
        self._count += rows
        self._tally(part)

    def _codes(self, name: str, part: _Part) -> tuple[Any, Any]:
        column = self._groups[name]
        numbers = None if column.feature is None else part.matrix[:, column.feature]
        return column.add(part.groups[name], numbers)

    def _tally(self, part: _Part) -> None:
        for column in self._mojo.inputs:
            tally = self._tallies[column.name]
            if isinstance(tally, LevelTally):
                tally.add(*part.levels[column.name])
            else:
                tally.add(part.matrix[:, column.feature])
        response = self._tallies.get(RESPONSE)
        if part.response is None or response is None:
            return
        if isinstance(response, LevelTally):
            known = np.isfinite(part.response)
            response.add(np.where(known, part.response, response.levels).astype(np.int64))
        else:
            response.add(part.response)

    def rows(self, name: str, notices: Notices) -> Rows:
        """Return the rows to look at."""
        scored, predicted, labels, response, weights, *codes = self._scored.rows()
        places, matrix, table = self._sample.rows()
        middle = finite(predicted[:, -1])
        worst, words = self._worst.places(float(np.median(middle)) if middle.size else 0.0)
        return Rows(
            name=name,
            count=self._count,
            notices=notices,
            scored=scored,
            predicted=predicted,
            labels=labels,
            response=response,
            weights=weights,
            sample=Cells(places=places, matrix=matrix, table=table),
            single=self._single(),
            worst=worst,
            worst_words=words,
            tallies=self._tallies,
            reference=self._asked.reference,
            segments={
                name: column.segments(codes[2 * place], codes[2 * place + 1])
                for place, (name, column) in enumerate(self._groups.items())
            },
        )

    def _single(self) -> Cells:
        parts = [*self._chosen, *self._worst.items()]
        if not parts:
            return Cells(places=np.empty(0, np.int64), matrix=np.empty((0, 0)))
        joined = tuple(map(concatenated, zip(*parts, strict=True)))
        _, first = np.unique(joined[0], return_index=True)
        places, matrix, table = taken(joined, first)
        return Cells(places=places, matrix=matrix, table=table)
