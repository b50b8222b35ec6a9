"""``partial-dependence``: what the prediction is on average for each value of a column."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

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
from mojo_reader.cli.rows import (
    ResponseOption,
    RowsArgument,
    progress,
    say_notices,
    say_written,
)
from mojo_reader.cli.tables import SHOWN_ROWS, cell, say_more, table
from mojo_reader.files.atomic import replacing
from mojo_reader.files.dependence import DependenceFile, DependenceFileOptions
from mojo_reader.files.dependence_tables import TableOf
from mojo_reader.files.outputs import everything
from mojo_reader.scoring.times import moment_text

if TYPE_CHECKING:
    from mojo_reader.explaining.expectations import Curves

_ALL: Final = "all"
_DECILES: Final = "deciles"
#: What the command has in a form of its own.
_OWN: Final = ("columns", "other", "values", "targets", "curves", "response", "limits")


@plain_failures
@grouped
def partial_dependence(  # noqa: PLR0913 - a command's options
    model: ModelArgument,
    rows: RowsArgument,
    *,
    column: Annotated[
        list[str],
        typer.Option("--column", "-c", metavar="COL", help="The column to vary; may be repeated."),
    ],
    other: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="COL",
            help="A second column to vary with it: every pair of their values.",
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--values",
            metavar="COL=V,V",
            help="Values to take in place of H2O's; may be repeated.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="CLASS",
            help="A class to show, where there are more than two; may be repeated.",
        ),
    ] = None,
    ice: Annotated[
        bool, typer.Option("--ice", help="A curve for each row, instead of their mean.")
    ] = False,
    curves: Annotated[
        str | None,
        typer.Option(
            "--curves",
            metavar="N|all|deciles",
            help="With --ice, the rows to show: N that are drawn, all (the default), or "
            "the deciles of H2O's ice_plot.",
        ),
    ] = None,
    response: ResponseOption = None,
    output: Annotated[str | None, TABLE_OUTPUT] = None,
    plot: PlotOption = None,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    how: Annotated[DependenceFileOptions, Group(without=_OWN)],
    quiet: QuietOption = False,
    json_: JsonOption = False,
) -> None:
    """Say what the prediction is on average for each value of a column, as H2O's partial_plot.

    Every row is predicted with each value; the table holds the mean, its deviation and its standard
    error, on H2O's grid. With --ice each row has a curve of its own.

    Examples: mojo2keras partial-dependence model.zip rows.csv --column age --plot age.svg
    mojo2keras partial-dependence model.zip rows.csv -c age -c color --ice --curves 50 -o ice.csv
    """
    options = replace(
        how,
        columns=tuple(dict.fromkeys(column)),
        other=other,
        values=_values(values or []),
        targets=tuple(target) if target else None,
        curves=_curves(curves, ice=ice),
        response=response,
        limits=chosen_limits(limit),
    )
    _check_together(options, json_=json_)
    check_one_stream(model, rows)
    targets = [(name, path) for name, path in (("-o", output), ("--plot", plot)) if path]
    inputs = [("MODEL", model), *everything("ROWS", rows)]
    check_outputs(targets, inputs, quiet=quiet or json_)
    if plot is not None:
        emitters.require_picture(plot)
    from mojo_reader.files.dependence import dependence_file
    from mojo_reader.reader import read_model

    mojo = read_model(model_source(model), base_model=base_model, limits=options.limits)
    # Curves are many lines: they are printed as they come.
    place = "-" if output is None and options.curves is not None and plot is None else output
    with progress(quiet=quiet or json_) as advance:
        done = dependence_file(mojo, rows, options, target=place, progress=advance)
    if plot is not None:
        with replacing(plot) as partial:
            emitters.plot_dependence(done.found, partial, mojo=mojo, title=_title(options))
    if json_:
        print_json(_as_json(done))
    elif place is None and plot is None:
        _print(done)
    if not quiet and not json_:
        if place is not None:
            say_written(_lines(done), place)
        if plot is not None:
            say(f"{plot}: {_title(options)}")
    say_notices(done.notices)


def _check_together(options: DependenceFileOptions, *, json_: bool) -> None:
    """Require options that go together.

    Raises:
        typer.BadParameter: some do not.
    """
    if options.curves is None:
        return
    for given, option in (
        (json_, "--json"),
        (options.other is not None, "--with"),
        (options.row_index is not None, "--row-index"),
        (options.weights is not None, "--weights"),
    ):
        if given:
            raise typer.BadParameter("curves of rows have none", param_hint=f"'{option}'")


def _curves(word: str | None, *, ice: bool) -> "Curves | None":
    if not ice:
        if word is not None:
            raise typer.BadParameter("needs --ice", param_hint="'--curves'")
        return None
    if word is None or word == _ALL:
        return _ALL
    if word == _DECILES:
        return _DECILES
    if not word.isdecimal() or not int(word):
        message = f"expected a number of rows, 'all' or 'deciles', found {word!r}"
        raise typer.BadParameter(message, param_hint="'--curves'")
    return int(word)


def _values(words: Sequence[str]) -> dict[str, list[str]] | None:
    """Return what ``--values`` says: ``COL=V,V`` each, cells as in CSV."""
    given = {}
    for word in words:
        name, equals, text = word.partition("=")
        cells = next(csv.reader([text], skipinitialspace=True), []) if equals else []
        if not cells:
            message = f"expected COL=V,V, found {word!r}"
            raise typer.BadParameter(message, param_hint="'--values'")
        given[name] = cells
    return given or None


def _title(options: DependenceFileOptions) -> str:
    pair = "" if options.other is None else f" and {options.other}"
    what = "partial dependence" if options.curves is None else "curves of rows"
    return f"{what} on {', '.join(options.columns)}{pair}"


# --------------------------------------------------------------------------- report


def _lines(done: DependenceFile) -> int:
    points = sum(len(one.figures["mean_response"]) * len(one.targets) for one in done.found)
    return points * (done.curves or 1)


def _as_json(done: DependenceFile) -> list[dict[str, Any]]:
    """Return H2O's tables, each with its column and class."""
    return [
        {
            "columns": list(one.points),
            **({"target": one.target} if one.target else {}),
            "rows": [dict(zip(names, map(_plain, row), strict=True)) for row in rows],
        }
        for found in done.found
        for one in found.tables()
        for names, rows in [_rows(one)]
    ]


def _rows(one: TableOf) -> tuple[list[str], list[tuple[Any, ...]]]:
    columns = {**one.points, **one.figures}
    return list(columns), list(zip(*(values.tolist() for values in columns.values()), strict=True))


def _plain(value: Any) -> Any:
    return None if value != value else value  # noqa: PLR0124 - NaN is no JSON


def _print(done: DependenceFile) -> None:
    for found in done.found:
        for one in found.tables():
            names, rows = _rows(one)
            of_class = f", {one.target}" if one.target else ""
            title = f"Partial dependence over {done.rows:,} rows{of_class}"
            shown = table(title, *(name.replace("_", " ") for name in names))
            for row in rows[:SHOWN_ROWS]:
                shown.add_row(*map(cell, _texts(dict(zip(names, row, strict=True)), found.times)))
            show(shown)
            say_more(rows, "points")


def _texts(row: dict[str, Any], times: frozenset[str]) -> list[str]:
    return [_text(value, time=name in times) for name, value in row.items()]


def _text(value: Any, *, time: bool) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "missing"
    if isinstance(value, str):
        return value
    return moment_text(value) if time else f"{value:.6g}"
