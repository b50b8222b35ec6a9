"""``inspect``: what is in a MOJO."""

import json
from typing import Any

import typer

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.tables import cell, listed, table


@plain_failures
def inspect(
    model: ModelArgument,
    *,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    json_: JsonOption = False,
) -> None:
    """Say what is in a MOJO: columns, network, output, training parameters.

    Example: mojo2keras inspect model.zip --json
    """
    from mojo_reader.reader import read_mojo  # noqa: PLC0415 - a command loads what it needs
    from mojo_reader.summary import summarize  # noqa: PLC0415

    mojo = read_mojo(model_source(model), base_model=base_model, limits=chosen_limits(limit))
    summary = summarize(mojo)
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
    shown = table(title, "", "")
    for key, value in pairs.items():
        shown.add_row(cell(key), cell(listed(value)))
    return shown


def _columns(columns: list[dict[str, Any]]) -> Any:
    shown = table("Columns", "name", "kind", "levels, or mean and factor")
    for column in columns:
        if column["kind"] == "categorical":
            content = f"{len(column['levels'])}: {listed(column['levels'])}"
        else:
            numbers = (column.get("norm_sub"), column.get("norm_mul"))
            content = "not standardized" if numbers[0] is None else "{!r}, {!r}".format(*numbers)
        shown.add_row(cell(column["name"]), column["kind"], cell(content))
    return shown


def _network(network: dict[str, Any]) -> Any:
    shown = table(
        f"Network: {network['inputs']} inputs, {network['parameters']:,} parameters",
        "layer",
        "units",
        "activation",
        "dropout",
    )
    for index, layer in enumerate(network["layers"], 1):
        name = "output" if index == len(network["layers"]) else f"hidden {index}"
        shown.add_row(name, str(layer["units"]), layer["activation"], f"{layer['dropout']:g}")
    return shown
