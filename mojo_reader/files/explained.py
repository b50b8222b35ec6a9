"""Explain whole files: rows in, contributions out, in order, in bounded memory."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.background import without_rows
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import PAIR_COLUMNS, ExplainOptions
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.files.outputs import everything, model_input, separate
from mojo_reader.files.rules import Reading
from mojo_reader.files.score import Made, ScoreOptions, row_pieces, run
from mojo_reader.files.sources import Source
from mojo_reader.files.tables import Piece
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.columns import KEPT
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import (
    RowRules,
    Strictness,
    described,
    option,
    part_of,
    values_of,
)
from mojo_reader.scoring.rows import EncodedRows
from mojo_reader.scoring.scorer import Scorer

__all__ = ["ExplainFileOptions", "ExplainedFile", "explain_file"]

#: Numbers that one part of the output holds.
_PART: Final = 2_000_000
_CLASS_COLUMN: Final = "Class"
Array = NDArray[np.float64]


@described
@dataclass(frozen=True, kw_only=True)
class ExplainFileOptions(Reading, Strictness, RowRules, ExplainOptions):
    """How a file is explained.

    Raises:
        ValueError: an option has no such value.
    """

    background_rows: int | None = option(
        None, "Of the background, so many rows drawn; all by default.", sign="N", least=1
    )
    seed: int = option(1, "Of the rows that are drawn.", sign="N", least=0)
    top: int | None = option(
        None, "The columns that move a row most, by name, instead of all.", sign="N", least=1
    )
    keep: tuple[str, ...] = option((), "Columns to carry through, before the contributions.")
    workers: int | None = option(None, "Threads; one on each core by default.", sign="N", least=1)

    def reading(self, keep: tuple[str, ...]) -> ScoreOptions:
        """Return how rows are read, with some columns carried through."""
        values = {**values_of(Reading, self), **values_of(Strictness, self)}
        return ScoreOptions(**values, offset=self.offset, keep=keep, workers=self.workers)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainedFile:
    """What was done.

    Attributes:
        rows: number of rows explained.
        background_rows: number of rows that they were compared with.
        error: how far contributions are from adding up at most, as ``Explained`` has it.
        notices: what was seen in the rows.
        background_notices: what was seen in the background rows.
        note: what the background is where none was given.
    """

    rows: int
    background_rows: int
    error: float
    notices: Notices
    background_notices: Notices
    note: str | None


def explain_file(  # noqa: PLR0913 - the last two are options
    mojo: Mojo,
    source: Source | Sequence[Source],
    background: Source | Sequence[Source] | None,
    target: Source,
    options: ExplainFileOptions,
    *,
    progress: Callable[[int], None] | None = None,
) -> ExplainedFile:
    """Explain files of rows to a file of contributions with H2O's columns.

    Of more than two classes there is a row for each class, with the columns ``RowIdx`` and
    ``Class``.

    Args:
        mojo: the model.
        source: files of rows, as ``score_file`` takes them.
        background: files of background rows; None, for ``margin`` alone, for the training means.
        target: CSV, Parquet, Arrow or JSON lines, ``-`` for standard output. A file appears when
            all rows are explained, or not at all.
        options: how.
        progress: called with the number of rows done.

    Raises:
        FileNotFoundError: there is no such file of rows.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: a cell has no meaning in its column, or rows cannot be explained.
        MojoUnsupportedError: H2O's server has no such contributions.
        OutputNameError: the target is an input, or its name says a format that is not written.
        MojoOutputError: the target cannot be written.
    """
    require_pyarrow("Files of rows")
    from mojo_reader.files import sinks

    inputs = [*model_input(mojo), *everything("the rows", source)]
    if background is not None:
        inputs += everything("the background", background)
    separate([("the output", target)], inputs)
    reading = options.reading(options.keep)
    scorer = reading.scorer(mojo)
    seen, notices = Notices(), Notices()
    rows, note = _background(scorer, background, options, seen)
    explainer = Explainer(scorer, rows, part_of(ExplainOptions, options))
    written = sinks.output_format(target, options.format)
    layout = _Layout(explainer, mojo, options)
    with sinks.output_stream(target, seeks=written in sinks.SEEKING) as stream:
        schema = layout.schema()
        sink = sinks.open_sink(stream, target, options.format, schema, len(options.keep))
        writer = _Writer(layout, sink)
        job = _job(explainer, scorer, options, _Counter(progress))
        parts = row_pieces(scorer, source, reading, notices)
        count = run(parts, job, writer.write, notices, workers=options.workers)
        sink.close()
    return ExplainedFile(
        rows=count,
        background_rows=len(rows.matrix),
        error=writer.error,
        notices=notices,
        background_notices=seen,
        note=note,
    )


# --------------------------------------------------------------------------- background


def _background(
    scorer: Scorer,
    source: Source | Sequence[Source] | None,
    options: ExplainFileOptions,
    notices: Notices,
) -> tuple[EncodedRows, str | None]:
    """Read the background rows, or some of them, each as likely as any other."""
    if source is None:
        return without_rows(scorer, options.method)
    reading = options.reading(())
    draw = _Draw(options.background_rows, options.seed)

    def job(piece: Piece) -> Made:
        seen = Notices()
        batch = piece.read(seen)
        encoded = scorer.encode_batch(batch, seen, reading)
        if options.method == "h2o":
            check_unseen(scorer.mojo, seen)
        return Made(rows=batch.num_rows, notices=seen, parts=(encoded,))

    parts = row_pieces(scorer, source, reading, notices)
    run(parts, job, draw.add, notices, workers=options.workers)
    return draw.rows(len(scorer.mojo.features.names)), None


class _Draw:
    """Keeps the rows with the smallest of random numbers, in the order of the file."""

    def __init__(self, count: int | None, seed: int) -> None:
        self._count = count
        self._random = np.random.default_rng(seed)
        self._parts: list[tuple[Array, Array, Array | None]] = []

    def add(self, rows: EncodedRows) -> None:
        """Take further rows."""
        keys = self._random.random(len(rows.matrix))
        self._parts.append((keys, rows.matrix, rows.offset))
        if self._count is not None:
            kept = sum(len(keys) for keys, _, _ in self._parts)
            if kept > self._count:
                self._parts = [self._drawn(self._count)]

    def rows(self, width: int) -> EncodedRows:
        """Return what was drawn."""
        if not self._parts:
            return EncodedRows(matrix=np.empty((0, width)), offset=None)
        _, matrix, offset = self._drawn(self._count)
        return EncodedRows(matrix=matrix, offset=offset)

    def _drawn(self, count: int | None) -> tuple[Array, Array, Array | None]:
        keys, matrices, offsets = zip(*self._parts, strict=True)
        every = np.concatenate(keys)
        chosen = np.sort(np.argsort(every, kind="stable")[:count])
        offset = None if offsets[0] is None else np.concatenate(offsets)[chosen]
        return every[chosen], np.concatenate(matrices)[chosen], offset


# --------------------------------------------------------------------------- rows


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Part:
    """Contributions of some rows, and what is carried through with them.

    Attributes:
        values: ``(rows * pairs, columns, outputs)``.
        rows: number of rows.
        error: how far they are from adding up.
        kept: Arrow arrays of the columns to keep, ``(rows,)``.
    """

    values: Array
    rows: int
    error: float
    kept: list[Any]


class _Counter:
    """Counts the rows that several threads have done."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._rows = 0

    def add(self, rows: int) -> None:
        """Count further rows."""
        if self._progress is not None:
            with self._lock:
                self._rows += rows
                self._progress(self._rows)


def _job(
    explainer: Explainer, scorer: Scorer, options: ExplainFileOptions, counter: _Counter
) -> Callable[[Piece], Made]:
    names = [KEPT + name for name in options.keep]
    most = max(1, _PART // (explainer.pairs * len(explainer.names) * explainer.outputs))

    def job(piece: Piece) -> Made:
        notices = Notices()
        batch = piece.read(notices)
        rows = batch.drop_columns(names) if names else batch
        encoded = scorer.encode_batch(rows, notices, options)
        if explainer.options.method == "h2o":
            check_unseen(scorer.mojo, notices)
        kept = [batch.column(name) for name in names]
        parts: Iterable[_Part] = _parts(explainer, encoded, kept, most, counter)
        if explainer.pairs == 1:
            parts = list(parts)  # here, beside other pieces; pairs of many rows one by one
        return Made(rows=batch.num_rows, notices=notices, parts=parts)

    return job


def _parts(
    explainer: Explainer, encoded: EncodedRows, kept: list[Any], most: int, counter: _Counter
) -> Iterator[_Part]:
    for start in range(0, len(encoded.matrix), most):
        cut = slice(start, start + most)
        offset = None if encoded.offset is None else encoded.offset[cut]
        try:
            rows = EncodedRows(matrix=encoded.matrix[cut], offset=offset)
            found = explainer.explain(rows, progress=counter.add)
        except RowError as error:
            raise error.moved(start) from error
        count = len(rows.matrix)
        carried = [column.slice(start, count) for column in kept]
        yield _Part(values=found.values, rows=count, error=found.error, kept=carried)


# --------------------------------------------------------------------------- columns


class _Layout:
    """The columns of the file."""

    def __init__(self, explainer: Explainer, mojo: Mojo, options: ExplainFileOptions) -> None:
        self._options = options
        self._names = explainer.names
        self._pairs = explainer.pairs
        output = mojo.output
        self._classes: tuple[str, ...] = ()
        if explainer.outputs > 1 and isinstance(output, Classification):
            self._classes = output.labels
        self._indices: tuple[str, ...] = ()
        if options.per_reference:
            self._indices = PAIR_COLUMNS
        elif self._classes:
            self._indices = PAIR_COLUMNS[:1]
        for name in options.keep:
            if name in self._own():
                message = f"the column to keep {name!r} has the name of a column of contributions"
                raise MojoDataError(message)

    def _own(self) -> tuple[str, ...]:
        top = self._options.top
        names = self._names
        if top is not None:
            pairs = ((f"top_feature_{i}", f"top_value_{i}") for i in range(1, self._top + 1))
            names = (*(name for pair in pairs for name in pair), self._names[-1])
        return (*names, *self._indices, *((_CLASS_COLUMN,) if self._classes else ()))

    @property
    def _top(self) -> int:
        return min(self._options.top or 0, len(self._names) - 1)

    def schema(self) -> Any:
        """Return the Arrow schema of a file without rows."""
        empty = np.empty((0, len(self._names), max(1, len(self._classes))))
        batch = self.batch(_Part(values=empty, rows=0, error=0.0, kept=[]), 0)
        import pyarrow as pa

        kept = [pa.field(name, pa.string()) for name in self._options.keep]
        return pa.schema([*kept, *batch.schema])

    def batch(self, part: _Part, before: int) -> Any:
        """Return contributions as an Arrow record batch.

        Args:
            part: the contributions.
            before: number of rows before them.
        """
        import pyarrow as pa

        from mojo_reader.scoring.arrow import chosen_texts, float_array, int_array

        outputs = max(1, len(self._classes))
        pairs = len(part.values)
        # A line for each pair, and of each for each class.
        values = part.values.transpose(0, 2, 1).reshape(pairs * outputs, len(self._names))
        arrays = self._top_arrays(values) if self._options.top else list(map(float_array, values.T))
        line = np.arange(pairs).repeat(outputs)
        row = line // self._pairs
        indices = (row + before, line % self._pairs)
        arrays += [int_array(index) for index in indices[: len(self._indices)]]
        if self._classes:
            arrays.append(chosen_texts(self._classes, np.tile(np.arange(outputs), pairs)))
        places = int_array(row)
        kept = [column.take(places) for column in part.kept]
        names = [*self._options.keep[: len(kept)], *self._own()]
        return pa.RecordBatch.from_arrays([*kept, *arrays], names=names)

    def _top_arrays(self, values: Array) -> list[Any]:
        from mojo_reader.scoring.arrow import chosen_texts, float_array

        order = np.argsort(-np.abs(values[:, :-1]), axis=1, kind="stable")[:, : self._top]
        chosen = np.take_along_axis(values, order, axis=1)
        arrays = []
        for place in range(self._top):
            arrays.append(chosen_texts(self._names, order[:, place]))
            arrays.append(float_array(chosen[:, place]))
        return [*arrays, float_array(values[:, -1])]


class _Writer:
    """Writes parts in the order of the rows."""

    def __init__(self, layout: _Layout, sink: Any) -> None:
        self._layout = layout
        self._sink = sink
        self._rows = 0
        self.error = 0.0

    def write(self, part: _Part) -> None:
        """Write further rows."""
        batch = self._layout.batch(part, self._rows)
        self._sink.write(self._sink.render(batch))
        self._rows += part.rows
        self.error = max(self.error, part.error)
