"""Importances from contributions: how much each column moves predictions, over many rows."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.contributions import encoded_background, encoded_rows
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.importances import table_of
from mojo_reader.explaining.options import Drawing, ExplainOptions, Method, Space
from mojo_reader.model import Classification
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.options import checked
from mojo_reader.scoring.rows import EncodedRows

__all__ = ["contribution_importances"]

OF_CLASS: Final = "relative_importance."
"""Before the label of a class, of more than two."""
#: Rows that are explained at once.
_ROWS: Final = 2048


def contribution_importances(  # noqa: PLR0913 - options
    scorer: EncodedScorer,
    rows: object,
    background: object | None = None,
    *,
    method: Method = "margin",
    space: Space = "margin",
    background_rows: int | None = None,
    seed: int = 1,
) -> dict[str, NDArray[Any]]:
    """Return the mean of each column's absolute contributions, in H2O's table of importances.

    Args:
        scorer: the model's scorer.
        rows: the rows that are explained, any table that the scorer takes, or ``EncodedRows``.
        background: the rows that they are compared with, as ``contributions`` takes them.
        method: as ``contributions`` has it, and so have the others.
        space: what is explained.
        background_rows: take so many of the background's rows, drawn.
        seed: of the rows that are drawn.

    Returns:
        As ``importances``: ``variable``, ``relative_importance``, ``scaled_importance`` and
        ``percentage``, ``(columns,)``, the largest first. Of more than two classes these are of the
        sum over the classes, and ``relative_importance.LABEL`` is of each.

    Raises:
        MojoDataError: no rows, no background rows, or rows that cannot be explained.
        MojoUnsupportedError: H2O's server has no such contributions.
        ValueError: an unknown choice.
    """
    options = ExplainOptions(method=method, output="compact", space=space)
    drawing = checked(Drawing(background_rows=background_rows, seed=seed))
    explainer = Explainer(scorer, encoded_background(scorer, background, options, drawing), options)
    encoded = rows if isinstance(rows, EncodedRows) else encoded_rows(scorer, rows, method)
    return contributed(scorer, encoded, explainer)


def contributed(
    scorer: EncodedScorer,
    rows: EncodedRows,
    explainer: Explainer,
    *,
    progress: Callable[[int], None] | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the table of rows that are encoded.

    Args:
        scorer: the model's.
        rows: the rows.
        explainer: gives means over the background.
        progress: called with the number of rows done since it was called before.

    Raises:
        MojoDataError: there are no rows, or one cannot be explained.
    """
    count = len(rows.matrix)
    if not count:
        raise MojoDataError("expected at least one row, found none")
    total = np.zeros((len(explainer.names) - 1, explainer.outputs))
    for start in range(0, count, _ROWS):
        cut = slice(start, start + _ROWS)
        offset = None if rows.offset is None else rows.offset[cut]
        part = EncodedRows(matrix=np.array(rows.matrix[cut]), offset=offset)
        try:
            found = explainer.explain(part, progress=progress)
        except RowError as error:
            raise error.moved(start) from error
        total += np.abs(found.values[:, :-1]).sum(axis=0)
    means = total / count
    names = explainer.names[:-1]
    table = table_of(names, means.sum(axis=1))
    output = scorer.mojo.output
    if explainer.outputs == 1 or not isinstance(output, Classification):
        return table
    order = np.argsort(-means.sum(axis=1), kind="stable")
    return table | {
        OF_CLASS + label: means[order, place] for place, label in enumerate(output.labels)
    }
