"""What the kinds of models hand to the page's section "How well it does"."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import Performance

from .rows import Rows

Array = NDArray[np.float64]
#: SVG, and a sentence of what it means.
Chart = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table of the page.

    Attributes:
        caption: what it is of.
        headings: of the columns.
        rows: texts; the first of a row is its heading.
        said: a sentence of what it means.
        folded: it stands folded.
        texts: places of columns that hold words and not numbers.
    """

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    said: str = ""
    folded: bool = False
    texts: Sequence[int] = (0,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusion:
    """Actual classes by predicted ones.

    Attributes:
        labels: of the classes.
        rows: for each class its cells and the share of the class's rows in each, in percent.
        wrong: for each class the share of its rows that have another label, in percent.
    """

    labels: Sequence[str]
    rows: Sequence[Sequence[tuple[str, str]]]
    wrong: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Part:
    """What a kind of model shows of labelled rows."""

    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    confusion: Confusion | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Measured:
    """Rows that are measured, with H2O's metrics of them.

    Attributes:
        values: ``(rows, outputs)``.
        labels: ``(rows,)``; None where there are no classes.
        response: ``(rows,)``; of an autoencoder 0.
        weights: ``(rows,)`` above 0.
        known: ``(scored,)``, which of the page's rows they are.
        found: the metrics.
    """

    values: Array
    labels: NDArray[np.int64] | None
    response: Array
    weights: Array
    known: NDArray[np.bool_]
    found: Performance

    @classmethod
    def of(cls, rows: Rows, values: Array, found: Performance) -> "Measured":
        """Return the rows that ``found`` is of."""
        weights = np.ones(len(values)) if rows.weights is None else rows.weights
        known = np.isfinite(values).all(axis=1) & (weights > 0)
        if rows.response is not None:
            known &= np.isfinite(rows.response)
        response = np.zeros(len(values)) if rows.response is None else rows.response
        return cls(
            values=values[known],
            labels=None if rows.labels is None else rows.labels[known],
            response=response[known],
            weights=weights[known],
            known=known,
            found=found,
        )

    def sampled(self, rows: Rows, of_rows: Array) -> tuple[Array, Array]:
        """Return numbers and weights of the rows that the page keeps cell by cell.

        Args:
            rows: the page's rows.
            of_rows: ``(rows,)`` of those that are measured.

        Returns:
            ``(cells,)`` each; NaN and 0 where a row is not measured.
        """
        values, weights = np.full(len(self.known), np.nan), np.zeros(len(self.known))
        values[self.known], weights[self.known] = of_rows, self.weights
        return values[rows.sampled], weights[rows.sampled]


def some(count: int, most: int) -> NDArray[np.int64]:
    """Return positions of rows that a chart shows, evenly spread."""
    return np.linspace(0, count - 1, min(most, count)).astype(np.int64)


def some_words(shown: int, count: int) -> str:
    """Say how many rows a chart shows, where they are not all."""
    return f" Shown: {shown:,} of {count:,} rows." if shown < count else ""
