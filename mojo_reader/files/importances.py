"""Importances of columns over files of rows: permuted, or of contributions; and their file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.contributed import contributed
from mojo_reader.explaining.expectations import response_name
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import Drawing, ExplainOptions, Method, Space
from mojo_reader.explaining.permutation import (
    PermutationOptions,
    permuted,
    permuted_columns,
    require_metric,
)
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.files.background import rows_or_means
from mojo_reader.files.counting import Counter
from mojo_reader.files.formats import Format
from mojo_reader.files.labelled import RowFiles, read_labelled
from mojo_reader.files.small_tables import batch_of, write_batches
from mojo_reader.files.sources import Source
from mojo_reader.model import Mojo
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import described, option, part_of

__all__ = [
    "ImportanceFile",
    "ImportanceFileOptions",
    "contributed_file",
    "permuted_file",
    "write_importances",
]

_LABEL_COLUMN: Final = "variable"


@described
@dataclass(frozen=True, kw_only=True)
class ImportanceFileOptions(RowFiles, PermutationOptions, Drawing):
    """How importances are taken of files of rows.

    Raises:
        ValueError: an option has no such value.
    """

    method: Method = option(
        "margin",
        "The rules of contributions: sound, or H2O's server's.",
        words=get_args(Method),
    )
    space: Space = option(
        "margin",
        "What contributions explain: the linear predictor, or the prediction in its own units.",
        words=get_args(Space),
    )
    response: str | None = option(
        None, "The rows' column with the response; by default the model's."
    )
    weights: str | None = option(
        None, "The rows' column with their weights in the metric.", sign="COL"
    )
    columns: tuple[str, ...] | None = option(None, "Columns of the rows; all by default.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImportanceFile:
    """What was done.

    Attributes:
        rows: number of rows read.
        table: the importances, as Python has them.
        measured: what they are of, for a sentence.
        notices: what was seen in the rows.
        background_notices: what was seen in the background rows.
        note: what the background is where none was given.
    """

    rows: int
    table: dict[str, NDArray[Any]]
    measured: str
    notices: Notices
    background_notices: Notices | None = None
    note: str | None = None


def permuted_file(
    mojo: Mojo,
    source: Source | Sequence[Source],
    options: ImportanceFileOptions,
    *,
    progress: Callable[[int], None] | None = None,
) -> ImportanceFile:
    """Return permutation importances over files of rows with their response.

    Args:
        mojo: the model.
        source: the files, as ``score_file`` takes them. They are read once.
        options: how.
        progress: called with the number of predictions made.

    Raises:
        FileNotFoundError: there is no such file of rows.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: as ``permutation_importance``.
    """
    require_pyarrow("Files of rows")
    response = response_name(mojo, options.response)
    chosen = permuted_columns(mojo, options.columns)
    name = require_metric(mojo, options.metric)
    notices = Notices()
    scorer = options.reading.scorer(mojo)
    read = read_labelled(
        scorer, source, options.reading, notices, response=response, weights=options.weights
    )
    table = permuted(
        scorer,
        read,
        chosen,
        part_of(PermutationOptions, options),
        nan_is_missing=options.invalid_is_missing,
        progress=Counter(progress).add,
    )
    count = len(read.encoded.matrix)
    drawn = (
        "" if options.samples is None or options.samples >= count else f"{options.samples:,} of "
    )
    measured = f"{name} over {drawn}{count:,} rows"
    return ImportanceFile(rows=count, table=table, measured=measured, notices=notices)


def contributed_file(
    mojo: Mojo,
    source: Source | Sequence[Source],
    background: Source | Sequence[Source] | None,
    options: ImportanceFileOptions,
    *,
    progress: Callable[[int], None] | None = None,
) -> ImportanceFile:
    """Return mean absolute contributions over files of rows.

    Args:
        mojo: the model.
        source: the files, as ``score_file`` takes them. They are read once.
        background: files of background rows; None, for ``margin`` alone, for the training means.
        options: how.
        progress: called with the number of rows done.

    Raises:
        FileNotFoundError: there is no such file of rows.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: as ``contribution_importances``.
        MojoUnsupportedError: H2O's server has no such contributions.
    """
    require_pyarrow("Files of rows")
    rules = ExplainOptions(method=options.method, output="compact", space=options.space)
    scorer = options.reading.scorer(mojo)
    seen, notices = Notices(), Notices()
    drawing = part_of(Drawing, options)
    others, note = rows_or_means(scorer, background, options.reading, drawing, rules.method, seen)
    explainer = Explainer(scorer, others, rules)
    read = read_labelled(scorer, source, options.reading, notices)
    if rules.method == "h2o":
        check_unseen(mojo, notices.unseen)
    table = contributed(scorer, read.encoded, explainer, progress=Counter(progress).add)
    count = len(read.encoded.matrix)
    what = "response" if rules.space == "response" else "linear predictor"
    measured = f"mean absolute contributions to the {what} over {count:,} rows"
    return ImportanceFile(
        rows=count,
        table=table,
        measured=measured,
        notices=notices,
        background_notices=seen,
        note=note,
    )


def write_importances(
    table: Mapping[str, NDArray[Any]], target: Source, chosen: Format | None = None
) -> int:
    """Write a table of importances, and return its number of lines.

    Args:
        table: as Python has it.
        target: CSV, Parquet, Arrow or JSON lines, ``-`` for standard output.
        chosen: which format, where the name does not tell.

    Raises:
        OutputNameError: the name says a format that is not written.
        MojoOutputError: the target cannot be written.
    """
    require_pyarrow("Files of tables")
    from mojo_reader.scoring.arrow import float_array, text_array

    names = table[_LABEL_COLUMN].tolist()
    numbers = [
        (name, float_array(values.astype(np.float64)))
        for name, values in table.items()
        if name != _LABEL_COLUMN
    ]
    write_batches(target, chosen, batch_of([(_LABEL_COLUMN, text_array(names)), *numbers]))
    return len(names)
