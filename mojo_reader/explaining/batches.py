"""Arrow record batches of rows to Arrow record batches of contributions."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

import pyarrow as pa

from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.layout import Layout
from mojo_reader.explaining.options import TableOptions
from mojo_reader.explaining.parts import explained_parts
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.scoring.batches import batches_of
from mojo_reader.scoring.columns import AbsentColumnError
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.row_warnings import warn_of


def contribution_reader(
    scorer: EncodedScorer, reader: Any, explainer: Explainer, options: TableOptions
) -> Any:
    """Explain Arrow batches lazily.

    Args:
        scorer: the model's scorer.
        reader: a ``RecordBatchReader``, anything with ``__arrow_c_stream__``, or an iterable of
            record batches.
        explainer: explains its rows.
        options: what to give.

    Returns:
        A ``RecordBatchReader``. What a person may not have meant is warned of when the last row
        was read.

    Raises:
        AbsentColumnError: a column to keep is not among the rows' columns.
        MojoDataError: a column to keep has the name of one of contributions.
    """
    layout = Layout(explainer, scorer.mojo, options)
    schema, batches = _with_schema(batches_of(reader))
    for name in options.keep:
        if name not in schema.names:
            raise AbsentColumnError(name)
    kept = [schema.field(name).type for name in options.keep]
    explained = _explained(scorer, batches, explainer, layout, options)
    return pa.RecordBatchReader.from_batches(layout.schema(kept), explained)


def _with_schema(batches: Iterable[Any]) -> tuple[Any, Iterable[Any]]:
    """Return the columns of batches, by the first of them where these do not say it themselves."""
    if hasattr(batches, "schema"):
        return batches.schema, batches
    rest = iter(batches)
    first = list(islice(rest, 1))
    return first[0].schema if first else pa.schema([]), chain(first, rest)


def _explained(
    scorer: EncodedScorer,
    batches: Iterable[Any],
    explainer: Explainer,
    layout: Layout,
    options: TableOptions,
) -> Iterator[Any]:
    notices, done = Notices(), 0
    for batch in batches:
        kept = [batch.column(name) for name in options.keep]
        before = done
        try:
            encoded = scorer.encode_batch(batch, notices)
            if options.method == "h2o":
                check_unseen(scorer.mojo, notices.unseen)
            for part in explained_parts(explainer, encoded, kept):
                yield layout.batch(part, done)
                done += part.rows
        except RowError as error:
            raise error.moved(before) from error
    warn_of(notices)
