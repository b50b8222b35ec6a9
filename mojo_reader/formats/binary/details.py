"""From H2O's objects to the document that a MOJO carries as ``modelDetails.json``.

It says of training what H2O's own says: the parameters and the tables. Metrics are left out.
Sources: ``water.api.schemas3.ModelSchemaV3``, ``ModelParameterSchemaV3``, ``TwoDimTableV3``.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from mojo_reader.formats.binary.layouts import Version
from mojo_reader.formats.binary.objects import Record
from mojo_reader.formats.binary.parameters import FIELDS, FORMERLY, PARAMETERS, SINCE

Json = dict[str, Any]

_TABLES: Final = {
    "model_summary": "_model_summary",
    "scoring_history": "_scoring_history",
    "variable_importances": "_variable_importances",
    "cross_validation_metrics_summary": "_cross_validation_metrics_summary",
}
_KEY: Final = re.compile(r"Key<(.+)>(\[\])?")


def details_of(model: Record, category: str, version: Version, *, tables: bool = True) -> bytes:
    """Return the document.

    Args:
        model: the model.
        category: of it.
        version: of the H2O that wrote it.
        tables: with the tables and the columns, which may be large.
    """
    output, given = model.record("_output"), model.record("_parms")
    document = {
        "__meta": _meta("DeepLearningModelV3", "DeepLearningModel"),
        "model_id": _key(model.get("_key"), "Model"),
        "algo": "deeplearning",
        "algo_full_name": "Deep Learning",
        "response_column_name": given.get("_response_column"),
        "data_frame": _key(given.get("_train"), "Frame"),
        "timestamp": output.get("_end_time") or 0,
        "have_pojo": True,
        "have_mojo": True,
        "parameters": list(_parameters(model, given, version)),
        "output": _output(output, category) if tables else {"model_category": category},
        "compatible_frames": None,
    }
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _meta(schema: str, kind: str) -> Json:
    return {"schema_version": 3, "schema_name": schema, "schema_type": kind}


def _output(output: Record, category: str) -> Json:
    found: Json = {
        "__meta": _meta("DeepLearningModelOutputV3", "DeepLearningModelOutput"),
        "names": output.get("_names"),
        "original_names": output.get("_origNames"),
        "column_types": output.get("_column_types"),
        "domains": None,
        "model_category": category,
        "training_metrics": None,
        "validation_metrics": None,
        "cross_validation_metrics": None,
        "start_time": output.get("_start_time"),
        "end_time": output.get("_end_time"),
        "run_time": output.get("_run_time"),
    }
    for name, field in _TABLES.items():
        table = output.get(field)
        found[name] = _table(table) if isinstance(table, Record) else None
    return found


# --------------------------------------------------------------------------- parameters


def _parameters(model: Record, given: Record, version: Version) -> Iterator[Json]:
    for name, kind, default in PARAMETERS:
        field = FIELDS.get(name, f"_{name}")
        if name == "model_id":
            value = _shown(model.get("_key"), kind)
        elif field not in given.fields or version < SINCE.get(name, ()):
            continue
        else:
            value = _shown(given.get(field), kind)
        yield {
            "__meta": _meta("ModelParameterSchemaV3", "Iced"),
            "name": name,
            "label": name,
            "help": "",
            "required": False,
            "type": kind,
            "default_value": _default(name, default, version),
            "actual_value": value,
            "input_value": value,
            "level": "critical",
            "values": [],
            "is_member_of_frames": [],
            "is_mutually_exclusive_with": [],
            "gridable": False,
        }


def _default(name: str, default: Any, version: Version) -> Any:
    release, before = FORMERLY.get(name, ((), None))
    return before if version < release else default


def _shown(value: Any, kind: str) -> Any:
    """Return a parameter's value as H2O's web interface writes it."""
    key = _KEY.fullmatch(kind)
    if value is None:
        return None
    if key is not None:
        return [_key(item, key[1]) for item in value] if key[2] else _key(value, key[1])
    if kind == "VecSpecifier":
        return {
            "__meta": _meta("ColSpecifierV3", "VecSpecifier"),
            "column_name": value,
            "is_member_of_frames": None,
        }
    return _written(plain(value))


def _key(name: str | None, kind: str) -> Json | None:
    if name is None:
        return None
    return {
        "__meta": _meta(f"{kind}KeyV3", f"Key<{kind}>"),
        "name": name,
        "type": f"Key<{kind}>",
        "URL": f"/3/{kind}s/{name}",
    }


def plain(value: Any) -> Any:
    """Return a field's value as Python has it: numbers, texts, None, and lists of them."""
    if isinstance(value, np.ndarray):
        return _float32s(value) if value.dtype.itemsize == _FLOAT else value.tolist()
    if isinstance(value, Record):
        return {name.removeprefix("_"): plain(item) for name, item in value.fields.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


_FLOAT: Final = 4


def _float32s(array: "np.ndarray[Any, Any]") -> list[Any]:
    """Return floats by their own shortest text, which is what H2O writes."""
    if array.dtype.kind != "f":
        found: list[Any] = array.tolist()
        return found
    return [float(str(number)) for number in array]


def _written(value: Any) -> Any:
    """Return a value as H2O writes it to JSON, where NaN and infinities are texts."""
    if isinstance(value, list):
        return [_written(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


# --------------------------------------------------------------------------- tables


def _table(table: Record) -> Json:
    """Return a table as columns; the rows' headers are the first, where every row has one."""
    headers = table.get("colHeaders") or []
    kinds, formats = table.get("colTypes") or [], table.get("colFormats") or []
    rows = table.get("cellValues") or []
    corner, row_headers = table.get("colHeaderForRowHeaders"), table.get("rowHeaders") or []
    columns = [
        _column(header, kind, layout)
        for header, kind, layout in zip(headers, kinds, formats, strict=False)
    ]
    data = [[_cell(row, index) for row in rows] for index in range(len(columns))]
    if corner is not None and None not in row_headers:
        columns.insert(0, _column(corner, "string", "%s"))
        data.insert(0, [*row_headers])
    return {
        "__meta": _meta("TwoDimTableV3", "TwoDimTable"),
        "name": table.get("tableHeader") or "",
        "description": table.get("tableDescription") or "",
        "columns": columns,
        "rowcount": len(rows),
        "data": data,
    }


def _cell(row: Sequence[Any] | None, index: int) -> Any:
    return None if row is None or index >= len(row) else _written(row[index])


def _column(header: str | None, kind: str | None, layout: str | None) -> Json:
    return {
        "__meta": {"schema_version": -1, "schema_name": "ColumnSpecsBase", "schema_type": "Iced"},
        "name": _field_name(header or ""),
        "type": kind or "string",
        "format": layout or "%s",
        "description": header or "",
    }


def _field_name(header: str) -> str:
    """``TwoDimTableV3.pythonify``: ``Training RMSE`` is ``training_rmse``."""
    words = re.split(r"[\s_]+", header, flags=re.ASCII)
    return re.sub(r"[^\w]", "", "_".join(word.lower() for word in words), flags=re.ASCII)
