"""Charts of a column: the rows beside what is known of training."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .drawing import FAINT, INK, SECOND, SERIES, drawing, shortened

Array = NDArray[np.float64]
_BINS: Final = 24
_LEVELS: Final = 8
_WIDTH: Final = 4.8
_BAR: Final = 0.38
#: Distances between the quartiles beyond which a number is no part of the bulk.
_FAR: Final = 3.0


def numbers(
    name: str, column: str, values: Array, reference: Array | None, trained: tuple[float, float]
) -> str:
    """Draw the distribution of a column's numbers.

    Args:
        name: of the chart.
        column: its name.
        values: ``(rows,)`` finite numbers.
        reference: ``(reference rows,)`` finite numbers; None where there are none.
        trained: mean and deviation in training, drawn where there is no reference; NaN for none.
    """
    sets = [one for one in (values, reference) if one is not None and one.size]
    edges = _edges(sets, trained if reference is None else (np.nan, np.nan))
    title = f"{shortened(column)}: the rows and {'training' if reference is None else 'background'}"
    with drawing(name, title, width=_WIDTH, height=2.3) as made:
        axes = made.figure.add_subplot()
        if reference is None:
            mean, scale = trained
            if np.isfinite(scale):
                axes.axvspan(mean - scale, mean + scale, color=FAINT, alpha=0.3, linewidth=0)
            if np.isfinite(mean):
                axes.axvline(mean, color=SECOND, linestyle="--", label="training mean ± deviation")
        elif reference.size:
            shares = _shares(reference, edges)
            axes.stairs(shares, edges, color=SECOND, linestyle="--", label="background")
        if values.size:
            shares = _shares(values, edges)
            axes.stairs(shares, edges, color=SERIES, fill=True, alpha=0.35)
            axes.stairs(shares, edges, color=SERIES, label="these rows")
        axes.set_xlabel(shortened(column))
        _in_percent(axes.yaxis, axes.set_ylabel)
        _legend(axes)
    return made.svg


def _edges(sets: Sequence[Array], trained: tuple[float, float]) -> Array:
    """Return bins over the bulk of all sets, and where training lies."""
    ends = [_bulk(one) for one in sets]
    mean, scale = trained
    if np.isfinite(mean):
        reach = 1.5 * scale if np.isfinite(scale) else 0.0
        ends.append((mean - reach, mean + reach))
    low = min((one for one, _ in ends), default=0.0)
    high = max((one for _, one in ends), default=0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(high - low):
            low, high = max(low, -1e300), min(high, 1e300)
        if not high > low:
            room = abs(low) * 0.5 or 0.5
            low, high = low - room, high + room
        return np.linspace(low, high, _BINS + 1)


def _bulk(values: Array) -> tuple[float, float]:
    """Return where most of some numbers lie, without the few that are far from them."""
    low, first, third, high = np.quantile(values, (0.005, 0.25, 0.75, 0.995)).tolist()
    reach = _FAR * (third - first)
    if not 0 < reach < np.inf:
        return low, high
    return max(low, first - reach), min(high, third + reach)


def _shares(values: Array, edges: Array) -> Array:
    # What lies beyond the ends stands in the last bin on its side.
    found = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)
    return np.bincount(found, minlength=_BINS) / len(values)


def levels(
    name: str, column: str, shares: Sequence[tuple[str, float, float | None]], before: str
) -> str:
    """Draw the shares of a column's levels.

    Args:
        name: of the chart.
        column: its name.
        shares: text, share of the rows, and share before, of each level; None where that is not
            known.
        before: what the shares before are of.
    """
    shown = shares[:_LEVELS]
    known = any(one is not None for _, _, one in shown)
    places = np.arange(len(shown))
    height = 0.8 + (0.36 if known else 0.27) * len(shown)
    title = shortened(column) + (f": the rows and {before}" if known else " in these rows")
    with drawing(name, title, width=_WIDTH, height=height) as made:
        axes = made.figure.add_subplot()
        shift = _BAR / 2 if known else 0.0
        rows = [share for _, share, _ in shown]
        axes.barh(places - shift, rows, _BAR if known else 0.7, color=SERIES, label="these rows")
        if known:
            others = [np.nan if one is None else one for _, _, one in shown]
            axes.barh(
                places + shift, others, _BAR, facecolor="none", edgecolor=SECOND, hatch="////",
                label=before,
            )  # fmt: skip
        axes.set_yticks(places, [shortened(text, 22) for text, _, _ in shown])
        axes.invert_yaxis()
        _in_percent(axes.xaxis, axes.set_xlabel)
        if known:
            _legend(axes)
    return made.svg


def bars(name: str, title: str, unit: str, values: Sequence[tuple[str, float]]) -> str:
    """Draw a value of each column, in the order given.

    Args:
        name: of the chart.
        title: what a screen reader says.
        unit: what the axis says.
        values: name and value, none below 0.
    """
    with drawing(name, title, width=_WIDTH, height=0.8 + 0.27 * len(values)) as made:
        axes = made.figure.add_subplot()
        places = np.arange(len(values))
        axes.barh(places, [value for _, value in values], 0.7, color=SERIES)
        axes.set_yticks(places, [shortened(text, 22) for text, _ in values])
        axes.invert_yaxis()
        axes.set_xlabel(unit)
    return made.svg


def _in_percent(axis: Any, label: Any) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    label("share of the rows")


def _legend(axes: Any) -> None:
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, labelcolor=INK, borderaxespad=0.1
    )


def groups(
    name: str, title: str, unit: str, values: Sequence[tuple[str, float]], whole: float
) -> str:
    """Draw a figure of each group, and that of all rows.

    Args:
        name: of the chart.
        title: what a screen reader says.
        unit: what the axis says.
        values: name and figure of each group; NaN for none.
        whole: the figure of all rows.
    """
    with drawing(name, shortened(title, 60), width=_WIDTH, height=0.9 + 0.27 * len(values)) as made:
        axes = made.figure.add_subplot()
        places = np.arange(len(values))
        axes.barh(places, [value for _, value in values], 0.7, color=SERIES)
        axes.axvline(whole, color=SECOND, linestyle="--", label="all rows")
        axes.set_yticks(places, [shortened(text, 22) for text, _ in values])
        axes.invert_yaxis()
        axes.set_xlabel(unit)
        _legend(axes)
    return made.svg
