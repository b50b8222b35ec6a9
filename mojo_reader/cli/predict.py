"""``predict``: rows to H2O's predictions, without Java."""

from typing import Annotated

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    LimitOption,
    ModelArgument,
    Precision,
    QuietOption,
    ThresholdOption,
    check_outputs,
    checked_layer,
    checked_threshold,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.reading import Reading, reads_rows
from mojo_reader.cli.rows import (
    MissingOption,
    OffsetOption,
    OnAbsentOption,
    OnUnseenOption,
    RowsArgument,
    WorkersOption,
    checked_missing,
    checked_offset,
    checked_on_odd,
    progress,
    say_notices,
    say_written,
)
from mojo_reader.files.outputs import STANDARD_STREAM, everything


@plain_failures
@reads_rows
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
    threshold: ThresholdOption = None,
    reconstruction_error: Annotated[
        bool,
        typer.Option("--reconstruction-error", help="An autoencoder's Reconstruction.MSE."),
    ] = False,
    per_feature: Annotated[
        bool,
        typer.Option(
            "--per-feature", help="An autoencoder's squared error in each column (reconstr_COL.SE)."
        ),
    ] = False,
    missing: MissingOption = None,
    layer: Annotated[
        int | None,
        typer.Option("--layer", metavar="N", help="A hidden layer's outputs, 0 for the first."),
    ] = None,
    dtype: Annotated[
        Precision, typer.Option("--dtype", help="float32 is faster, and within about 1e-5.")
    ] = Precision.FLOAT64,
    exact: Annotated[
        bool, typer.Option("--exact", help="Java's order of operations for every value; slow.")
    ] = False,
    offset: OffsetOption = "java",
    on_unseen: OnUnseenOption = "missing",
    on_absent: OnAbsentOption = "missing",
    workers: WorkersOption = None,
    reading: Reading,
    quiet: QuietOption = False,
) -> None:
    """Score rows as H2O does, with H2O's columns; no Java, no Keras.

    Output appears whole or not at all. What was odd in the rows is said at the end.

    Examples: mojo2keras predict model.zip rows.csv -o scored.csv
    mojo2keras predict model.zip 'part-*.parquet' --keep id -o scored.parquet
    """
    if proba_only and label_only:
        raise typer.BadParameter("choose one of --proba-only and --label-only")
    of_error = reconstruction_error or per_feature
    if sum((proba_only or label_only, of_error, layer is not None)) > 1:
        raise typer.BadParameter(
            "choose one of --proba-only, --label-only, --reconstruction-error (or --per-feature) "
            "and --layer"
        )
    if missing is not None and not of_error:
        raise typer.BadParameter(
            "needs --reconstruction-error or --per-feature", param_hint="'--missing'"
        )
    if model == STANDARD_STREAM and STANDARD_STREAM in rows:
        raise typer.BadParameter("the model and the rows cannot both be standard input")
    if exact and dtype is not Precision.FLOAT64:
        raise typer.BadParameter("needs --dtype float64", param_hint="'--exact'")
    from mojo_reader.files.score import ScoreOptions, score_file
    from mojo_reader.reader import read_mojo

    options = ScoreOptions(
        dtype=dtype.value,
        exact=exact,
        threshold=checked_threshold(threshold),
        keep=tuple(keep or ()),
        only="proba" if proba_only else "label" if label_only else None,
        reconstruction_error=reconstruction_error,
        per_feature=per_feature,
        missing=checked_missing(missing),
        layer=layer,
        offset=checked_offset(offset),
        on_unseen=checked_on_odd(on_unseen, "--on-unseen"),
        on_absent=checked_on_odd(on_absent, "--on-absent"),
        **reading.options(limits=chosen_limits(limit), workers=workers),
    )
    check_outputs([("-o", output)], [("MODEL", model), *everything("ROWS", rows)], quiet=quiet)
    mojo = read_mojo(model_source(model), base_model=base_model, limits=options.limits)
    checked_layer(mojo, layer)
    with progress(quiet=quiet) as show:
        scored = score_file(mojo, rows, output, options, progress=show)
    if not quiet:
        say_written(scored.rows, output)
    say_notices(scored.notices)
