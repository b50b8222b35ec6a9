"""What is known of the rows that a model was trained on: of background rows, else of its file.

A MOJO, a POJO and a binary model hold a number's mean and deviation (an autoencoder's the mean and
the range) and the shares of the classes, a binary model whether a column of levels had missing
cells too. None of them holds how often a level occurred, or between which numbers a column lay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import (
    CategoricalInput,
    Classification,
    InverseLink,
    Mojo,
    NumericInput,
    Reconstruction,
    Regression,
)

from . import facts
from .rows import Rows, finite
from .tallies import LevelTally, NumberTally, Span

Array = NDArray[np.float64]
#: Deviations beyond which a number is far from the mean: at most 1 in 25 of any column's.
FAR: Final = 5.0
#: Parts of the reference's numbers, of as many each.
_PARTS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Known:
    """What is known of one column in training.

    Attributes:
        rows: number of rows that tell it; infinite where the model itself does.
        mean: of a number.
        scale: its standard deviation; an autoencoder's the range.
        counts: of each bin or level, rows or their shares; None where they are not known.
        missing: share of missing cells; None where it is not known.
        unseen: share of levels that the model does not know.
        bounded: the column's span is that of all reference rows, and no distance from the mean.
    """

    rows: float = np.inf
    mean: float | None = None
    scale: float | None = None
    counts: Array | None = None
    missing: float | None = None
    unseen: float = 0.0
    bounded: bool = False


def spans_of(mojo: Mojo, reference: Rows | None) -> dict[str, Span]:
    """Return where each numeric column's numbers are looked for.

    Args:
        mojo: the model.
        reference: rows to compare with; None for what the model knows.
    """
    numeric = [column for column in mojo.inputs if isinstance(column, NumericInput)]
    if reference is None:
        return {column.name: _trained_span(mojo, column) for column in numeric}
    return {column.name: _span_of_rows(column, reference) for column in numeric}


def _trained_span(mojo: Mojo, column: NumericInput) -> Span:
    told = facts.standardization(mojo, column)
    if not told:
        return Span()
    # No number of training lies further from the mean than the whole range.
    reach = abs(told["scale"]) * (1.0 if isinstance(mojo.output, Reconstruction) else FAR)
    return Span(low=told["mean"] - reach, high=told["mean"] + reach)


def _span_of_rows(column: NumericInput, reference: Rows) -> Span:
    tally = reference.tallies[column.name]
    if isinstance(tally, LevelTally) or not tally.count:
        return Span()
    numbers = finite(reference.sample.matrix[:, column.feature])
    return Span(low=tally.least, high=tally.most, edges=_edges(numbers))


def _edges(numbers: Array) -> Array:
    """Return what parts numbers into so many parts of as many; fewer where they are alike."""
    if not numbers.size:
        return np.empty(0)
    return np.unique(np.quantile(numbers, np.arange(1, _PARTS) / _PARTS))


def known_columns(mojo: Mojo, reference: Rows | None) -> Mapping[str, Known]:
    """Return what is known of each raw column."""
    if reference is not None:
        spans = spans_of(mojo, reference)
        return {c.name: _of_rows(c, reference, spans.get(c.name)) for c in mojo.inputs}
    modes = iter(() if mojo.training is None else _list(mojo.training.saw_missing))
    means = iter(() if mojo.training is None else _list(mojo.training.numeric_means))
    found = {}
    plain = _is_plain(mojo)
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            saw = next(modes, None) if plain else None
            found[column.name] = Known(missing=0.0 if saw is False else None)
        else:
            told: Mapping[str, Any] = facts.standardization(mojo, column)
            mean = next(means, None) if plain else None
            found[column.name] = Known(mean=told.get("mean", mean), scale=told.get("scale"))
    return found


def _is_plain(mojo: Mojo) -> bool:
    """Whether each raw column is one feature, in the same order."""
    return tuple(column.name for column in mojo.inputs) == mojo.features.names


def _list(values: Any) -> list[Any]:
    return [] if values is None else np.asarray(values).tolist()


def _of_rows(column: Any, reference: Rows, span: Span | None) -> Known:
    tally = reference.tallies[column.name]
    missing = tally.missing / tally.rows
    if isinstance(tally, LevelTally):
        return Known(
            rows=int(tally.counts.sum()),
            counts=tally.counts.astype(np.float64),
            missing=missing,
            unseen=tally.unseen / tally.rows,
        )
    if span is None or not tally.count:
        return Known(rows=0, missing=missing)
    numbers = finite(reference.sample.matrix[:, column.feature])
    return Known(
        rows=len(numbers),
        mean=tally.mean,
        scale=tally.deviation,
        counts=counted(numbers, span.edges),
        missing=missing,
        bounded=True,
    )


def counted(numbers: Array, edges: Array) -> Array:
    """Return how many numbers lie in each bin; a bin ends at each edge, which belongs to it."""
    found = np.searchsorted(edges, numbers, side="left")
    return np.bincount(found, minlength=len(edges) + 1).astype(np.float64)


def known_response(mojo: Mojo) -> Known | None:
    """Return what the model knows of the response in training; None for nothing."""
    output = mojo.output
    if isinstance(output, Classification):
        shares = output.prior_class_distrib
        return None if shares is None or not shares.sum() > 0 else Known(counts=shares)
    plain = isinstance(output, Regression) and output.inverse_link is InverseLink.IDENTITY
    if not plain or not isinstance(output, Regression) or not output.standardize:
        return None
    return Known(mean=output.norm_resp_sub, scale=1.0 / output.norm_resp_mul)


def known_predictions(mojo: Mojo, reference: Rows | None) -> tuple[Known, Span | int] | None:
    """Return the predictions of the reference, and the span, or number of labels, to count by.

    Of several classes the labels are counted, of two the probability of the second, else the
    prediction, or the error.
    """
    if reference is None:
        return None
    output = mojo.output
    if isinstance(output, Classification) and output.threshold is None:
        labels = reference.labels
        if labels is None:
            return None
        counts = np.bincount(labels[labels >= 0], minlength=len(output.labels))
        return Known(rows=int(counts.sum()), counts=counts.astype(np.float64)), len(output.labels)
    numbers = finite(reference.predicted[:, -1])
    if not numbers.size:
        return None
    span = Span(edges=_edges(numbers))
    return Known(rows=len(numbers), counts=counted(numbers, span.edges)), span


def tally_of_predictions(rows: Rows, by: Span | int) -> LevelTally | NumberTally:
    """Count the predictions of rows as those of the reference were."""
    if isinstance(by, int):
        tally = LevelTally(levels=by)
        if rows.labels is not None:
            tally.add(np.where(rows.labels < 0, by, rows.labels))
        return tally
    numbers = NumberTally(span=by)
    numbers.add(rows.predicted[:, -1])
    return numbers
