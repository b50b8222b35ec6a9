"""``diff``: how two models differ."""

from typing import Annotated, Any, Final

import typer

from mojo_reader.cli.failures import COMPARISON_FAILED, plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    chosen_limits,
    model_source,
    require_inputs,
)
from mojo_reader.cli.printing import print_json, show
from mojo_reader.cli.tables import cell, first_ones, table

_SHOWN_CHARACTERS: Final = 40
_SHOWN_ROWS: Final = 20
_LAYER_HEADINGS: Final = ("layer", "array", "shape", "largest change", "RMS", "changed")


@plain_failures
def diff(  # noqa: PLR0913 - a command's options
    before: Annotated[
        str,
        typer.Argument(
            metavar="A", help="A MOJO, POJO, binary model or folder of exported weights."
        ),
    ],
    after: Annotated[
        str,
        typer.Argument(
            metavar="B", help="A MOJO, POJO, binary model or folder of exported weights."
        ),
    ],
    *,
    base_model: BaseModelOption = None,
    base_model_b: Annotated[
        str | None,
        typer.Option("--base-model-b", metavar="ID", help="Base model to take from ensemble B."),
    ] = None,
    limit: LimitOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where they differ.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Say how B differs from A: keys, layers by size of change, columns, levels, members.

    Example: mojo2keras diff model.zip retrained.zip

    Example: mojo2keras diff model.zip retrained.zip --json --exit-code
    """
    from mojo_reader.comparing.difference import model_difference
    from mojo_reader.reader import read_model

    limits = chosen_limits(limit)
    require_inputs([("A", before), ("B", after)])
    found = model_difference(
        read_model(model_source(before), base_model=base_model, limits=limits),
        read_model(model_source(after), base_model=base_model_b, limits=limits),
    )
    if json_:
        print_json(found)
    else:
        _print(found)
    if exit_code and not found["same"]:
        raise typer.Exit(COMPARISON_FAILED)


def _print(found: dict[str, Any]) -> None:

    for title, headings, rows in _sections(found):
        if rows:
            shown = table(title, *headings)
            for row in rows[:_SHOWN_ROWS]:
                shown.add_row(*map(cell, row))
            show(shown)
        if len(rows) > _SHOWN_ROWS:
            show(f"{len(rows) - _SHOWN_ROWS} more; --json prints them all.")
    show("The models are the same." if found["same"] else "The models differ.")


def _sections(found: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[list[str]]]]:
    """Return title, headings and rows of each table; no rows where nothing differs."""
    numbers = [
        [column["column"], name, repr(column["before"][name]), repr(column["after"][name])]
        for column in found["standardization"]
        for name in ("norm_sub", "norm_mul")
        if column["before"][name] != column["after"][name]
    ]
    keys = [
        [entry["key"], _shortened(entry["before"]), _shortened(entry["after"])]
        for entry in found["keys"]
    ]
    members = [[entry["member"], entry["change"]] for entry in found["members"]]
    return [
        ("Keys", ("key", "A", "B"), keys),
        ("Standardization", ("column", "key", "A", "B"), numbers),
        ("Layers", _LAYER_HEADINGS, [_layer_row(change) for change in found["layers"]]),
        ("Columns", ("", ""), _list_rows(found["columns"])),
        ("Levels", ("column", "", ""), _level_rows(found["levels"])),
        ("Members", ("member", ""), members),
    ]


def _layer_row(change: dict[str, Any]) -> list[str]:
    name = [change["layer"], change["array"]]
    if change["changed"] is None:
        return [*name, f"{_shapes(change['before'])} to {_shapes(change['after'])}", "", "", ""]
    figures = [f"{change['largest']:.3g}", f"{change['rms']:.3g}", f"{change['changed']:.1%}"]
    return [*name, _shapes(change["after"]), *figures]


def _shapes(shapes: list[list[int]]) -> str:
    """Write the shape of a layer's arrays, of which ``Maxout`` has two alike."""
    if not shapes:
        return "none"
    times = f"{len(shapes)} of " if len(shapes) > 1 else ""
    return times + " x ".join(map(str, shapes[0]))


def _level_rows(levels: list[dict[str, Any]]) -> list[list[str]]:
    return [[change["column"], *row] for change in levels for row in _list_rows(change)]


def _list_rows(change: dict[str, Any]) -> list[list[str]]:
    rows = [
        [f"{len(change[kind])} {kind}", first_ones(change[kind])]
        for kind in ("added", "removed")
        if change[kind]
    ]
    return rows + ([["reordered", ""]] if change["reordered"] else [])


def _shortened(text: str | None) -> str:
    if text is None:
        return "(absent)"
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
