"""How well the model does on given rows: H2O's metrics, tables, and charts with what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import Performance, performance
from mojo_reader.explaining.measured import has_offset, own_weights
from mojo_reader.model import Classification, Mojo, Reconstruction
from mojo_reader.scoring.scorer import Scorer

from . import performance_classes, performance_errors, performance_numbers
from .performance_parts import Chart, Confusion, Measured, Part, Table
from .rows import Rows

__all__ = ["Findings", "Table", "findings"]

Array = NDArray[np.float64]

#: What a card on top shows, of each kind of model: those of them that it has.
_HEADLINES: Final = (
    *("AUC", "pr_auc", "accuracy", "mean_per_class_error", "logloss"),
    *("RMSE", "MAE", "r2", "mean_residual_deviance"),
)
#: RMSE and r2 of classes are those of probabilities, and no headline.
_OF_CLASSES: Final = frozenset({"RMSE", "r2"})
#: H2O's figures and what they mean.
MEANINGS: Final[Mapping[str, str]] = {
    "AUC": "how often a row of the class gets the larger probability of two; 0.5 is chance",
    "pr_auc": "area below precision over recall; the class's share is chance",
    "Gini": "2 AUC - 1",
    "mean_per_class_error": "mean share of each class's rows that get another label",
    "logloss": "mean surprise at the class, -log of its probability",
    "MSE": "mean squared error",
    "RMSE": "its root, a typical error",
    "r2": "share of the response's variance that is explained",
    "accuracy": "share of rows whose label is right; not among H2O's own",
    "MAE": "mean size of the error",
    "RMSLE": "RMSE of logarithms; none where a number is below -1",
    "mean_residual_deviance": "mean error by the model's distribution",
}
_OF_MORE: Final = {
    "AUC": "mean over classes or pairs of them, by the auc_type that the model was trained with",
    "pr_auc": "the same of precision over recall",
}
_NOTHING: Final = "None of them has a response, a weight and a prediction that could be measured."
_OF_TWO: Final = {
    "mean_per_class_error": "at the threshold of the largest F1 on these rows, as H2O has it",
    "accuracy": "share of rows whose label, by the model's threshold, is right",
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Findings:
    """What the page shows of the rows' predictions.

    Attributes:
        figures: headline figures by H2O's name.
        all_figures: name, value, H2O's own value where it bins scores, and meaning of each.
        binned: some of the values are H2O's own.
        notes: sentences on what was measured.
        confusion: actual by predicted; None where it does not apply.
        charts: SVG, each with a sentence of what it means.
        tables: what stands below the charts.
    """

    figures: Mapping[str, float] = field(default_factory=dict)
    all_figures: Sequence[tuple[str, float, float | None, str]] = ()
    binned: bool = False
    notes: Sequence[str] = ()
    confusion: Confusion | None = None
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()


def findings(scorer: Scorer, rows: Rows, values: Array) -> Findings:
    """Look at the predictions, and at the response where there is one.

    Args:
        scorer: of the model.
        rows: the rows.
        values: their ``predictions``.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _findings(scorer, rows, values)


def _findings(scorer: Scorer, rows: Rows, values: Array) -> Findings:
    mojo = scorer.mojo
    labelled = rows.response is not None or isinstance(mojo.output, Reconstruction)
    found = None
    if labelled:
        found = performance(mojo, values, rows.labels, rows.response, rows.weights)
    if found is None:
        part = _without_response(mojo, values)
        return Findings(charts=part.charts, notes=(_NOTHING,) if labelled else ())
    part = _part(scorer, rows, Measured.of(rows, values, found))
    return Findings(
        figures=_headlines(mojo, found),
        all_figures=_all_figures(mojo, found),
        binned=bool(found.binned),
        notes=_notes(mojo, rows, found),
        confusion=part.confusion,
        charts=part.charts,
        tables=part.tables,
    )


def _without_response(mojo: Mojo, values: Array) -> Part:
    if isinstance(mojo.output, Classification):
        return performance_classes.unlabelled(mojo.output, values)
    return performance_numbers.unlabelled(mojo.output, values)


def _part(scorer: Scorer, rows: Rows, measured: Measured) -> Part:
    output = scorer.mojo.output
    if isinstance(output, Reconstruction):
        return performance_errors.part(scorer, rows, measured)
    if isinstance(output, Classification):
        return performance_classes.part(scorer.mojo, output, rows, measured)
    return performance_numbers.part(scorer.mojo, output, rows, measured)


def _headlines(mojo: Mojo, found: Performance) -> dict[str, float]:
    left_out = _OF_CLASSES if isinstance(mojo.output, Classification) else frozenset()
    figures = {
        name: found.figures[name]
        for name in _HEADLINES
        if name not in left_out and np.isfinite(found.figures.get(name, np.nan))
    }
    if isinstance(mojo.output, Reconstruction):
        return {"MSE": found.figures["MSE"], "RMSE": found.figures["RMSE"]}
    return figures


def _all_figures(mojo: Mojo, found: Performance) -> list[tuple[str, float, float | None, str]]:
    said = {**MEANINGS, **(_OF_TWO if found.curve is not None else _OF_MORE)}
    if isinstance(mojo.output, Reconstruction):
        said = {"MSE": "mean reconstruction error", "RMSE": "its root"}
    return [
        (name, value, found.binned.get(name), said.get(name, ""))
        for name, value in found.figures.items()
    ]


def _notes(mojo: Mojo, rows: Rows, found: Performance) -> list[str]:
    notes = []
    left_out = len(rows.predicted) - found.rows
    if left_out:
        notes.append(
            f"{left_out:,} of the rows have no response, no weight or no prediction, and are not "
            "measured."
        )
    if rows.weights is not None:
        notes.append(f"Rows count by their weight (column {own_weights(mojo)}), as in H2O.")
    elif own_weights(mojo) is not None:
        notes.append(
            f"The model was trained with weights (column {own_weights(mojo)}), which the rows "
            "lack: all count the same here."
        )
    if has_offset(mojo):
        notes.append(
            f"The offset (column {mojo.info.offset_column}) is not used, as in H2O's Java scorer; "
            "H2O's own performance has it, and so has the command measure."
        )
    if found.binned:
        notes.append(
            "The rows have more than 400 distinct probabilities, where H2O's server measures by "
            "400 thresholds; the figures here are exact, and H2O's way stands beside them."
        )
    return notes
