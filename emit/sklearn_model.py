"""A MOJO in scikit-learn's shape: ``MojoClassifier`` and ``MojoRegressor``.

The network is trained already. ``fit`` reads the file and checks the rows against it, so that
pipelines, cross-validation and inspection take the model for one of scikit-learn's own.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from mojo_reader import Mojo, Scorer, read_model
from mojo_reader.errors import MojoDataError, MojoUnsupportedError, listed
from mojo_reader.model import Classification, Output, Reconstruction, Regression
from mojo_reader.scoring.cells import is_missing
from mojo_reader.scoring.columns import absent, named_columns
from mojo_reader.scoring.near_names import with_near_names
from mojo_reader.scoring.options import DType, OffsetRule, OnOdd, RowRules, defaults_of

from .extras import extra

with extra("sklearn", needed_for="MojoClassifier and MojoRegressor need scikit-learn"):
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.validation import check_is_fitted, column_or_1d

__all__ = ["MojoClassifier", "MojoRegressor"]

_INSTEAD: Final[Mapping[type[Output], str]] = {
    Classification: "use MojoClassifier",
    Regression: "use MojoRegressor",
    Reconstruction: "score it with mojo_reader.Scorer, which has reconstruct and anomaly",
}
# From here on, not every integer is a float64.
_INTEGERS_END: Final = 2.0**53


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

    def fit(self, X: Any = None, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Read the MOJO and check the rows against it; nothing is trained.

        Args:
            X: the rows: a table as ``Scorer`` takes it, or a matrix where ``columns`` names
                its columns. None checks the file alone.
            y: one value for each row, or None.

        Raises:
            FileNotFoundError: the path does not exist.
            MojoFormatError: the file is broken.
            MojoUnsupportedError: the file is another kind of model.
            MojoDataError: the rows lack a column of the model, a cell has no meaning in its
                column, or ``y`` is of another length.
        """
        chosen = {name: getattr(self, name) for name in defaults_of(RowRules)}
        scorer = Scorer(self._read(), dtype=self.dtype, **chosen)
        names = self._checked_columns(scorer, X, y)
        self.scorer_ = scorer
        self.feature_names_in_ = np.array(names, object)
        self.n_features_in_ = len(names)
        return self

    def _checked_columns(
        self,
        scorer: Scorer,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any,
    ) -> tuple[str, ...]:
        """Return the names of the rows' columns once the model can read them."""
        wanted = tuple(column.name for column in scorer.row_columns)
        if X is None:
            return tuple(self.columns or wanted)
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
        lacking = absent(wanted, columns)
        if lacking:
            others = [name for name in columns if name not in wanted]
            message = f"the rows lack columns of the model: {with_near_names(lacking, others)}"
            raise MojoDataError(message)
        scorer.encode_rows(columns)
        return tuple(columns)

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
        return _table(X, tuple(self.feature_names_in_))


class MojoClassifier(ClassifierMixin, _MojoEstimator):  # type: ignore[misc] # as above
    """A classification MOJO as a scikit-learn classifier.

    Labels are of the kind of ``y`` in ``fit``: H2O's labels are texts, and they become numbers
    or booleans where ``y`` holds such. They are H2O's own choice: for two classes from the
    model's threshold on, not from 0.5.

    Attributes:
        classes_: ``(n_classes,)`` labels, sorted as scikit-learn has them, which need not be
            H2O's order.
        scorer_: the ``Scorer``.
        feature_names_in_: ``(n_features_in_,)`` names of the columns seen in ``fit``.
        n_features_in_: number of these.
    """

    _output = Classification

    def fit(self, X: Any = None, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Read the MOJO and check rows and labels against it; nothing is trained.

        Args:
            X: as for every estimator here; None checks the file alone.
            y: ``(rows,)`` labels; None gives labels as texts.

        Raises:
            MojoDataError: a label is none of the model's.
            MojoError: as for every estimator here.
        """
        super().fit(X, y)
        output = cast("Classification", self.scorer_.mojo.output)
        self._labels = _labels(output.labels, y)
        self.classes_ = np.sort(self._labels)
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


# --------------------------------------------------------------------------- rows and labels


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


def _labels(texts: tuple[str, ...], y: Any) -> NDArray[Any]:
    """Return the model's labels, in H2O's order, in the kind of ``y``.

    Raises:
        MojoDataError: ``y`` holds what is none of them.
    """
    if y is None:
        return _texts(texts)
    # Through a list, because an array of objects may hold nothing but numbers.
    found = np.array(column_or_1d(y, warn=True).tolist())
    values = found.tolist()
    missing = [row for row, value in enumerate(values, 1) if is_missing(value)]
    if missing:
        message = f"y has no value in row {missing[0]:,}"
        raise MojoDataError(message)
    labels = _KINDS.get(found.dtype.kind, _texts)(texts)
    strange = set(values).difference(labels.tolist())
    if strange:
        first = next(value for value in values if value in strange)
        message = f"y holds {first!r}, which is none of the model's labels: {listed(texts)}"
        raise MojoDataError(message)
    return labels


def _texts(texts: tuple[str, ...]) -> NDArray[Any]:
    return np.array(texts, object)


def _numbers(texts: tuple[str, ...]) -> NDArray[Any]:
    """Return labels as numbers, integers where all are; as texts where they are no numbers."""
    try:
        values = np.array(texts).astype(np.float64)
    except ValueError:
        return _texts(texts)
    whole = np.isfinite(values) & (values == np.rint(values)) & (np.abs(values) < _INTEGERS_END)
    return values.astype(np.int64) if whole.all() else values


def _booleans(texts: tuple[str, ...]) -> NDArray[Any]:
    """Return the labels true and false as booleans, others as numbers."""
    lower = [text.lower() for text in texts]
    if {"false", "true"}.issuperset(lower):
        return np.array([text == "true" for text in lower])
    return _numbers(texts)


_KINDS: Final[Mapping[str, Callable[[tuple[str, ...]], NDArray[Any]]]] = {
    "b": _booleans,
    "i": _numbers,
    "u": _numbers,
    "f": _numbers,
}
