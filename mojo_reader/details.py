"""``experimental/modelDetails.json``: the model as H2O's REST schema. Optional and untrusted.

Whatever is wrong with it costs the training parameters, with one warning, never the model.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mojo_reader.model import Mojo

DETAILS: Final = "experimental/modelDetails.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One of H2O's two-dimensional tables.

    Attributes:
        name: H2O's title.
        columns: column names in order.
        data: one tuple of cells for each column.
    """

    name: str
    columns: tuple[str, ...]
    data: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """What the JSON says about training.

    Attributes:
        parameters: training parameters by H2O's name; empty where they cannot be had.
        tables: ``scoring_history``, ``variable_importances``, ``model_summary``, where present.
        warning: why the parameters cannot be had, else None.
    """

    parameters: Mapping[str, Any]
    tables: Mapping[str, Table]
    warning: str | None


def read_details(mojo: Mojo) -> Details:
    """Read the training details that the file carries."""
    return parse_details(mojo.kept.members.get(DETAILS))


def parse_details(content: bytes | None) -> Details:
    """Read the JSON of ``modelDetails.json``; None means that the member is absent."""
    if content is None:
        return _unknown("the MOJO has no modelDetails.json, so training parameters are not known")
    try:
        document = json.loads(content)
        return Details(
            parameters=_parameters(document), tables=_tables(document["output"]), warning=None
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return _unknown(
            "modelDetails.json is not what H2O writes, so training parameters are not known "
            f"({type(error).__name__})"
        )


def _unknown(warning: str) -> Details:
    return Details(parameters={}, tables={}, warning=warning)


def _parameters(document: Any) -> dict[str, Any]:
    return {str(item["name"]): _plain(item.get("actual_value")) for item in document["parameters"]}


def _plain(value: Any) -> Any:
    """Return the name that H2O's reference to a frame, model or column stands for."""
    if isinstance(value, Mapping):
        return value.get("column_name", value.get("name"))
    return value


def _tables(output: Any) -> dict[str, Table]:
    names = ("scoring_history", "variable_importances", "model_summary")
    return {name: table for name in names if (table := _table(output.get(name))) is not None}


def _table(entry: Any) -> Table | None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("data"), Sequence):
        return None
    return Table(
        name=str(entry.get("name")),
        columns=tuple(str(column["name"]) for column in entry["columns"]),
        data=tuple(tuple(cells) for cells in entry["data"]),
    )
