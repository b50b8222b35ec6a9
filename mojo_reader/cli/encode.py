"""``encode``: the row matrix that the emitted models read."""

from dataclasses import replace
from typing import Annotated, Final

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    LimitOption,
    ModelArgument,
    QuietOption,
    check_outputs,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.reading import Group, grouped
from mojo_reader.cli.rows import (
    RowsArgument,
    progress,
    say_notices,
    say_written,
)
from mojo_reader.files.outputs import everything
from mojo_reader.files.score import ScoreOptions
from mojo_reader.scoring.options import Chosen, defaults_of

#: What concerns predictions, and what is asked for in another form.
_WITHOUT: Final = (*defaults_of(Chosen), "offset", "dtype", "exact", "threshold", "keep", "limits")


@plain_failures
@grouped
def encode(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="matrix.npy or matrix.csv.")
    ],
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    how: Annotated[ScoreOptions, Group(without=_WITHOUT)],
    quiet: QuietOption = False,
) -> None:
    """Write raw rows as the matrix that the Keras model reads.

    One float64 column for each of the model's columns, in the model's order: codes for levels,
    numbers as they are, NaN for missing.

    Example: mojo2keras encode model.zip rows.csv -o matrix.npy
    """
    from mojo_reader.files.score import encode_file
    from mojo_reader.reader import read_model

    options = replace(how, limits=chosen_limits(limit))
    check_outputs([("-o", output)], [("MODEL", model), *everything("ROWS", rows)], quiet=quiet)
    mojo = read_model(model_source(model), base_model=base_model, limits=options.limits)
    with progress(quiet=quiet) as show:
        encoded = encode_file(mojo, rows, output, options, progress=show)
    if not quiet:
        say_written(encoded.rows, output)
    say_notices(encoded.notices)
