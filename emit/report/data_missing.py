"""What a column's cells being missing does: to the input, and to the predictions."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.drawing import drawn_places
from mojo_reader.model import (
    CategoricalInput,
    Classification,
    InputColumn,
    Mojo,
    Output,
    Reconstruction,
)
from mojo_reader.scoring.scorer import Scorer

from . import data_charts
from .data_drift import percent
from .rows import Rows, drawn_words, predictions

Array = NDArray[np.float64]
#: Rows whose cells are set missing, and products that all of them may take.
_MOST_ROWS: Final = 2_000
_WORK: Final = 10_000_000_000
#: Columns that have a bar, and lines that are not folded.
_BARS: Final = 15
_OPEN: Final = 20
_TWO_CLASSES: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a column's cells being missing changes.

    Attributes:
        name: of the column.
        cells: rows whose cell is known, which all of this is of.
        mean: mean absolute change of the prediction; NaN where no row has a number.
        largest: largest change.
        labels: share of the labels that change; None where there are none.
        undefined: rows that have a prediction no more.
    """

    name: str
    cells: int
    mean: float
    largest: float
    labels: float | None
    undefined: int


def section(scorer: Scorer, rows: Rows) -> dict[str, Any]:
    """Return what the page shows of missing cells."""
    output = scorer.mojo.output
    places = _places(scorer.mojo, rows)
    found = sorted(changes(scorer, rows.sample.matrix[places]), key=lambda one: -_order(one))
    shown = [_shown(one) for one in found]
    values = [(one.name, one.mean) for one in found if np.isfinite(one.mean)]
    unit = _unit(output)
    return {
        "rows": drawn_words(len(places), rows.count, rows.name),
        "unit": unit,
        "said": _said(scorer.mojo, found),
        "labels": isinstance(output, Classification),
        "undefined": any(one.undefined for one in found),
        "columns": shown[:_OPEN],
        "others": shown[_OPEN:],
        "chart": data_charts.bars(
            "missing", "If a column were missing", f"mean change, {unit}", values[:_BARS]
        )
        if values
        else None,
    }


def changes(scorer: Scorer, matrix: Array) -> list[Change]:
    """Set each column missing by itself, and score again.

    Args:
        scorer: of the model.
        matrix: ``(rows, n_features)`` float64.
    """
    before = predictions(scorer, matrix)
    return [_change(scorer, matrix, before, column) for column in scorer.mojo.inputs]


def _change(scorer: Scorer, matrix: Array, before: Array, column: InputColumn) -> Change:
    features, missing = _missing(column)
    own = matrix[:, features]
    there = np.flatnonzero(~((own == missing) | (np.isnan(own) & np.isnan(missing))).all(axis=1))
    moved = matrix[there]
    moved[:, features] = missing
    after, before = predictions(scorer, moved), before[there]
    with np.errstate(over="ignore", invalid="ignore"):
        # Of classes the share of probability that moves from some to others.
        half = 0.5 if isinstance(scorer.mojo.output, Classification) else 1.0
        apart = np.abs(after - before).sum(axis=1) * half
    known = np.isfinite(apart)
    labels = None
    if isinstance(scorer.mojo.output, Classification) and there.size:
        same = scorer.label_indices(after, moved) == scorer.label_indices(before, matrix[there])
        labels = float(np.mean(~same))
    return Change(
        name=column.name,
        cells=len(there),
        mean=float(apart[known].mean()) if known.any() else np.nan,
        largest=float(apart[known].max()) if known.any() else np.nan,
        labels=labels,
        undefined=int((np.isfinite(before).all(axis=1) & ~np.isfinite(after).all(axis=1)).sum()),
    )


def _missing(column: InputColumn) -> tuple[slice, Array]:
    """Return the column's features, and what they are where its cell is missing."""
    if isinstance(column, CategoricalInput):
        return slice(column.feature, column.feature + column.width), column.table[column.missing]
    return slice(column.feature, column.feature + 1), np.array([np.nan])


def _places(mojo: Mojo, rows: Rows) -> NDArray[np.int64]:
    weights = mojo.weight_count
    most = max(1, min(_MOST_ROWS, _WORK // max(1, weights * len(mojo.inputs))))
    return drawn_places(len(rows.sample), most, seed=1)


def _order(one: Change) -> float:
    return one.mean if np.isfinite(one.mean) else -1.0


# --------------------------------------------------------------------------- words


def _unit(output: Output) -> str:
    """Return what a change is of."""
    if isinstance(output, Classification):
        if len(output.labels) == _TWO_CLASSES:
            return f"probability of {output.labels[1]}"
        return "probability that moves from some classes to others"
    return "reconstruction error" if isinstance(output, Reconstruction) else output.response


def _said(mojo: Mojo, found: list[Change]) -> str:
    known = [one for one in found if one.cells and np.isfinite(one.mean)]
    words = ""
    if known:
        first = known[0]
        words = (
            f"{first.name} is missed most: without it a prediction changes by {first.mean:.3g} on "
            "average"
        )
        if first.labels is not None:
            words += f", and {percent(first.labels)} of the labels change"
        words += ". "
    if isinstance(mojo.output, Reconstruction):
        words += (
            "A missing number counts as its mean, as on H2O's server; H2O's Java scorer gives such "
            "a row no error at all. "
        )
    return words


def _shown(one: Change) -> dict[str, Any]:
    known = np.isfinite(one.mean)
    return {
        "name": one.name,
        "cells": one.cells,
        "mean": f"{one.mean:.3g}" if known else "",
        "largest": f"{one.largest:.3g}" if known else "",
        "labels": "" if one.labels is None else percent(one.labels),
        "undefined": one.undefined,
    }


def read_as(mojo: Mojo, column: InputColumn) -> str:
    """Say what the model reads for a missing cell of a column."""
    if not isinstance(column, CategoricalInput):
        if not mojo.features.standardize:
            return "0"
        mean, _ = mojo.features.standardization_of(column)
        return f"its training mean, {mean:.6g}"
    missing, unseen = column.table[column.missing], column.table[column.unseen]
    same = np.array_equal(missing, unseen, equal_nan=True)
    words = _level_words(mojo, column)
    if same:
        return f"{words}; the same for a level that it does not know"
    return f"{words}; a level that it does not know as another level, or none of its bits"


def _level_words(mojo: Mojo, column: CategoricalInput) -> str:
    if column.feature >= len(mojo.features.categorical):
        return "the means of its numbers"
    if mojo.features.hashed:
        return "a level of its own, hashed like the others"
    return f"a level of its own{_saw(mojo, column)}"


def _saw(mojo: Mojo, column: CategoricalInput) -> str:
    """Say whether training saw missing cells, where the file tells it."""
    saw = None if mojo.training is None else mojo.training.saw_missing
    names = tuple(one.name for one in mojo.inputs)
    if saw is None or names != mojo.features.names or column.feature >= len(saw):
        return ""
    return "" if saw[column.feature] else ", which training never saw"
