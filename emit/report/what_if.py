"""The model as data for the page's own scorer, which lets a person move the columns.

The page computes in float64 from H2O's float32 weights, as the scorer does.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import printable
from mojo_reader.formulas import LARGEST_EXP
from mojo_reader.model import (
    CategoricalInput,
    Classification,
    InputColumn,
    Layer,
    Mojo,
    NumericInput,
    Output,
    Reconstruction,
    Regression,
)

from .moves import Mover, outputs_of

#: A page with more weights would be slow to load and to send.
MAX_WEIGHTS: Final = 300_000
#: Level texts that a page can hold.
MAX_LEVELS: Final = 20_000
#: Products that contributions may take when a slider moves, and cells of background rows.
_PANEL_WORK: Final = 5_000_000
_PANEL_CELLS: Final = 20_000
#: Deviations from the mean that a slider reaches where no rows tell the range.
_DEVIATIONS: Final = 3.0

Ranges = Mapping[str, tuple[float, float, float, bool]]
Held = Mapping[str, Any]


def why_absent(mojo: Mojo) -> str | None:
    """Say why a page cannot hold the model, None where it can."""
    weights = mojo.weight_count
    if weights > MAX_WEIGHTS:
        return f"the network has {weights:,} weights, and a page holds {MAX_WEIGHTS:,}"
    levels = sum(len(c.levels) for c in mojo.inputs if isinstance(c, CategoricalInput))
    if levels > MAX_LEVELS:
        return f"the columns have {levels:,} levels, and a page holds {MAX_LEVELS:,}"
    return None


def page_model(
    mojo: Mojo, ranges: Ranges, mover: Mover | None = None, held: Held | None = None
) -> dict[str, Any]:
    """Return the model as JSON-ready data for ``what_if.js``.

    Args:
        mojo: the model; ``why_absent`` says None of it.
        ranges: by numeric column, where a slider starts, stands at first, and ends, and whether
            its numbers are whole.
        mover: what the row's contributions are compared with; None for nothing.
        held: the rows that a person can load, as ``held_rows`` returns them; None for none.
    """
    features = mojo.features
    return {
        "inputs": [_input(mojo, column, ranges) for column in mojo.inputs],
        "features": {
            "count": len(features.names),
            "slots": [feature.slots.tolist() for feature in features.categorical],
            "oneHotWidth": features.one_hot_width,
            "normSub": features.norm_sub.tolist(),
            "normMul": features.norm_mul.tolist(),
            "owners": _owners(mojo) if isinstance(mojo.output, Reconstruction) else None,
        },
        "layers": [_layer(layer) for layer in mojo.layers],
        "output": _output(mojo.output),
        "explained": list(map(printable, outputs_of(mojo.output))),
        "background": None if mover is None else _background(mojo, mover),
        "rows": held,
    }


def _background(mojo: Mojo, mover: Mover) -> dict[str, Any] | None:
    """Some background rows, so few that a moved slider is answered at once; None without any."""
    weights = mojo.weight_count
    count, features = mover.background.shape
    most = max(1, min(count, _PANEL_WORK // weights, _PANEL_CELLS // max(1, features)))
    if not count:
        return None
    places = np.linspace(0, count - 1, most).round().astype(int)
    words = mover.words if most == count else f"{most:,} of {mover.words}"
    return {"words": printable(words), "cells": _base64(mover.background[places], "<f8")}


def _input(mojo: Mojo, column: InputColumn, ranges: Ranges) -> dict[str, Any]:
    if isinstance(column, CategoricalInput):
        return {
            "name": printable(column.name),
            "levels": list(map(printable, column.levels)),
            "feature": column.feature,
            "width": column.width,
            "table": _plain(column.table),
        }
    low, start, high, *_ = ranges.get(column.name) or _training_range(mojo, column)
    return {
        "name": printable(column.name),
        "levels": None,
        "feature": column.feature,
        "width": 1,
        "low": low,
        "start": start,
        "high": high,
        "whole": column.name in ranges and ranges[column.name][3],
    }


def _training_range(mojo: Mojo, column: NumericInput) -> tuple[float, float, float]:
    """Where most of the training rows lie; only the standardization remembers them."""
    mean, norm_mul = mojo.features.standardization_of(column)
    reach = (1.0 if isinstance(mojo.output, Reconstruction) else _DEVIATIONS) / abs(norm_mul)
    return mean - reach, mean, mean + reach


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "inputs": layer.inputs,
        "units": layer.units,
        "activation": layer.activation.value,
        "scale": layer.scale,
        # A unit's weights stand together, as the page reads them.
        "kernels": [_base64(kernel.T, "<f4") for kernel in layer.kernels],
        "biases": [_base64(bias, "<f8") for bias in layer.biases],
    }


def _output(output: Output) -> dict[str, Any]:
    if isinstance(output, Classification):
        factors = output.prior_factors
        return {
            "kind": "classification",
            "columns": list(map(printable, output.labels)),
            "priorFactors": None if factors is None else factors.tolist(),
            "threshold": output.threshold,
        }
    if isinstance(output, Regression):
        return {
            "kind": "regression",
            "columns": [printable(output.response)],
            "normRespMul": output.norm_resp_mul,
            "normRespSub": output.norm_resp_sub,
            "inverseLink": output.inverse_link.value,
            "largestExp": LARGEST_EXP,
        }
    return {"kind": "reconstruction", "columns": list(map(printable, output.columns))}


def _owners(mojo: Mojo) -> list[int]:
    """Return which raw column each input of the network belongs to, ``(width,)``."""
    features = mojo.features
    owners = np.zeros(features.width, np.int64)
    of_feature = np.zeros(len(features.names), np.int64)
    for place, column in enumerate(mojo.inputs):
        width = column.width if isinstance(column, CategoricalInput) else 1
        of_feature[column.feature : column.feature + width] = place
    # The blocks of the features follow each other; not every input of one is a level's.
    for place, feature in enumerate(features.categorical):
        used = feature.slots[feature.slots >= 0]
        if used.size:
            owners[used.min() : features.one_hot_width] = of_feature[place]
    owners[features.one_hot_width :] = of_feature[len(features.categorical) :]
    return [int(owner) for owner in owners]


def _base64(array: NDArray[Any], dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode("ascii")


def _plain(table: NDArray[np.float64]) -> list[list[float | None]]:
    """Rows of numbers; NaN, which JSON does not have, as None."""
    return [[None if np.isnan(number) else number for number in row] for row in table.tolist()]
