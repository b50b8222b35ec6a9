"""``verify``: our scores against scores that H2O made."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    QuietOption,
    chosen_limits,
    model_source,
    require_inputs,
)
from mojo_reader.cli.printing import print_json, show
from mojo_reader.cli.reading import Group, grouped
from mojo_reader.cli.rows import (
    RowsArgument,
    progress,
    say_notices,
)
from mojo_reader.cli.tables import cell
from mojo_reader.errors import ParityError
from mojo_reader.files.outputs import everything
from mojo_reader.files.rules import Reading
from mojo_reader.files.score import ScoreOptions
from mojo_reader.files.verification import DEFAULT_TOLERANCE, Verification, verify_file
from mojo_reader.scoring.options import values_of

if TYPE_CHECKING:
    from mojo_reader.model import Mojo

#: The scores tell what is given; the rest is asked for in another form.
_WITHOUT: Final = (
    *("only", "reconstruction_error", "per_feature", "layer"),
    *("exact", "keep", "limits"),
)
_SHOWN_COLUMNS: Final = 20


@plain_failures
@grouped
def verify(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    expected: Annotated[
        Path,
        typer.Option("--expected", metavar="SCORES", help="CSV or Parquet that H2O made of ROWS."),
    ],
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance", min=0.0, help="Allowed difference, relative to 1 + |expected|."
        ),
    ] = DEFAULT_TOLERANCE,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    how: Annotated[ScoreOptions, Group(without=_WITHOUT)],
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Score rows and compare with scores that H2O made of them.

    SCORES is what PredictCsv wrote (with or without --decimal) or a frame that the H2O server
    exported: predictions, Reconstruction.MSE, an autoencoder's errors by column
    (reconstr_COL.SE), or a hidden layer (DF.L1.C1, ...).

    Example: mojo2keras verify model.zip rows.csv --expected h2o_scores.csv
    """
    from mojo_reader.reader import read_model

    options = replace(how, limits=chosen_limits(limit))
    require_inputs([("MODEL", model), *everything("ROWS", rows), ("--expected", expected)])
    mojo = read_model(model_source(model), base_model=base_model, limits=options.limits)
    with progress(quiet=quiet or json_) as show:
        found = verify_file(mojo, rows, expected, options, tolerance=tolerance, progress=show)
    if json_:
        print_json(found.as_dict())
    elif not quiet:
        _print(found)
    if not json_:
        say_notices(found.notices)
    if not found.passed:
        raise ParityError(failure(found))


def against_h2o(
    mojo: "Mojo",
    rows: Path,
    expected: Path,
    reading: Reading,
    *,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Compare the scorer with H2O's own scores of a file of rows.

    Where H2O has no number, its file has none either, so that what is invalid is missing.
    """
    options = ScoreOptions(**{**values_of(Reading, reading), "on_invalid": "missing"})
    return verify_file(mojo, str(rows), str(expected), options, progress=progress)


def failure(found: Verification) -> str:
    """Say in one sentence how scores differ."""
    if not found.rows:
        return "there are no rows to compare"
    said = []
    if found.rows_off:
        worst = max(column.max_rel for column in found.columns)
        said.append(
            f"{found.rows_off:,} of {found.rows:,} rows are off by up to {worst:.3g} (relative; "
            f"{found.tolerance:g} is allowed)"
        )
    if found.rows_without_error:
        said.append(
            f"{found.rows_without_error:,} of them lack a number and so have no error, as in "
            "H2O's Java scorer; --missing server counts it as the mean, as H2O's server does"
        )
    if found.labels_off:
        first = (found.first_label_off or 0) + 1
        said.append(f"{found.labels_off:,} of {found.rows:,} labels differ, first in row {first:,}")
    return "; ".join(said)


def _print(found: Verification) -> None:
    from rich import box
    from rich.table import Table

    table = Table("column", "largest difference", "relative", "rows off", box=box.SIMPLE_HEAD)
    columns = sorted(found.columns, key=lambda column: -column.max_rel)[:_SHOWN_COLUMNS]
    for column in columns:
        cells = (f"{column.max_abs:.3g}", f"{column.max_rel:.3g}", f"{column.off:,}")
        table.add_row(cell(column.name), *cells)
    show(table)
    if len(found.columns) > len(columns):
        show(f"{len(found.columns) - len(columns)} columns with smaller differences.")
    if found.worst:
        show(_worst_table(found))
    for note in found.notes:
        show(f"Note: {note}.")
    labels = f", {found.labels_off:,} labels off" if found.labels_compared else ""
    verdict = "equal" if found.passed else "NOT EQUAL"
    show(f"{verdict}: {found.rows:,} rows, {found.rows_off:,} off{labels}.")


def _worst_table(found: Verification) -> object:
    from rich import box
    from rich.table import Table

    table = Table("worst row", "column", "expected", "found", "relative", box=box.SIMPLE_HEAD)
    for worst in found.worst:
        table.add_row(
            f"{worst.row + 1:,}",
            cell(worst.column),
            f"{worst.expected:.12g}",
            f"{worst.found:.12g}",
            f"{worst.relative:.3g}",
        )
    return table
