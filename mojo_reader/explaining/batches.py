"""Arrow record batches of rows to Arrow record batches of contributions."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

import pyarrow as pa

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.layout import Layout
from mojo_reader.explaining.options import TableOptions
from mojo_reader.explaining.parts import check_size, explained_parts
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.scoring.batches import batches_of
from mojo_reader.scoring.columns import AbsentColumnError
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.row_warnings import warn_of

#: Numbers of rows that are encoded at once.
_ENCODED: Final = 4_000_000


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
        MojoDataError: a column to keep stands twice in the rows, or has the name of one of
            contributions; or the contributions of a single row do not fit into memory.
    """
    check_size(explainer, 1)
    layout = Layout(explainer, scorer.mojo, options)
    batches, kept = _with_types(batches_of(reader), options.keep)
    explained = _explained(scorer, batches, explainer, layout, options)
    return pa.RecordBatchReader.from_batches(layout.schema(kept), explained)


def _with_types(batches: Iterable[Any], keep: Sequence[str]) -> tuple[Iterable[Any], list[Any]]:
    """Return batches, and the Arrow types of the columns to keep."""
    if isinstance(keep, str):
        message = f"expected keep to be a sequence of column names, found {keep!r}"
        raise MojoDataError(message)
    if not keep:
        return batches, []
    if not hasattr(batches, "schema"):
        # The first of them tells.
        rest = iter(batches)
        first = list(islice(rest, 1))
        batches, schema = chain(first, rest), first[0].schema if first else pa.schema([])
    else:
        schema = batches.schema
    for name in keep:
        places = schema.get_all_field_indices(name)
        if not places:
            raise AbsentColumnError(name)
        if len(places) > 1:
            message = f"the column to keep {name!r} stands twice in the rows"
            raise MojoDataError(message)
    return batches, [schema.field(name).type for name in keep]


def _explained(
    scorer: EncodedScorer,
    batches: Iterable[Any],
    explainer: Explainer,
    layout: Layout,
    options: TableOptions,
) -> Iterator[Any]:
    notices, done = Notices(), 0
    most = max(1, _ENCODED // len(scorer.mojo.features.names))
    for batch in batches:
        for start in range(0, batch.num_rows, most):
            cut = batch.slice(start, most)
            kept = [cut.column(name) for name in options.keep]
            before = done
            try:
                encoded = scorer.encode_batch(cut, notices)
                if options.method == "h2o":
                    check_unseen(scorer.mojo, notices.unseen)
                for part in explained_parts(explainer, encoded, kept):
                    yield layout.batch(part, done)
                    done += part.rows
            except RowError as error:
                raise error.moved(before) from error
    warn_of(notices)
