"""Which predictions to give, and their columns by H2O's names."""

import dataclasses
from dataclasses import dataclass
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Classification, Mojo, Reconstruction
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.prediction import MISSING_NUMBERS, MissingNumber
from mojo_reader.scoring.problems import layer_problem, threshold_problem
from mojo_reader.scoring.rows import EncodedRows

__all__ = ["Choice"]

ERROR_COLUMN: Final = "Reconstruction.MSE"
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which predictions to give.

    Attributes:
        only: ``label`` or ``proba`` alone for classes; None for both.
        reconstruction_error: an autoencoder's error instead of its reconstruction.
        per_feature: an autoencoder's squared error in each of its columns instead
            (``h2o.anomaly(per_feature=True)``).
        missing: what a missing number does to an autoencoder's error: ``java`` makes it NaN,
            ``server`` takes it as the mean. None for ``java`` in a row's error, and for
            ``server`` in the columns' errors, which the Java scorer does not have.
        layer: a hidden layer's outputs instead, 0 for the first.
        nan_is_missing: give null for a prediction that is NaN instead of raising.
    """

    only: Literal["label", "proba"] | None = None
    reconstruction_error: bool = False
    per_feature: bool = False
    missing: MissingNumber | None = None
    layer: int | None = None
    nan_is_missing: bool = False

    def check(self, mojo: Mojo) -> None:
        """Require that the model has what is chosen.

        Raises:
            MojoUnsupportedError: it has not.
            ValueError: there is no such rule for missing numbers.
        """
        category = mojo.info.category
        if self.only is not None and not isinstance(mojo.output, Classification):
            message = f"a {category} model has no labels and no probabilities to choose from"
            raise MojoUnsupportedError(message)
        of_errors = self.reconstruction_error or self.per_feature or self.missing is not None
        if of_errors and not isinstance(mojo.output, Reconstruction):
            message = f"a {category} model has no reconstruction error"
            raise MojoUnsupportedError(message)
        if self.missing is not None and self.missing not in MISSING_NUMBERS:
            known = " or ".join(map(repr, MISSING_NUMBERS))
            message = f"expected missing={known}, found {self.missing!r}"
            raise ValueError(message)
        if self.layer is not None and (problem := layer_problem(mojo, self.layer)):
            raise MojoUnsupportedError(problem)

    def columns(self, mojo: Mojo) -> tuple[str, ...]:
        """Return the names of the output columns, H2O's own."""
        if self.layer is not None:
            units = mojo.layers[self.layer].units
            return tuple(f"DF.L{self.layer + 1}.C{unit}" for unit in range(1, units + 1))
        if self.per_feature:
            return tuple(f"{column}.SE" for column in mojo.output.columns)
        if self.reconstruction_error:
            return (ERROR_COLUMN,)
        if self.only == "label":
            return mojo.output.columns[:1]
        if self.only == "proba":
            return mojo.output.columns[1:]
        return mojo.output.columns


@dataclass(frozen=True, kw_only=True, slots=True)
class Predictions:
    """Predictions of some rows, as numbers.

    Attributes:
        labels: ``(rows,)`` int64 positions of labels, -1 for none; None where not chosen.
        values: ``(rows, columns)`` float64, one column for each name that is no label.
    """

    labels: NDArray[np.int64] | None
    values: Array


def check_threshold(mojo: Mojo, threshold: float) -> None:
    """Require a model with a threshold, and one that it can have.

    Raises:
        MojoUnsupportedError: the model has not two classes, or the threshold is no probability.
    """
    if not isinstance(mojo.output, Classification) or mojo.output.threshold is None:
        message = f"a {mojo.info.category} model has no threshold"
        raise MojoUnsupportedError(message)
    problem = threshold_problem(threshold)
    if problem is not None:
        raise MojoUnsupportedError(problem)


def with_threshold(mojo: Mojo, threshold: float) -> Mojo:
    """Return the model with another threshold for the second class, for scoring alone.

    Raises:
        MojoUnsupportedError: the model has not two classes, or the threshold is no probability.
    """
    check_threshold(mojo, threshold)
    output = cast("Classification", mojo.output)
    return dataclasses.replace(mojo, output=dataclasses.replace(output, threshold=threshold))


def predictions(
    scorer: EncodedScorer, rows: EncodedRows, choice: Choice, notices: Notices
) -> Predictions:
    """Score encoded rows.

    Args:
        scorer: the model's scorer.
        rows: as ``EncodedScorer.encode_rows`` or ``encode_batch`` returns them.
        choice: what to give.
        notices: rows without a prediction are counted here.

    Raises:
        RowError: a prediction is NaN, and not allowed to be.
    """
    matrix = rows.matrix
    if choice.layer is not None:
        return Predictions(labels=None, values=scorer.hidden_matrix(matrix, choice.layer))
    if choice.per_feature:
        errors = scorer.squared_errors(matrix, missing=choice.missing or "server")
        return Predictions(labels=None, values=errors)
    if choice.reconstruction_error:
        error = scorer.anomaly_matrix(matrix, missing=choice.missing or "java")
        return Predictions(labels=None, values=error[:, None])
    score = scorer.score_matrix if choice.nan_is_missing else scorer.defined_matrix
    values = score(matrix, offset=rows.offset)
    labels = None
    if isinstance(scorer.mojo.output, Classification) and choice.only != "proba":
        labels = scorer.label_indices(values, matrix)
    if choice.nan_is_missing and not isinstance(scorer.mojo.output, Reconstruction):
        labels = _without_undefined(values, labels, notices)
    return Predictions(labels=labels, values=values[:, :0] if choice.only == "label" else values)


def _without_undefined(
    values: Array, labels: NDArray[np.int64] | None, notices: Notices
) -> NDArray[np.int64] | None:
    undefined = np.isnan(values).any(axis=1)
    if not undefined.any():
        return labels
    notices.nan += int(np.count_nonzero(undefined))
    return None if labels is None else np.where(undefined, -1, labels)
