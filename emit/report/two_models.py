"""Two models side by side on the same rows: what differs, how well each does, what moves."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.difference import model_difference
from mojo_reader.details import read_details
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Classification, Mojo, Reconstruction
from mojo_reader.scoring.scorer import Scorer

from . import charts, facts, page, performance, why
from .drawing import renamed
from .rows import Rows

Array = NDArray[np.float64]
_POINTS: Final = 1500
_MOST_ROWS: Final = 10
_MOST_CLASSES: Final = 30
_TWO_CLASSES: Final = 2


def require_one_kind(first: Mojo, second: Mojo) -> None:
    """Require two models that predict the same.

    Raises:
        MojoUnsupportedError: they do not.
    """
    kinds = [_kind(mojo) for mojo in (first, second)]
    if kinds[0] != kinds[1]:
        message = f"two models of one kind can be compared; A {kinds[0]}, B {kinds[1]}"
        raise MojoUnsupportedError(message)


def _kind(mojo: Mojo) -> str:
    output = mojo.output
    if isinstance(output, Classification):
        labels = ", ".join(map(repr, output.labels[:_MOST_CLASSES]))
        return f"predicts the {len(output.labels)} classes {labels}"
    return "is an autoencoder" if isinstance(output, Reconstruction) else "predicts a number"


def two_models_page(
    first: Mojo,
    second: Mojo,
    *,
    rows: tuple[Rows, Rows] | None = None,
    progress: Callable[[str], None] | None = None,
) -> str:
    """Make the page.

    Args:
        first: the model A.
        second: the model B, of the same kind.
        rows: the same rows, as ``read_rows`` returns them for each of the models.
        progress: called with what is done next, in words.

    Returns:
        HTML that needs no other file and no network.

    Raises:
        MojoUnsupportedError: the models are of different kinds.
    """
    require_one_kind(first, second)
    models = (first, second)
    moved, measured = None, None
    if rows is not None:
        if progress is not None:
            progress("looking at the predictions")
        moved = _moved(first, *rows)
        measured = _measured(models, rows)
    context = {
        "title": f"{facts.name(first)} and {facts.name(second)}",
        "models": [facts.heading(mojo) for mojo in models],
        "moved": moved,
        "measured": measured,
        "rows": None if rows is None else {"name": rows[0].name, "count": rows[0].count},
        "difference": model_difference(first, second),
        "parameters": _parameters(*models),
        "importances": _importances(models),
    }
    return page.rendered("two_models.html.j2", context)


def _importances(models: tuple[Mojo, Mojo]) -> list[tuple[str, str | None, str]]:
    made = []
    for letter, mojo in zip("AB", models, strict=True):
        chart, words = why.h2o_importances(mojo)
        if chart is not None:
            chart = renamed(chart, "importances", f"importances-{letter}")
        made.append((letter, chart, words))
    return made


def _parameters(first: Mojo, second: Mojo) -> list[dict[str, Any]]:
    """Return the training parameters that differ."""
    before, after = (read_details(mojo).parameters for mojo in (first, second))
    return [
        {"name": name, "a": before.get(name), "b": after.get(name)}
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


# --------------------------------------------------------------------------- how well each does


def _measured(models: tuple[Mojo, Mojo], rows: tuple[Rows, Rows]) -> list[dict[str, Any]]:
    """Return each figure of both, by H2O's names, and whether it is a headline."""
    found = [
        performance.findings(Scorer(mojo), own, own.predicted)
        for mojo, own in zip(models, rows, strict=True)
    ]
    after = {name: value for name, value, *_ in found[1].all_figures}
    return [
        {
            "name": name,
            "a": value,
            "b": after[name],
            "change": after[name] - value,
            "meaning": meaning,
            "headline": name in found[0].figures,
        }
        for name, value, _, meaning in found[0].all_figures
        if name in after
    ]


# --------------------------------------------------------------------------- what moves


def _moved(mojo: Mojo, first: Rows, second: Rows) -> dict[str, Any]:
    """Say how far predictions move from one model to the other."""
    places, mine, other = np.intersect1d(first.scored, second.scored, return_indices=True)
    before, after = first.predicted[mine], second.predicted[other]
    known = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    labels = None
    if first.labels is not None and second.labels is not None:
        labels = np.stack([first.labels[mine], second.labels[other]], axis=1)[known]
    a, b, words = _compared(mojo, before[known], after[known], labels)
    moves = b - a
    made: dict[str, Any] = {
        "words": words,
        "count": len(a),
        "unscored": int((~known).sum()),
        "mean": float(np.abs(moves).mean()) if len(a) else None,
        "largest": float(np.abs(moves).max()) if len(a) else None,
        "changed": None if labels is None else int((labels[:, 0] != labels[:, 1]).sum()),
        "labels": None if labels is None else _label_table(mojo, labels),
        "chart": None,
        "furthest": [],
    }
    if not len(a):
        return made
    some = np.linspace(0, len(a) - 1, min(_POINTS, len(a))).astype(int)
    made["chart"] = charts.against("against", f"{words}, by A and by B", (a[some], b[some]), words)
    made["points"] = len(some)
    for at in np.argsort(-np.abs(moves), kind="stable")[:_MOST_ROWS]:
        line = {"row": int(places[known][at]) + 1, "a": a[at], "b": b[at], "change": moves[at]}
        line["labels"] = []
        if labels is not None and isinstance(mojo.output, Classification):
            line["labels"] = [_label(mojo.output, label) for label in labels[at]]
        made["furthest"].append(line)
    return made


def _compared(
    mojo: Mojo, before: Array, after: Array, labels: NDArray[np.int64] | None
) -> tuple[Array, Array, str]:
    """Return one number of each row by A and by B, and what it is."""
    output = mojo.output
    if isinstance(output, Reconstruction):
        return before[:, 0], after[:, 0], "Reconstruction.MSE"
    if not isinstance(output, Classification):
        return before[:, 0], after[:, 0], f"predicted {output.response}"
    if len(output.labels) == _TWO_CLASSES:
        return before[:, 1], after[:, 1], f"probability of {output.labels[1]}"
    own = before.argmax(axis=1) if labels is None else labels[:, 0]
    at = np.arange(len(before))
    return before[at, own], after[at, own], "probability of A's label"


def _label(output: Classification, position: int) -> str:
    return output.labels[position] if position >= 0 else "none"


def _label_table(mojo: Mojo, labels: NDArray[np.int64]) -> Mapping[str, Any] | None:
    output = mojo.output
    if not isinstance(output, Classification) or len(output.labels) > _MOST_CLASSES:
        return None
    counts = np.zeros((len(output.labels), len(output.labels)), np.int64)
    known = (labels >= 0).all(axis=1)
    np.add.at(counts, (labels[known, 0], labels[known, 1]), 1)
    return {"labels": output.labels, "counts": counts.tolist()}
