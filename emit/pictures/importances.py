"""Pictures of importances: bars, the largest on top."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .style import INK, LINES, SERIES, name_ticks, picture

Array = NDArray[np.float64]
_BARS: Final = 25
_HEIGHT: Final = 0.26


def plot_importances(  # noqa: PLR0913 - what a picture says
    names: Sequence[str],
    values: Array,
    path: Path,
    *,
    title: str,
    label: str,
    runs: Array | None = None,
    parts: Sequence[str] = (),
) -> None:
    """Draw the largest importances.

    Args:
        names: of columns or inputs.
        values: ``(names,)``, or ``(names, parts)``, which are stacked.
        path: its suffix says which kind of picture.
        title: stands above.
        label: what the bars measure.
        runs: ``(names, runs)``, of several runs: a point for each.
        parts: what the parts are called.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    columns = values.reshape(len(names), -1)
    order = np.argsort(-columns.sum(axis=1), kind="stable")[:_BARS]
    with picture(path, height=1.0 + _HEIGHT * len(order)) as figure:
        axes = figure.subplots()
        left = np.zeros(len(order))
        for place in range(columns.shape[1]):
            colour = LINES[place % len(LINES)] if len(parts) else SERIES
            name = parts[place] if len(parts) else None
            bars = np.nan_to_num(columns[order, place])
            axes.barh(np.arange(len(order)), bars, left=left, color=colour, label=name)
            left += bars
        if runs is not None:
            height = np.arange(len(order)).repeat(runs.shape[1])
            axes.scatter(runs[order].ravel(), height, s=8, color=INK, alpha=0.5, zorder=3)
        name_ticks(axes.yaxis, [names[place] for place in order])
        axes.invert_yaxis()
        axes.set(xlabel=label, title=title)
        if len(parts):
            axes.legend()
