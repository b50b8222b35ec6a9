"""Rows of the file that the page holds, for a person to load one by its number."""

import base64
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import printable
from mojo_reader.model import (
    CategoricalInput,
    Classification,
    InputColumn,
    Mojo,
    Reconstruction,
)

from .rows import Cells, Rows, finite

Array = NDArray[np.float64]
#: Cells that a page holds; some 10 bytes each.
_MOST_CELLS: Final = 40_000


def held_rows(mojo: Mojo, rows: Rows) -> dict[str, Any]:
    """Return rows as JSON-ready data: those shown by themselves, and all others or a sample.

    Returns:
        The file's ``name`` and ``count``; ``numbers``, those of the rows that are held, from 1 and
        rising; by raw column their ``cells``, as doubles or as positions in the column's table;
        the ``actual`` response, as doubles; of an autoencoder percentiles of all ``errors``.
    """
    most = max(len(rows.single), _MOST_CELLS // max(1, len(mojo.inputs)))
    parts = (rows.single, rows.some(max(1, most - len(rows.single))))
    places, kept = np.unique(np.concatenate([part.places for part in parts]), return_index=True)
    autoencoder = isinstance(mojo.output, Reconstruction)
    errors = finite(rows.predicted[:, 0]) if autoencoder else np.empty(0)
    return {
        "name": printable(rows.name),
        "count": rows.count,
        "numbers": _base64(places + 1, "<i8"),
        "cells": [_cells(parts, column, kept) for column in mojo.inputs],
        "labelled": isinstance(mojo.output, Classification),
        "actual": None if rows.response is None else _base64(_actual(rows, places), "<f8"),
        "errors": np.quantile(errors, np.linspace(0, 1, 101)).tolist() if errors.size else None,
    }


def _actual(rows: Rows, places: NDArray[np.int64]) -> Array:
    actual = [rows.predicted_at(int(place))[1] for place in places]
    return np.array([np.nan if one is None else one for one in actual])


def _cells(parts: tuple[Cells, ...], column: InputColumn, kept: NDArray[np.int64]) -> str:
    if isinstance(column, CategoricalInput):
        return _base64(np.concatenate([positions(part, column) for part in parts])[kept], "<i4")
    return _base64(np.concatenate([part.matrix[:, column.feature] for part in parts])[kept], "<f8")


def positions(cells: Cells, column: CategoricalInput) -> NDArray[np.int64]:
    """Return each row's line in the column's table, ``(rows,)``: a level, missing, or unseen.

    Several levels may give the same features (they are hashed); the cell's own text then tells
    which it is. A text with blanks around it has the features of the level without.
    """
    block = cells.matrix[:, column.feature : column.feature + column.width]
    lines: dict[bytes, int] = {}
    for position, features in enumerate(column.table):
        lines.setdefault(_key(features), position)
    by_level = {level: position for position, level in enumerate(column.levels)}
    found = np.empty(len(cells), np.int64)
    for i, (features, text) in enumerate(zip(block, _texts(cells, column.name), strict=True)):
        likely = column.missing if text is None else by_level.get(text, column.unseen)
        key = _key(features)
        same = key == _key(column.table[likely])
        found[i] = likely if same else lines.get(key, column.unseen)
    return found


def _texts(cells: Cells, name: str) -> list[str | None]:
    if cells.table is None or name not in cells.table.column_names:
        return [None] * len(cells)
    texts = cells.table.column(name).to_pylist()
    return [None if text is None else str(text) for text in texts]


def _key(features: Array) -> bytes:
    # -0.0 is 0, and one NaN any other.
    return np.where(np.isnan(features), np.nan, features + 0.0).tobytes()


def _base64(array: NDArray[Any], dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode("ascii")
