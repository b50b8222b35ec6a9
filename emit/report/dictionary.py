"""The data dictionary: what each column is to the model, and what was seen of it in the rows."""

from typing import Any

import numpy as np

from mojo_reader.model import Mojo

from . import data_missing, facts
from .rows import Rows
from .tallies import LevelTally


def entries(mojo: Mojo, rows: Rows | None) -> list[dict[str, Any]]:
    """Return a line for each raw column."""
    return [
        told
        | {
            "missing_as": data_missing.read_as(mojo, column),
            "seen": None if rows is None else _seen(rows, column.name),
        }
        for told, column in zip(facts.columns(mojo), mojo.inputs, strict=True)
    ]


def _seen(rows: Rows, name: str) -> str:
    """Say what all rows hold in a column."""
    tally = rows.tallies.get(name)
    if tally is None:
        return ""
    if isinstance(tally, LevelTally):
        seen = int(np.count_nonzero(tally.counts))
        return f"{seen:,} of {tally.levels:,} levels" if seen else "nothing"
    if not tally.count:
        return "nothing"
    ends = f"{tally.least:.6g} to {tally.most:.6g}"
    return f"always {tally.least:.6g}" if tally.least == tally.most else ends
