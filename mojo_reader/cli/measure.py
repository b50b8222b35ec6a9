"""``measure``: how well a model does on rows with their response, in H2O's own figures."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    QuietOption,
    check_one_stream,
    chosen_limits,
    model_source,
    require_inputs,
)
from mojo_reader.cli.printing import print_json, show
from mojo_reader.cli.reading import Group, grouped
from mojo_reader.cli.rows import ResponseOption, RowsArgument, progress, say_notices
from mojo_reader.cli.tables import cell, table
from mojo_reader.files.measured import MeasuredFile, MeasureFileOptions, measure_file
from mojo_reader.files.outputs import everything

if TYPE_CHECKING:
    from mojo_reader.comparing.metrics import Performance

#: What the command has in a form of its own.
_OWN: Final = ("response", "limits")
_MOST_CLASSES: Final = 12


@plain_failures
@grouped
def measure(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    response: ResponseOption = None,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    how: Annotated[MeasureFileOptions, Group(without=_OWN)],
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Print H2O's metrics of a model on rows with their response (h2o.performance).

    They are H2O's own to 1e-6, weights and offset as H2O takes them; with more than 400 distinct
    scores, where H2O bins, both the exact figures and H2O's. --json has the tables, too: the best
    thresholds, gains and lift, the confusion matrix, hit ratios.

    Examples: mojo2keras measure model.zip labelled.csv
    mojo2keras measure model.zip labelled.csv --json
    """
    from mojo_reader.reader import read_model

    check_one_stream(model, rows)
    if how.unweighted and how.weights is not None:
        message = "choose --weights or --unweighted"
        raise typer.BadParameter(message, param_hint="'--unweighted'")
    options = replace(how, response=response, limits=chosen_limits(limit))
    require_inputs([("MODEL", model), *everything("ROWS", rows)])
    mojo = read_model(model_source(model), base_model=base_model, limits=options.limits)
    with progress(quiet=quiet or json_) as advance:
        found = measure_file(mojo, rows, options, progress=advance)
    if json_:
        print_json({**found.performance.as_dict(), "weights": found.weights})
    elif not quiet:
        _print(found)
    say_notices(found.notices)


def _print(found: MeasuredFile) -> None:
    measured = found.performance
    binned = measured.binned
    headings = ("metric", "exact", "H2O's, of 400 thresholds") if binned else ("metric", "value")
    made = table(_title(found), *headings)
    for name, value in measured.figures.items():
        more = [f"{binned[name]:.6g}" if name in binned else ""] if binned else []
        made.add_row(cell(name), f"{value:.6g}", *more)
    show(made)
    if measured.confusion is not None and len(measured.labels) <= _MOST_CLASSES:
        show(_confusion(measured))
    best = None if measured.curve is None else measured.curve.best("f1")
    if best is not None:
        show(f"F1 is the largest, {best.value:.6g}, from the threshold {best.threshold:.6g} on.")


def _title(found: MeasuredFile) -> str:
    measured = found.performance
    title = f"{measured.rows:,} rows"
    if measured.rows < found.rows:
        title += f" of {found.rows:,}, the others lack a response, a weight or a prediction"
    return title if found.weights is None else f"{title}; weights: {found.weights}"


def _confusion(measured: "Performance") -> Any:
    made = table("Actual (down) and predicted (across)", "", *map(str, map(cell, measured.labels)))
    counts: Any = measured.confusion
    for label, row in zip(measured.labels, counts.tolist(), strict=True):
        made.add_row(cell(label), *(f"{count:,.6g}" for count in row))
    return made
