"""Arrow record batches of rows to Arrow record batches of predictions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.arrow import chosen_texts, float_array
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.columns import KEPT
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import Strictness
from mojo_reader.scoring.outputs import Predictions, ScorerOutput
from mojo_reader.scoring.row_warnings import warn_of

# Values that the row matrix and the predictions of a slice of rows may hold together.
_SLICE_VALUES: Final = 4_000_000


def output_schema(mojo: Mojo, output: ScorerOutput) -> Any:
    """Return the Arrow schema of the predictions, H2O's names."""
    names = output.columns(mojo)
    labels = int(output.labelled(mojo))
    kinds = [pa.string()] * labels + [pa.float64()] * (len(names) - labels)
    return pa.schema([pa.field(name, kind) for name, kind in zip(names, kinds, strict=True)])


def _output_batch(
    found: Predictions, mojo: Mojo, names: Sequence[str], kept: Mapping[str, Any]
) -> Any:
    """Return kept columns and predictions as a record batch; NaN is null."""
    arrays = [float_array(column, nan_is_null=_has_nan(column)) for column in found.values.T]
    if found.labels is not None and isinstance(mojo.output, Classification):
        arrays.insert(0, chosen_texts(mojo.output.labels, found.labels))
    return pa.RecordBatch.from_arrays([*kept.values(), *arrays], names=[*kept, *names])


def _has_nan(column: NDArray[np.float64]) -> bool:
    return bool(np.isnan(column).any())


def _slices(batch: Any, scorer: EncodedScorer, columns: int) -> Iterator[tuple[int, Any]]:
    """Cut a batch so that the numbers of one slice fit into memory, however wide they are."""
    width = len(scorer.mojo.features.names) + columns
    if columns > 1:
        width += scorer.mojo.layers[-1].units
    most = max(1, _SLICE_VALUES // max(1, width))
    for start in range(0, batch.num_rows, most):
        yield start, batch.slice(start, most)


def scored_batches(  # noqa: PLR0913, PLR0917 - one call, all of it needed
    scorer: EncodedScorer,
    batch: Any,
    choice: Choice,
    notices: Notices,
    strictness: Strictness | None = None,
    keep: Sequence[str] = (),
) -> Iterator[Any]:
    """Score the rows of a record batch.

    Args:
        scorer: the model's scorer.
        batch: the rows; columns to keep stand under ``KEPT`` and their name.
        choice: what to give.
        notices: what was seen is added here.
        strictness: what to refuse; None for what the scorer refuses.
        keep: columns to put before the predictions.

    Yields:
        Record batches, more than one only where predictions are very wide.

    Raises:
        RowError: a cell has no meaning in its column, or a prediction is NaN.
    """
    kept = [KEPT + name for name in keep]
    rows = batch.drop_columns(kept) if kept else batch
    output = choice.output
    names = output.columns(scorer.mojo)
    for start, part in _slices(rows, scorer, len(names)):
        try:
            encoded = scorer.encode_batch(part, notices, strictness)
            found = output.made(scorer, encoded, notices)
        except RowError as error:
            raise error.moved(start) from error
        carried = [batch.column(name).slice(start, part.num_rows) for name in kept]
        yield _output_batch(found, scorer.mojo, names, dict(zip(keep, carried, strict=True)))


def file_schema(mojo: Mojo, choice: Choice, keep: Sequence[str]) -> Any:
    """Return the schema of a file without rows: columns to keep, then predictions.

    Raises:
        MojoDataError: a column to keep has a prediction's name.
    """
    schema = output_schema(mojo, choice.output)
    for name in keep:
        if name in schema.names:
            message = f"the column to keep {name!r} has the name of a column of predictions"
            raise MojoDataError(message)
    return pa.schema([*(pa.field(name, pa.string()) for name in keep), *schema])


def score_reader(scorer: EncodedScorer, reader: Any, choice: Choice) -> Any:
    """Score Arrow batches lazily.

    Args:
        scorer: the model's scorer.
        reader: a ``RecordBatchReader``, anything with ``__arrow_c_stream__``, or an iterable of
            record batches.
        choice: what to give.

    Returns:
        A ``RecordBatchReader``, as many rows in the same order. What a person may not have meant
        is warned of when the last row was read.
    """
    choice.check(scorer.mojo)
    schema = output_schema(scorer.mojo, choice.output)
    return pa.RecordBatchReader.from_batches(schema, _scored(scorer, batches_of(reader), choice))


def _scored(scorer: EncodedScorer, batches: Iterable[Any], choice: Choice) -> Iterator[Any]:
    notices = Notices()
    rows = 0
    for batch in batches:
        try:
            yield from scored_batches(scorer, batch, choice, notices)
        except RowError as error:
            raise error.moved(rows) from error
        rows += batch.num_rows
    warn_of(notices)


def batches_of(reader: Any) -> Iterable[Any]:
    """Return the record batches of what ``score_reader`` takes.

    Raises:
        MojoDataError: it is nothing of the kind.
    """
    if hasattr(reader, "__arrow_c_stream__"):
        try:
            batches: Iterable[Any] = pa.RecordBatchReader.from_stream(reader)
        except pa.ArrowInvalid as error:
            message = f"the table has a column that Arrow cannot read: {error}"
            raise MojoDataError(message) from error
        return batches
    if isinstance(reader, Iterable):
        return reader
    message = (
        "expected an Arrow reader, a table, or an iterable of record batches, found "
        f"{type(reader).__name__}"
    )
    raise MojoDataError(message)
