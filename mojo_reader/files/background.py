"""Background rows from files: what contributions compare rows with."""

from collections.abc import Sequence
from typing import Any

from mojo_reader.explaining.background import without_rows
from mojo_reader.explaining.drawing import BackgroundRows, Draw, read_as
from mojo_reader.explaining.options import Drawing, Method
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.files.score import Made, ScoreOptions, row_pieces, run
from mojo_reader.files.sources import Source
from mojo_reader.files.tables import Piece
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import checked
from mojo_reader.scoring.row_warnings import warn_of
from mojo_reader.scoring.rows import EncodedRows
from mojo_reader.scoring.scorer import Scorer

__all__ = ["read_background"]


def read_background(
    scorer: Scorer,
    source: Source | Sequence[Source],
    *,
    background_rows: int | None = None,
    seed: int = 1,
    **reading: Any,
) -> BackgroundRows:
    """Read background rows of files, for ``contributions`` and all that explains rows.

    Args:
        scorer: the model's scorer; its rules for the rows hold.
        source: files of rows, as ``score_file`` takes them.
        background_rows: take so many of the rows, drawn, each as likely as any other; all by
            default. However long the files are, no more are kept in memory.
        seed: of the rows that are drawn: those that the command ``explain`` draws.
        **reading: how the files are read, as in ``mojo_reader.files.score.ScoreOptions``.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: a cell has no meaning in its column, or no column of the model is there.
        ValueError: an option has no such value.
    """
    require_pyarrow("Files of rows")
    drawing = checked(Drawing(background_rows=background_rows, seed=seed))
    rules = scorer.rules
    options = ScoreOptions(
        offset=rules.offset, on_unseen=rules.on_unseen, on_absent=rules.on_absent, **reading
    )
    notices = Notices()
    found = drawn_rows(scorer, source, options, drawing, notices)
    warn_of(notices)
    return found


def rows_or_means(  # noqa: PLR0913, PLR0917 - all of it is needed
    scorer: Scorer,
    source: Source | Sequence[Source] | None,
    options: ScoreOptions,
    drawing: Drawing,
    method: Method,
    notices: Notices,
) -> tuple[EncodedRows, str | None]:
    """Return background rows of files; without any, what the model knows, and a note of it.

    Args:
        scorer: the model's scorer.
        source: files of rows; None for none.
        options: how they are read.
        drawing: how many are kept.
        method: of contributions.
        notices: what was seen is added here.

    Raises:
        MojoDataError: the method needs rows, or takes no levels that the model does not know.
    """
    if source is None:
        return without_rows(scorer, method)
    found = drawn_rows(scorer, source, options, drawing, notices)
    if method == "h2o":
        check_unseen(scorer.mojo, found.unseen)
    return found, None


def drawn_rows(
    scorer: Scorer,
    source: Source | Sequence[Source],
    options: ScoreOptions,
    drawing: Drawing,
    notices: Notices,
) -> BackgroundRows:
    """Read background rows, or draw some of them.

    Args:
        scorer: the model's scorer.
        source: files of rows.
        options: how they are read.
        drawing: how many are kept.
        notices: what was seen is added here.
    """
    draw = Draw(drawing)

    def job(piece: Piece) -> Made:
        seen = Notices()
        batch = piece.read(seen)
        encoded = scorer.encode_batch(batch, seen, options)
        return Made(rows=batch.num_rows, notices=seen, parts=(encoded,))

    parts = row_pieces(scorer, source, options, notices)
    run(parts, job, draw.add, notices, workers=options.workers)
    rows = draw.rows(len(scorer.mojo.features.names))
    return BackgroundRows(
        matrix=rows.matrix,
        offset=rows.offset,
        unseen=tuple(notices.unseen),
        read_as=read_as(scorer.mojo),
    )
