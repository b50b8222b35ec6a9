"""``experimental/modelDetails.json``: the model as H2O's REST schema. Optional and untrusted.

Whatever is wrong with it costs the training parameters, with one warning, never the model.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from mojo_reader.formats.mojo.archive import DETAILS
from mojo_reader.model import Mojo

__all__ = ["DETAILS", "Details", "Table", "parse_details", "read_details"]

_MAX_DIGITS: Final = 40
_NOT_KNOWN: Final = "training parameters are not known"

#: What the JSON says under ``output`` of how the model was trained and how good it was.
_OF_TRAINING: Final = (
    "model_summary",
    "scoring_history",
    "cv_scoring_history",
    "training_metrics",
    "validation_metrics",
    "cross_validation_metrics",
    "cross_validation_metrics_summary",
    "variable_importances",
)
_DESCRIPTION: Final = "description"
_MARK: Final = "Of the original model"
_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_TOKEN: Final = re.compile(
    rf"(?P<key>{_STRING})\s*:|(?P<value>{_STRING}|null)|(?P<open>[{{\[])|(?P<close>[}}\]])"
)


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
        defaults: H2O's default of each of them.
        tables: ``scoring_history``, ``variable_importances``, ``model_summary``, where present.
        types: H2O's type of each column by name, such as ``Time``; empty where it is not said.
        warning: why the parameters cannot be had, else None.
    """

    parameters: Mapping[str, Any]
    defaults: Mapping[str, Any]
    tables: Mapping[str, Table]
    types: Mapping[str, str]
    warning: str | None


def read_details(mojo: Mojo) -> Details:
    """Read the training details that the file carries."""
    reason = mojo.kept.left_out.get(DETAILS)
    if reason is not None:
        return _unknown(f"{_NOT_KNOWN}: {reason}")
    content = mojo.kept.members.get(DETAILS)
    if content is None:
        return _unknown(f"the {mojo.info.form} has no modelDetails.json, so {_NOT_KNOWN}")
    return parse_details(content)


def parse_details(content: bytes | None) -> Details:
    """Read the JSON of ``modelDetails.json``; None means that the member is absent."""
    if content is None:
        return _unknown(f"there is no modelDetails.json, so {_NOT_KNOWN}")
    try:
        document = json.loads(
            content, parse_int=_integer, parse_float=_finite, parse_constant=_no_number
        )
        return Details(
            parameters=_parameters(document, "actual_value"),
            defaults=_parameters(document, "default_value"),
            tables=_tables(document["output"]),
            types=_types(document["output"]),
            warning=None,
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        return _unknown(
            f"modelDetails.json is not what H2O writes, so {_NOT_KNOWN} ({_reason(error)})"
        )


def _reason(error: Exception) -> str:
    # Python's own words for another type or an absent key say nothing of the file.
    return f"{error!s:.80}" if isinstance(error, ValueError) else type(error).__name__


def _unknown(warning: str) -> Details:
    return Details(parameters={}, defaults={}, tables={}, types={}, warning=warning)


def _parameters(document: Any, value: str) -> dict[str, Any]:
    return {str(_scalar(item["name"])): _plain(item.get(value)) for item in document["parameters"]}


def _plain(value: Any) -> Any:
    """Return a scalar or a list of them; a reference to a frame, model or column is its name."""
    return [_named(item) for item in value] if isinstance(value, list) else _named(value)


def _named(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = value.get("column_name", value.get("name"))
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    message = f"expected a text or a number, found a {type(value).__name__}"
    raise TypeError(message)


def _tables(output: Any) -> dict[str, Table]:
    names = ("scoring_history", "variable_importances", "model_summary")
    return {name: table for name in names if (table := _table(output.get(name))) is not None}


def _types(output: Any) -> dict[str, str]:
    names, types = output.get("names"), output.get("column_types")
    if not isinstance(names, list) or not isinstance(types, list) or len(names) != len(types):
        return {}
    return {str(_scalar(name)): str(_scalar(kind)) for name, kind in zip(names, types, strict=True)}


def _table(entry: Any) -> Table | None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("data"), list):
        return None
    columns = tuple(str(_scalar(column["name"])) for column in entry["columns"])
    data = tuple(tuple(map(_scalar, cells)) for cells in entry["data"])
    if len(columns) != len(data) or len(set(map(len, data))) > 1:
        raise ValueError("a table whose columns differ in length")
    return Table(name=str(_scalar(entry.get("name"))), columns=columns, data=data)


# --------------------------------------------------------------------------- numbers


def _integer(text: str) -> int:
    # Reading an integer of many digits takes the square of their number.
    if len(text) > _MAX_DIGITS:
        message = f"a number of {len(text):,} characters"
        raise ValueError(message)
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    # H2O writes "NaN" and "Infinity" as texts.
    message = f"{text[:40]} is no finite number"
    raise ValueError(message)


# --------------------------------------------------------------------------- of the original


def mark_as_original(content: bytes, uuid: str | None) -> bytes:
    """Say in ``modelDetails.json`` that its metrics and histories are the original model's.

    Their ``description`` (``ModelMetricsBaseV3``, ``TwoDimTableV3``) then starts with a sentence
    that says so, unless it did before; every other byte stays as it is. H2O writes some keys
    twice, which a parser would drop.

    Args:
        content: the member as the original model has it.
        uuid: of the original model.

    Returns:
        The member with marks; as it was where it is no JSON.
    """
    try:
        text = content.decode()
        json.loads(text)
    except (ValueError, RecursionError):
        return content
    parts, done = [], 0
    for start, stop in _training_descriptions(text):
        before = text[start:stop]
        marked = _marked(json.loads(before), uuid)
        # Characters stay as they were written: themselves, or escaped.
        parts += [text[done:start], json.dumps(marked, ensure_ascii="\\u" in before)]
        done = stop
    return "".join([*parts, text[done:]]).encode()


def _marked(description: str | None, uuid: str | None) -> str:
    if description and description.startswith(_MARK):
        return description
    identity = "" if uuid is None else f" (uuid {uuid})"
    return f"{_MARK}{identity}, before retraining. {description or ''}".rstrip()


def _training_descriptions(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the values of the descriptions stand, in the order of the text."""
    key: str | None = None
    path: list[str | None] = []
    for token in _TOKEN.finditer(text):
        if token["key"]:
            key = json.loads(token["key"])
        elif token["open"]:
            path.append(key)
            key = None
        elif token["close"]:
            path.pop()
            key = None
        elif key == _DESCRIPTION and _is_of_training(path):
            yield token.span("value")


def _is_of_training(path: Sequence[str | None]) -> bool:
    """Say so of a table or of metrics under ``output``, and of a table in a list of them."""
    match [key for key in path if key is not None]:
        case ["output", name]:
            return name in _OF_TRAINING
        case _:
            return False
