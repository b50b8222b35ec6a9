"""``explain``: what moves each prediction, column by column."""

from dataclasses import replace
from typing import Annotated

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    TABLE_OUTPUT,
    BaseModelOption,
    LimitOption,
    ModelArgument,
    QuietOption,
    check_one_stream,
    check_outputs,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.printing import say
from mojo_reader.cli.reading import Group, grouped
from mojo_reader.cli.rows import RowsArgument, progress, say_notices, say_written
from mojo_reader.files.explained import ExplainedFile, ExplainFileOptions
from mojo_reader.files.outputs import STANDARD_STREAM, everything


@plain_failures
@grouped
def explain(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    background: Annotated[
        list[str] | None,
        typer.Option(
            "--background",
            "-b",
            metavar="FILE",
            help="Rows to compare with, such as training rows; may be repeated.",
        ),
    ] = None,
    output: Annotated[str, TABLE_OUTPUT] = STANDARD_STREAM,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact", help="Give one contribution for each column, not for each of its levels."
        ),
    ] = False,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="COL",
            help="Copy this column of the rows to the output; may be repeated.",
        ),
    ] = None,
    how: Annotated[ExplainFileOptions, Group(without=("output", "keep", "limits"))],
    quiet: QuietOption = False,
) -> None:
    """Say what moves each prediction, column by column, with H2O's column names.

    The contributions of a row and BiasTerm, the background's mean, add up to what is explained. Of
    more than two classes there is a line for each class.

    Examples: mojo2keras explain model.zip rows.csv --background train.csv -o contributions.csv
    mojo2keras explain model.zip rows.csv -b train.csv --background-rows 200 --top 3
    """
    behind = background or []
    if STANDARD_STREAM in behind and (STANDARD_STREAM in rows or model == STANDARD_STREAM):
        raise typer.BadParameter(
            "only one input can be standard input", param_hint="'--background'"
        )
    check_one_stream(model, rows)
    from mojo_reader.files.explained import explain_file
    from mojo_reader.reader import read_model

    options = replace(
        how,
        output="compact" if compact else "original",
        keep=tuple(keep or ()),
        limits=chosen_limits(limit),
    )
    inputs = [("MODEL", model), *everything("ROWS", rows), *everything("--background", behind)]
    check_outputs([("-o", output)], inputs, quiet=quiet)
    mojo = read_model(model_source(model), base_model=base_model, limits=options.limits)
    with progress(quiet=quiet) as show:
        done = explain_file(mojo, rows, behind or None, output, options, progress=show)
    if not quiet:
        say_written(done.rows, output)
        say(_closing_line(done, options))
    if done.note is not None:
        say(done.note)
    for sentence in done.background_notices.of_rows().sentences():
        say(f"in the background: {sentence}")
    say_notices(done.notices)


def _closing_line(done: ExplainedFile, options: ExplainFileOptions) -> str:
    compared = f"compared with {done.background_rows:,} background rows"
    if done.background_rows == 1:
        compared = "compared with one background row"
    sound = options.method == "margin"
    verb = "add up to what is explained within" if sound else "are, as H2O's, up to"
    rest = "" if sound else " from adding up"
    return (
        f"{compared}; the contributions {verb} {done.error:.1e} of "
        f"1 + |f(x)| + |f(b)| + sum |contribution|{rest}"
    )
