"""Pictures of partial dependence: means with their standard error, curves of rows, pairs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.files.dependence import Dependence
from mojo_reader.model import Classification, Mojo, Regression
from mojo_reader.scoring.times import moment_text

from .style import FAINT, LINES, name_ticks, picture

Array = NDArray[np.float64]
_MEAN, _ERROR = "mean_response", "std_error_mean_response"
_WIDTH: Final = 4.6
_HEIGHT: Final = 3.4
_ACROSS: Final = 3
#: Share of a panel's height that the rows' distribution takes.
_LOW: Final = 0.25
_FEW_POINTS: Final = 30
_MISSING: Final = "missing"
_SHOWN_NAMES: Final = 4


def plot_dependence(found: Sequence[Dependence], path: Path, *, mojo: Mojo, title: str) -> None:
    """Draw partial dependence, a panel for each column, or for each class of a pair.

    Args:
        found: of columns, or of pairs.
        path: its suffix says which kind of picture.
        mojo: the model, which says what is predicted.
        title: stands above.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    pairs = len(found[0].columns) > 1
    panels = [(one, place) for one in found for place in range(len(one.targets) if pairs else 1)]
    across = min(len(panels), _ACROSS if len(panels) != _ACROSS + 1 else 2)
    down = math.ceil(len(panels) / across)
    width = max(5.5, _WIDTH * across)
    with picture(path, width=width, height=0.4 + _HEIGHT * down) as figure:
        figure.suptitle(title)
        axes = figure.subplots(down, across, squeeze=False).ravel()
        for panel in axes[len(panels) :]:
            panel.set_axis_off()
        for panel, (one, place) in zip(axes, panels, strict=False):
            if pairs:
                _draw_pair(figure, panel, one, place, _predicted(mojo))
            else:
                _draw(panel, one)
                panel.set_ylabel(_predicted(mojo))


def _predicted(mojo: Mojo) -> str:
    match mojo.output:
        case Classification(labels=labels) if len(labels) == 2:  # noqa: PLR2004 - two classes
            return f"probability of {labels[1]}"
        case Classification():
            return "probability"
        case Regression(response=response):
            return f"predicted {response}"
        case _:
            return "prediction"


# --------------------------------------------------------------------------- one column


def _draw(axes: Any, one: Dependence) -> None:
    (values,) = one.points.values()
    levels = values.dtype == object
    there = np.array([value is not None and value == value for value in values])  # noqa: PLR0124
    places: NDArray[Any] = np.arange(len(values)) if levels else values
    if one.times:
        places = _times(values)
    drawn = np.ones(len(values), bool) if levels else there
    if one.times:
        axes.xaxis_date()
        axes.xaxis.set_tick_params(rotation=60)
    for place, target in enumerate(one.targets):
        colour = LINES[place % len(LINES)]
        mean = one.figures[_MEAN][:, place]
        series = _Series(
            mean=mean[drawn],
            error=np.nan_to_num(one.figures[_ERROR][drawn, place]),
            curves=None if one.curves is None else one.curves[:, drawn, place],
            colour=colour,
            label=target or None,
        )
        (_draw_levels if levels else _draw_line)(axes, places[drawn], series)
        if not levels and not there.all():
            label = f"{target} {_MISSING}".strip()
            axes.axhline(mean[~there][-1], color=colour, linestyle=":", label=label)
    _draw_distribution(axes, one, places)
    if levels:
        rotation = 0 if len(values) <= _SHOWN_NAMES else 60
        name_ticks(axes.xaxis, [_name(value) for value in values], rotation=rotation)
    axes.set_xlabel(one.columns[0])
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="upper left")  # the best place takes seconds to find among many curves


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Series:
    """What is drawn of one class: ``(points,)`` each, and curves ``(rows, points)``."""

    mean: Array
    error: Array
    curves: Array | None
    colour: str
    label: str | None


def _draw_line(axes: Any, places: NDArray[Any], one: _Series) -> None:
    order = np.argsort(places, kind="stable")  # values of one's own come in any order
    places, mean, error = places[order], one.mean[order], one.error[order]
    if one.curves is not None:
        _draw_curves(axes, places, one.curves[:, order], one.colour)
    axes.fill_between(
        places, mean - error, mean + error, color=one.colour, alpha=0.25, linewidth=0, zorder=2
    )
    marker = "o" if len(places) <= _FEW_POINTS else None
    axes.plot(
        places, mean, color=one.colour, marker=marker, markersize=3, label=one.label, zorder=3
    )


def _draw_levels(axes: Any, places: NDArray[Any], one: _Series) -> None:
    if one.curves is not None:
        _draw_curves(axes, places, one.curves, one.colour)
    axes.errorbar(
        places, one.mean, yerr=one.error, fmt="o", color=one.colour, markersize=4,
        label=one.label, zorder=3,
    )  # fmt: skip


def _draw_curves(axes: Any, places: NDArray[Any], curves: Array, colour: str) -> None:
    """Draw all of them as one line with gaps, which takes a tenth of the time."""
    along = np.append(places.astype(np.float64), np.nan)
    gaps = np.full((len(curves), 1), np.nan)
    heights = np.concatenate([curves, gaps], axis=1)
    axes.plot(
        np.tile(along, len(curves)), heights.ravel(), color=colour, linewidth=0.4, alpha=0.35,
        zorder=1,
    )  # fmt: skip


def _draw_distribution(axes: Any, one: Dependence, places: NDArray[Any]) -> None:
    """Draw at the foot how many rows there are of each value."""
    low, high = axes.get_ylim()
    counts, edges = one.distribution.counts, one.distribution.edges
    heights = counts / max(counts.max(initial=0), 1) * (high - low) * _LOW
    if edges is None:
        axes.bar(places, heights, bottom=low, color=FAINT, alpha=0.4, width=0.8, zorder=0)
    else:
        ends = _times(edges) if one.times else edges
        axes.stairs(heights + low, ends, baseline=low, fill=True, color=FAINT, alpha=0.4, zorder=0)
    axes.set_ylim(low, high)


def _times(milliseconds: Array) -> NDArray[Any]:
    """Return times as matplotlib's dates: days since 1970."""
    return milliseconds / 86_400_000.0


def _name(value: Any) -> str:
    return _MISSING if value is None or value != value else str(value)  # noqa: PLR0124 - NaN


# --------------------------------------------------------------------------- pairs


def _draw_pair(figure: Any, axes: Any, one: Dependence, place: int, predicted: str) -> None:
    """Draw a mean for each pair of values, the first column across."""
    across, up = one.sizes
    values = one.figures[_MEAN][:, place].reshape(across, up).T
    image = axes.imshow(values, origin="lower", aspect="auto", cmap="cividis")
    figure.colorbar(image, ax=axes, label=predicted)
    first, second = one.points.values()
    name_ticks(axes.xaxis, _labels(first[::up], time=one.columns[0] in one.times), rotation=60)
    name_ticks(axes.yaxis, _labels(second[:up], time=one.columns[1] in one.times))
    axes.set(xlabel=one.columns[0], ylabel=one.columns[1], title=one.targets[place] or None)


def _labels(values: NDArray[Any], *, time: bool) -> list[str]:
    if values.dtype == object:
        return [_name(value) for value in values]
    if time:
        return [_MISSING if np.isnan(value) else moment_text(value)[:10] for value in values]
    return [_MISSING if np.isnan(value) else f"{value:.4g}" for value in values]
