"""How well a model of classes does."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import Curve, Gains
from mojo_reader.model import Classification, Mojo

from . import charts, charts_performance
from .drawing import shortened
from .leaning import leanings
from .performance_groups import equal_groups, grouped
from .performance_numbers import leaning_part
from .performance_parts import Chart, Confusion, Measured, Part, Table
from .rows import Rows, finite

Array = NDArray[np.float64]
_SHOWN_CLASSES: Final = 4
_MOST_CLASSES: Final = 30
_GROUPS: Final = 10
_NAME: Final = 40
#: Criteria whose best thresholds the page lists.
_CRITERIA: Final = (
    *("f1", "f2", "f0point5", "accuracy", "precision", "recall", "specificity"),
    *("absolute_mcc", "min_per_class_accuracy", "mean_per_class_accuracy"),
)


def unlabelled(output: Classification, values: Array) -> Part:
    """Show how the probabilities of rows without a response are distributed."""
    several = len(output.labels) > 2  # noqa: PLR2004 - two classes have one probability
    shown = range(min(_SHOWN_CLASSES, len(output.labels))) if several else [1]
    return Part(charts=[_distribution(output, values, place) for place in shown])


def _distribution(output: Classification, values: Array, place: int) -> Chart:
    label = shortened(output.labels[place], _NAME)
    return (
        charts.distribution(str(place), f"probability of {label}", finite(values[:, place])),
        f"How many rows get which probability of {label}; heaps at both ends are a model that is "
        "sure of itself.",
    )


def part(mojo: Mojo, output: Classification, rows: Rows, measured: Measured) -> Part:
    """Show charts and tables of labelled rows."""
    curve = measured.found.curve
    if curve is None:
        made = _several(output, measured)
    elif curve.both:
        made = _two(mojo, output, rows, measured, curve)
    else:
        made = Part(charts=[_distribution(output, measured.values, 1)])
    return Part(charts=made.charts, tables=made.tables, confusion=_confusion(output, measured))


def _confusion(output: Classification, measured: Measured) -> Confusion | None:
    counts = measured.found.confusion
    if counts is None or len(output.labels) > _MOST_CLASSES:
        return None
    totals = counts.sum(axis=1)
    rows = [
        [(_count(cell), _percent(cell, total)) for cell in row]
        for row, total in zip(counts.tolist(), totals.tolist(), strict=True)
    ]
    wrong = [_percent(total - counts[place, place], total) for place, total in enumerate(totals)]
    labels = [shortened(label, _NAME) for label in output.labels]
    return Confusion(labels=labels, rows=rows, wrong=wrong)


def _count(weight: float) -> str:
    return f"{weight:,.0f}" if weight == int(weight) else f"{weight:,.2f}"


def _percent(part_of: float, total: float) -> str:
    return f"{100 * part_of / total:.1f} %" if total else ""


# --------------------------------------------------------------------------- two classes


def _two(mojo: Mojo, output: Classification, rows: Rows, measured: Measured, curve: Curve) -> Part:
    labels = (output.labels[0], output.labels[1])
    label, threshold = shortened(labels[1], _NAME), output.threshold
    scores, positive = measured.values[:, 1], measured.response == 1
    best = curve.best("f1")
    at_best = (
        ""
        if best is None
        else (
            f" F1 is the largest at {best.threshold:.4g} ({best.value:.4g}); H2O chose the "
            "model's own on its training rows."
        )
    )
    distance_chart, distance, at = charts_performance.kolmogorov_smirnov(curve, labels)
    drawn: list[Chart] = [
        (
            charts_performance.roc(curve, threshold, label),
            "Each point of the line is a threshold; the further up and left, the better. Dashed: "
            f"chance. The area below is the AUC, {curve.auc():.4g}.",
        ),
        (
            charts_performance.precision_recall(curve, threshold, label),
            f"Of the rows taken for {label}, how many are (up), against how many are found "
            f"(right). Dashed: {label}'s share of all rows. The area below is pr_auc, "
            f"{curve.pr_auc():.4g}.",
        ),
        (
            charts_performance.thresholds(curve, threshold, label),
            f"What another threshold would do: a higher one finds fewer and is right more often."
            f"{at_best}",
        ),
        _calibration(scores, positive.astype(np.float64), measured.weights, label),
        (
            charts_performance.by_class(scores, positive, measured.weights, labels),
            "The less both lines overlap, the better the classes are told apart; heaps at the ends "
            "are a model that is sure of itself.",
        ),
        (
            distance_chart,
            f"The two classes are furthest apart at {at:.4g}: {100 * distance:.1f} points of a "
            "hundred (bar). 100 would be all, 0 none.",
        ),
        (
            charts_performance.gains(curve, label),
            f"Whoever looks at the most probable rows first finds so much of {label}: right, the "
            "share of rows looked at.",
        ),
    ]
    tables = [_thresholds(curve)]
    gains = measured.found.gains
    if gains is not None:
        drawn.append(
            (
                charts_performance.lift(gains),
                f"How many times as many {label} a group has as all rows. The groups are H2O's, "
                "narrow where probabilities are the largest. Dashed: no better than chance.",
            )
        )
        tables.append(_gains(gains))
    residuals, weights = measured.sampled(rows, positive - scores)
    unit = "observed - probability"
    found = leanings(mojo, rows.sample, residuals, weights)
    leaning = leaning_part(found, unit, f"more {label} than the model says")
    return Part(charts=[*drawn, *leaning.charts], tables=[*leaning.tables, *tables])


def _calibration(scores: Array, hits: Array, weights: Array, label: str) -> Chart:
    groups = grouped(scores, hits, weights, equal_groups(scores, weights, _GROUPS))
    gap = float(np.average(np.abs(groups.y - groups.x), weights=groups.counts))
    words = (f"probability of {shortened(label, 24)}", "share observed")
    return (
        charts_performance.calibration(groups, scores, weights, words),
        "Groups of as many rows, from the least probable to the most, with their standard error. "
        "On the dashed line a probability is the share that is observed; below it the model "
        f"promises too much. On average it is off by {gap:.3f}. Below: how many rows get which.",
    )


def _thresholds(curve: Curve) -> Table:
    maxima = curve.maxima()
    rows = [
        [name, f"{found.threshold:.4g}", f"{found.value:.4g}"]
        for name in _CRITERIA
        if (found := maxima.get(f"max {name}")) is not None
    ]
    return Table(
        caption="Maximum metrics at their thresholds",
        headings=("criterion", "threshold", "value"),
        rows=rows,
        said="Where each criterion is the largest on these rows, by H2O's names.",
        folded=True,
    )


def _gains(gains: Gains) -> Table:
    columns = gains.columns
    names = ("cumulative_data_fraction", "lower_threshold", "response_rate", "lift",
             "cumulative_lift", "capture_rate", "cumulative_capture_rate",
             "kolmogorov_smirnov")  # fmt: skip
    rows = [
        [f"{place + 1}", *(f"{columns[name][place]:.4g}" for name in names)]
        for place in range(len(columns["lift"]))
    ]
    return Table(
        caption="Gains and lift",
        headings=("group", *(name.replace("_", " ") for name in names)),
        rows=rows,
        said=f"H2O's groups by falling probability; {100 * gains.response_rate:.2f} % of all rows "
        f"are of the class. The largest Kolmogorov-Smirnov is {gains.kolmogorov_smirnov:.4g}.",
        folded=True,
    )


# --------------------------------------------------------------------------- more classes


def _several(output: Classification, measured: Measured) -> Part:
    counts = measured.found.confusion
    labels = measured.labels
    if counts is None or labels is None:
        return Part()
    right = np.diag(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = right / counts.sum(axis=1), right / counts.sum(axis=0)
        f1 = 2 * right / (counts.sum(axis=1) + counts.sum(axis=0))
    sure = measured.values[np.arange(len(labels)), labels]
    hits = (measured.response == labels).astype(np.float64)
    groups = grouped(sure, hits, measured.weights, equal_groups(sure, measured.weights, _GROUPS))
    words = ("probability of the label", "share of labels that are right")
    drawn: list[Chart] = []
    if len(output.labels) <= _MOST_CLASSES:
        drawn.append(
            (
                charts_performance.classes(output.labels, precision, recall),
                "Precision: of the rows with this label, how many are of the class. Recall: of the "
                "class's rows, how many get its label. Far left is a class that the model misses.",
            )
        )
    drawn.append(
        (
            charts_performance.calibration(groups, sure, measured.weights, words),
            "Is it right where it is sure? Groups of as many rows by the probability of their "
            "label, with their standard error; below the dashed line the model promises too much. "
            "Below: how many rows get which.",
        )
    )
    order = np.argsort(-counts.sum(axis=1), kind="stable")[:_MOST_CLASSES]
    rows = [
        [
            shortened(output.labels[place], _NAME),
            _count(float(counts[place].sum())),
            *(_share(values[place]) for values in (precision, recall, f1)),
            _share(_one_against_the_rest(measured, int(place))),
        ]
        for place in order
    ]
    tables = [
        Table(
            caption="Class by class",
            headings=("class", "rows", "precision", "recall", "F1", "AUC against the rest"),
            rows=rows,
            said="The largest classes first.",
        )
    ]
    ratios = measured.found.hit_ratios
    if ratios is not None and len(ratios) > 1:
        tables.append(
            Table(
                caption="Hit ratios",
                headings=("among the best", "share of rows"),
                rows=[[f"{k + 1}", f"{ratio:.4g}"] for k, ratio in enumerate(ratios.tolist())],
                said="How often the class is among the model's first guesses.",
                folded=True,
            )
        )
    return Part(charts=drawn, tables=tables)


def _one_against_the_rest(measured: Measured, place: int) -> float:
    scores, positive = measured.values[:, place], measured.response == place
    return Curve.of(scores, positive, measured.weights).auc()


def _share(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else ""
