"""Charts of how well a model does: of two classes, of more, of a response, of an autoencoder."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import Curve, Gains

from .drawing import FAINT, INK, SECOND, SERIES, drawing, shortened
from .leaning import Leaning
from .performance_groups import Groups

Array = NDArray[np.float64]
_BINS: Final = 40
#: Points of a curve, by its thresholds and by each of its sides.
_POINTS: Final = 120
#: Of a square chart, and of a wide one, in inches.
_SQUARE: Final = (4.4, 3.6)
_FLAT: Final = (5.0, 3.1)
_LEVELS: Final = 22


def _thinned(curve: Curve) -> NDArray[np.int64]:
    """Return places of the curve that hold its shape, where it is steep, too."""
    count = len(curve.thresholds)
    if count <= _POINTS:
        return np.arange(count)
    places: list[NDArray[Any]] = [np.linspace(0, count - 1, _POINTS)]
    places += [
        np.searchsorted(side, np.linspace(0, side[-1], _POINTS))
        for side in (curve.hits, curve.misses)
    ]
    return np.unique(np.concatenate(places).astype(np.int64).clip(0, count - 1))


def _at(curve: Curve, threshold: float) -> int:
    """Return the last place whose threshold is at least that; -1 for none."""
    return int(np.searchsorted(-curve.thresholds, -threshold, side="right")) - 1


def _marked(axes: Any, x: float, y: float) -> None:
    axes.plot([x], [y], "o", markersize=8, color=SECOND, label="the model's threshold", zorder=3)
    axes.legend(loc="lower right")


def roc(curve: Curve, threshold: float | None, label: str) -> str:
    """Draw the ROC curve, with the model's threshold as a dot."""
    places = _thinned(curve)
    false = np.append(0.0, curve.misses[places] / curve.negatives)
    true = np.append(0.0, curve.hits[places] / curve.positives)
    with drawing("roc", "ROC", width=_SQUARE[0], height=_SQUARE[1]) as made:
        axes = made.figure.add_subplot()
        axes.plot([0, 1], [0, 1], "--", color=FAINT)
        axes.plot(false, true, "-", color=SERIES)
        if threshold is not None and (place := _at(curve, threshold)) >= 0:
            _marked(
                axes,
                curve.misses[place] / curve.negatives,
                curve.hits[place] / curve.positives,
            )
        axes.set_xlabel("share of the others taken for it")
        axes.set_ylabel(f"share of {shortened(label, 24)} found")
    return made.svg


def precision_recall(curve: Curve, threshold: float | None, label: str) -> str:
    """Draw precision over recall, with the model's threshold as a dot."""
    places = _thinned(curve)
    recall, precision = curve.values("recall"), curve.values("precision")
    base = curve.positives / (curve.positives + curve.negatives)
    with drawing("precision", "Precision and recall", width=_SQUARE[0], height=_SQUARE[1]) as made:
        axes = made.figure.add_subplot()
        axes.axhline(base, linestyle="--", color=FAINT)
        axes.plot(recall[places], precision[places], "-", color=SERIES)
        if threshold is not None and (place := _at(curve, threshold)) >= 0:
            axes.plot(recall[place], precision[place], "o", markersize=8, color=SECOND,
                      label="the model's threshold", zorder=3)  # fmt: skip
            axes.legend(loc="lower left")
        axes.set_ylim(-0.03, 1.03)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xlabel(f"recall: share of {shortened(label, 20)} found")
        axes.set_ylabel("precision: share of those taken that are")
    return made.svg


def thresholds(curve: Curve, threshold: float | None, label: str) -> str:
    """Draw precision, recall and F1 over the threshold."""
    places = _thinned(curve)
    with drawing("thresholds", "By threshold", width=_FLAT[0], height=_FLAT[1]) as made:
        axes = made.figure.add_subplot()
        for name, style, colour in (
            ("precision", "-", SERIES),
            ("recall", "--", SECOND),
            ("f1", ":", INK),
        ):
            values = curve.values(name)[places]
            label_of = "F1" if name == "f1" else name
            axes.plot(curve.thresholds[places], values, style, color=colour, label=label_of)
        if threshold is not None:
            axes.axvline(threshold, color=FAINT, linewidth=1.5)
            axes.text(threshold, 1.04, "the model's", ha="center", va="bottom", fontsize=9)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel(f"threshold: {shortened(label, 24)} from this probability on")
        axes.set_ylabel("share")
        axes.legend()
    return made.svg


def gains(curve: Curve, label: str) -> str:
    """Draw how much of the second class is found among the most probable rows."""
    places = _thinned(curve)
    total = curve.positives + curve.negatives
    taken = np.append(0.0, (curve.hits + curve.misses)[places] / total)
    found = np.append(0.0, curve.hits[places] / curve.positives)
    with drawing("gains", "Gains", width=_SQUARE[0], height=_SQUARE[1]) as made:
        axes = made.figure.add_subplot()
        axes.plot([0, 1], [0, 1], "--", color=FAINT, label="rows at random")
        axes.plot([0, curve.positives / total, 1], [0, 1, 1], ":", color=FAINT, label="at best")
        axes.plot(taken, found, "-", color=SERIES, label="the model")
        axes.set_xlabel("share of the rows, the most probable first")
        axes.set_ylabel(f"share of {shortened(label, 24)} found")
        axes.legend(loc="lower right")
    return made.svg


def lift(found: Gains) -> str:
    """Draw lift of H2O's groups, each, and of all so far."""
    columns = found.columns
    ends = columns["cumulative_data_fraction"]
    starts = np.append(0.0, ends[:-1])
    with drawing("lift", "Lift", width=_SQUARE[0], height=_SQUARE[1]) as made:
        axes = made.figure.add_subplot()
        axes.axhline(1, linestyle="--", color=FAINT)
        axes.bar(starts, columns["lift"], ends - starts, align="edge", color=FAINT, alpha=0.5,
                 label="of the group")  # fmt: skip
        axes.plot(ends, columns["cumulative_lift"], "o-", markersize=4, color=SERIES,
                  label="of all so far")  # fmt: skip
        axes.set_xlabel("share of the rows, the most probable first")
        axes.set_ylabel("lift: times the share in all rows")
        axes.legend(loc="upper right")
    return made.svg


def kolmogorov_smirnov(curve: Curve, labels: tuple[str, str]) -> tuple[str, float, float]:
    """Draw how far both classes are apart.

    Returns:
        The chart, the largest distance, and its threshold.
    """
    places = _thinned(curve)
    found, others = curve.hits / curve.positives, curve.misses / curve.negatives
    best = int(np.argmax(found - others))
    at = float(curve.thresholds[best])
    with drawing("ks", "Kolmogorov-Smirnov", width=_SQUARE[0], height=_SQUARE[1]) as made:
        axes = made.figure.add_subplot()
        x = curve.thresholds[places]
        axes.plot(x, 1 - found[places], "-", color=SERIES, label=shortened(labels[1], 20))
        axes.plot(x, 1 - others[places], "--", color=SECOND, label=shortened(labels[0], 20))
        axes.plot([at, at], [1 - found[best], 1 - others[best]], color=INK, linewidth=2)
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"probability of {shortened(labels[1], 24)}")
        axes.set_ylabel("share of the class's rows below")
        axes.legend(loc="lower right")
    return made.svg, float(found[best] - others[best]), at


def by_class(
    scores: Array, positive: NDArray[np.bool_], weights: Array, labels: tuple[str, str]
) -> str:
    """Draw how the probabilities of both classes' rows are distributed."""
    edges = np.linspace(0, 1, _BINS + 1)
    with drawing("by-class", f"Probability of {shortened(labels[1])}, by class", width=_FLAT[0],
                 height=_FLAT[1]) as made:  # fmt: skip
        axes = made.figure.add_subplot()
        for chosen, colour, style, label in (
            (positive, SERIES, "-", labels[1]),
            (~positive, SECOND, "--", labels[0]),
        ):
            counts, _ = np.histogram(scores[chosen], edges, weights=weights[chosen])
            shares = counts / max(float(counts.sum()), np.finfo(float).tiny)
            axes.stairs(shares, edges, color=colour, linestyle=style, label=shortened(label, 20),
                        linewidth=1.5)  # fmt: skip
        axes.set_xlabel(f"probability of {shortened(labels[1], 40)}")
        axes.set_ylabel("share of the class's rows")
        axes.legend()
    return made.svg


def calibration(groups: Groups, scores: Array, weights: Array, words: tuple[str, str]) -> str:
    """Draw what is observed for what is said, and how many rows are said what.

    Args:
        groups: of the rows by what is said.
        scores: ``(rows,)`` what is said.
        weights: ``(rows,)``.
        words: of both axes.
    """
    with drawing("calibration", "Calibration", width=4.4, height=4.2) as made:
        top, below = made.figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        top.plot([0, 1], [0, 1], "--", color=FAINT)
        top.errorbar(groups.x, groups.y, groups.error, fmt="o-", color=SERIES, markersize=5,
                     ecolor=FAINT, capsize=2)  # fmt: skip
        top.set_ylabel(words[1])
        top.set_ylim(-0.03, 1.03)
        counts, edges = np.histogram(scores, np.linspace(0, 1, _BINS // 2 + 1), weights=weights)
        below.stairs(counts, edges, fill=True, color=SERIES)
        below.set_ylabel(_of_rows(weights))
        below.set_xlabel(words[0])
    return made.svg


# --------------------------------------------------------------------------- more classes


def classes(labels: Sequence[str], precision: Array, recall: Array) -> str:
    """Draw precision and recall of each class."""
    places = np.arange(len(labels))
    height = 1.0 + 0.28 * len(labels)
    with drawing("classes", "Precision and recall by class", width=5.0, height=height) as made:
        axes = made.figure.add_subplot()
        axes.hlines(places, np.fmin(precision, recall), np.fmax(precision, recall), color=FAINT)
        axes.plot(precision, places, "o", color=SERIES, label="precision")
        axes.plot(recall, places, "D", color=SECOND, label="recall")
        axes.set_yticks(places, [shortened(label, _LEVELS) for label in labels])
        axes.set_xlim(-0.03, 1.03)
        axes.invert_yaxis()
        axes.set_xlabel("share")
        axes.legend()
    return made.svg


# --------------------------------------------------------------------------- numbers


def against(predicted: Array, actual: Array, response: str) -> str:
    """Draw the response over its prediction; on the diagonal they are equal."""
    low, high = _span(np.concatenate([predicted, actual]))
    with drawing("against", "Predicted and actual", width=_SQUARE[0], height=_SQUARE[1]) as made:
        axes = made.figure.add_subplot()
        axes.plot([low, high], [low, high], "--", color=FAINT)
        axes.scatter(predicted, actual, s=6, color=SERIES, alpha=0.5)
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.set_xlabel(f"predicted {shortened(response)}")
        axes.set_ylabel(f"actual {shortened(response)}")
    return made.svg


def residuals(predicted: Array, found: Array, groups: Groups, response: str) -> str:
    """Draw residuals over the prediction, with the middle and the bulk of groups of rows."""
    with drawing("residuals", "Residuals by prediction", width=_SQUARE[0],
                 height=_SQUARE[1]) as made:  # fmt: skip
        axes = made.figure.add_subplot()
        axes.axhline(0, linestyle="--", color=FAINT)
        axes.scatter(predicted, found, s=6, color=SERIES, alpha=0.35)
        axes.plot(groups.x, groups.low, ":", color=SECOND, label="a tenth beyond")
        axes.plot(groups.x, groups.high, ":", color=SECOND)
        axes.plot(groups.x, groups.middle, "o-", markersize=4, color=SECOND, label="median")
        axes.set_ylim(*_span(found))
        axes.set_xlim(*_span(predicted))
        axes.set_xlabel(f"predicted {shortened(response)}")
        axes.set_ylabel("actual - predicted")
        axes.legend()
    return made.svg


def residual_sizes(found: Array, weights: Array) -> str:
    """Draw how residuals are distributed."""
    low, high = _span(found)
    with drawing("residual-sizes", "Residuals", width=_FLAT[0], height=_FLAT[1]) as made:
        axes = made.figure.add_subplot()
        axes.hist(
            found.clip(low, high), bins=_BINS, range=(low, high), weights=weights, color=SERIES
        )
        axes.axvline(0, linestyle="--", color=INK, linewidth=1)
        axes.set_xlabel("actual - predicted")
        axes.set_ylabel(_of_rows(weights))
    return made.svg


def _of_rows(weights: Array) -> str:
    """Return what is counted."""
    return "rows" if (weights == 1).all() else "weight of the rows"


def _span(values: Array) -> tuple[float, float]:
    """Return where an axis starts and ends: all but a few far rows."""
    low, high = np.quantile(values, (0.002, 0.998)).tolist()
    room = 0.05 * (high - low) or max(1e-9, abs(low) * 0.05)
    return low - room, high + room


def leaning(index: int, found: Leaning, unit: str) -> str:
    """Draw the mean residual by a column's levels, or by groups of its numbers."""
    title = f"Residuals by {shortened(found.column)}"
    groups = found.groups
    if found.levels is None:
        with drawing(f"leaning-{index}", title, width=4.4, height=2.9) as made:
            axes = made.figure.add_subplot()
            axes.axhline(0, linestyle="--", color=FAINT)
            axes.errorbar(groups.x, groups.y, groups.error, fmt="o-", color=SERIES, markersize=5,
                          ecolor=FAINT, capsize=2)  # fmt: skip
            axes.set_xlabel(shortened(found.column))
            axes.set_ylabel(unit)
        return made.svg
    places = np.arange(len(found.levels))
    with drawing(f"leaning-{index}", title, width=4.4, height=1 + 0.27 * len(places)) as made:
        axes = made.figure.add_subplot()
        axes.axvline(0, linestyle="--", color=FAINT)
        axes.errorbar(groups.y, places, xerr=groups.error, fmt="o", color=SERIES, markersize=5,
                      ecolor=FAINT, capsize=2)  # fmt: skip
        axes.set_yticks(places, [shortened(level, _LEVELS) for level in found.levels])
        axes.invert_yaxis()
        axes.set_xlabel(unit)
        axes.set_ylabel(shortened(found.column))
    return made.svg


# --------------------------------------------------------------------------- autoencoders


def errors(values: Array, mark: float) -> str:
    """Draw how reconstruction errors are distributed, over their logarithm.

    Args:
        values: ``(rows,)`` float64, none below 0.
        mark: the error that few rows exceed.
    """
    above = values[values > 0]
    with drawing("errors", "Reconstruction error", width=_FLAT[0], height=_FLAT[1]) as made:
        axes = made.figure.add_subplot()
        if above.size and above.max() > above.min():
            edges = np.geomspace(above.min(), above.max(), _BINS + 1)
            axes.stairs(np.histogram(above, edges)[0], edges, fill=True, color=SERIES)
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.axvline(mark, linestyle="--", color=SECOND, linewidth=1.5)
        else:
            axes.hist(values, _BINS, color=SERIES)
        axes.set_xlabel("Reconstruction.MSE of a row")
        axes.set_ylabel("rows")
    return made.svg
