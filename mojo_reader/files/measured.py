"""H2O's metrics over files of rows with their response."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mojo_reader.comparing.metrics import Performance
from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.measured import (
    chosen_weights,
    has_offset,
    lacking_weights,
    measured,
    measured_response,
)
from mojo_reader.files.labelled import RowFiles, read_labelled
from mojo_reader.files.sources import Source
from mojo_reader.model import Mojo
from mojo_reader.scoring.columns import AbsentColumnError
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import OFFSET_RULES, OffsetRule, described, option

__all__ = ["MeasureFileOptions", "MeasuredFile", "measure_file"]


@described
@dataclass(frozen=True, kw_only=True)
class MeasureFileOptions(RowFiles):
    """How files of rows are measured.

    Raises:
        ValueError: an option has no such value.
    """

    offset: OffsetRule = option(
        "server",
        "A regression's offset column: not used, added where it is above 0 (as H2O's server "
        "does), or always added.",
        words=OFFSET_RULES,
    )
    response: str | None = option(None, "Of the rows; by default the model's.")
    weights: str | None = option(
        None,
        "The rows' column with their weights; by default the one that the model was trained with.",
        sign="COL",
    )
    unweighted: bool = option(False, "All rows weigh 1, whatever the model was trained with.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MeasuredFile:
    """What was found.

    Attributes:
        rows: number of rows read.
        performance: H2O's metrics.
        weights: the column of the weights; None where all rows weigh 1.
        notices: what was seen in the rows.
    """

    rows: int
    performance: Performance
    weights: str | None
    notices: Notices


def measure_file(
    mojo: Mojo,
    source: Source | Sequence[Source],
    options: MeasureFileOptions,
    *,
    progress: Callable[[int], None] | None = None,
) -> MeasuredFile:
    """Return H2O's metrics over files of rows with their response.

    Args:
        mojo: the model.
        source: the files, as ``score_file`` takes them. They are read once.
        options: how.
        progress: called with the number of rows read.

    Raises:
        FileNotFoundError: there is no such file of rows.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: as ``measure``.
    """
    require_pyarrow("Files of rows")
    response = measured_response(mojo, options.response)
    weights = chosen_weights(mojo, options.weights, unweighted=options.unweighted)
    reading, notices = options.reading, Notices()
    if reading.offset == "server" and not has_offset(mojo):
        reading = replace(reading, offset="java")
    scorer = reading.scorer(mojo)
    try:
        read = read_labelled(
            scorer,
            source,
            reading,
            notices,
            response=response,
            weights=weights,
            progress=progress,
        )
    except MojoDataError as error:
        cause = error.__cause__
        own = weights is not None and options.weights is None and weights != response
        if own and isinstance(cause, AbsentColumnError) and cause.column == weights:
            raise lacking_weights(weights, told=False) from error
        raise
    found = measured(scorer, read, nan_is_missing=options.invalid_is_missing)
    return MeasuredFile(
        rows=len(read.encoded.matrix), performance=found, weights=weights, notices=notices
    )
