"""Explain whole files: rows in, contributions out, in order, in bounded memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import Drawing, ExplainOptions, TableOptions
from mojo_reader.explaining.parts import Part, explained_parts
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.files.background import rows_or_means
from mojo_reader.files.counting import Counter
from mojo_reader.files.outputs import everything, model_input, separate
from mojo_reader.files.rules import Reading
from mojo_reader.files.score import Made, ScoreOptions, row_pieces, run
from mojo_reader.files.sources import Source
from mojo_reader.files.tables import Piece
from mojo_reader.model import Mojo
from mojo_reader.scoring.columns import KEPT
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import (
    RowRules,
    Strictness,
    described,
    option,
    part_of,
    values_of,
)
from mojo_reader.scoring.scorer import Scorer

if TYPE_CHECKING:
    from mojo_reader.explaining.layout import Layout

__all__ = ["ExplainFileOptions", "ExplainedFile", "explain_file"]


@described
@dataclass(frozen=True, kw_only=True)
class ExplainFileOptions(Reading, Strictness, RowRules, TableOptions):
    """How a file is explained.

    Raises:
        ValueError: an option has no such value.
    """

    workers: int | None = option(
        None, "Number of threads; by default one for each core.", sign="N", least=1
    )

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
    import pyarrow as pa

    from mojo_reader.explaining.layout import Layout
    from mojo_reader.files import sinks

    inputs = [*model_input(mojo), *everything("the rows", source)]
    if background is not None:
        inputs += everything("the background", background)
    separate([("the output", target)], inputs)
    reading = options.reading(options.keep)
    scorer = reading.scorer(mojo)
    seen, notices = Notices(), Notices()
    drawing = part_of(Drawing, options)
    rows, note = rows_or_means(
        scorer, background, options.reading(()), drawing, options.method, seen
    )
    explainer = Explainer(scorer, rows, part_of(ExplainOptions, options))
    written = sinks.output_format(target, options.format)
    layout = Layout(explainer, mojo, options)
    with sinks.output_stream(target, seeks=written in sinks.SEEKING) as stream:
        schema = layout.schema([pa.string()] * len(options.keep))
        sink = sinks.open_sink(stream, target, options.format, schema, len(options.keep))
        writer = _Writer(layout, sink)
        job = _job(explainer, scorer, options, Counter(progress))
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


def _job(
    explainer: Explainer, scorer: Scorer, options: ExplainFileOptions, counter: Counter
) -> Callable[[Piece], Made]:
    names = [KEPT + name for name in options.keep]

    def job(piece: Piece) -> Made:
        notices = Notices()
        batch = piece.read(notices)
        rows = batch.drop_columns(names) if names else batch
        encoded = scorer.encode_batch(rows, notices, options)
        if explainer.options.method == "h2o":
            check_unseen(scorer.mojo, notices.unseen)
        kept = [batch.column(name) for name in names]
        parts: Iterable[Part] = explained_parts(explainer, encoded, kept, counter.add)
        if explainer.pairs == 1:
            parts = list(parts)  # here, beside other pieces; pairs of many rows one by one
        return Made(rows=batch.num_rows, notices=notices, parts=parts)

    return job


class _Writer:
    """Writes parts in the order of the rows."""

    def __init__(self, layout: "Layout", sink: Any) -> None:
        self._layout = layout
        self._sink = sink
        self._rows = 0
        self.error = 0.0

    def write(self, part: Part) -> None:
        """Write further rows."""
        batch = self._layout.batch(part, self._rows)
        self._sink.write(self._sink.render(batch))
        self._rows += part.rows
        self.error = max(self.error, part.error)
