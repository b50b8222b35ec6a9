"""Means and deviations of numbers that come in parts, weighed as H2O weighs them.

Sources: ``water.fvec.RollupStats``, ``water.util.FrameUtils.CalculateWeightMeanSTD``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(kw_only=True, slots=True, eq=False)
class Spread:
    """What mean, standard deviation and standard error of several things are made of.

    Rows without a number, and rows of weight 0, count among ``rows`` alone.

    Attributes:
        rows: number of rows.
        counted: rows that have a number and a weight, of the things' shape, as the others are.
        weight: sum of their weights.
        mean: their weighted mean; 0 where there are none.
        squares: weighted sum of their squared distances from it.
    """

    rows: int
    counted: Array
    weight: Array
    mean: Array
    squares: Array

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> "Spread":
        """Return that of no rows."""
        counted, weight, mean, squares = np.zeros((4, *shape))
        return cls(rows=0, counted=counted, weight=weight, mean=mean, squares=squares)

    @classmethod
    def of(cls, values: Array, weights: Array | None) -> "Spread":
        """Return that of ``(rows, outputs)`` values, for each output.

        Args:
            values: NaN for a row without a number.
            weights: ``(rows,)``; None where all weigh 1.
        """
        there = ~np.isnan(values)
        weighed = there * (np.ones(len(values)) if weights is None else weights)[:, None]
        values = np.where(there, values, 0.0)
        total = weighed.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            mean = np.where(total > 0, (weighed * values).sum(axis=0) / total, 0.0)
            squares = (weighed * (values - mean) ** 2).sum(axis=0)
        counted = np.count_nonzero(weighed, axis=0).astype(np.float64)
        return cls(rows=len(values), counted=counted, weight=total, mean=mean, squares=squares)

    @classmethod
    def stacked(cls, parts: "list[Spread]") -> "Spread":
        """Return that of several things, of the same rows, along a first axis."""
        return cls(
            rows=parts[0].rows,
            counted=np.stack([part.counted for part in parts]),
            weight=np.stack([part.weight for part in parts]),
            mean=np.stack([part.mean for part in parts]),
            squares=np.stack([part.squares for part in parts]),
        )

    def add(self, other: "Spread") -> None:
        """Take further rows."""
        total = self.weight + other.weight
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            share = np.where(other.weight > 0, other.weight / total, 0.0)
            apart = other.mean - self.mean
            self.squares += other.squares + apart**2 * self.weight * share
            self.mean += apart * share
        self.weight = total
        self.counted += other.counted
        self.rows += other.rows

    def figures(self) -> tuple[Array, Array, Array]:
        """Return mean, standard deviation and standard error; NaN where nothing counts."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(self.weight > 0, self.mean, np.nan)
            scale = self.counted / np.maximum(self.counted - 1, 1)
            deviation = np.sqrt(self.squares / self.weight * scale)
        return mean, deviation, deviation / np.sqrt(max(self.rows, 1))
