"""How well an autoencoder does: reconstruction errors, by column and by row."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import CategoricalInput, InputColumn, Mojo
from mojo_reader.scoring.scorer import Scorer

from . import charts, charts_performance
from .performance_parts import Measured, Part, Table
from .rows import Rows

Array = NDArray[np.float64]
#: Rows that errors by column are looked at on.
_LOOKED_AT: Final = 5_000
#: Numbers that these may take: a wide network has thousands a row.
_MOST_NUMBERS: Final = 10_000_000
_WORST: Final = 10
_COLUMNS: Final = 3
_FEW: Final = 0.99


def part(scorer: Scorer, rows: Rows, measured: Measured) -> Part:
    """Show the errors of rows, and the columns and rows that have most of them."""
    mojo, errors = scorer.mojo, measured.values[:, 0]
    half, few = np.quantile(errors, (0.5, _FEW)).tolist()
    drawn = [
        (
            charts_performance.errors(errors, few),
            f"How many rows have which error: half of them less than {half:.4g}; one in a hundred "
            f"more than {few:.4g} (dashed), and these are the unusual ones. Each step of the axis "
            "is a multiple.",
        )
    ]
    cells = rows.some(max(1, min(_LOOKED_AT, _MOST_NUMBERS // mojo.features.width)))
    by_column = _by_column(scorer, cells.matrix)
    known = np.isfinite(by_column).all(axis=1)
    if known.any():
        means = by_column[known].mean(axis=0)
        names = [column.name for column in mojo.inputs]
        unit = "what it adds to the mean error"
        drawn.append(
            (
                charts.bars("errors-by-column", "Error by column", names, means, unit),
                "Which columns the network fails to rebuild: the bars add up to the mean error"
                f"{'' if len(cells) == rows.count else f' (of {len(cells):,} rows drawn)'}.",
            )
        )
    return Part(charts=drawn, tables=_worst(scorer, rows))


def _by_column(scorer: Scorer, matrix: Array) -> Array:
    """Return what each raw column adds to each row's error, ``(rows, columns)``."""
    mojo = scorer.mojo
    squared = scorer.squared_errors(matrix, missing="server") / mojo.features.width
    return np.stack([squared[:, inputs_of(mojo, c)].sum(axis=1) for c in mojo.inputs], axis=1)


def inputs_of(mojo: Mojo, column: InputColumn) -> NDArray[np.int64]:
    """Return the inputs of the network that a raw column fills."""
    features = mojo.features
    width = column.width if isinstance(column, CategoricalInput) else 1
    inputs: set[int] = set()
    for feature in range(column.feature, column.feature + width):
        if feature < len(features.categorical):
            slots = features.categorical[feature].slots
            inputs |= set(slots[slots >= 0].tolist())
        else:
            inputs.add(features.one_hot_width + feature - len(features.categorical))
    return np.array(sorted(inputs), np.int64)


def _worst(scorer: Scorer, rows: Rows) -> list[Table]:
    made = []
    for place in rows.worst[:_WORST]:
        cells, index = rows.cells_with(place)
        adds = _by_column(scorer, cells.matrix[index : index + 1])[0]
        if not np.isfinite(adds).all():
            continue
        order = np.argsort(-adds, kind="stable")[:_COLUMNS]
        columns = [scorer.mojo.inputs[at] for at in order]
        said = [f"{c.name} = {cells.text(index, c)}" for c in columns]
        texts = [
            f"{words} ({100 * adds[at] / max(adds.sum(), 1e-300):.0f} %)"
            for words, at in zip(said, order, strict=True)
        ]
        made.append([f"{place + 1:,}", f"{adds.sum():.4g}", "; ".join(texts)])
    if not made:
        return []
    return [
        Table(
            caption="Rows that are the most unusual",
            headings=("row", "error", "what adds most to it"),
            rows=made,
            texts=(0, 2),
            said="The network rebuilds these rows worst; the percentages are of the row's error.",
        )
    ]
