"""Loss curves: numbers of each epoch, as text and as a picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..pictures.style import FAINT, SECOND, SERIES, picture

_HEIGHT: Final = 8
_WIDTH: Final = 60
_TRAINED: Final = "o"
_HELD_OUT: Final = "x"
_BOTH: Final = "8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Epoch:
    """What one pass over the rows came to.

    Attributes:
        epoch: number, from 1; 0 is the model before training.
        loss: mean deviance of the rows while they were trained on, in the standardized response's
            units; NaN for epoch 0.
        held_out: mean deviance of the rows held out, at the epoch's end; without any, that of the
            rows trained on.
        seconds: time that the training took.
        rows_per_second: rows trained on in a second; NaN for epoch 0.
    """

    epoch: int
    loss: float
    held_out: float
    seconds: float
    rows_per_second: float


def best_of(epochs: Sequence[Epoch]) -> Epoch:
    """Return the epoch with the least deviance of the rows held out; the first of equals."""
    finite = [epoch for epoch in epochs if math.isfinite(epoch.held_out)]
    return min(finite or epochs[:1], key=lambda epoch: epoch.held_out)


def text_curve(epochs: Sequence[Epoch], *, judged: str) -> str:
    """Draw both curves with characters, a column for one or more epochs.

    Args:
        epochs: in order, epoch 0 first.
        judged: what the curve that decides is called.
    """
    shown = _thinned(epochs)
    values = [v for e in shown for v in (e.loss, e.held_out) if math.isfinite(v)]
    if not values:
        return ""
    low, high = min(values), max(values)
    grid = [[" "] * len(shown) for _ in range(_HEIGHT)]
    for column, epoch in enumerate(shown):
        _mark(grid, column, _row(epoch.loss, low, high), _TRAINED)
        _mark(grid, column, _row(epoch.held_out, low, high), _HELD_OUT)
    names = [f"{high:.4g}", *[""] * (_HEIGHT - 2), f"{low:.4g}"]
    margin = max(map(len, names))
    lines = [f"{name:>{margin}} |{''.join(row)}" for name, row in zip(names, grid, strict=True)]
    axis = f"{'':>{margin}} +{'-' * len(shown)}"
    legend = (
        f"{'':>{margin}}  epochs {shown[0].epoch} to {shown[-1].epoch}; {_TRAINED} trained on, "
        f"{_HELD_OUT} {judged}, {_BOTH} both"
    )
    return "\n".join([*lines, axis, legend])


def _thinned(epochs: Sequence[Epoch]) -> list[Epoch]:
    """At most as many epochs as there is width, the first and the last among them."""
    if len(epochs) <= _WIDTH:
        return list(epochs)
    step = (len(epochs) - 1) / (_WIDTH - 1)
    return [epochs[round(column * step)] for column in range(_WIDTH)]


def _row(value: float, low: float, high: float) -> int | None:
    """Line of a value, 0 at the top."""
    if not math.isfinite(value):
        return None
    share = 0.5 if high == low else (high - value) / (high - low)
    return round(share * (_HEIGHT - 1))


def _mark(grid: list[list[str]], column: int, row: int | None, mark: str) -> None:
    if row is not None:
        grid[row][column] = mark if grid[row][column] == " " else _BOTH


def plot(epochs: Sequence[Epoch], path: Path, *, title: str, judged: str) -> None:
    """Write the curves as a picture.

    Args:
        epochs: in order, epoch 0 first.
        path: its suffix says which kind: ``.png``, ``.svg`` or ``.pdf``.
        title: stands above.
        judged: what the curve that decides is called.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    numbers = [epoch.epoch for epoch in epochs]
    with picture(path) as figure:
        axes = figure.subplots()
        losses = [epoch.loss for epoch in epochs[1:]]
        axes.plot(numbers[1:], losses, label="trained on", marker=".", color=SECOND)
        held_out = [epoch.held_out for epoch in epochs]
        axes.plot(numbers, held_out, label=judged, marker=".", color=SERIES)
        best = best_of(epochs)
        axes.axvline(best.epoch, color=FAINT, linewidth=0.8, linestyle=":", label="kept")
        axes.set(xlabel="epoch", ylabel="mean deviance of a row", title=title)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
