"""The rows themselves: missing and unseen cells, and how far they are from the training rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Mojo, NumericInput

from . import facts
from .rows import Rows
from .tallies import LevelTally

Array = NDArray[np.float64]


def findings(mojo: Mojo, rows: Rows) -> dict[str, Any]:
    """Return what the page's section of the rows shows."""
    return {"sentences": list(rows.notices.sentences()), "columns": columns(mojo, rows)}


def columns(mojo: Mojo, rows: Rows) -> list[dict[str, Any]]:
    """Return each raw column's missing and unseen cells, and its drift from the training mean."""
    made = []
    for column in mojo.inputs:
        tally = rows.tallies[column.name]
        row: dict[str, Any] = {"name": column.name, "missing": tally.missing}
        row["unseen"] = tally.unseen if isinstance(tally, LevelTally) else 0
        if isinstance(column, NumericInput) and not isinstance(tally, LevelTally) and tally.count:
            training = facts.standardization(mojo, column)
            if training:
                row |= {
                    "mean": tally.mean,
                    "trained": training["mean"],
                    "drift": (tally.mean - training["mean"]) / training["scale"],
                }
        made.append(row)
    return made
