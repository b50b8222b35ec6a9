"""``predict``: rows to H2O's predictions, without Java."""

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
    checked_layer,
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
from mojo_reader.files.outputs import STANDARD_STREAM, everything
from mojo_reader.files.score import ScoreOptions


@plain_failures
@grouped
def predict(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    output: Annotated[str, TABLE_OUTPUT] = STANDARD_STREAM,
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
    proba_only: Annotated[
        bool, typer.Option("--proba-only", help="Write the probabilities, and no label.")
    ] = False,
    label_only: Annotated[
        bool, typer.Option("--label-only", help="Write the label, and no probabilities.")
    ] = False,
    how: Annotated[ScoreOptions, Group(without=("only", "keep", "limits"))],
    quiet: QuietOption = False,
) -> None:
    """Score rows as H2O does, with H2O's columns; no Java, no Keras.

    Output appears whole or not at all. What was odd in the rows is said at the end.

    Examples: mojo2keras predict model.zip rows.csv -o scored.csv
    mojo2keras predict model.zip 'part-*.parquet' --keep id -o scored.parquet
    """
    if proba_only and label_only:
        raise typer.BadParameter("choose one of --proba-only and --label-only")
    of_error = how.reconstruction_error or how.per_feature
    if sum((proba_only or label_only, of_error, how.layer is not None)) > 1:
        raise typer.BadParameter(
            "choose one of --proba-only, --label-only, --reconstruction-error (or --per-feature) "
            "and --layer"
        )
    if how.missing is not None and not of_error:
        raise typer.BadParameter(
            "needs --reconstruction-error or --per-feature", param_hint="'--missing'"
        )
    check_one_stream(model, rows)
    if how.exact and how.dtype != "float64":
        raise typer.BadParameter("needs --dtype float64", param_hint="'--exact'")
    from mojo_reader.files.score import score_file
    from mojo_reader.reader import read_model

    options = replace(
        how,
        keep=tuple(keep or ()),
        only="proba" if proba_only else "label" if label_only else None,
        limits=chosen_limits(limit),
    )
    check_outputs([("-o", output)], [("MODEL", model), *everything("ROWS", rows)], quiet=quiet)
    mojo = read_model(model_source(model), base_model=base_model, limits=options.limits)
    checked_layer(mojo, how.layer)
    with progress(quiet=quiet) as show:
        scored = score_file(mojo, rows, output, options, progress=show)
    if not quiet:
        say_written(scored.rows, output)
    say_notices(scored.notices)
