"""The rows themselves: missing and unseen cells, and how far they are from the training rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, Mojo

from . import facts
from .rows import Rows, finite

Array = NDArray[np.float64]


def findings(mojo: Mojo, rows: Rows) -> dict[str, Any]:
    """Return what the page's section of the rows shows."""
    return {"sentences": list(rows.notices.sentences()), "columns": columns(mojo, rows)}


def columns(mojo: Mojo, rows: Rows) -> list[dict[str, Any]]:
    """Return each raw column's missing and unseen cells, and its drift from the training mean."""
    made = []
    for column in mojo.inputs:
        unseen = rows.notices.unseen.get(column.name)
        row: dict[str, Any] = {
            "name": column.name,
            "missing": rows.missing.get(column.name, 0),
            "unseen": 0 if unseen is None else unseen.count,
        }
        if not isinstance(column, CategoricalInput):
            numbers = finite(rows.matrix[:, column.feature])
            training = facts.standardization(mojo, column)
            if numbers.size and training:
                mean = float(numbers.mean())
                row |= {
                    "mean": mean,
                    "trained": training["mean"],
                    "drift": (mean - training["mean"]) / training["scale"],
                }
        made.append(row)
    return made
