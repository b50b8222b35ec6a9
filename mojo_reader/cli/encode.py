"""``encode``: the row matrix that the emitted models read."""

from typing import Annotated

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
from mojo_reader.cli.reading import Reading, reads_rows
from mojo_reader.cli.rows import (
    OnAbsentOption,
    OnUnseenOption,
    RowsArgument,
    WorkersOption,
    checked_on_odd,
    progress,
    say_notices,
    say_written,
)
from mojo_reader.files.outputs import everything


@plain_failures
@reads_rows
def encode(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="matrix.npy or matrix.csv.")
    ],
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    on_unseen: OnUnseenOption = "missing",
    on_absent: OnAbsentOption = "missing",
    workers: WorkersOption = None,
    reading: Reading,
    quiet: QuietOption = False,
) -> None:
    """Write raw rows as the matrix that the Keras model reads.

    One float64 column for each of the model's columns, in the model's order: codes for levels,
    numbers as they are, NaN for missing.

    Example: mojo2keras encode model.zip rows.csv -o matrix.npy
    """
    from mojo_reader.files.score import ScoreOptions, encode_file
    from mojo_reader.reader import read_mojo

    options = ScoreOptions(
        on_unseen=checked_on_odd(on_unseen, "--on-unseen"),
        on_absent=checked_on_odd(on_absent, "--on-absent"),
        **reading.options(limits=chosen_limits(limit), workers=workers),
    )
    check_outputs([("-o", output)], [("MODEL", model), *everything("ROWS", rows)], quiet=quiet)
    mojo = read_mojo(model_source(model), base_model=base_model, limits=options.limits)
    with progress(quiet=quiet) as show:
        encoded = encode_file(mojo, rows, output, options, progress=show)
    if not quiet:
        say_written(encoded.rows, output)
    say_notices(encoded.notices)
