"""The section "What moves it": contributions of the rows, one by one and all together."""

import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import read_details
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.explaining.dependence import partial_dependence
from mojo_reader.explaining.drawing import drawn_places
from mojo_reader.explaining.importances import ImportanceWarning, importances
from mojo_reader.model import CategoricalInput, Classification, Mojo, Output, Reconstruction
from mojo_reader.scoring.rows import EncodedRows
from mojo_reader.scoring.scorer import Scorer

from . import charts, move_charts
from .moves import Mover, Moves
from .rows import Rows

Array = NDArray[np.float64]
_TWO_CLASSES: Final = 2
#: Classes that have a swarm, and a line in a chart of partial dependence.
_CLASSES: Final = 3
#: Rows shown by themselves that nobody asked for.
_WORST: Final = 3
#: Columns that have a chart of partial dependence, and levels that one has at most.
_DEPENDENCE: Final = 4
_MOST_LEVELS: Final = 40
#: Products that H2O's importances may take, where the file has no table of them.
_IMPORTANCE_WORK: Final = 200_000_000


def section(
    scorer: Scorer,
    mover: Mover,
    rows: Rows,
    *,
    chosen: Sequence[int] = (),
    seed: int = 1,
) -> dict[str, Any]:
    """Explain rows drawn of the rows, chosen ones and the worst ones.

    Args:
        scorer: the model's scorer.
        mover: what explains.
        rows: the rows.
        chosen: positions of rows to show by themselves, which were kept (``read_rows``).
        seed: of the rows that are drawn.

    Returns:
        What the template shows.
    """
    output = scorer.mojo.output
    drawn = drawn_places(len(rows.sample), mover.most, seed)
    found = mover.moves(rows.sample, drawn)
    if found is None:
        return {"problem": "the rows' numbers are too large to be explained"}
    names = [column.name for column in found.columns]
    shown = _shown_outputs(found)
    unit = f"mean |contribution| to {_unit(output)}"
    return {
        "problem": None,
        "rows": _rows_words(len(drawn), len(found.places), rows.count, seed),
        "background": mover.words,
        "meaning": _meaning(output),
        "bars": charts.bars(
            "moves", "How much each column moves it", names, found.strengths().mean(axis=1), unit
        ),
        "swarms": [_swarm(found, place) for place in shown],
        **_single(mover, rows, output, chosen),
        **_dependence(scorer, found, shown),
    }


def _swarm(found: Moves, output: int) -> dict[str, str]:
    chart, beyond = move_charts.swarm(found, output)
    said = (
        f"Each dot is a row, further right the more its column raises the {found.outputs[output]}."
    )
    if beyond:
        said += f" {beyond:,} lie beyond the axis and are drawn at its edge."
    return {"chart": chart, "said": said}


def _rows_words(drawn: int, explained: int, count: int, seed: int) -> str:
    words = f"{explained:,} rows"
    if drawn < count:
        words += f" drawn of the {count:,} (seed {seed})"
    if explained < drawn:
        words += f", without {drawn - explained:,} whose numbers are too large"
    return words


def _unit(output: Output) -> str:
    if isinstance(output, Reconstruction):
        return "the reconstruction error"
    if isinstance(output, Classification):
        two = len(output.labels) == _TWO_CLASSES
        return f"the log-odds of {output.labels[1]}" if two else "the logits, mean of all classes"
    return output.response


def _meaning(output: Output) -> str:
    """Say what a contribution of such a model is."""
    if isinstance(output, Reconstruction):
        return (
            "A contribution is what a column adds to the row's reconstruction error, in its units; "
            "what adds much is what makes the row unusual."
        )
    if isinstance(output, Classification):
        if len(output.labels) > _TWO_CLASSES:
            return (
                "A contribution is what a column adds to a class's logit, less the mean of all "
                "classes' logits; 0.7 more than another class doubles the odds against it."
            )
        return (
            f"A contribution is what a column adds to the log-odds of {output.labels[1]}: 0.7 "
            "doubles the odds, -0.7 halves them."
        )
    if output.inverse_link.value == "identity":
        return f"A contribution is what a column adds to the {output.response}, in its own units."
    return (
        f"A contribution is what a column adds to {output.response} before the inverse link; with "
        "a log link, 0.7 doubles the prediction."
    )


def _shown_outputs(found: Moves) -> list[int]:
    """Return the outputs that move most, in the model's order."""
    strengths = found.strengths().sum(axis=0)
    return sorted(np.argsort(-strengths, kind="stable")[:_CLASSES].tolist())


# --------------------------------------------------------------------------- single rows


def _single(mover: Mover, rows: Rows, output: Output, chosen: Sequence[int]) -> dict[str, Any]:
    """Explain chosen rows and the worst ones, and tell the chosen ones that cannot be."""
    asked = list(dict.fromkeys(chosen))
    places = [*asked, *(place for place in rows.worst if place not in asked)]
    made: list[dict[str, str]] = []
    not_shown: list[str] = []
    for place in places:
        if len(made) == len(asked) + _WORST:
            break
        shown, index = rows.cells_with(place)
        found = mover.moves(shown, np.array([index]))
        if found is None:
            not_shown += [f"{place + 1:,}"] * (place in asked)
            continue
        cells = [shown.text(index, one) for one in found.columns]
        values, actual = rows.predicted_at(place)
        column = int(np.argmax(values)) if len(found.outputs) > 1 else 0
        made.append(
            {
                "title": f"Row {place + 1:,}",
                "which": "chosen" if place in asked else rows.worst_words,
                "said": _said(output, values, actual),
                "chart": move_charts.waterfall(found, cells, column),
                "base": f"{found.base[column]:.4g}",
                "value": f"{found.base[column] + found.values[0, :, column].sum():.4g}",
                "output": found.outputs[column],
            }
        )
    return {"single": made, "not_shown": not_shown}


def _said(output: Output, values: Array, actual: float | None) -> str:
    """Say what was predicted of a row, and what it was."""
    if isinstance(output, Reconstruction):
        return f"reconstruction error {values[0]:.4g}"
    if isinstance(output, Classification):
        best = 1 if len(output.labels) == _TWO_CLASSES else int(np.argmax(values))
        said = f"probability of {output.labels[best]} {values[best]:.4g}"
        return said if actual is None else f"{said}; it was {output.labels[int(actual)]}"
    said = f"predicted {output.response} {values[0]:.4g}"
    return said if actual is None else f"{said}; it was {actual:.4g}"


# --------------------------------------------------------------------------- dependence


def _dependence(scorer: Scorer, found: Moves, shown: list[int]) -> dict[str, Any]:
    """Draw the partial dependence of the columns that move most."""
    output = scorer.mojo.output
    made: list[str] = []
    left_out: list[str] = []
    if isinstance(output, Reconstruction):
        return {"dependence": made, "left_out": left_out}
    given = EncodedRows(matrix=found.matrix, offset=None)
    if isinstance(output, Classification):
        two = len(output.labels) == _TWO_CLASSES
        outputs = {0: f"mean probability of {output.labels[1]}"}
        if not two:
            outputs = {place: output.labels[place] for place in shown}
    else:
        outputs = {0: f"mean {output.response}"}
    for place in np.argsort(-found.strengths().mean(axis=1), kind="stable"):
        column = found.columns[place]
        if len(made) + len(left_out) == _DEPENDENCE:
            break
        if isinstance(column, CategoricalInput) and len(column.levels) > _MOST_LEVELS:
            left_out.append(f"{column.name} ({len(column.levels):,} levels)")
            continue
        try:
            means = partial_dependence(scorer, given, column.name)
        except MojoDataError:
            continue  # no row has a number there, or what it is set to has no prediction
        made.append(move_charts.dependence(len(made), column, means, given.matrix, outputs))
    return {"dependence": made, "left_out": left_out}


# --------------------------------------------------------------------------- H2O's importances


def h2o_importances(mojo: Mojo) -> tuple[str | None, str]:
    """Draw H2O's variable importances, of the file's table or else of the weights.

    Returns:
        A chart, None where there are none, and what is to be said of it.
    """
    table = read_details(mojo).tables.get("variable_importances")
    chart = None if table is None else charts.importances(table)
    if chart is not None:
        return chart, ""
    work = mojo.layers[0].inputs * mojo.layers[0].units
    work *= mojo.layers[1].units if len(mojo.layers) > 1 else 1
    if work > _IMPORTANCE_WORK:
        return None, "The network is too large to compute H2O's importances for a page."
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ImportanceWarning)
        try:
            found = importances(mojo)
        except MojoUnsupportedError as error:
            return None, f"H2O has no importances here: {error.reason}."
    values = found["scaled_importance"]
    if not np.isfinite(values).all():
        return None, "All weights are 0, and H2O's importances are no numbers."
    notes = "".join(f" Note: {warning.message}." for warning in caught)
    return charts.importance_bars([str(name) for name in found["variable"]], values), notes
