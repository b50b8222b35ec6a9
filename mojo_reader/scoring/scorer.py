"""``Scorer``: H2O's predictions in NumPy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Classification, Reconstruction
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.frames import framed
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import DType, MissingNumber
from mojo_reader.scoring.outputs import ColumnErrors, HiddenLayer, RowErrors, label_texts
from mojo_reader.scoring.row_warnings import MissingColumnWarning, UnseenLevelWarning
from mojo_reader.scoring.rows import EncodedRows

__all__ = ["DType", "EncodedRows", "MissingColumnWarning", "Scorer", "UnseenLevelWarning"]


class Scorer(EncodedScorer):
    r"""Scores rows as H2O's Java scorer does.

    A row's label, its NaN or its refusal never depends on the rows beside it; its numbers by at
    most 1e-12 (relative to 1 + \|value\|) in ``float64``, and not at all with ``exact``.

    Safe to share among threads; pickles.

    Args:
        mojo: the model, or its file or folder (as ``read_model`` takes it).
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
        threshold: a row is of the second class from this probability on, instead of from the
            model's own threshold.

    Raises:
        ValueError: an unknown choice, or ``exact`` with ``float32``.
        MojoUnsupportedError: the model has no offset to add, or not two classes to tell apart.
    """

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
            return label_texts(self.label_indices(values, rows.matrix), self.mojo)
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

    def score(self, table: object, **choice: Any) -> dict[str, NDArray[Any]]:
        """Return H2O's output columns by H2O's names, in H2O's order.

        Args:
            table: the rows.
            **choice: what to give, as in ``mojo_reader.scoring.choices.Choice``; by default
                H2O's output columns.

        Returns:
            Column name to ``(rows,)``: objects for labels, else float64.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
            MojoUnsupportedError: the model has not what is chosen, or H2O gives two columns one
                name, which a mapping cannot hold.
        """
        return self.chosen_columns(self.encode_rows(table), Choice(**choice))

    def score_frame(self, table: Any, **choice: Any) -> Any:
        """Return H2O's output columns as a frame of the same library, to stand beside the rows.

        Args:
            table: a pandas frame, whose index the scores keep; a polars frame, or a lazy one,
                whose scores are made when it is collected; an Arrow table or record batch.
            **choice: what to give, as in ``mojo_reader.scoring.choices.Choice``; by default
                H2O's output columns.

        Returns:
            As many rows in the same order: texts for labels, float64 for numbers.

        Raises:
            MojoDataError: it is no frame, a cell has no meaning in its column, or a prediction
                is NaN.
            MojoUnsupportedError: as ``score`` does.
        """
        chosen = Choice(**choice)
        chosen.check(self.mojo)
        names = chosen.output.columns(self.mojo)
        labels = int(chosen.output.labelled(self.mojo))
        return framed(table, lambda rows: self.score(rows, **choice), names, labels)

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
        output = ColumnErrors(missing=missing) if per_feature else RowErrors(missing=missing)
        rows = EncodedRows(matrix=self.encode(table), offset=None)
        errors = output.made(self, rows, Notices()).values
        return errors if per_feature else errors[:, 0]

    def hidden(self, table: object, layer: int) -> NDArray[np.float64]:
        """Return a hidden layer's outputs (H2O's ``deepfeatures``).

        Args:
            table: the rows.
            layer: 0 for the first hidden layer.

        Returns:
            ``(rows, units)`` float64.

        Raises:
            ValueError: there is no such hidden layer.
        """
        problem = HiddenLayer(layer=layer).problem(self.mojo)
        if problem is not None:
            raise ValueError(problem)
        return self.hidden_matrix(self.encode(table), layer)

    features = hidden

    def output_columns(
        self, matrix: NDArray[np.float64], *, offset: NDArray[np.float64] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Score encoded rows to H2O's output columns, ``(rows,)`` each.

        Args:
            matrix: ``(rows, n_features)`` float64.
            offset: ``(rows,)`` float64, as for ``score_matrix``.

        Raises:
            MojoDataError: a prediction is NaN, where the Java scorer stops.
            MojoUnsupportedError: H2O gives two columns one name, which a mapping cannot hold.
        """
        return self.chosen_columns(EncodedRows(matrix=matrix, offset=offset), Choice())

    def chosen_columns(self, rows: EncodedRows, choice: Choice) -> dict[str, NDArray[Any]]:
        """Score encoded rows to the columns of a choice; as ``score`` returns them.

        Raises:
            MojoDataError: a prediction is NaN, where the Java scorer stops.
            MojoUnsupportedError: the model has not what is chosen, or H2O gives two columns one
                name.
        """
        choice.check(self.mojo)
        output = choice.output
        names = output.columns(self.mojo)
        require_distinct(names, "a mapping", output.by_position(self.mojo))
        found = output.made(self, rows, Notices())
        columns: list[NDArray[Any]] = list(found.values.T)
        if found.labels is not None:
            columns.insert(0, label_texts(found.labels, self.mojo))
        return dict(zip(names, columns, strict=True))

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
        from mojo_reader.scoring.batches import score_reader

        return score_reader(self, reader, Choice(**choice))

    def _require_autoencoder(self, what: str) -> None:
        if not isinstance(self.mojo.output, Reconstruction):
            message = f"a {self.mojo.info.category} model has no {what}"
            raise AttributeError(message)  # noqa: TRY004 - what a class without the method raises
