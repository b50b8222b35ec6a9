"""Charts of contributions, each row's and one row's; and of partial dependence."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, InputColumn

from .drawing import FAINT, SCALE, SECOND, SERIES, drawing, shortened
from .moves import Moves

Array = NDArray[np.float64]
#: Columns of a chart.
_SWARM_COLUMNS: Final = 10
_STEPS: Final = 8
#: Points of a swarm for each column.
_SWARM_ROWS: Final = 300
#: Where points of a swarm count as lying on each other, of the chart's width.
_CELLS: Final = 120
_HALF_ROW: Final = 0.4
#: The share of dots on either side that may lie beyond the axis, where it would be so many times as
#: wide with them.
_FAR: Final = 0.01
_TOO_WIDE: Final = 3.0
_DOT: Final = 3.2
_LINES: Final = ("-", "--", ":", "-.")
_MARKERS: Final = ("o", "s", "^", "D")
_NAME: Final = 24


# --------------------------------------------------------------------------- swarm


def swarm(moves: Moves, output: int) -> tuple[str, int]:
    """Draw each row's contributions to one output, coloured by the column's value.

    Returns:
        The chart, and how many dots lie beyond its axis and are drawn at its edge.
    """
    order = np.argsort(-moves.strengths()[:, output], kind="stable")[:_SWARM_COLUMNS]
    some = np.linspace(0, len(moves.values) - 1, min(_SWARM_ROWS, len(moves.values))).astype(int)
    values = moves.values[some][:, order, output]
    low, high = _axis(values)
    beyond = int(((values < low) | (values > high)).sum())
    values, span = values.clip(low, high), high - low
    title = f"Contributions to {moves.outputs[output]}, row by row"
    height = 0.8 + 0.42 * len(order)
    with drawing(f"swarm-{output}", title, width=8.6, height=height) as made:
        axes = made.figure.add_subplot()
        axes.axvline(0, color=FAINT, linewidth=1)
        for place, column in enumerate(order):
            shades = _shades(moves.columns[column], moves.matrix[some])
            heights = place + _spread(values[:, place], span)
            for shade in np.unique(shades):
                own = shades == shade
                colour = FAINT if shade < 0 else SCALE[shade]
                axes.add_patch(_dots(values[own, place], heights[own], colour))
        axes.set_xlim(low - 0.03 * span, high + 0.03 * span)
        axes.set_ylim(len(order) - 0.4, -0.6)
        names = [shortened(moves.columns[column].name, _NAME) for column in order]
        axes.set_yticks(np.arange(len(order)), names)
        axes.set_xlabel(f"contribution to {shortened(moves.outputs[output])}")
    return made.svg, beyond


def _axis(values: Array) -> tuple[float, float]:
    """Return where an axis starts and ends: a few far dots do not press others together."""
    low, high = float(values.min()), float(values.max())
    near, far = np.quantile(values, (_FAR, 1 - _FAR)).tolist()
    wide = far - near
    if wide > 0 and high - low > _TOO_WIDE * wide:
        low, high = max(low, near - wide / 2), min(high, far + wide / 2)
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def _shades(column: InputColumn, matrix: Array) -> NDArray[np.int64]:
    """Return the step of the scale for each row's number, -1 for levels and missing cells."""
    shades = np.full(len(matrix), -1)
    if isinstance(column, CategoricalInput):
        return shades
    numbers = matrix[:, column.feature]
    known = np.isfinite(numbers)
    if known.any():
        # By rank, so that a few huge numbers do not make all others look the same.
        _, ranks = np.unique(numbers[known], return_inverse=True)
        shades[known] = (ranks / max(1, ranks.max()) * (len(SCALE) - 1)).round()
    return shades


def _spread(values: Array, span: float) -> Array:
    """Move points that lie on each other up and down, ``(rows,)``."""
    cells = np.round(values / span * _CELLS)
    _, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values)) - np.repeat(starts, counts)
    # 0, 1, -1, 2, -2 ...
    sides = np.where(ranks % 2 == 1, 1, -1) * np.ceil(ranks / 2)
    return np.asarray(sides * min(0.09, _HALF_ROW / max(1.0, counts.max() / 2)))


def _dots(x: Array, y: Array, colour: str) -> PathPatch:
    """Return points as one path of lines without length, which an SVG holds in few bytes."""
    corners = np.repeat(np.stack([x, y], axis=1), 2, axis=0)
    codes = np.tile(np.array([Path.MOVETO, Path.LINETO], np.uint8), len(x))
    path = Path(corners, codes)
    path.should_simplify = False
    return PathPatch(path, edgecolor=colour, facecolor="none", linewidth=_DOT, capstyle="round")


# --------------------------------------------------------------------------- one row


def waterfall(moves: Moves, cells: Sequence[str], output: int) -> str:
    """Draw how the columns move the first row from the background's mean to its own value.

    Args:
        moves: the row's contributions.
        cells: what stands in each of its columns.
        output: the one to draw.
    """
    values = moves.values[0, :, output]
    order = np.argsort(-np.abs(values), kind="stable")
    shown, others = order[:_STEPS], order[_STEPS:]
    steps = values[shown].tolist()
    names = [shortened(column.name, _NAME) for column in moves.columns]
    labels = [f"{names[column]} = {shortened(cells[column], _NAME)}" for column in shown]
    if len(others):
        steps.append(float(values[others].sum()))
        labels.append(f"{len(others)} other columns" if len(others) > 1 else "1 other column")
    base = float(moves.base[output])
    ends = base + np.cumsum(steps)
    starts = np.concatenate([[base], ends[:-1]])
    title = f"Row {moves.places[0] + 1:,}: {moves.outputs[output]}"
    with drawing(
        f"waterfall-{moves.places[0]}", title, width=5.0, height=1.0 + 0.3 * len(steps)
    ) as made:
        axes = made.figure.add_subplot()
        _steps(axes, starts, np.array(steps))
        axes.set_yticks(np.arange(len(steps)), labels)
        axes.set_ylim(len(steps) - 0.4, -0.6)
        axes.set_xlabel(shortened(moves.outputs[output]))
        axes.axvline(base, color=FAINT, linewidth=1, linestyle="--")
        axes.axvline(ends[-1], color=FAINT, linewidth=1)
    return made.svg


def _steps(axes: Any, starts: Array, steps: Array) -> None:
    edges = np.concatenate([starts, starts + steps])
    span = float(np.ptp(edges)) or 1.0
    for place, (start, step) in enumerate(zip(starts, steps, strict=True)):
        axes.barh(place, step, left=start, color=SERIES if step >= 0 else SECOND, height=0.7)
        right = max(start, start + step)
        axes.text(right + 0.01 * span, place, f"{step:+.3g}", va="center", ha="left")
        if place:
            axes.plot([start, start], [place - 0.65, place - 0.35], color=FAINT, linewidth=1)
    # Room for the texts behind the longest bars.
    axes.set_xlim(edges.min() - 0.03 * span, edges.max() + 0.14 * span)


# --------------------------------------------------------------------------- dependence


def dependence(
    index: int,
    column: InputColumn,
    found: Mapping[str, NDArray[Any]],
    matrix: Array,
    outputs: Mapping[int, str],
) -> str:
    """Draw the mean prediction for each value of a column.

    Args:
        index: of the chart.
        column: the column.
        found: as ``partial_dependence`` returns it.
        matrix: ``(rows, n_features)`` float64, to mark where rows lie.
        outputs: the outputs to draw, by their position, with what the axis says of each.
    """
    points = found[column.name]
    means = found["mean_response"].reshape(len(points), -1)
    levels = isinstance(column, CategoricalInput)
    size = 0.9 + 0.26 * len(points) if levels else 2.8
    title = f"Mean prediction by {column.name}"
    with drawing(f"dependence-{index}", title, width=4.6, height=size) as made:
        axes = made.figure.add_subplot()
        several = len(outputs) > 1
        for place, (output, words) in enumerate(outputs.items()):
            label = shortened(words) if several else None
            if levels:
                _level_marks(axes, means[:, output], place, label)
            else:
                _number_line(axes, points, means[:, output], place, label)
        words = "mean prediction" if several else shortened(next(iter(outputs.values())), 40)
        name = shortened(column.name)
        if levels:
            places = np.arange(len(points))
            axes.set_yticks(places, [shortened(str(point), _NAME) for point in points])
            axes.invert_yaxis()
            axes.set_xlabel(words)
            axes.set_ylabel(name)
        else:
            numbers = matrix[:, column.feature]
            tenths = np.quantile(numbers[np.isfinite(numbers)], np.linspace(0, 1, 11))
            axes.plot(tenths, np.zeros(11), "|", color=SECOND, markersize=12,
                      transform=axes.get_xaxis_transform(), clip_on=False)  # fmt: skip
            axes.set_xlabel(name)
            axes.set_ylabel(words)
        if several:
            axes.legend()
    return made.svg


def _number_line(
    axes: Any, points: NDArray[Any], means: Array, place: int, label: str | None
) -> None:
    style, colour = _LINES[place % len(_LINES)], (SERIES, SECOND)[place % 2]
    axes.plot(points.astype(np.float64), means, style, color=colour, label=label)


def _level_marks(axes: Any, means: Array, place: int, label: str | None) -> None:
    marker, colour = _MARKERS[place % len(_MARKERS)], (SERIES, SECOND)[place % 2]
    axes.plot(means, np.arange(len(means)), marker, color=colour, label=label)
