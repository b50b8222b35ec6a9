"""``contributions``: how much each column moves a prediction."""

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.background import BackgroundWarning, without_rows
from mojo_reader.explaining.columns import Shares
from mojo_reader.explaining.drawing import BackgroundRows, drawn, read_before
from mojo_reader.explaining.explainer import Explained, Explainer
from mojo_reader.explaining.options import (
    ALL_ROWS,
    PAIR_COLUMNS,
    Drawing,
    ExplainOptions,
    Method,
    Space,
    TableOptions,
)
from mojo_reader.explaining.parts import check_size
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import checked, part_of
from mojo_reader.scoring.row_warnings import callers_level, warn_of
from mojo_reader.scoring.rows import EncodedRows

__all__ = ["BackgroundWarning", "contribution_batches", "contributions"]


def contributions(  # noqa: PLR0913 - options
    scorer: EncodedScorer,
    rows: object,
    background: object | None = None,
    *,
    method: Method = "margin",
    output: Shares = "original",
    space: Space = "margin",
    per_reference: bool = False,
    background_rows: int | None = None,
    seed: int = 1,
) -> dict[str, NDArray[Any]]:
    r"""Return how much each column moves the prediction of each row, from that of background rows.

    ``margin`` explains what is linear before the link: the logit of the second of two classes, the
    logit of each of more classes less their mean, a regression's response before its link, and of
    an autoencoder the reconstruction error, with missing numbers counted as the mean. Activations
    go by DeepLIFT's rescale rule, Maxout by Shapley's for its two candidates, so that the
    contributions of each pair add up to the difference of the two values. That they do is checked,
    within 1e-9 of 1 + \|f(x)\| + \|f(b)\| + the sum of \|contribution\|. ``h2o`` gives the numbers
    of H2O's server, to the rounding; those of two classes do not add up to its probability in any
    sound way (see the documentation).

    Args:
        scorer: the model's scorer; its rule for the offset holds, and the offset's share has its
            column.
        rows: the rows, any table that the scorer takes.
        background: the rows that they are compared with, such a table too, or what
            ``read_background`` read of files. None, for ``margin``
            alone, for one row of the training means; a ``BackgroundWarning`` says what it is.
        method: ``margin`` or ``h2o``.
        output: ``original``: a column for each level and number; ``compact``: for each column of
            the rows (of the model with ``h2o``, which differ where levels became numbers).
        space: ``response`` explains the prediction in its own units: the probability of each class
            (of the second of two), or the response behind its link. Each pair is rescaled, then the
            mean is taken. With ``h2o``, the server's ``output_space=True``.
        per_reference: return the contributions of each pair, not their means, with the columns
            ``RowIdx`` and ``BackgroundRowIdx``, counted from 0.
        background_rows: take so many of the background's rows, drawn; all by default.
        seed: of the rows that are drawn.

    Returns:
        H2O's column names, in its order, then ``BiasTerm``, to ``(rows,)`` float64 arrays, or
        ``(rows, n_classes)`` for more than two classes. With ``per_reference`` a row for each pair.

    Raises:
        MojoDataError: no background rows, a cell has no meaning in its column, numbers too large
            to be explained, or more pairs than memory is for.
        MojoUnsupportedError: H2O's server has no such contributions, or gives two columns one name.
        ValueError: an unknown choice, or a number that cannot be.
    """
    options = ExplainOptions(method=method, output=output, space=space, per_reference=per_reference)
    drawing = checked(Drawing(background_rows=background_rows, seed=seed))
    explainer = Explainer(scorer, encoded_background(scorer, background, options, drawing), options)
    return explained_rows(explainer, scorer, rows)


def explained_rows(
    explainer: Explainer, scorer: EncodedScorer, rows: object
) -> dict[str, NDArray[Any]]:
    """Explain a table, all of it in memory, as ``contributions`` returns it.

    Raises:
        MojoDataError: a cell has no meaning in its column, or the result is too large.
    """
    encoded = encoded_rows(scorer, rows, explainer.options.method)
    check_size(explainer, len(encoded.matrix))
    return as_mapping(explainer, explainer.explain(encoded))


def contribution_batches(
    scorer: EncodedScorer, reader: Any, background: object | None = None, **options: Any
) -> Any:
    """Explain Arrow batches lazily, in bounded memory.

    The columns are those of ``contributions``, and of more than two classes there is a row for
    each class, with the columns ``RowIdx``, counted from 0 over all batches, and ``Class``.

    Args:
        scorer: the model's scorer; its rules for the rows hold.
        reader: a ``pyarrow.RecordBatchReader``, anything with ``__arrow_c_stream__``, or an
            iterable of record batches.
        background: as for ``contributions``.
        **options: as in ``mojo_reader.explaining.options.TableOptions``.

    Returns:
        A ``pyarrow.RecordBatchReader``: the columns to keep, then contributions. Errors arise
        while it is read.

    Raises:
        MissingExtraError: pyarrow is not installed.
        MojoDataError: no background rows, or a column to keep is absent or has the name of one of
            contributions.
        MojoUnsupportedError: H2O's server has no such contributions.
        ValueError: an option has no such value.
    """
    require_pyarrow("Arrow batches")
    from mojo_reader.explaining.batches import contribution_reader

    chosen = checked(TableOptions(**options))
    rows = encoded_background(scorer, background, chosen, chosen)
    explainer = Explainer(scorer, rows, part_of(ExplainOptions, chosen))
    return contribution_reader(scorer, reader, explainer, chosen)


def encoded_background(
    scorer: EncodedScorer,
    background: object | None,
    options: ExplainOptions,
    drawing: Drawing = ALL_ROWS,
) -> EncodedRows:
    """Return background rows as the model reads them; without any, what the model knows itself.

    Raises:
        MojoDataError: there are none and H2O's rules need them, a cell has no meaning, or rows that
            were read before were read for another model.
    """
    if isinstance(background, (str, os.PathLike)):
        message = (
            f"expected a table of background rows, found {background!r}: read_background(scorer, "
            "path) reads a file"
        )
        raise MojoDataError(message)
    if isinstance(background, EncodedRows):
        if options.method == "h2o" and isinstance(background, BackgroundRows):
            check_unseen(scorer.mojo, background.unseen)
        return drawn(read_before(scorer, background), drawing)
    if background is not None:
        return drawn(encoded_rows(scorer, background, options.method), drawing)
    rows, sentence = without_rows(scorer, options.method)
    warnings.warn(sentence, BackgroundWarning, stacklevel=callers_level())
    return rows


def encoded_rows(scorer: EncodedScorer, rows: object, method: Method) -> EncodedRows:
    """Return a table's rows as the model reads them, and warn of what was seen.

    Raises:
        MojoDataError: a cell has no meaning in its column, or H2O's server explains a level that
            the model does not know by other rows.
    """
    notices = Notices()
    encoded = scorer.encode_rows(rows, notices)
    warn_of(notices)
    if method == "h2o":
        check_unseen(scorer.mojo, notices.unseen)
    return encoded


def as_mapping(explainer: Explainer, explained: Explained) -> dict[str, NDArray[Any]]:
    """Return contributions by column, and the rows of each pair where pairs are given."""
    names = [*explainer.names, *(PAIR_COLUMNS if explainer.options.per_reference else ())]
    require_distinct(names, "a mapping", "take output='compact'")
    values = explained.values
    found = {
        name: values[:, place, 0] if explainer.outputs == 1 else values[:, place]
        for place, name in enumerate(explainer.names)
    }
    if explainer.options.per_reference:
        row, other = np.divmod(np.arange(len(values)), explainer.pairs)
        found.update(zip(PAIR_COLUMNS, (row, other), strict=True))
    return found
