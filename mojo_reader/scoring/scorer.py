"""``Scorer``: H2O's predictions in NumPy."""

from dataclasses import asdict
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Classification, InputColumn, Mojo, Reconstruction
from mojo_reader.resolving.equal_names import require_distinct
from mojo_reader.scoring.cells import RowError
from mojo_reader.scoring.doubt import LABEL_MARGINS
from mojo_reader.scoring.encoding import Strictness, one_hot_slots
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.offsets import OffsetRule, checked_shift
from mojo_reader.scoring.prediction import (
    ErrorsOf,
    MissingNumber,
    label_indices,
    reconstruction_error,
    squared_errors,
)
from mojo_reader.scoring.predictor import Predictor
from mojo_reader.scoring.problems import layer_problem
from mojo_reader.scoring.row_warnings import MissingColumnWarning, UnseenLevelWarning
from mojo_reader.scoring.rows import EncodedRows, OnOdd, RowReader, RowRules

__all__ = ["DType", "EncodedRows", "MissingColumnWarning", "Scorer", "UnseenLevelWarning"]

DType = Literal["float64", "float32"]


class Scorer:
    r"""Scores rows as H2O's Java scorer does.

    A row's label, its NaN or its refusal never depends on the rows beside it; its numbers by at
    most 1e-12 (relative to 1 + \|value\|) in ``float64``, and not at all with ``exact``.

    Safe to share among threads; pickles.

    Args:
        mojo: the model.
        dtype: ``float64`` equals Java within 1e-10 (relative to 1 + \|value\|); ``float32`` is
            faster, and within 1e-5 and what rounding inside the network does: the contract of
            emitted models (``mojo_reader.comparing.comparison``). Labels are Java's in both.
        exact: follow Java's order of operations for every value, not only where a label hangs
            by a thread. Slow; for audits. Needs ``float64``.
        offset: ``java``: the offset column is not used, as in H2O's Java scorer; ``server``: it
            is added where it is above 0, as H2O's server adds it; ``always``: it is added in
            every row that has one.
        on_unseen: take a level that the model does not know as ``missing`` (``UnseenLevelWarning``
            says so), or raise (``error``).
        on_absent: take a column that the rows lack as ``missing`` (``MissingColumnWarning`` says
            so), or raise (``error``).

    Raises:
        ValueError: an unknown choice, or ``exact`` with ``float32``.
        MojoUnsupportedError: the model has no offset to add.
    """

    def __init__(  # noqa: PLR0913 - options
        self,
        mojo: Mojo,
        *,
        dtype: DType = "float64",
        exact: bool = False,
        offset: OffsetRule = "java",
        on_unseen: OnOdd = "missing",
        on_absent: OnOdd = "missing",
    ) -> None:
        if dtype not in LABEL_MARGINS:
            message = f"expected dtype float64 or float32, found {dtype!r}"
            raise ValueError(message)
        if exact and dtype != "float64":
            message = "exact=True needs dtype float64"
            raise ValueError(message)
        self.mojo = mojo
        self.dtype: DType = dtype
        self.exact = exact
        self.rules = RowRules(offset=offset, on_unseen=on_unseen, on_absent=on_absent)
        self._rows = RowReader(mojo, self.rules)
        self._predictor = Predictor(mojo, dtype, exact=exact)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the model and the choices; the rest is derived again."""
        return _rebuild, (self.mojo, self.dtype, self.exact, self.rules)

    @property
    def row_columns(self) -> tuple[InputColumn, ...]:
        """What a row carries: the model's raw columns, and the offset where it is used."""
        return self._rows.columns

    # ------------------------------------------------------------------ tables in

    def encode(self, table: object) -> NDArray[np.float64]:
        """Return the row matrix: the model's columns in ``[columns]`` order.

        Args:
            table: a mapping of column to values, a list of row mappings, a pandas frame, or
                anything with ``__arrow_c_stream__``.

        Returns:
            ``(rows, n_features)`` float64: codes for categorical columns, numbers for others,
            NaN for missing.

        Raises:
            MojoDataError: a cell has no meaning in its column.
        """
        return self._rows.matrix(table)

    def encode_rows(self, table: object, notices: Notices | None = None) -> EncodedRows:
        """Return the row matrix, and beside it the offset where it is used.

        Args:
            table: as for ``encode``.
            notices: what was seen is added here; None to have Python warn of it.

        Raises:
            MojoDataError: a cell has no meaning in its column, or the offset column is absent.
        """
        return self._rows.table(table, notices)

    def predict(self, table: object) -> NDArray[Any]:
        """Return the prediction.

        Returns:
            For classes, ``(rows,)`` objects: level texts. For regression ``(rows,)`` float64.
            For an autoencoder ``(rows, width)`` float64, the reconstruction.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
        """
        rows = self.encode_rows(table)
        values = self.defined_matrix(rows.matrix, offset=rows.offset)
        output = self.mojo.output
        if isinstance(output, Classification):
            return self._label_texts(values, rows.matrix, output)
        return values if isinstance(output, Reconstruction) else values[:, 0]

    @property
    def predict_proba(self) -> Any:
        """Return the method that gives class probabilities ``(rows, n_classes)``, domain order.

        Raises:
            AttributeError: the model is no classifier.
        """
        if not isinstance(self.mojo.output, Classification):
            message = f"a {self.mojo.info.category} model has no predict_proba"
            raise AttributeError(message)  # noqa: TRY004 - what a class without the method raises
        return self._predict_proba

    def _predict_proba(self, table: object) -> NDArray[np.float64]:
        return self.defined_matrix(self.encode(table))

    def score(self, table: object) -> dict[str, NDArray[Any]]:
        """Return H2O's output columns by H2O's names, in H2O's order.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
            MojoUnsupportedError: H2O gives two columns one name, which a mapping cannot hold.
        """
        rows = self.encode_rows(table)
        return self.output_columns(rows.matrix, offset=rows.offset)

    def reconstruct(self, table: object) -> NDArray[np.float64]:
        """Return an autoencoder's reconstruction.

        Returns:
            ``(rows, width)`` float64, in the order of ``mojo.output.columns``.

        Raises:
            AttributeError: the model is no autoencoder.
        """
        self._require_autoencoder("reconstruct")
        return self.score_matrix(self.encode(table))

    def anomaly(
        self, table: object, *, missing: MissingNumber | None = None, per_feature: bool = False
    ) -> NDArray[np.float64]:
        """Return an autoencoder's reconstruction error (H2O's ``Reconstruction.MSE``).

        Args:
            table: the rows.
            missing: what a missing number does: makes the error NaN (``java``), or counts as the
                mean (``server``). None for ``java`` in a row's error, and for ``server`` in the
                columns' errors, which only the server has.
            per_feature: give the squared error in each column, as
                ``h2o.anomaly(per_feature=True)`` does, instead of their mean.

        Returns:
            ``(rows,)`` float64; ``(rows, width)`` for the columns, in the order of
            ``mojo.output.columns``.

        Raises:
            AttributeError: the model is no autoencoder.
        """
        self._require_autoencoder("anomaly")
        matrix = self.encode(table)
        if per_feature:
            return self.squared_errors(matrix, missing=missing or "server")
        return self.anomaly_matrix(matrix, missing=missing or "java")

    def features(self, table: object, layer: int) -> NDArray[np.float64]:
        """Return a hidden layer's outputs (H2O's ``deepfeatures``).

        Args:
            table: the rows.
            layer: 0 for the first hidden layer.

        Returns:
            ``(rows, units)`` float64.

        Raises:
            ValueError: there is no such hidden layer.
        """
        problem = layer_problem(self.mojo, layer)
        if problem is not None:
            raise ValueError(problem)
        return self.layer_matrix(self.encode(table), layer)

    def score_batches(self, reader: Any, **choice: Any) -> Any:
        """Score Arrow batches lazily, in bounded memory.

        Args:
            reader: a ``pyarrow.RecordBatchReader``, anything with ``__arrow_c_stream__``, or an
                iterable of record batches.
            **choice: what to give, as in ``mojo_reader.scoring.choices.Choice``; by default
                H2O's output columns.

        Returns:
            A ``pyarrow.RecordBatchReader``: as many rows in the same order; texts for labels,
            ``double`` for numbers, null for NaN. Errors arise while it is read.

        Raises:
            MissingExtraError: pyarrow is not installed.
            MojoUnsupportedError: the model has not what is chosen.
        """
        require_pyarrow("Arrow batches")
        from mojo_reader.scoring.batches import score_reader  # noqa: PLC0415 - needs pyarrow
        from mojo_reader.scoring.choices import Choice  # noqa: PLC0415

        return score_reader(self, reader, Choice(**choice))

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

    def layer_matrix(self, matrix: NDArray[np.float64], layer: int) -> NDArray[np.float64]:
        """Return a hidden layer's outputs for encoded rows, ``(rows, units)`` float64."""
        return self._predictor.hidden(matrix, layer)

    def defined_matrix(
        self, matrix: NDArray[np.float64], *, offset: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Score encoded rows as ``score_matrix`` does, and stop at NaN where Java does.

        Raises:
            RowError: a prediction is NaN; an autoencoder's may be.
        """
        values = self.score_matrix(matrix, offset=offset)
        if not isinstance(self.mojo.output, Reconstruction):
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

    def output_columns(
        self, matrix: NDArray[np.float64], *, offset: NDArray[np.float64] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Score encoded rows to H2O's output columns.

        Raises:
            MojoDataError: a prediction is NaN, where the Java scorer stops.
            MojoUnsupportedError: H2O gives two columns one name, which a mapping cannot hold.
        """
        output = self.mojo.output
        calls = "predict_proba" if isinstance(output, Classification) else "reconstruct"
        instead = f"take predict, {calls}, score_matrix or score_batches, which go by position"
        require_distinct(output.columns, "a mapping", instead)
        values = self.defined_matrix(matrix, offset=offset)
        columns: list[NDArray[Any]] = list(values.T)
        if isinstance(output, Classification):
            columns.insert(0, self._label_texts(values, matrix, output))
        return dict(zip(output.columns, columns, strict=True))

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

    # ------------------------------------------------------------------ parts

    def _label_texts(
        self, values: NDArray[np.float64], matrix: NDArray[np.float64], output: Classification
    ) -> NDArray[np.object_]:
        return np.array(output.labels, object)[label_indices(values, matrix, output)]

    def _require_autoencoder(self, what: str) -> None:
        if not isinstance(self.mojo.output, Reconstruction):
            message = f"a {self.mojo.info.category} model has no {what}"
            raise AttributeError(message)  # noqa: TRY004 - what a class without the method raises


def _rebuild(mojo: Mojo, dtype: DType, exact: bool, rules: RowRules) -> Scorer:  # noqa: FBT001
    return Scorer(mojo, dtype=dtype, exact=exact, **asdict(rules))
