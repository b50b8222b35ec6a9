"""``importances``: which columns move predictions, by the weights alone, or over rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from mojo_reader import emitters
from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    TABLE_OUTPUT,
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    PlotOption,
    QuietOption,
    check_one_stream,
    check_outputs,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.printing import print_json, say, show
from mojo_reader.cli.reading import Group, grouped
from mojo_reader.cli.rows import ResponseOption, progress, say_notices, say_written
from mojo_reader.cli.tables import SHOWN_ROWS, cell, say_more, table
from mojo_reader.files.atomic import replacing
from mojo_reader.files.formats import FORMAT_NAMES
from mojo_reader.files.importances import (
    ImportanceFile,
    ImportanceFileOptions,
    contributed_file,
    permuted_file,
    write_importances,
)
from mojo_reader.files.outputs import STANDARD_STREAM, everything

_VARIABLE: Final = "variable"
_RUN: Final = "run_"
_OF_CLASS: Final = "relative_importance."
_MOST_CLASSES: Final = 5
_FROM_WEIGHTS: Final = "Variable importances"
#: What the command has in a form of its own.
_OWN: Final = ("response", "columns", "limits")


@plain_failures
@grouped
def importances(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    *,
    rows: Annotated[
        list[str] | None,
        typer.Option("--rows", metavar="ROWS", help=f"{FORMAT_NAMES} files; may be repeated."),
    ] = None,
    permute: Annotated[
        bool,
        typer.Option(
            "--permute",
            help="Measure how far a metric moves when a column's cells are mixed up.",
        ),
    ] = False,
    contributions: Annotated[
        bool,
        typer.Option(
            "--contributions", help="Measure the mean absolute contribution of each column."
        ),
    ] = False,
    background: Annotated[
        list[str] | None,
        typer.Option(
            "--background",
            "-b",
            metavar="FILE",
            help="With --contributions, rows to compare with; may be repeated.",
        ),
    ] = None,
    response: ResponseOption = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            "-c",
            metavar="COL",
            help="With --permute, only this column; may be repeated.",
        ),
    ] = None,
    output: Annotated[str | None, TABLE_OUTPUT] = None,
    plot: PlotOption = None,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    how: Annotated[ImportanceFileOptions, Group(without=_OWN)],
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Print H2O's variable importances, computed from the weights alone; or over rows.

    With --permute each column's cells are mixed up among the rows, and what a metric loses is its
    importance (H2O's permutation_importance). With --contributions it is the mean of the column's
    absolute contributions.

    Examples: mojo2keras importances model.zip --json
    mojo2keras importances model.zip --rows labelled.csv --permute --metric AUC --plot auc.svg
    mojo2keras importances model.zip --rows rows.csv --contributions --background train.csv
    """
    options = replace(
        how,
        response=response,
        columns=tuple(column) if column else None,
        limits=chosen_limits(limit),
    )
    given, behind = rows or [], background or []
    _check_together(given, behind, options, permute=permute, contributions=contributions)
    check_one_stream(model, [*given, *behind])
    targets = [(name, path) for name, path in (("-o", output), ("--plot", plot)) if path]
    inputs = [
        ("MODEL", model),
        *everything("--rows", given),
        *everything("--background", behind),
    ]
    check_outputs(targets, inputs, quiet=quiet or json_)
    if plot is not None:
        emitters.require_picture(plot)
    if output is not None:
        _require_format(output, options)
    from mojo_reader.reader import read_model

    mojo = read_model(model_source(model), base_model=base_model, limits=options.limits)
    done = None
    if given:
        with progress(quiet=quiet or json_) as advance:
            if permute:
                done = permuted_file(mojo, given, options, progress=advance)
            else:
                done = contributed_file(mojo, given, behind or None, options, progress=advance)
    found = _from_weights(mojo) if done is None else done.table
    _give(found, done, output, plot, options, quiet=quiet, json_=json_)


def _from_weights(mojo: Any) -> dict[str, Any]:
    from mojo_reader.explaining.importances import importances as measured

    return measured(mojo)


def _require_format(output: str, options: ImportanceFileOptions) -> None:
    from mojo_reader.files.sinks import output_format

    output_format(output, options.format)


def _check_together(
    rows: Sequence[str],
    background: Sequence[str],
    options: ImportanceFileOptions,
    *,
    permute: bool,
    contributions: bool,
) -> None:
    """Require options that go together.

    Raises:
        typer.BadParameter: some do not.
    """
    chosen = [
        name
        for name, given in (("--permute", permute), ("--contributions", contributions))
        if given
    ]
    if len(chosen) > 1:
        raise typer.BadParameter("choose --permute or --contributions", param_hint="'--permute'")
    if rows and not chosen:
        raise typer.BadParameter("needs --permute or --contributions", param_hint="'--rows'")
    if chosen and not rows:
        raise typer.BadParameter("needs --rows ROWS", param_hint=f"'{chosen[0]}'")
    for option, given, needed in (
        ("--background", bool(background), contributions),
        ("--column", options.columns is not None, permute),
        ("--response", options.response is not None, permute),
        ("--weights", options.weights is not None, permute),
        ("--metric", options.metric != "AUTO", permute),
        ("--repeats", options.repeats != 1, permute),
    ):
        if given and not needed:
            message = f"needs {'--contributions' if option == '--background' else '--permute'}"
            raise typer.BadParameter(message, param_hint=f"'{option}'")
    if STANDARD_STREAM in background and STANDARD_STREAM in rows:
        raise typer.BadParameter(
            "only one input can be standard input", param_hint="'--background'"
        )


# --------------------------------------------------------------------------- report


def _give(  # noqa: PLR0913 - where a table may go
    found: dict[str, Any],
    done: ImportanceFile | None,
    output: str | None,
    plot: Path | None,
    options: ImportanceFileOptions,
    *,
    quiet: bool,
    json_: bool,
) -> None:
    title = _FROM_WEIGHTS if done is None else f"Importances: {done.measured}"
    if output is not None:
        lines = write_importances(found, output, options.format)
        if not quiet and not json_:
            say_written(lines, output)
    if plot is not None:
        _plot(found, plot, title, done)
        if not quiet and not json_:
            say(f"{plot}: {title[0].lower()}{title[1:]}")
    if json_:
        names = list(found)
        rows = zip(*(found[name].tolist() for name in names), strict=True)
        print_json([dict(zip(names, map(_plain, row), strict=True)) for row in rows])
    elif output is None and plot is None:
        _print(found, title)
    if done is not None:
        _say_seen(done)


def _say_seen(done: ImportanceFile) -> None:
    if done.note is not None:
        say(done.note)
    if done.background_notices is not None:
        for sentence in done.background_notices.of_rows().sentences():
            say(f"in the background: {sentence}")
    say_notices(done.notices)


def _plain(value: Any) -> Any:
    return None if value != value else value  # noqa: PLR0124 - NaN is no JSON


def _runs(found: dict[str, Any]) -> Any:
    """Return the importances of several runs, ``(columns, runs)``; None of a single one."""
    runs = [values for name, values in found.items() if name.startswith(_RUN)]
    return np.stack(runs, axis=1) if runs else None


def _print(found: dict[str, Any], title: str) -> None:
    runs = _runs(found)
    if runs is not None:
        deviation = runs.std(axis=1, ddof=1)
        columns = {"mean importance": runs.mean(axis=1), "deviation of a run": deviation}
    else:
        numbers = [name for name in found if name != _VARIABLE]
        classes = [name for name in numbers if name.startswith(_OF_CLASS)]
        few = 0 < len(classes) <= _MOST_CLASSES
        shown = [numbers[0], *classes] if few else [n for n in numbers if n not in classes]
        columns = {_heading(name): found[name] for name in shown}
    made = table(title, _VARIABLE, *columns)
    lines = list(zip(found[_VARIABLE], *columns.values(), strict=True))
    for name, *values in lines[:SHOWN_ROWS]:
        made.add_row(cell(name), *(f"{value:.6f}" for value in values))
    show(made)
    say_more(lines, "inputs")


def _heading(name: str) -> str:
    if name.startswith(_OF_CLASS):
        return name.removeprefix(_OF_CLASS)
    return name.replace("_", " ")


def _plot(found: dict[str, Any], plot: Path, title: str, done: ImportanceFile | None) -> None:
    runs = _runs(found)
    classes = [name for name in found if name.startswith(_OF_CLASS)]
    if classes:
        values = np.stack([found[name] for name in classes], axis=1)
    elif runs is not None:
        values = runs.mean(axis=1)
    else:
        values = found["scaled_importance" if done is None else "relative_importance"]
    label = "scaled importance" if done is None else done.measured
    with replacing(plot) as partial:
        emitters.plot_importances(
            found[_VARIABLE].tolist(), values, partial, title=title.partition(":")[0],
            label=label, runs=runs, parts=[name.removeprefix(_OF_CLASS) for name in classes],
        )  # fmt: skip
