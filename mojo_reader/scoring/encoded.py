"""``EncodedScorer``: H2O's predictions of rows that are encoded, in NumPy."""

import math
import os
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Classification, InputColumn, Mojo, Reconstruction
from mojo_reader.reader import read_model
from mojo_reader.scoring.doubt import LABEL_MARGINS
from mojo_reader.scoring.encoding import one_hot_slots
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.offsets import checked_shift
from mojo_reader.scoring.options import (
    DType,
    MissingNumber,
    OffsetRule,
    OnOdd,
    RowRules,
    Strictness,
)
from mojo_reader.scoring.prediction import (
    ErrorsOf,
    label_indices,
    reconstruction_error,
    squared_errors,
)
from mojo_reader.scoring.predictor import Predictor
from mojo_reader.scoring.rows import EncodedRows, RowReader
from mojo_reader.scoring.thresholds import labelled_at


class EncodedScorer:
    """Encodes rows, and scores what is encoded; ``Scorer`` takes tables.

    Args:
        mojo: the model, or its file or folder.
        dtype: as ``Scorer`` has it, and so have the others.
        exact: Java's order of operations.
        offset: what the offset column does.
        on_unseen: what becomes of a level that the model does not know.
        on_absent: what becomes of a column that the rows lack.
        threshold: of the second class.

    Raises:
        ValueError: an unknown choice, or ``exact`` with ``float32``.
        MojoUnsupportedError: the model has no offset to add.
    """

    def __init__(  # noqa: PLR0913 - options
        self,
        mojo: Mojo | str | os.PathLike[str],
        *,
        dtype: DType = "float64",
        exact: bool = False,
        offset: OffsetRule = "java",
        on_unseen: OnOdd = "missing",
        on_absent: OnOdd = "missing",
        threshold: float | None = None,
    ) -> None:
        if dtype not in LABEL_MARGINS:
            message = f"expected dtype float64 or float32, found {dtype!r}"
            raise ValueError(message)
        if exact and dtype != "float64":
            message = "exact=True needs dtype float64"
            raise ValueError(message)
        read = mojo if isinstance(mojo, Mojo) else read_model(mojo)
        self.mojo = read if threshold is None else labelled_at(read, threshold)
        self.threshold = threshold
        self.dtype: DType = dtype
        self.exact = exact
        self.rules = RowRules(offset=offset, on_unseen=on_unseen, on_absent=on_absent)
        self._rows = RowReader(self.mojo, self.rules)
        self._predictor = Predictor(self.mojo, dtype, exact=exact)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the model and the choices; the rest is derived again."""
        return _rebuild, (type(self), self.mojo, self._choices())

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._choices().items())
        return f"{type(self).__name__}({self.mojo!r}, {given})"

    def _choices(self) -> dict[str, Any]:
        return {
            "dtype": self.dtype,
            "exact": self.exact,
            "threshold": self.threshold,
            **asdict(self.rules),
        }

    @property
    def row_columns(self) -> tuple[InputColumn, ...]:
        """What a row carries: the model's raw columns, and the offset where it is used."""
        return self._rows.columns

    # ------------------------------------------------------------------ rows in

    def encode_rows(self, table: object, notices: Notices | None = None) -> EncodedRows:
        """Return the row matrix, and beside it the offset where it is used.

        Args:
            table: as for ``encode``.
            notices: what was seen is added here; None to have Python warn of it.

        Raises:
            MojoDataError: a cell has no meaning in its column, or the offset column is absent.
        """
        return self._rows.table(table, notices)

    def encode_batch(
        self, batch: Any, notices: Notices, strictness: Strictness | None = None
    ) -> EncodedRows:
        """Return an Arrow record batch as the model reads it.

        Args:
            batch: a ``pyarrow.RecordBatch``.
            notices: what was seen is added here.
            strictness: what to refuse; None for what the scorer refuses.

        Raises:
            RowError: a cell has no meaning in its column.
            MojoDataError: the offset column is absent.
        """
        return self._rows.batch(batch, notices, strictness)

    # ------------------------------------------------------------------ matrices in

    def hidden_matrix(self, matrix: NDArray[np.float64], layer: int) -> NDArray[np.float64]:
        """Return a hidden layer's outputs for encoded rows, ``(rows, units)`` float64."""
        return self._predictor.hidden(matrix, layer)

    def defined_matrix(
        self, matrix: NDArray[np.float64], *, offset: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Score encoded rows as ``score_matrix`` does, and stop at NaN where Java does.

        Args:
            matrix: ``(rows, n_features)`` float64.
            offset: ``(rows,)`` float64, as for ``score_matrix``.

        Raises:
            RowError: a prediction is NaN; an autoencoder's may be.
        """
        values = self.score_matrix(matrix, offset=offset)
        if not isinstance(self.mojo.output, Reconstruction):
            if len(values) == 1 and all(map(math.isfinite, values[0].tolist())):
                return values  # the same at a tenth of its cost
            broken = np.isnan(values).any(axis=1)
            if broken.any():
                problem = ": the prediction is NaN (the Java scorer stops here too)"
                raise RowError(int(np.argmax(broken)), problem)
        return values

    def score_matrix(
        self, matrix: NDArray[np.float64], *, offset: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Score encoded rows; NaN is returned, not refused.

        Args:
            matrix: ``(rows, n_features)`` float64, as ``encode`` returns it.
            offset: ``(rows,)`` float64, as ``encode_rows`` returns it beside the matrix, where
                the scorer was made to use the offset; else None.

        Returns:
            Probabilities ``(rows, n_classes)``, the response ``(rows, 1)`` in its own units, or
            the reconstruction ``(rows, width)``, all float64.

        Raises:
            ValueError: an offset is needed and not given, or given and not used.
        """
        added = checked_shift(offset, len(matrix), self.mojo, self.rules.offset)
        return self._predictor.values(matrix, added)

    def overflowing(self, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which encoded rows could make a sum overflow, by its order: ``(rows,)`` bool."""
        return self._predictor.overflowing(matrix)

    def label_indices(
        self, probabilities: NDArray[np.float64], matrix: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return the position of each row's label in ``mojo.output.labels``.

        Args:
            probabilities: ``(rows, n_classes)`` float64, as ``score_matrix`` returns them.
            matrix: ``(rows, n_features)`` float64, which breaks exact ties as Java does.

        Raises:
            AttributeError: the model is no classifier.
        """
        output = self.mojo.output
        if not isinstance(output, Classification):
            message = f"a {self.mojo.info.category} model has no labels"
            raise AttributeError(message)  # noqa: TRY004 - what a class without the method raises
        return label_indices(probabilities, matrix, output)

    def anomaly_matrix(
        self, matrix: NDArray[np.float64], *, missing: MissingNumber = "java"
    ) -> NDArray[np.float64]:
        """Return the reconstruction error of encoded rows, ``(rows,)`` float64."""
        return self._errors(reconstruction_error, matrix, missing)

    def squared_errors(
        self, matrix: NDArray[np.float64], *, missing: MissingNumber = "server"
    ) -> NDArray[np.float64]:
        """Return the squared error of encoded rows in each column, ``(rows, width)`` float64."""
        return self._errors(squared_errors, matrix, missing)

    def _errors(
        self, of: ErrorsOf, matrix: NDArray[np.float64], missing: MissingNumber
    ) -> NDArray[np.float64]:
        features = self.mojo.features
        slots = one_hot_slots(matrix, features)
        if missing == "server":
            found = self._predictor.hidden(matrix, len(self.mojo.layers) - 1)
        else:
            found = self.score_matrix(matrix)
        with np.errstate(over="ignore", invalid="ignore"):
            return of(found, slots, matrix, features, missing=missing)


def _rebuild(kind: type[EncodedScorer], mojo: Mojo, choices: dict[str, Any]) -> EncodedScorer:
    return kind(mojo, **choices)
