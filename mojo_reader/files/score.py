"""Score whole files: rows in, predictions out, in order, in bounded memory, on several cores."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from mojo_reader.errors import OutputNameError, located
from mojo_reader.files.counting import RowsDone
from mojo_reader.files.outputs import (
    STANDARD_STREAM,
    everything,
    is_written_through,
    model_input,
    separate,
)
from mojo_reader.files.rules import Reading
from mojo_reader.files.sources import Source
from mojo_reader.files.tables import Piece, TableRules, pieces
from mojo_reader.model import Mojo
from mojo_reader.scoring.blas import one_blas_thread, usable_cores
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import (
    Chosen,
    ScorerOptions,
    Strictness,
    described,
    option,
    values_of,
)
from mojo_reader.scoring.scorer import Scorer

__all__ = ["ScoreOptions", "Scored", "encode_file", "score_file"]

# Pieces that are read ahead of the one being written, beyond one for each worker.
_AHEAD: Final = 2


@described
@dataclass(frozen=True, kw_only=True)
class ScoreOptions(Reading, Strictness, ScorerOptions, Chosen):
    """How a file is scored.

    Raises:
        ValueError: an option has no such value.
    """

    keep: tuple[str, ...] = option((), "Columns to carry through, before the predictions.")
    workers: int | None = option(
        None, "Number of threads; by default one for each core.", sign="N", least=1
    )

    @property
    def rules(self) -> TableRules:
        """How the rows are read."""
        return TableRules(**values_of(Reading, self), keep=self.keep)

    @property
    def choice(self) -> Choice:
        """What is given."""
        return Choice(**values_of(Chosen, self), nan_is_missing=self.invalid_is_missing)

    def scorer(self, mojo: Mojo) -> Scorer:
        """Return the model's scorer.

        Raises:
            MojoUnsupportedError: the model has no offset to add.
        """
        return Scorer(mojo, **values_of(ScorerOptions, self))


DEFAULT_OPTIONS: Final = ScoreOptions()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """What was done.

    Attributes:
        rows: number of rows scored.
        notices: what was seen in them.
    """

    rows: int
    notices: Notices


def score_file(
    mojo: Mojo,
    source: Source | Sequence[Source],
    target: Source,
    options: ScoreOptions = DEFAULT_OPTIONS,
    *,
    progress: Callable[[int], None] | None = None,
) -> Scored:
    """Score files of rows to a file of predictions with H2O's columns.

    Args:
        mojo: the model.
        source: CSV (also gzip, zstd) or Parquet files, patterns, ``-`` for standard input.
        target: CSV (also gzip, zstd) or Parquet file, ``-`` for standard output. A file appears
            when all rows are scored, or not at all.
        options: how.
        progress: called with the number of rows done, after each piece.

    Raises:
        FileNotFoundError: there is no such file of rows.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
        MojoUnsupportedError: the model has not what is asked for.
        OutputNameError: the target is the model, or one of the files of rows, or its name says
            a format that is not written.
        MojoOutputError: the target cannot be written.
        OSError: reading or writing failed.
    """
    require_pyarrow("Files of rows")
    from mojo_reader.files import sinks
    from mojo_reader.scoring.batches import file_schema

    separate([("the output", target)], [*model_input(mojo), *everything("the rows", source)])
    options.choice.check(mojo)
    schema = file_schema(mojo, options.choice, options.keep)
    scorer = options.scorer(mojo)
    notices = Notices()
    written = sinks.output_format(target, options.format)
    parts = row_pieces(scorer, source, options, notices)
    with sinks.output_stream(target, seeks=written in sinks.SEEKING) as stream:
        sink = sinks.open_sink(stream, target, options.format, schema, len(options.keep))
        job = _score_job(scorer, options, sink)
        rows = run(parts, job, sink.write, notices, workers=options.workers, progress=progress)
        sink.close()
    return Scored(rows=rows, notices=notices)


def row_pieces(
    scorer: Scorer,
    source: Source | Sequence[Source],
    options: ScoreOptions,
    notices: Notices,
    *,
    numbers: frozenset[str] = frozenset(),
) -> Iterator[Piece]:
    """Cut files into pieces that hold what the scorer reads.

    Args:
        scorer: of the model.
        source: the files.
        options: how they are read, and what is kept.
        notices: what was seen is added here.
        numbers: those of the kept columns whose CSV cells are read as numbers.

    Raises:
        MojoDataError: a file is no table, or lacks a column that must be there.
    """
    columns = scorer.row_columns
    required = columns[len(scorer.mojo.inputs) :] if options.on_absent == "missing" else columns
    names = tuple(column.name for column in required)
    rules = replace(options.rules, required=names, numbers=numbers)
    # The readers ask a model only for what its rows carry.
    return pieces(source, replace(scorer.mojo, inputs=columns), rules, notices)


def _score_job(scorer: Scorer, options: ScoreOptions, sink: Any) -> "Job":
    from mojo_reader.scoring.batches import scored_batches

    def job(piece: Piece) -> Made:
        notices = Notices()
        batch = piece.read(notices)
        made = scored_batches(scorer, batch, options.choice, notices, options, options.keep)
        return Made(
            rows=batch.num_rows, notices=notices, parts=_few(sink.render(part) for part in made)
        )

    return job


def _few(parts: Iterator[Any]) -> Iterable[Any]:
    """Make the first part now; the rest, of very wide outputs, one by one when it is written."""
    return chain([first], parts) if (first := next(parts, None)) is not None else ()


def encode_file(
    mojo: Mojo,
    source: Source | Sequence[Source],
    target: Source,
    options: ScoreOptions = DEFAULT_OPTIONS,
    *,
    progress: Callable[[int], None] | None = None,
) -> Scored:
    """Encode files of rows to the row matrix that emitted models read.

    Args:
        mojo: the model.
        source: as in ``score_file``.
        target: ``.npy`` file, else CSV; it appears whole or not at all.
        options: how the rows are read; what concerns predictions is not used.
        progress: called with the number of rows done, after each piece.

    Raises:
        MojoDataError: a cell has no meaning in its column.
        OutputNameError: the target is the model, or one of the files of rows, or its name says
            another format.
        MojoOutputError: the target cannot be written.
    """
    require_pyarrow("Files of rows")
    from mojo_reader.files.matrices import CsvMatrixSink, MatrixSink, NpySink
    from mojo_reader.files.sinks import output_stream

    separate([("the output", target)], [*model_input(mojo), *everything("the rows", source)])
    names = mojo.features.names
    scorer = replace(options, offset="java").scorer(mojo)
    notices = Notices()

    def job(piece: Piece) -> Made:
        seen = Notices()
        batch = piece.read(seen)
        matrix = scorer.encode_batch(batch, seen, options).matrix
        seen.unused_offset = None  # nothing is predicted here
        return Made(rows=batch.num_rows, notices=seen, parts=(matrix,))

    npy = _is_npy(target)
    parts = row_pieces(scorer, source, options, notices)
    with output_stream(target, seeks=npy) as stream:
        sink: MatrixSink
        sink = NpySink(stream, len(names)) if npy else CsvMatrixSink(stream, names)
        rows = run(parts, job, sink.write, notices, workers=options.workers, progress=progress)
        sink.close()
    return Scored(rows=rows, notices=notices)


def _is_npy(target: Source) -> bool:
    """Say whether a matrix is written as ``.npy``, else as CSV.

    Raises:
        OutputNameError: the name says something else.
    """
    name = os.fspath(target)
    if name.lower().endswith((".npy", ".csv")):
        return name.lower().endswith(".npy")
    if name == STANDARD_STREAM or is_written_through(name) or not Path(name).suffix:
        return False
    raise OutputNameError("expected a name that ends in .npy or .csv", file=name)


# --------------------------------------------------------------------------- in order, in parallel


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What became of a piece.

    Attributes:
        rows: number of rows.
        notices: what was seen in them.
        parts: what is written, in order; may be made while it is iterated over.
    """

    rows: int
    notices: Notices
    parts: Iterable[Any]


Job = Callable[[Piece], Made]


def run(  # noqa: PLR0913 - the last two are options
    parts: Iterable[Piece],
    job: Job,
    write: Callable[[Any], None],
    notices: Notices,
    *,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Do a job on each piece in several threads, and write what is made in order.

    Args:
        parts: the pieces.
        job: what to do; an error names the row from the start of the piece.
        write: called in this thread.
        notices: what was seen is added here.
        workers: number of threads, None for one on each core.
        progress: called with the number of rows done (``RowsDone``), after each piece.

    Returns:
        The number of rows.
    """
    done, file, before = 0, "", 0
    with one_blas_thread():
        for piece, make in _made(parts, job, workers or usable_cores()):
            if piece.file != file:
                file, before = piece.file, 0
            with located(file=file), _counted_from(before):
                made = make()
                for part in made.parts:
                    write(part)
            notices.merge(made.notices)
            before += made.rows
            done += made.rows
            if progress is not None:
                progress(RowsDone.of(done, piece.share))
    return done


@contextmanager
def _counted_from(rows: int) -> Iterator[None]:
    """Count the row of an error from the start of the file."""
    try:
        yield
    except RowError as error:
        raise error.moved(rows) from error


def _made(
    parts: Iterable[Piece], job: Job, workers: int
) -> Iterator[tuple[Piece, Callable[[], Made]]]:
    """Yield each piece and what gives its result, in order; a few pieces are worked on ahead."""
    if workers == 1:
        for piece in parts:
            yield piece, partial(job, piece)
        return
    # Every command imports this file.
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[tuple[Piece, Future[Made]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for piece in parts:
                waiting.append((piece, pool.submit(job, piece)))
                if len(waiting) >= workers + _AHEAD:
                    first, future = waiting.popleft()
                    yield first, future.result
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result
        finally:
            for _, future in waiting:
                future.cancel()
