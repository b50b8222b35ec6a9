"""What a scorer can give, one class for each: its columns, who has it, and how it is computed.

Whoever hands predictions on (tables, batches, files, services) asks these classes alone, so that a
further output is a further class here and a way to choose it in ``Choice``.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Classification, Mojo, Reconstruction, Regression
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import MissingNumber, Only
from mojo_reader.scoring.rows import EncodedRows

ERROR_COLUMN: Final = "Reconstruction.MSE"
#: What the numbers of a prediction are called together; a response's column has its own name.
_BLOCKS: Final = {
    Classification: "probabilities",
    Regression: None,
    Reconstruction: "reconstruction",
}
_BY_POSITION: Final = {
    Classification: "predict_proba",
    Regression: "score_matrix",
    Reconstruction: "reconstruct",
}
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Predictions:
    """What was computed for some rows, as numbers.

    Attributes:
        labels: ``(rows,)`` int64 positions of labels, -1 for none; None where not chosen.
        values: ``(rows, columns)`` float64, one column for each name that is no label.
    """

    labels: NDArray[np.int64] | None
    values: Array


class ScorerOutput(ABC):
    """One thing that a scorer can give."""

    __slots__ = ()

    @abstractmethod
    def problem(self, mojo: Mojo) -> str | None:
        """Say why the model has it not, None where it has it."""

    @abstractmethod
    def columns(self, mojo: Mojo) -> tuple[str, ...]:
        """Return the names of its columns, H2O's own."""

    @abstractmethod
    def made(self, scorer: EncodedScorer, rows: EncodedRows, notices: Notices) -> Predictions:
        """Compute it.

        Args:
            scorer: the model's scorer.
            rows: as ``EncodedScorer.encode_rows`` or ``encode_batch`` returns them.
            notices: rows without a prediction are counted here.

        Raises:
            RowError: a prediction is NaN, and not allowed to be.
        """

    @abstractmethod
    def told_by(self, header: Sequence[str], mojo: Mojo) -> bool:
        """Say whether a file of scores with these column names holds it."""

    @abstractmethod
    def by_position(self, mojo: Mojo) -> str:
        """Say what gives it by position, for where two of its columns have one name."""

    def labelled(self, mojo: Mojo) -> bool:
        """Say whether the first of its columns is the label; the others are numbers."""
        return False

    def block(self, mojo: Mojo) -> str | None:
        """Return what its columns of numbers are called together; None for a single number."""
        return None

    def check(self, mojo: Mojo) -> None:
        """Require that the model has it.

        Raises:
            MojoUnsupportedError: it has it not.
        """
        problem = self.problem(mojo)
        if problem is not None:
            raise MojoUnsupportedError(problem)


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicted(ScorerOutput):
    """H2O's prediction: label and probabilities, the response, or the reconstruction.

    Attributes:
        only: ``label`` or ``proba`` alone for classes; None for both.
        nan_is_missing: count a prediction that is NaN, which has no label, instead of raising.
    """

    only: Only | None = None
    nan_is_missing: bool = False

    def problem(self, mojo: Mojo) -> str | None:
        """Say why the model has it not."""
        if self.only is None or isinstance(mojo.output, Classification):
            return None
        return f"a {mojo.info.category} model has no labels and no probabilities to choose from"

    def columns(self, mojo: Mojo) -> tuple[str, ...]:
        """Return H2O's output columns."""
        names = mojo.output.columns
        return {None: names, "label": names[:1], "proba": names[1:]}[self.only]

    def labelled(self, mojo: Mojo) -> bool:
        """Say whether the label is given."""
        return isinstance(mojo.output, Classification) and self.only != "proba"

    def block(self, mojo: Mojo) -> str | None:
        """Return ``probabilities`` or ``reconstruction``; None for a response."""
        return _BLOCKS[type(mojo.output)]

    def by_position(self, mojo: Mojo) -> str:
        """Say what gives it by position."""
        calls = _BY_POSITION[type(mojo.output)]
        return f"take predict, {calls}, score_matrix or score_batches, which go by position"

    def told_by(self, header: Sequence[str], mojo: Mojo) -> bool:
        """Take every file for predictions that is nothing else."""
        return True

    def made(self, scorer: EncodedScorer, rows: EncodedRows, notices: Notices) -> Predictions:
        """Score rows."""
        score = scorer.score_matrix if self.nan_is_missing else scorer.defined_matrix
        values = score(rows.matrix, offset=rows.offset)
        labels = None
        if self.labelled(scorer.mojo):
            labels = scorer.label_indices(values, rows.matrix)
        if self.nan_is_missing and not isinstance(scorer.mojo.output, Reconstruction):
            labels = _without_undefined(values, labels, notices)
        return Predictions(labels=labels, values=values[:, :0] if self.only == "label" else values)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Errors(ScorerOutput):
    """An autoencoder's errors.

    Attributes:
        missing: what a missing number does there; None for the rule of who gives the errors.
    """

    missing: MissingNumber | None = None

    def problem(self, mojo: Mojo) -> str | None:
        """Say why the model has it not."""
        if isinstance(mojo.output, Reconstruction):
            return None
        return f"a {mojo.info.category} model has no reconstruction error"

    def by_position(self, mojo: Mojo) -> str:
        """Say what gives it by position."""
        return "take Scorer.anomaly, which goes by position"


@dataclass(frozen=True, kw_only=True, slots=True)
class RowErrors(_Errors):
    """An autoencoder's ``Reconstruction.MSE``; by default with Java's rule for missing numbers."""

    def columns(self, mojo: Mojo) -> tuple[str, ...]:
        """Return the one column's name."""
        return (ERROR_COLUMN,)

    def told_by(self, header: Sequence[str], mojo: Mojo) -> bool:
        """Say whether the file has this one column."""
        return list(header) == [ERROR_COLUMN]

    def made(self, scorer: EncodedScorer, rows: EncodedRows, notices: Notices) -> Predictions:
        """Compute the error of each row."""
        del notices
        error = scorer.anomaly_matrix(rows.matrix, missing=self.missing or "java")
        return Predictions(labels=None, values=error[:, None])


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnErrors(_Errors):
    """An autoencoder's squared error in each column, which only H2O's server has."""

    def columns(self, mojo: Mojo) -> tuple[str, ...]:
        """Return ``reconstr_COL.SE`` of each column."""
        return tuple(f"{column}.SE" for column in mojo.output.columns)

    def block(self, mojo: Mojo) -> str | None:
        """Return what the errors are called together."""
        return "squared_errors"

    def told_by(self, header: Sequence[str], mojo: Mojo) -> bool:
        """Say whether the file has one of the columns."""
        return self.problem(mojo) is None and bool(set(header) & set(self.columns(mojo)))

    def made(self, scorer: EncodedScorer, rows: EncodedRows, notices: Notices) -> Predictions:
        """Compute the error of each row in each column."""
        del notices
        errors = scorer.squared_errors(rows.matrix, missing=self.missing or "server")
        return Predictions(labels=None, values=errors)


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenLayer(ScorerOutput):
    """A hidden layer's outputs (``h2o.deepfeatures``).

    Attributes:
        layer: 0 for the first.
    """

    layer: int

    def problem(self, mojo: Mojo) -> str | None:
        """Say why the model has it not."""
        hidden = len(mojo.layers) - 1
        if 0 <= self.layer < hidden:
            return None
        have = f"from 0 to {hidden - 1}" if hidden else "but there is none"
        return f"expected a hidden layer {have}, found {self.layer}"

    def columns(self, mojo: Mojo) -> tuple[str, ...]:
        """Return ``DF.L1.C1`` and so on, which count from 1."""
        units = mojo.layers[self.layer].units
        return tuple(f"DF.L{self.layer + 1}.C{unit}" for unit in range(1, units + 1))

    def block(self, mojo: Mojo) -> str | None:
        """Return the layer's name."""
        return f"DF.L{self.layer + 1}"

    def by_position(self, mojo: Mojo) -> str:
        """Say what gives it by position."""
        return "take Scorer.hidden, which goes by position"

    def told_by(self, header: Sequence[str], mojo: Mojo) -> bool:
        """Say whether the file starts with the layer's first unit."""
        return bool(header) and header[0] == self.columns(mojo)[0]

    def made(self, scorer: EncodedScorer, rows: EncodedRows, notices: Notices) -> Predictions:
        """Compute the layer."""
        del notices
        return Predictions(labels=None, values=scorer.hidden_matrix(rows.matrix, self.layer))


def output_of(
    header: Sequence[str], mojo: Mojo, *, missing: MissingNumber | None = None
) -> ScorerOutput:
    """Tell what a file of H2O's scores holds by its header.

    Raises:
        MojoUnsupportedError: the model has no errors, which the file or the rule is about.
    """
    found = next(output for output in _outputs(mojo, missing) if output.told_by(header, mojo))
    if missing is not None:
        RowErrors(missing=missing).check(mojo)
    found.check(mojo)
    return found


def _outputs(mojo: Mojo, missing: MissingNumber | None) -> Iterator[ScorerOutput]:
    yield ColumnErrors(missing=missing)
    yield RowErrors(missing=missing)
    for layer in range(len(mojo.layers) - 1):
        yield HiddenLayer(layer=layer)
    yield Predicted(nan_is_missing=True)


def label_texts(labels: NDArray[np.int64], mojo: Mojo) -> NDArray[np.object_]:
    """Return the texts of labels by their positions, ``(rows,)`` objects; None for -1."""
    texts = getattr(mojo.output, "labels", ())
    return np.array([*texts, None], object)[labels]


def _without_undefined(
    values: Array, labels: NDArray[np.int64] | None, notices: Notices
) -> NDArray[np.int64] | None:
    undefined = np.isnan(values).any(axis=1)
    if not undefined.any():
        return labels
    notices.nan += int(np.count_nonzero(undefined))
    return None if labels is None else np.where(undefined, -1, labels)
