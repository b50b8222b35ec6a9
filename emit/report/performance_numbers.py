"""How well a regression does: residuals, and where they lean."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Mojo, Output, Reconstruction, Regression

from . import charts, charts_performance
from .drawing import shortened
from .leaning import Leaning, leanings
from .performance_groups import bulk
from .performance_parts import Chart, Measured, Part, Table, some, some_words
from .rows import Rows, finite

Array = NDArray[np.float64]
_POINTS: Final = 1500
_GROUPS: Final = 12
#: Columns that have a chart, and that the table lists.
_CHARTS: Final = 3
_LISTED: Final = 10
#: Of the variance; less is no leaning.
_LEANS: Final = 0.005


def unlabelled(output: Output, values: Array) -> Part:
    """Show how the predictions of rows without a response are distributed."""
    if isinstance(output, Reconstruction):
        return Part()
    response = output.response
    chart = charts.distribution("prediction", f"predicted {response}", finite(values[:, 0]))
    return Part(charts=[(chart, f"How many rows get which prediction of {response}.")])


def part(mojo: Mojo, output: Regression, rows: Rows, measured: Measured) -> Part:
    """Show residuals of labelled rows."""
    predicted, actual = measured.values[:, 0], measured.response
    residuals, weights, response = actual - predicted, measured.weights, output.response
    places = some(len(predicted), _POINTS)
    words = some_words(len(places), len(predicted))
    middle = float(np.median(residuals))
    drawn: list[Chart] = [
        (
            charts_performance.against(predicted[places], actual[places], response),
            "Each dot is a row. On the dashed line prediction and response are equal; above it the "
            f"model predicted too little.{words}",
        ),
        (
            charts_performance.residuals(
                predicted[places],
                residuals[places],
                bulk(predicted, residuals, weights, _GROUPS),
                response,
            ),
            "What is left of the response, by what was predicted. A median that leaves the dashed "
            "line is a model that leans there; dotted lines that part are errors that grow."
            f"{words}",
        ),
        (
            charts_performance.residual_sizes(residuals, weights),
            f"How many rows are off by how much; half of them by less than {middle:.4g}, and the "
            f"mean is {float(np.average(residuals, weights=weights)):.4g}. Far ones stand at the "
            "edge.",
        ),
    ]
    of_cells, weighed = measured.sampled(rows, residuals)
    found = leanings(mojo, rows.sample, of_cells, weighed)
    leaning = leaning_part(found, "mean of actual - predicted", "the model predicts too little")
    return Part(charts=[*drawn, *leaning.charts], tables=leaning.tables)


def leaning_part(found: Sequence[Leaning], unit: str, above: str) -> Part:
    """Show the columns in which residuals lean most.

    Args:
        found: the columns, the one that they lean most in first.
        unit: of the residuals.
        above: what a residual above 0 means.
    """
    drawn: list[Chart] = [
        (
            charts_performance.leaning(place, one, unit),
            f"Mean residual with its standard error; above 0 {above}. {shortened(one.column)} "
            f"explains {100 * one.share:.1f} % of what the model leaves.",
        )
        for place, one in enumerate(found[:_CHARTS])
        if one.share > _LEANS
    ]
    rows = []
    for one in found[:_LISTED]:
        group, mean, count = one.worst()
        rows.append([one.column, f"{100 * one.share:.2f} %", group, f"{mean:+.4g}", f"{count:,}"])
    if not rows:
        return Part()
    table = Table(
        caption="Columns in which residuals lean",
        headings=("column", "explains of the residuals", "leans most at", unit, "rows there"),
        rows=rows,
        texts=(0, 2),
        said="A column that explains much of what is left is one that the model could learn more "
        f"from. Above 0 {above}.",
        folded=not drawn,
    )
    return Part(charts=drawn, tables=[table])
