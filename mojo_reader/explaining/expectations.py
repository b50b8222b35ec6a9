"""Individual conditional expectations: each row's own prediction where a column moves.

The mean of the curves is the partial dependence.

Source: ``h2o/explanation/_explain.py`` (``_handle_ice``) for the rows at the response's deciles.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.dependence import columns_of, grids_of
from mojo_reader.explaining.grid import GridOptions, Levels
from mojo_reader.explaining.labelled import labelled_rows
from mojo_reader.explaining.moved_columns import MovedColumns, outputs_of
from mojo_reader.explaining.parts import LARGEST
from mojo_reader.model import Mojo, Reconstruction
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.options import checked

__all__ = ["individual_expectations"]

Curves = int | Literal["all", "deciles"]
"""Which rows have a curve: all, some drawn, or those at the deciles of the response."""
_TENTHS: Final = 10
_WORDS: Final = ("all", "deciles")


def individual_expectations(  # noqa: PLR0913 - options
    scorer: EncodedScorer,
    rows: object,
    column: str,
    *,
    curves: Curves = "all",
    response: str | None = None,
    bins: int = 20,
    missing: bool = False,
    levels: Levels = "model",
    values: Sequence[Any] | None = None,
    target: str | None = None,
    seed: int = 1,
) -> dict[str, NDArray[Any]]:
    """Return each row's predictions for each value of a column, on the grid of all rows (ICE).

    Args:
        scorer: the model's scorer; its rule for the offset holds.
        rows: the rows, any table that the scorer takes, or ``EncodedRows``.
        column: one of the rows' columns that the model reads.
        curves: the rows that have a curve: ``all``, so many drawn, or ``deciles``: the eleven rows
            that H2O's ``ice_plot`` draws, which has 100 bins and a missing cell.
        response: the rows' column with the response, for ``deciles``; the model's by default.
        bins: as ``partial_dependence`` has it, and so have the next three.
        missing: add a point at which the cell is missing.
        levels: which levels.
        values: values to take in place of H2O's.
        target: a class of a model of more than two; all by default.
        seed: of the rows that are drawn.

    Returns:
        ``row``: ``(curves,)`` int64, the rows counted from 0; the column's name to its values,
        ``(points,)``; ``response``: ``(curves, points)`` float64, or ``(curves, points,
        n_classes)`` for more than two classes.

    Raises:
        MojoDataError: as ``partial_dependence``, or there are more numbers than memory is for.
        MojoUnsupportedError: an autoencoder predicts no response.
        ValueError: an unknown choice.
    """
    options = checked(GridOptions(bins=bins, missing=missing, levels=levels))
    check_curves(curves)
    outputs = outputs_of(scorer.mojo, None if target is None else (target,))
    columns = columns_of(scorer.mojo, column, None)
    by = response_name(scorer.mojo, response) if curves == "deciles" else None
    read = labelled_rows(scorer, rows, response=by)
    grids = grids_of(columns, read.encoded.matrix, options, values)
    chosen = curve_rows(len(read.encoded.matrix), read.response, curves, seed)
    numbers = len(chosen) * len(grids[0]) * len(outputs)
    if numbers > LARGEST:
        message = (
            f"{len(chosen):,} curves have {numbers:,} numbers, and {LARGEST:,} are the most for "
            "one call: take fewer curves or bins"
        )
        raise MojoDataError(message)
    whole = curves == "all"
    found = MovedColumns(scorer, grids, outputs).curves(
        read.encoded if whole else read.take(chosen).encoded
    )
    return {
        "row": chosen,
        column: grids[0].values,
        "response": found[..., 0] if len(outputs) == 1 else found,
    }


def check_curves(curves: Curves) -> None:
    """Require rows that can have curves.

    Raises:
        ValueError: an unknown word, or fewer than one row.
    """
    if curves in _WORDS or (isinstance(curves, int) and curves >= 1):
        return
    message = f"expected curves of 'all', 'deciles' or a number of rows, found {curves!r}"
    raise ValueError(message)


def response_name(mojo: Mojo, name: str | None) -> str:
    """Return the name of the rows' response: the one given, or the model's.

    Raises:
        MojoDataError: an autoencoder has none.
    """
    if isinstance(mojo.output, Reconstruction):
        raise MojoDataError("an autoencoder has no response")
    return mojo.output.response if name is None else name


def curve_rows(
    rows: int, response: NDArray[np.float64] | None, curves: Curves, seed: int
) -> NDArray[np.int64]:
    """Return which rows have a curve, counted from 0.

    Args:
        rows: number of rows.
        response: ``(rows,)``, for the deciles; NaN is sorted first, as H2O sorts it.
        curves: which.
        seed: of those that are drawn.
    """
    if curves == "all":
        return np.arange(rows)
    if curves == "deciles":
        if response is None:
            raise ValueError("the deciles are of a response")
        order = np.argsort(np.where(np.isnan(response), -np.inf, response), kind="stable")
        # Python rounds halves to the even number, as H2O's client does.
        return order[[round((rows - 1) * tenth / _TENTHS) for tenth in range(_TENTHS + 1)]]
    drawn = np.random.default_rng(seed).permutation(rows)[:curves]
    return np.sort(drawn)
