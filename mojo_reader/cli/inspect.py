"""``inspect``: what is in a MOJO."""

import json
from typing import Any, Final

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import BaseModelOption, JsonOption, ModelArgument, model_source

_SHOWN_LEVELS: Final = 4


@plain_failures
def inspect(
    model: ModelArgument, *, base_model: BaseModelOption = None, json_: JsonOption = False
) -> None:
    """Say what is in a MOJO: columns, network, output, training parameters.

    Example: mojo2keras inspect model.zip --json
    """
    from mojo_reader.reader import read_mojo  # noqa: PLC0415 - a command loads what it needs
    from mojo_reader.summary import summarize  # noqa: PLC0415

    summary = summarize(read_mojo(model_source(model), base_model=base_model))
    if json_:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    else:
        _print(summary)


def _print(summary: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False, markup=False, soft_wrap=True)
    facts = {key: value for key, value in summary["model"].items() if value is not None}
    console.print(_pairs("Model", facts))
    console.print(_columns(summary["columns"]))
    console.print(_network(summary["network"]))
    output = {key: value for key, value in summary["output"].items() if value is not None}
    console.print(_pairs("Output", output))
    if summary["training"]:
        console.print(_pairs("Training parameters", summary["training"]))
    for note in summary["notes"]:
        console.print(f"Note: {note}.")


def _pairs(title: str, pairs: dict[str, Any]) -> Any:
    table = _table(title, "", "")
    for key, value in pairs.items():
        table.add_row(_cell(key), _cell(_listed(value)))
    return table


def _columns(columns: list[dict[str, Any]]) -> Any:
    table = _table("Columns", "name", "kind", "levels, or mean and factor")
    for column in columns:
        if column["kind"] == "categorical":
            content = f"{len(column['levels'])}: {_listed(column['levels'])}"
        else:
            numbers = (column.get("norm_sub"), column.get("norm_mul"))
            content = "not standardized" if numbers[0] is None else "{!r}, {!r}".format(*numbers)
        table.add_row(_cell(column["name"]), column["kind"], _cell(content))
    return table


def _network(network: dict[str, Any]) -> Any:
    table = _table(
        f"Network: {network['inputs']} inputs, {network['parameters']:,} parameters",
        "layer",
        "units",
        "activation",
        "dropout",
    )
    for index, layer in enumerate(network["layers"], 1):
        name = "output" if index == len(network["layers"]) else f"hidden {index}"
        table.add_row(name, str(layer["units"]), layer["activation"], f"{layer['dropout']:g}")
    return table


def _table(title: str, *headings: str) -> Any:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_header=any(headings),
        highlight=False,
    )
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _cell(text: object) -> Any:
    """Return plain text: what comes from the file is never read as markup."""
    from rich.text import Text  # noqa: PLC0415

    return Text(str(text))


def _listed(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    shown = ", ".join(map(str, value[:_SHOWN_LEVELS]))
    more = len(value) - _SHOWN_LEVELS
    return f"{shown}, and {more} more" if more > 0 else shown
