"""How well the model does on given rows: metrics, and charts of predictions and response."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import of_classes, of_response
from mojo_reader.model import Classification, Reconstruction
from mojo_reader.scoring.scorer import Scorer

from . import charts
from .drawing import shortened
from .rows import Rows, finite

Array = NDArray[np.float64]

_BINS: Final = 10
_POINTS: Final = 1500
_CURVE_POINTS: Final = 200
_SHOWN_CLASSES: Final = 4
_MOST_CLASSES: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Findings:
    """What the page shows of the rows' predictions.

    Attributes:
        charts: SVG, each with a sentence of what it means.
        figures: how near the predictions come to the response, by the measure's name.
        confusion: ``labels`` and ``counts``, actual by predicted; None where it does not apply.
    """

    charts: Sequence[tuple[str, str]]
    figures: Mapping[str, float]
    confusion: Mapping[str, Any] | None = None


def findings(scorer: Scorer, rows: Rows, values: Array) -> Findings:
    """Look at the predictions, and at the response where there is one.

    Args:
        scorer: of the model.
        rows: the rows.
        values: their ``predictions``.
    """
    output = scorer.mojo.output
    if isinstance(output, Reconstruction):
        errors = finite(values[:, 0])
        chart = charts.distribution("error", "Reconstruction.MSE", errors)
        words = "How many rows have which reconstruction error: far right are the unusual ones."
        return Findings(
            charts=[(chart, words)], figures={"mean Reconstruction.MSE": float(errors.mean())}
        )
    if isinstance(output, Classification):
        return _classification(rows, values, output)
    return _regression(rows, values[:, 0], output.response)


# --------------------------------------------------------------------------- classes


def _classification(rows: Rows, values: Array, output: Classification) -> Findings:
    shown = range(min(_SHOWN_CLASSES, len(output.labels))) if output.threshold is None else [1]
    drawn = [
        (
            charts.distribution(str(c), f"probability of {output.labels[c]}", finite(values[:, c])),
            f"How many rows get which probability of {output.labels[c]}; heaps at both ends are a "
            "model that is sure of itself.",
        )
        for c in shown
    ]
    if rows.response is None or rows.labels is None:
        return Findings(charts=drawn, figures={})
    known = np.isfinite(rows.response) & np.isfinite(values).all(axis=1)
    actual, values = rows.response[known].astype(np.int64), values[known]
    if not actual.size:
        return Findings(charts=drawn, figures={})
    predicted = rows.labels[known]
    measured = of_classes(values, predicted, actual, np.ones(len(actual)))
    figures = {name: measured[name] for name in ("accuracy", "logloss")}
    if np.isfinite(measured.get("AUC", np.nan)):
        figures["AUC"] = measured["AUC"]
        drawn += _binomial_charts(actual, values[:, 1], output.labels[1])
    return Findings(
        charts=drawn, figures=figures, confusion=_confusion(actual, predicted, output.labels)
    )


def _binomial_charts(actual: NDArray[np.int64], scores: Array, label: str) -> list[tuple[str, str]]:
    rates = ("share of the others taken for it", f"share of {shortened(label)} found")
    shares = (f"mean probability of {shortened(label)}", "share observed")
    return [
        (
            charts.curve("roc", "ROC", _thinned(roc(actual, scores)), rates),
            "ROC: each point is a threshold; the further up and left, the better. Dashed: chance. "
            "AUC is the area below the curve.",
        ),
        (
            charts.curve("calibration", "Calibration", calibration(actual, scores), shares),
            "Calibration: ten groups of as many rows, from the least probable to the most. On the "
            f"dashed line a probability is the share of {label} that is observed; below it the "
            "model promises too much.",
        ),
    ]


def _confusion(
    actual: NDArray[np.int64], predicted: NDArray[np.int64], labels: tuple[str, ...]
) -> dict[str, Any] | None:
    if len(labels) > _MOST_CLASSES:
        return None
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (actual, predicted), 1)
    return {"labels": labels, "counts": counts.tolist()}


def roc(actual: NDArray[np.int64], scores: Array) -> tuple[Array, Array]:
    """Return false and true positive rates by falling threshold, tied scores together.

    Args:
        actual: ``(rows,)`` 0 or 1.
        scores: ``(rows,)`` float64.
    """
    order = np.argsort(-scores, kind="stable")
    positives = np.cumsum(actual[order])
    last = np.append(np.diff(scores[order]) != 0, True)
    true = np.append(0, positives[last]) / positives[-1]
    negatives = np.arange(1, len(scores) + 1) - positives
    return np.append(0, negatives[last]) / negatives[-1], true


def calibration(actual: NDArray[np.int64], scores: Array) -> tuple[Array, Array]:
    """Return mean score and share observed in ten bins of as many rows each, ``(bins,)``.

    Args:
        actual: ``(rows,)`` 0 or 1.
        scores: ``(rows,)`` float64.
    """
    order = np.argsort(scores, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if part.size]
    return (
        np.array([scores[part].mean() for part in bins]),
        np.array([actual[part].mean() for part in bins]),
    )


def _thinned(curve: tuple[Array, Array]) -> tuple[Array, Array]:
    places = np.linspace(0, len(curve[0]) - 1, min(_CURVE_POINTS, len(curve[0]))).astype(int)
    return curve[0][places], curve[1][places]


# --------------------------------------------------------------------------- numbers


def _regression(rows: Rows, values: Array, response: str) -> Findings:
    title = f"predicted {response}"
    drawn = [
        (
            charts.distribution("prediction", title, finite(values)),
            f"How many rows get which prediction of {response}.",
        )
    ]
    if rows.response is None:
        return Findings(charts=drawn, figures={})
    known = np.isfinite(rows.response) & np.isfinite(values)
    if not known.any():
        return Findings(charts=drawn, figures={})
    residuals = rows.response[known] - values[known]
    some = np.linspace(0, len(residuals) - 1, min(_POINTS, len(residuals))).astype(int)
    points = (values[known][some], residuals[some])
    drawn.append(
        (
            charts.scatter("residuals", "Residuals", points, (title, "actual - predicted")),
            f"Each dot is a row: above the line the model predicted too little, below too much"
            f"{_thinned_words(len(some), len(residuals))}.",
        )
    )
    figures = {
        **of_response(values[known], rows.response[known], np.ones(len(residuals))),
        "mean residual": float(residuals.mean()),
    }
    return Findings(charts=drawn, figures=figures)


def _thinned_words(shown: int, count: int) -> str:
    return f"; {shown:,} of {count:,} rows" if shown < count else ""
