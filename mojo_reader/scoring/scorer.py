"""``Scorer``: H2O's predictions in NumPy."""

import warnings
from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mojo_reader.equal_names import require_distinct
from mojo_reader.java_exp import java_exp
from mojo_reader.model import Classification, Mojo, Reconstruction
from mojo_reader.scoring.cells import RowError
from mojo_reader.scoring.columns import named_columns
from mojo_reader.scoring.doubt import LABEL_MARGINS, in_doubt, row_in_doubt
from mojo_reader.scoring.encoding import (
    DEFAULT_STRICTNESS,
    Encoder,
    Strictness,
    one_hot_slots,
    standardized,
)
from mojo_reader.scoring.exact import ExactNetwork
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.network import Network
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.one_row import OneRow
from mojo_reader.scoring.prediction import (
    label_indices,
    predicted,
    reconstruction_error,
)

DType = Literal["float64", "float32"]
# Rows of a block: the sums of narrow layers stay in the processor's cache; the products of wide
# ones need more rows.
_NARROW_ROWS: Final = 256
_WIDE_ROWS: Final = 512
_WIDE_UNITS: Final = 512


class MissingColumnWarning(UserWarning):
    """The rows lack columns of the model, and were scored as if these were missing."""


class Scorer:
    r"""Scores rows as H2O's Java scorer does.

    Safe to share among threads; pickles.

    Args:
        mojo: the model.
        dtype: ``float64`` equals Java within 1e-10 (relative to 1 + \|value\|); ``float32`` is
            faster and within 1e-5. Labels are Java's in both.
        exact: follow Java's order of operations for every value, not only where a label hangs
            by a thread. Slow; for audits. Needs ``float64``.

    Raises:
        ValueError: an unknown dtype, or ``exact`` with ``float32``.
    """

    def __init__(self, mojo: Mojo, *, dtype: DType = "float64", exact: bool = False) -> None:
        if dtype not in LABEL_MARGINS:
            message = f"expected dtype float64 or float32, found {dtype!r}"
            raise ValueError(message)
        if exact and dtype != "float64":
            message = "exact=True needs dtype float64"
            raise ValueError(message)
        self.mojo = mojo
        self.dtype: DType = dtype
        self.exact = exact
        self._encoder = Encoder(mojo)
        self._network = Network(mojo.features, mojo.layers, np.dtype(dtype))
        self._one_row = OneRow(mojo.features, self._network)
        wide = max(layer.units for layer in mojo.layers) >= _WIDE_UNITS
        self._block_rows = _WIDE_ROWS if wide else _NARROW_ROWS
        self._exact_network = ExactNetwork(mojo.features, mojo.layers)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the model and the choices; the rest is derived again."""
        return _rebuild, (self.mojo, self.dtype, self.exact)

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
        notices = Notices()
        columns, rows = named_columns(table)
        matrix = self._encoder.encode(columns, rows, notices)
        if notices.absent:
            message = f"taken as missing, because the rows lack them: {', '.join(notices.absent)}"
            warnings.warn(message, MissingColumnWarning, stacklevel=3)
        return matrix

    def predict(self, table: object) -> NDArray[Any]:
        """Return the prediction.

        Returns:
            For classes, ``(rows,)`` objects: level texts. For regression ``(rows,)`` float64.
            For an autoencoder ``(rows, width)`` float64, the reconstruction.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
        """
        matrix = self.encode(table)
        values = self._numbers(matrix)
        output = self.mojo.output
        if isinstance(output, Classification):
            return self._label_texts(values, matrix, output)
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
        return self._numbers(self.encode(table))

    def score(self, table: object) -> dict[str, NDArray[Any]]:
        """Return H2O's output columns by H2O's names, in H2O's order.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
            MojoUnsupportedError: H2O gives two columns one name, which a mapping cannot hold.
        """
        return self.output_columns(self.encode(table))

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
        self, table: object, *, missing: Literal["java", "server"] = "java"
    ) -> NDArray[np.float64]:
        """Return an autoencoder's reconstruction error (H2O's ``Reconstruction.MSE``).

        Args:
            table: the rows.
            missing: what a missing number does: makes the row's error NaN, as in the Java
                scorer, or counts as the mean, as in the server.

        Returns:
            ``(rows,)`` float64.

        Raises:
            AttributeError: the model is no autoencoder.
        """
        self._require_autoencoder("anomaly")
        return self.anomaly_matrix(self.encode(table), missing=missing)

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
        hidden = len(self.mojo.layers) - 1
        if not 0 <= layer < hidden:
            message = f"expected a hidden layer from 0 to {hidden - 1}, found {layer}"
            raise ValueError(message)
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
        self, batch: Any, notices: Notices, strictness: Strictness = DEFAULT_STRICTNESS
    ) -> NDArray[np.float64]:
        """Return the row matrix of an Arrow record batch.

        Args:
            batch: a ``pyarrow.RecordBatch``.
            notices: what was seen is added here.
            strictness: what to refuse.

        Returns:
            ``(rows, n_features)`` float64.

        Raises:
            RowError: a cell has no meaning in its column.
        """
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        return self._encoder.encode(columns, batch.num_rows, notices, strictness)

    # ------------------------------------------------------------------ matrices in

    def layer_matrix(self, matrix: NDArray[np.float64], layer: int) -> NDArray[np.float64]:
        """Return a hidden layer's outputs for encoded rows, ``(rows, units)`` float64."""
        return self._layer_outputs(matrix, layers=layer + 1)

    def defined_matrix(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score encoded rows as ``score_matrix`` does, and stop at NaN where Java does.

        Raises:
            RowError: a prediction is NaN; an autoencoder's may be.
        """
        return self._numbers(matrix)

    def score_matrix(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score encoded rows; NaN is returned, not refused.

        Args:
            matrix: ``(rows, n_features)`` float64, as ``encode`` returns it.

        Returns:
            Probabilities ``(rows, n_classes)``, the response ``(rows, 1)`` in its own units, or
            the reconstruction ``(rows, width)``, all float64.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            if self.exact:
                return self._exact_values(matrix)
            if len(matrix) == 1:
                return self._one_row_values(matrix)
            values = self._fast_values(matrix)
            rows = np.flatnonzero(in_doubt(values, self.mojo.output, self.dtype))
            if rows.size:
                values[rows] = self._exact_values(matrix[rows])
            return values

    def _one_row_values(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score ``(1, n_features)`` with as few calls as can be."""
        outputs = self._one_row.outputs(matrix[0])
        if outputs is not None:
            values = predicted(outputs, self.mojo.output, self.mojo.features, np.exp)
            if not row_in_doubt(values[0].tolist(), self.mojo.output, self.dtype):
                return values
        return self._exact_values(matrix)

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

    def output_columns(self, matrix: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """Score encoded rows to H2O's output columns.

        Raises:
            MojoDataError: a prediction is NaN, where the Java scorer stops.
            MojoUnsupportedError: H2O gives two columns one name, which a mapping cannot hold.
        """
        output = self.mojo.output
        calls = "predict_proba" if isinstance(output, Classification) else "reconstruct"
        instead = f"take predict, {calls}, score_matrix or score_batches, which go by position"
        require_distinct(output.columns, "a mapping", instead)
        values = self._numbers(matrix)
        columns: list[NDArray[Any]] = list(values.T)
        if isinstance(output, Classification):
            columns.insert(0, self._label_texts(values, matrix, output))
        return dict(zip(output.columns, columns, strict=True))

    def anomaly_matrix(
        self, matrix: NDArray[np.float64], *, missing: Literal["java", "server"] = "java"
    ) -> NDArray[np.float64]:
        """Return the reconstruction error of encoded rows, ``(rows,)`` float64."""
        if missing not in {"java", "server"}:
            message = f"expected missing='java' or 'server', found {missing!r}"
            raise ValueError(message)
        features = self.mojo.features
        slots = one_hot_slots(matrix, features)
        with np.errstate(over="ignore", invalid="ignore"):
            return reconstruction_error(
                self.score_matrix(matrix), slots, matrix, features, missing=missing
            )

    # ------------------------------------------------------------------ parts

    def _numbers(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score, and stop at NaN where the Java scorer does."""
        values = self.score_matrix(matrix)
        if not isinstance(self.mojo.output, Reconstruction):
            broken = np.isnan(values).any(axis=1)
            if broken.any():
                problem = ": the prediction is NaN (the Java scorer stops here too)"
                raise RowError(int(np.argmax(broken)), problem)
        return values

    def _label_texts(
        self, values: NDArray[np.float64], matrix: NDArray[np.float64], output: Classification
    ) -> NDArray[np.object_]:
        return np.array(output.labels, object)[label_indices(values, matrix, output)]

    def _fast_values(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        outputs = self._layer_outputs(matrix, layers=None)
        return predicted(outputs, self.mojo.output, self.mojo.features, np.exp)

    def _layer_outputs(
        self, matrix: NDArray[np.float64], *, layers: int | None
    ) -> NDArray[np.float64]:
        units = self.mojo.layers[(layers or 0) - 1].units
        outputs = np.empty((len(matrix), units))
        with np.errstate(over="ignore", invalid="ignore"):
            workspace = self._network.workspace(min(len(matrix), self._block_rows))
            for start, slots, numbers in self._blocks(matrix):
                block = self._network.outputs(slots, numbers, workspace, layers=layers)
                outputs[start : start + len(block)] = block
        return outputs

    def _exact_values(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        features = self.mojo.features
        outputs = self._exact_network.outputs(
            one_hot_slots(matrix, features), standardized(matrix, features)
        )
        return predicted(outputs, self.mojo.output, features, java_exp)

    def _blocks(
        self, matrix: NDArray[np.float64]
    ) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
        """Cut rows into blocks whose layer outputs stay in the processor's cache."""
        features = self.mojo.features
        for start in range(0, len(matrix), self._block_rows):
            block = matrix[start : start + self._block_rows]
            yield start, one_hot_slots(block, features), standardized(block, features)

    def _require_autoencoder(self, what: str) -> None:
        if not isinstance(self.mojo.output, Reconstruction):
            message = f"a {self.mojo.info.category} model has no {what}"
            raise AttributeError(message)  # noqa: TRY004 - what a class without the method raises


def _rebuild(mojo: Mojo, dtype: DType, exact: bool) -> Scorer:  # noqa: FBT001 - pickle's arguments
    return Scorer(mojo, dtype=dtype, exact=exact)
