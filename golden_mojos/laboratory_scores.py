"""Reads what H2O said of a model's rows: the oracle of every comparison."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """Scores of the first rows.

    Attributes:
        values: ``(rows, outputs)`` float64, NaN where the scorer stops.
        labels: ``(rows,)`` texts, None where it stops; None for a model without labels.
        errors: ``(rows,)`` float64, an autoencoder's reconstruction errors; else None.
        stopped: ``(rows,)``, why the scorer stopped; empty where it did not.
    """

    values: NDArray[np.float64]
    labels: NDArray[np.object_] | None
    errors: NDArray[np.float64] | None
    stopped: tuple[str, ...]


def java_scores(path: Path, *, outputs: int, labelled: bool, errors: bool) -> Scores | str:
    """Reads the file of ``ScoreMany``; a text says why the model cannot be loaded.

    Args:
        path: the file.
        outputs: numbers of a row.
        labelled: a label stands before them; it may hold commas.
        errors: an autoencoder's error stands after them.
    """
    details, *lines = path.read_text("utf-8").split("\n")[:-1]
    if details.startswith("cannot load"):
        return details
    values = np.full((len(lines), outputs + errors), np.nan)
    labels = np.full(len(lines), None, object)
    stopped = []
    for row, line in enumerate(lines):
        stopped.append(line.removeprefix("stops: ") if line.startswith("stops: ") else "")
        if stopped[-1]:
            continue
        cells = line.rsplit(",", outputs + errors - (0 if labelled else 1))
        if labelled:
            labels[row] = cells.pop(0)
        values[row] = [float(cell) for cell in cells]
    return Scores(
        values=values[:, :outputs],
        labels=labels if labelled else None,
        errors=values[:, -1] if errors else None,
        stopped=tuple(stopped),
    )


def server_scores(path: Path, *, labelled: bool) -> Scores:
    """Reads what the server predicted of the training rows."""
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    rows = kept["scores"][1:]
    first = int(labelled)
    values = np.array([[_number(cell) for cell in row[first:]] for row in rows])
    errors = kept.get("errors")
    return Scores(
        values=values,
        labels=np.array([row[0] for row in rows], object) if labelled else None,
        errors=np.array([_number(row[0]) for row in errors[1:]]) if errors else None,
        stopped=("",) * len(rows),
    )


def _number(cell: str) -> float:
    return float("nan") if cell in {"", "NA"} else float(cell)
