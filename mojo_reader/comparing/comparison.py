"""How far an emitted model is from the float64 scorer, and whether that is near enough.

All tolerances are relative to ``1 + |value|``. A float64 model has to be within 1e-9 of the
scorer. A float32 model reads rounded rows, so it has to be within ``1e-5 + |S(x) - S(x32)|``
(that difference allows its own rounding, too), where ``S`` is the scorer and ``x32`` the row
rounded to float32.

Three kinds of rows are *beyond* that, and counted with the columns to blame:

* an input column that the type cannot hold: the second term is above 1e-5;
* an output column that the type cannot compute: the difference is no larger than what rounding
  inside the network does. It shows where large numbers cancel, as in a response with a deviation
  of 10,000 that comes near 0. Networks whose weights are moved by a step of the type tell;
* a number near the end of float64's range, 1e300: a sum overflows or not by the order in which it
  is added up, and only the scorer adds in H2O's.

Where a label hangs by less than the model's precision the row is *undecided*; on all others the
label has to be H2O's.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.blame import Blame, rounded_to_float32
from mojo_reader.comparing.rounding import RoundingNoise
from mojo_reader.comparing.tally import Tally, distances
from mojo_reader.comparing.unscaled import Unscaled
from mojo_reader.comparing.worst_rows import (
    Array,
    WorstRow,
    absolute_difference,
    relative_difference,
)
from mojo_reader.model import Classification
from mojo_reader.scoring.prediction import undecided
from mojo_reader.scoring.scorer import Scorer

__all__ = ["Comparer", "Comparison", "Expected", "OutputOff", "Tolerance"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tolerance:
    """What one type of numbers allows.

    Attributes:
        value: largest difference, relative to ``1 + |value|``.
        label: a row whose label hangs by at most this is undecided.
    """

    value: float
    label: float


TOLERANCES: Final[Mapping[str, Tolerance]] = {
    "float32": Tolerance(value=1e-5, label=1e-5),
    "float64": Tolerance(value=1e-9, label=1e-10),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputOff:
    """An output beside the predictions that is not what it should be.

    Attributes:
        name: of the output.
        rows: number of rows where it is off.
        largest: largest difference over ``1 + |expected|``.
    """

    name: str
    rows: int
    largest: float


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Comparison:
    """The verdict on a model.

    Attributes:
        dtype: type of the model's numbers.
        rows: number of rows compared.
        max_abs: largest absolute difference, rows beyond the type's precision apart.
        max_rel: largest difference over ``1 + |expected|``, these rows apart.
        off: rows with a value outside the tolerance.
        labels_equal: rows with H2O's label; 0 for a model without labels.
        labels_off: rows with another label that are neither undecided nor beyond.
        undecided: rows whose label hangs by less than the model's precision.
        beyond: rows that are beyond the type's precision.
        beyond_columns: names of the columns to blame: features, or the response.
        undefined: rows for which H2O itself has no number (NaN); not compared there.
        worst: the rows with the largest differences, the largest first; rows count from 0.
        decades: number of rows by the power of ten of their largest relative difference.
        seconds: time that the model took to predict.
        seed: of the rows that were made, None for given rows.
        unscaled: of made rows, where the model does not tell the scale of its numbers.
        budget: what the number of made rows is bounded by; None for given rows.
        outputs_off: outputs beside the predictions that are off, such as an autoencoder's error.
    """

    dtype: str
    rows: int
    max_abs: float
    max_rel: float
    off: int
    labels_equal: int
    labels_off: int
    undecided: int
    beyond: int
    beyond_columns: tuple[str, ...]
    undefined: int
    worst: tuple[WorstRow, ...]
    decades: Mapping[int, int]
    seconds: float
    seed: int | None
    unscaled: Unscaled | None = None
    outputs_off: tuple[OutputOff, ...] = ()
    budget: Mapping[str, int] | None = None

    @property
    def passed(self) -> bool:
        """Whether the model predicts the reference's numbers, on at least one row."""
        off = self.off or self.labels_off or self.outputs_off
        return self.rows > self.undefined and not off

    @property
    def failure(self) -> str:
        """What is off, for a message; of use where the model did not pass."""
        parts = []
        if self.off:
            column = f" (most in {self.worst[0].column!r})" if self.worst else ""
            rows = f"{self.off} of {self.rows} rows off by up to {self.max_rel:.3g} (relative)"
            parts.append(f"{rows}{column}")
        parts += [
            f"{found.name!r} off on {found.rows} of {self.rows} rows by up to {found.largest:.3g} "
            "(relative)"
            for found in self.outputs_off
        ]
        if self.labels_off:
            parts.append(f"{self.labels_off} labels off")
        return ", ".join(parts) or f"none of {self.rows} rows can be compared"

    def __repr__(self) -> str:
        return f"<Comparison: {self.summary}>"

    @property
    def summary(self) -> str:
        """The verdict and its main figures in one line."""
        if not self.passed:
            return f"{self.dtype}, failed: {self.failure}"
        counts = {
            "labels equal": self.labels_equal,
            "labels undecided": self.undecided,
            f"rows beyond {self.dtype}": self.beyond,
            "rows that H2O cannot score": self.undefined,
        }
        said = [f"{name} {count:,}" for name, count in counts.items() if count]
        return ", ".join(
            [
                f"{self.dtype}, passed: {self.rows:,} rows",
                f"largest difference {self.max_abs:.3g}",
                *said,
            ]
        )

    def as_dict(self) -> dict[str, Any]:
        """Return everything, the verdict too, for JSON, where rows count from 1."""
        worst = [row.as_dict() for row in self.worst]
        return {**asdict(self), "worst": worst, "passed": self.passed}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Expected:
    """H2O's own scores of some rows.

    Attributes:
        values: ``(rows, outputs)`` float64, in the order of the model's outputs.
        labels: ``(rows,)`` int64, positions of the labels; None for a model without.
    """

    values: Array
    labels: NDArray[np.int64] | None

    def block(self, start: int, stop: int) -> "Expected":
        """Return the scores of some of the rows."""
        labels = None if self.labels is None else self.labels[start:stop]
        return Expected(values=self.values[start:stop], labels=labels)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Block:
    """Some rows and what is known of their scores.

    Attributes:
        matrix: ``(rows, n_features)``, the rows.
        scored: ``(rows, outputs)``, the float64 scorer's values.
        reference: ``(rows, outputs)``, what the model is compared with.
        found: ``(rows, outputs)``, what the model predicts.
        excess: ``(rows, outputs)``, what rounding the rows to the model's type does to the score.
    """

    matrix: Array
    scored: Array
    reference: Array
    found: Array
    excess: Array

    @property
    def of_the_scorer(self) -> bool:
        """Whether the model is compared with the scorer, not with H2O's own scores."""
        return self.reference is self.scored


class Comparer:
    """Compares a model's predictions with the scorer's, block by block.

    Args:
        scorer: the float64 reference.
        dtype: type of the model's numbers, ``float32`` or ``float64``.
    """

    def __init__(self, scorer: Scorer, dtype: str) -> None:
        self._scorer = scorer
        self._dtype = dtype
        self._tolerance = TOLERANCES[dtype]
        self._counts = dict.fromkeys(
            ("labels_equal", "labels_off", "undecided", "beyond", "undefined"), 0
        )
        self._noise = RoundingNoise(scorer.mojo, dtype)
        self._blame = Blame(scorer, TOLERANCES["float32"].value)
        outputs = scorer.mojo.layers[-1].units
        self._tally = Tally(scorer.mojo.output.columns[-outputs:])

    def add(self, matrix: Array, found: NDArray[Any], *, expected: Expected | None = None) -> Array:
        """Compare a block of rows.

        Args:
            matrix: ``(rows, n_features)`` float64, the rows.
            found: ``(rows, outputs)``, what the model predicts.
            expected: what it should predict; None for what the scorer does.

        Returns:
            ``(rows,)``, each row's largest relative difference, rows beyond the type's precision
            included; 0 where H2O itself has no number.

        Raises:
            ValueError: the shapes differ.
        """
        scored = self._scorer.score_matrix(matrix)
        reference = scored if expected is None else expected.values
        if found.shape != reference.shape:
            message = f"expected predictions of shape {reference.shape}, found {found.shape}"
            raise ValueError(message)
        block = _Block(
            matrix=matrix,
            scored=scored,
            reference=reference,
            found=found.astype(np.float64),
            excess=self._excess(matrix, scored),
        )
        beyond = self._unheld(block) | self._compare_values(block)
        if isinstance(self._scorer.mojo.output, Classification):
            self._compare_labels(block, beyond, None if expected is None else expected.labels)
        self._counts["beyond"] += int(beyond.sum())
        return _by_row(block)

    def result(self, *, seconds: float = 0.0, seed: int | None = None) -> Comparison:
        """Return the verdict on all rows added."""
        counts: dict[str, Any] = dict(self._counts)
        return Comparison(
            **counts,
            dtype=self._dtype,
            rows=self._tally.rows,
            off=self._tally.rows_off,
            max_abs=float(self._tally.max_abs.max(initial=0.0)),
            max_rel=float(self._tally.max_rel.max(initial=0.0)),
            beyond_columns=self._blame.columns(),
            worst=self._tally.worst(),
            decades=self._tally.decades(),
            seconds=seconds,
            seed=seed,
        )

    def _excess(self, matrix: Array, scored: Array) -> Array:
        """What rounding the row to the model's type does to the score, ``(rows, outputs)``."""
        if self._dtype == "float64":
            return np.zeros_like(scored)
        return absolute_difference(self._scorer.score_matrix(rounded_to_float32(matrix)), scored)

    def _unheld(self, block: _Block) -> Mask:
        """Return which rows the type cannot hold, ``(rows,)``, and blame their columns."""
        unheld = _any(~(block.excess <= self._allowed(block.scored)), axis=1)
        self._blame.inputs(block.matrix[unheld], block.scored[unheld])
        return unheld

    def _compare_values(self, block: _Block) -> Mask:
        """Count rows that are off, and return which the type cannot compute, ``(rows,)``."""
        difference = absolute_difference(block.found, block.reference)
        defined = ~np.isnan(block.reference)
        # Where the row is rounded far, the score that is rounded is the rounded row's.
        allowed = self._allowed(block.reference) + (1 + self._tolerance.value) * block.excess
        outside = defined & ~np.isnan(block.excess) & ~(difference <= allowed)
        off = outside.copy()
        rows = np.flatnonzero(_any(outside, axis=1))
        noise = self._rounding_noise(block.matrix[rows], block.scored[rows])
        off[rows] &= ~(difference[rows] <= block.excess[rows] + noise)
        if block.of_the_scorer and rows.size:
            overflowing = rows[self._scorer.overflowing(block.matrix[rows])]
            off[overflowing] = False
            self._blame.inputs(block.matrix[overflowing], block.scored[overflowing])
            rows = np.setdiff1d(rows, overflowing)
        self._blame.outputs(_any((outside & ~off)[rows], axis=0))
        uncomputed = _any(outside & ~off, axis=1)
        self._counts["undefined"] += int(_any(~defined, axis=1).sum())
        # What is not a number differs by more than any number does.
        difference[np.isnan(difference)] = np.inf
        exempt = _any(~(block.excess <= self._allowed(block.scored)), axis=1) | uncomputed
        difference[~defined | (exempt[:, np.newaxis] & ~off)] = 0.0
        self._tally.add(
            expected=block.reference,
            found=block.found,
            difference=difference,
            relative=relative_difference(difference, block.reference),
            off=off,
        )
        return uncomputed

    def _rounding_noise(self, matrix: Array, scored: Array) -> Array:
        """What rounding in the network does to the rows as they are, or as the type holds them."""
        noise = self._noise.of(matrix, scored)
        if self._dtype == "float64":
            return noise
        held = rounded_to_float32(matrix)
        return np.maximum(noise, self._noise.of(held, self._scorer.score_matrix(held)))

    def _allowed(self, values: Array) -> Array:
        return np.asarray(self._tolerance.value * (1.0 + np.abs(values)))

    def _compare_labels(
        self, block: _Block, beyond: Mask, labels: NDArray[np.int64] | None
    ) -> None:
        output = self._scorer.mojo.output
        if not isinstance(output, Classification):
            return
        if labels is None:
            labels = self._scorer.label_indices(block.reference, block.matrix)
        equal = self._scorer.label_indices(block.found, block.matrix) == labels
        hanging = undecided(block.scored, output, self._tolerance.label)
        self._counts["labels_equal"] += int(equal.sum())
        self._counts["labels_off"] += int((~equal & ~hanging & ~beyond).sum())
        self._counts["undecided"] += int(hanging.sum())


def _by_row(block: _Block) -> Array:
    _, relative = distances(block.found, block.reference)
    relative[np.isnan(block.reference)] = 0.0
    return np.asarray(relative.max(axis=1, initial=0.0))


def _any(mask: Mask, *, axis: int) -> Mask:
    return np.asarray(mask.any(axis=axis))
