"""``predict``: rows to H2O's predictions, without Java."""

from typing import Annotated, Literal, cast

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    LimitOption,
    ModelArgument,
    QuietOption,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.rows import (
    FormatOption,
    OnInvalidOption,
    OnUnseenOption,
    RowsArgument,
    SeparatorOption,
    TimeZoneOption,
    WorkersOption,
    checked_format,
    checked_separator,
    checked_zone,
    one_of,
    progress,
    say_notices,
)
from mojo_reader.outputs import STANDARD_STREAM, everything, separate

_OnError = Literal["missing", "error"]


@plain_failures
def predict(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="CSV (also .gz, .zst) or Parquet; '-' prints."
        ),
    ] = STANDARD_STREAM,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    format_: FormatOption = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COL", help="Carry a column through; may be repeated."),
    ] = None,
    proba_only: Annotated[
        bool, typer.Option("--proba-only", help="Probabilities, no label.")
    ] = False,
    label_only: Annotated[
        bool, typer.Option("--label-only", help="The label, no probabilities.")
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="Of the second class, instead of the model's."),
    ] = None,
    reconstruction_error: Annotated[
        bool,
        typer.Option("--reconstruction-error", help="An autoencoder's Reconstruction.MSE."),
    ] = False,
    layer: Annotated[
        int | None,
        typer.Option("--layer", metavar="N", help="A hidden layer's outputs, 0 for the first."),
    ] = None,
    dtype: Annotated[
        str, typer.Option("--dtype", help="float64, or float32: faster, within 1e-5.")
    ] = "float64",
    exact: Annotated[
        bool, typer.Option("--exact", help="Java's order of operations for every value; slow.")
    ] = False,
    on_unseen: OnUnseenOption = "missing",
    on_invalid: OnInvalidOption = "error",
    time_zone: TimeZoneOption = "UTC",
    separator: SeparatorOption = ",",
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score rows as H2O does, with H2O's columns; no Java, no Keras.

    Output appears whole or not at all. What was odd in the rows is said at the end.

    Examples: mojo2keras predict model.zip rows.csv -o scored.csv;
    mojo2keras predict model.zip 'part-*.parquet' --keep id -o scored.parquet
    """
    if proba_only and label_only:
        raise typer.BadParameter("choose one of --proba-only and --label-only")
    if sum((proba_only or label_only, reconstruction_error, layer is not None)) > 1:
        raise typer.BadParameter(
            "choose one of --proba-only, --label-only, --reconstruction-error and --layer"
        )
    if model == STANDARD_STREAM and STANDARD_STREAM in rows:
        raise typer.BadParameter("the model and the rows cannot both be standard input")
    dtype = one_of(dtype, ("float64", "float32"), "--dtype")
    if exact and dtype != "float64":
        raise typer.BadParameter("needs --dtype float64", param_hint="'--exact'")
    from mojo_reader.files.score import ScoreOptions, score_file  # noqa: PLC0415
    from mojo_reader.reader import read_mojo  # noqa: PLC0415 - a command loads what it needs

    options = ScoreOptions(
        dtype="float64" if dtype == "float64" else "float32",
        exact=exact,
        threshold=threshold,
        keep=tuple(keep or ()),
        only="proba" if proba_only else "label" if label_only else None,
        reconstruction_error=reconstruction_error,
        layer=layer,
        on_unseen=cast("_OnError", one_of(on_unseen, ("missing", "error"), "--on-unseen")),
        on_invalid=cast("_OnError", one_of(on_invalid, ("error", "missing"), "--on-invalid")),
        time_zone=checked_zone(time_zone),
        separator=checked_separator(separator),
        format=checked_format(format_),
        limits=chosen_limits(limit),
        workers=workers,
    )
    separate([("-o", output)], [("MODEL", model), *everything("ROWS", rows)])
    mojo = read_mojo(model_source(model), base_model=base_model, limits=options.limits)
    with progress(quiet=quiet) as show:
        scored = score_file(mojo, rows, output, options, progress=show)
    if not quiet:
        say_notices(scored.notices)
