"""``columns.json``: what a program needs beside a model that reads the row matrix.

The features of a row are those of its columns, one after the other. A cell's features stand in
``values`` by its text; a text that does not has those of ``unseen`` in a categorical column, and is
a number in a numeric one. ``null`` is NaN. A cell that is no text has the first of its
``spellings`` that is among the column's ``levels``, else the first that stands in ``values``. With
the labels and the threshold that is all of H2O's prediction; no reader of the file needs this
package.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.making.origin import own_version
from mojo_reader.model import CategoricalInput, Classification, InputColumn, Mojo
from mojo_reader.model.levels import MISSING_MARKS, level_positions
from mojo_reader.scoring.spellings import RULE
from mojo_reader.summary import column_notes

FORMAT: Final = "mojo2keras columns"
FORMAT_VERSION: Final = 1


def columns_of(
    mojo: Mojo, *, dtype: str, notes: Sequence[str] = (), versions: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the content of ``columns.json``.

    Args:
        mojo: the MOJO.
        dtype: of the model that was made from it, ``float32`` or ``float64``.
        notes: what has to be known to run the model, beside what the columns need.
        versions: of what it was made with.

    Returns:
        A mapping for JSON. ``columns`` are the raw columns in the order of their features;
        ``features`` the columns of the model's input; ``output_columns`` those of its output.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "category": str(mojo.info.category),
        "categorical_encoding": str(mojo.info.categorical_encoding),
        "dtype": dtype,
        **_output(mojo),
        "missing_marks": list(MISSING_MARKS),
        "spellings": dict(RULE),
        "columns": [_column(column) for column in _in_feature_order(mojo)],
        "features": _features(mojo),
        "offset_column": mojo.info.offset_column,
        "notes": [*column_notes(mojo), *notes],
        "mojo_sha256": mojo.info.sha256,
        "base_model": mojo.info.base_model,
        "versions": {
            "h2o": mojo.info.h2o_version,
            "mojo": f"{mojo.info.mojo_version:.2f}",
            "mojo2keras": own_version(),
            **(versions or {}),
        },
    }


def columns_text(document: Mapping[str, Any]) -> str:
    """Return the text of ``columns.json``, one line for each key and for each column."""
    lines = [f"{_json(key)}: {_lines(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(map(_json, value)) + "\n]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _output(mojo: Mojo) -> dict[str, Any]:
    match mojo.output:
        case Classification() as classes:
            return {
                "labels": list(classes.labels),
                "threshold": classes.threshold,
                "output_columns": list(classes.columns[1:]),
            }
        case output:
            return {"labels": None, "threshold": None, "output_columns": list(output.columns)}


def _in_feature_order(mojo: Mojo) -> list[InputColumn]:
    return sorted(mojo.inputs, key=lambda column: column.feature)


def _column(column: InputColumn) -> dict[str, Any]:
    if not isinstance(column, CategoricalInput):
        values: dict[str, Any] = {mark: [None] for mark in MISSING_MARKS}
        place = {"name": column.name, "kind": "numeric", "feature": column.feature}
        return {**place, "values": values, "missing": [None]}
    rows = [_numbers(row) for row in column.table]
    places = level_positions(column) | dict.fromkeys(MISSING_MARKS, column.missing)
    return {
        "name": column.name,
        "kind": "categorical",
        "feature": column.feature,
        "levels": list(column.levels),
        # Every text with a meaning: levels, levels without the column's name, missing marks. In
        # a CSV file a mark is missing, even where it is also a level's text, as Java reads it.
        "values": {text: rows[place] for text, place in places.items()},
        "missing": rows[column.missing],
        "unseen": rows[column.unseen],
    }


def _numbers(row: NDArray[np.float64]) -> list[float | int | None]:
    """Numbers for JSON: NaN as null, codes without a decimal point."""
    return [None if np.isnan(n) else int(n) if n.is_integer() else n for n in row.tolist()]


def _features(mojo: Mojo) -> list[dict[str, Any]]:
    """The columns of the row matrix; any code that is none of the levels' is missing."""
    features = mojo.features
    codes = [
        {"name": feature.name, "kind": "code", "levels": len(feature.levels), "missing": None}
        for feature in features.categorical
    ]
    numbers = [{"name": name, "kind": "number", "missing": None} for name in features.numeric]
    return [*codes, *numbers]
