"""``inspect``: what is in a model."""

from itertools import islice
from typing import Any

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import (
    BaseModelOption,
    JsonOption,
    LimitOption,
    ModelArgument,
    chosen_limits,
    model_source,
)
from mojo_reader.cli.printing import print_json, show
from mojo_reader.cli.tables import SHOWN_ROWS, cell, first_ones, say_more, table


@plain_failures
def inspect(
    model: ModelArgument,
    *,
    base_model: BaseModelOption = None,
    limit: LimitOption = None,
    json_: JsonOption = False,
) -> None:
    """Say what is in a model: form, columns, network, output, training parameters.

    Example: mojo2keras inspect model.zip --json
    """
    from mojo_reader.reader import read_model
    from mojo_reader.summary import summarize

    mojo = read_model(model_source(model), base_model=base_model, limits=chosen_limits(limit))
    summary = summarize(mojo)
    if json_:
        print_json(summary)
    else:
        _print(summary)


def _print(summary: dict[str, Any]) -> None:
    facts = {key: value for key, value in summary["model"].items() if value is not None}
    show(_pairs("Model", facts))
    show(_columns(summary["columns"][:SHOWN_ROWS]))
    say_more(summary["columns"], "columns")
    show(_network(summary["network"]))
    say_more(summary["network"]["layers"], "layers")
    output = {key: value for key, value in summary["output"].items() if value is not None}
    show(_pairs("Output", output))
    if summary["training"]:
        show(_pairs("Training parameters", dict(islice(summary["training"].items(), SHOWN_ROWS))))
        say_more(summary["training"], "parameters")
    if "state" in summary:
        show(_pairs("What training left", _known(summary["state"])))
    for note in summary["notes"]:
        show(f"Note: {note}.")


def _known(state: dict[str, Any]) -> dict[str, Any]:
    """Return what there is; the parameters in effect are those of training, in H2O's words."""
    return {key: value for key, value in state.items() if value is not None and key != "parameters"}


def _pairs(title: str, pairs: dict[str, Any]) -> Any:
    shown = table(title, "", "")
    for key, value in pairs.items():
        shown.add_row(cell(key), cell(first_ones(value)))
    return shown


def _columns(columns: list[dict[str, Any]]) -> Any:
    shown = table("Columns", "name", "kind", "levels, or mean and factor")
    for column in columns:
        if column["kind"] == "categorical":
            content = f"{len(column['levels'])}: {first_ones(column['levels'])}"
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
    for index, layer in enumerate(network["layers"][:SHOWN_ROWS], 1):
        name = "output" if index == len(network["layers"]) else f"hidden {index}"
        shown.add_row(name, str(layer["units"]), layer["activation"], f"{layer['dropout']:g}")
    return shown
