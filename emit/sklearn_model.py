"""A MOJO in scikit-learn's shape: ``MojoClassifier`` and ``MojoRegressor``.

The network is trained already. ``fit`` reads the file and checks the rows against it, so that
pipelines, cross-validation and inspection take the model for one of scikit-learn's own.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from mojo_reader import Mojo, Scorer, read_model
from mojo_reader.errors import MojoDataError, MojoUnsupportedError, listed
from mojo_reader.model import Classification, Output, Reconstruction, Regression
from mojo_reader.scoring.columns import absent, named_columns
from mojo_reader.scoring.near_names import with_near_names
from mojo_reader.scoring.options import DType, OffsetRule, OnOdd, RowRules, defaults_of
from mojo_reader.scoring.scorer import EncodedRows

from .extras import extra

with extra("sklearn", needed_for="MojoClassifier and MojoRegressor need scikit-learn"):
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.validation import check_is_fitted

    from .sklearn_labels import labels_like, warn_of_other_codes

__all__ = ["MojoClassifier", "MojoRegressor"]

_INSTEAD: Final[Mapping[type[Output], str]] = {
    Classification: "use MojoClassifier",
    Regression: "use MojoRegressor",
    Reconstruction: "score it with mojo_reader.Scorer, which has reconstruct and anomaly",
}


class _MojoEstimator(BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """What both estimators share.

    Args:
        mojo: path of the zip or folder, the zip's bytes, or what ``read_model`` returned.
        base_model: identity of the base model to take from a stacked ensemble.
        columns: names of a matrix's columns, in its order. A matrix has no names, and the order
            of the columns in a MOJO is H2O's own; without this, ``fit`` takes tables only.
        dtype: ``float64`` equals Java within 1e-10; ``float32`` is faster and within 1e-5.
        offset: what the offset column does, as in ``Scorer``; a classifier has none.
        on_unseen: take a level that the model does not know as ``missing``, or raise (``error``).
        on_absent: take a column that the rows of a prediction lack as ``missing``, or raise
            (``error``); ``fit`` always raises.
    """

    _output: ClassVar[type[Output]]

    def __init__(  # noqa: PLR0913 - scikit-learn's parameters
        self,
        mojo: str | os.PathLike[str] | bytes | Mojo,
        *,
        base_model: str | None = None,
        columns: Sequence[str] | None = None,
        dtype: DType = "float64",
        offset: OffsetRule = "java",
        on_unseen: OnOdd = "missing",
        on_absent: OnOdd = "missing",
    ) -> None:
        self.mojo = mojo
        self.base_model = base_model
        self.columns = columns
        self.dtype = dtype
        self.offset = offset
        self.on_unseen = on_unseen
        self.on_absent = on_absent

    def fit(
        self,
        X: Any = None,  # noqa: N803 - scikit-learn's name
        y: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Read the MOJO and check the rows against it; nothing is trained.

        Args:
            X: the rows: a table as ``Scorer`` takes it, or a matrix where ``columns`` names
                its columns. None checks the file alone.
            y: one value for each row, or None.
            sample_weight: one weight for each row, or None. Where nothing is trained, weights
                change nothing; tools that hand them on can hold this estimator.

        Raises:
            FileNotFoundError: the path does not exist.
            MojoFormatError: the file is broken.
            MojoUnsupportedError: the file is another kind of model.
            MojoDataError: the rows lack a column of the model, a cell has no meaning in its
                column, or ``y`` or ``sample_weight`` is of another length.
        """
        self._read_with(X, y, sample_weight)
        return self

    def _read_with(
        self,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any,
        sample_weight: Any,
    ) -> EncodedRows | None:
        """Do what ``fit`` does, and return the rows as the model reads them."""
        chosen = {name: getattr(self, name) for name in defaults_of(RowRules)}
        scorer = Scorer(self._read(), dtype=self.dtype, **chosen)
        names, rows = self._checked_columns(scorer, X, y, sample_weight)
        self.scorer_ = scorer
        # SHAP takes the public names away from the model that it asks.
        self._names = names
        self.feature_names_in_ = np.array(names, object)
        self.n_features_in_ = len(names)
        return rows

    def _checked_columns(
        self,
        scorer: Scorer,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any,
        sample_weight: Any,
    ) -> tuple[tuple[str, ...], EncodedRows | None]:
        """Return the names of the rows' columns once the model can read them, and the rows."""
        wanted = tuple(column.name for column in scorer.row_columns)
        if X is None:
            return tuple(self.columns or wanted), None
        if isinstance(X, np.ndarray) and self.columns is None:
            message = (
                "a matrix has no column names, and the order of columns in a MOJO is H2O's own; "
                f"name the matrix's columns with columns=[...]; the model needs {listed(wanted)}"
            )
            raise MojoDataError(message)
        columns, rows = named_columns(_table(X, self.columns))
        if y is not None and len(y) != rows:
            message = f"expected a value of y for each of the {rows:,} rows, found {len(y):,}"
            raise MojoDataError(message)
        if sample_weight is not None and np.shape(sample_weight) != (rows,):
            shape = np.shape(sample_weight)
            message = f"expected a weight for each of the {rows:,} rows, found the shape {shape}"
            raise MojoDataError(message)
        lacking = absent(wanted, columns)
        if lacking:
            others = [name for name in columns if name not in wanted]
            message = f"the rows lack columns of the model: {with_near_names(lacking, others)}"
            raise MojoDataError(message)
        return tuple(columns), scorer.encode_rows(columns)

    def __sklearn_tags__(self) -> Any:
        """Say what rows may hold: texts, levels, missing cells; and that ``y`` may be absent."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        return tags

    def _read(self) -> Mojo:
        """Return the model, which has to be of the estimator's kind."""
        given = self.mojo
        mojo = given if isinstance(given, Mojo) else read_model(given, base_model=self.base_model)
        if not isinstance(mojo.output, self._output):
            message = (
                f"{type(self).__name__} cannot take this {mojo.info.category} model; "
                f"{_INSTEAD[type(mojo.output)]}"
            )
            file = None if isinstance(given, (Mojo, bytes)) else os.fspath(given)
            raise MojoUnsupportedError(message, file=file)
        return mojo

    def _rows(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's name
        """Return a table for the fitted scorer; a matrix has the columns seen in ``fit``."""
        check_is_fitted(self)
        return _table(X, self._names)


class MojoClassifier(ClassifierMixin, _MojoEstimator):  # type: ignore[misc] # as above
    """A classification MOJO as a scikit-learn classifier.

    Labels are of the kind of ``y`` in ``fit``: H2O's labels are texts, and they become numbers
    or booleans where ``y`` holds such. They are H2O's own choice: for two classes from the
    model's threshold on, not from 0.5.

    Tools such as ``StackingClassifier`` and ``VotingClassifier`` hand on codes instead of labels,
    0 for the first of the sorted labels. Where no label is a number, a NumPy array of integers
    holds codes, and so do predictions. Where that cannot be told, ``classes`` says it.

    Args:
        mojo: as for both estimators, and so are all others but the last.
        base_model: as above.
        columns: as above.
        dtype: as above.
        offset: as above.
        on_unseen: as above.
        on_absent: as above.
        classes: the labels that integers in ``y`` stand for, that of 0 first; all of the
            model's, each once. None for the sorted labels, where that is certain.

    Attributes:
        classes_: ``(n_classes,)`` labels, sorted as scikit-learn has them, which need not be
            H2O's order; 0, 1, ... where ``y`` held codes.
        scorer_: the ``Scorer``.
        feature_names_in_: ``(n_features_in_,)`` names of the columns seen in ``fit``.
        n_features_in_: number of these.
    """

    _output = Classification

    def __init__(  # noqa: PLR0913 - scikit-learn's parameters
        self,
        mojo: str | os.PathLike[str] | bytes | Mojo,
        *,
        base_model: str | None = None,
        columns: Sequence[str] | None = None,
        dtype: DType = "float64",
        offset: OffsetRule = "java",
        on_unseen: OnOdd = "missing",
        on_absent: OnOdd = "missing",
        classes: Sequence[Any] | None = None,
    ) -> None:
        super().__init__(
            mojo,
            base_model=base_model,
            columns=columns,
            dtype=dtype,
            offset=offset,
            on_unseen=on_unseen,
            on_absent=on_absent,
        )
        self.classes = classes

    def fit(
        self,
        X: Any = None,  # noqa: N803 - scikit-learn's name
        y: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Read the MOJO and check rows and labels against it; nothing is trained.

        Args:
            X: as for every estimator here; None checks the file alone.
            y: ``(rows,)`` labels, or their codes; None gives labels as texts.
            sample_weight: as for every estimator here.

        Raises:
            MojoDataError: a label is none of the model's, or which one cannot be told.
            MojoError: as for every estimator here.
        """
        rows = self._read_with(X, y, sample_weight)
        texts = cast("Classification", self.scorer_.mojo.output).labels
        labels = labels_like(y, texts, self.classes)
        self._labels = labels.names
        self.classes_ = np.sort(self._labels)
        if labels.sorted_codes and rows is not None:
            found = self.scorer_.label_indices(self.scorer_.score_matrix(rows.matrix), rows.matrix)
            warn_of_other_codes(np.ravel(y), self._labels[found], sorted(texts))
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803 - scikit-learn's name
        """Return H2O's label of each row, ``(rows,)`` of the kind of ``classes_``.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
        """
        rows = self._rows(X)
        matrix = self.scorer_.encode(rows)
        found = self.scorer_.label_indices(self.scorer_.defined_matrix(matrix), matrix)
        return self._labels[found]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """Return class probabilities, ``(rows, n_classes)`` float64 in the order of ``classes_``.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
        """
        rows = self._rows(X)
        probabilities: NDArray[np.float64] = self.scorer_.predict_proba(rows)
        return probabilities[:, np.argsort(self._labels)]


class MojoRegressor(RegressorMixin, _MojoEstimator):  # type: ignore[misc] # as above
    """A regression MOJO as a scikit-learn regressor.

    Attributes:
        scorer_: the ``Scorer``.
        feature_names_in_: ``(n_features_in_,)`` names of the columns seen in ``fit``.
        n_features_in_: number of these.
    """

    _output = Regression

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """Return the response of each row in its own units, ``(rows,)`` float64.

        Raises:
            MojoDataError: a cell has no meaning in its column, or a prediction is NaN.
        """
        rows = self._rows(X)
        return self.scorer_.predict(rows)


# --------------------------------------------------------------------------- rows


def _table(rows: Any, names: Sequence[str] | None) -> Any:
    """Return rows by column name: a matrix by the names given, a table as it is."""
    if not isinstance(rows, np.ndarray) or names is None:
        return rows
    if rows.ndim != 2 or rows.shape[1] != len(names):  # noqa: PLR2004 - rows and columns
        message = (
            f"expected a matrix of shape (rows, {len(names)}), found the shape {rows.shape}; its "
            f"columns are {listed(names)}"
        )
        raise MojoDataError(message)
    return dict(zip(names, rows.T, strict=True))
