"""What cannot be explained, a sentence each."""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.explaining.deepshap import DERIVATIVES
from mojo_reader.model import (
    CategoricalEncoding,
    CategoricalInput,
    Classification,
    Mojo,
    Reconstruction,
)
from mojo_reader.scoring.invalid import RowError

_INSTEAD: Final = "take method='margin'"
_TWO_CLASSES: Final = 2
#: Their levels are encoded anew from the frame that the server explains.
_FRAMES_OWN: Final = frozenset({CategoricalEncoding.EIGEN, CategoricalEncoding.ENUM_LIMITED})
#: Their known levels are encoded as in training, whatever the frame.
_OF_KNOWN: Final = frozenset({CategoricalEncoding.BINARY, CategoricalEncoding.LABEL_ENCODER})


def check_h2o(mojo: Mojo, *, offset: bool) -> None:
    """Require a model whose contributions H2O's server computes, and by the model alone.

    Args:
        mojo: the model.
        offset: the scorer adds the offset.

    Raises:
        MojoUnsupportedError: there is no such answer of the server's.
    """
    problem = _problem(mojo, offset=offset)
    if problem is not None:
        message = f"method='h2o' has no answer: {problem}; {_INSTEAD}"
        raise MojoUnsupportedError(message)


def _problem(mojo: Mojo, *, offset: bool) -> str | None:
    hidden, encoding = mojo.layers[0].activation, mojo.info.categorical_encoding
    classes = len(mojo.output.labels) if isinstance(mojo.output, Classification) else _TWO_CLASSES
    problems = (
        (isinstance(mojo.output, Reconstruction), "H2O's server stops at an autoencoder"),
        (classes != _TWO_CLASSES, f"H2O's server stops at {classes} classes"),
        (len(mojo.layers) == 1, "H2O's server stops at a network without hidden layers"),
        (hidden not in DERIVATIVES, f"H2O's server stops at the activation {hidden}"),
        (mojo.features.hashed, "H2O's server stops at hashed levels (max_categorical_features)"),
        (
            encoding in _FRAMES_OWN,
            f"with the encoding {encoding} H2O's server takes other numbers for each frame",
        ),
        (offset, "H2O's contributions leave the offset out, and the scorer adds it"),
    )
    return next((sentence for there, sentence in problems if there), None)


def check_rows(mojo: Mojo, matrix: NDArray[np.float64]) -> None:
    """Require rows whose contributions on H2O's server do not depend on the rows beside them.

    Args:
        mojo: the model.
        matrix: ``(rows, n_features)`` float64.

    Raises:
        RowError: the answer for a row depends on others.
    """
    missing = np.isnan(matrix)
    if mojo.kept.keys.get("mean_imputation") == "false":
        _require_none(
            missing,
            "a cell is missing, and H2O's server explains the row before it instead "
            "(missing_values_handling=Skip)",
        )
    if mojo.info.categorical_encoding in _OF_KNOWN:
        encoded = [
            index
            for column in mojo.inputs
            if isinstance(column, CategoricalInput)
            for index in range(column.feature, column.feature + column.width)
        ]
        _require_none(
            missing[:, encoded],
            f"a level is missing, which H2O's server encodes ({mojo.info.categorical_encoding}) by "
            "the other rows",
        )


def check_unseen(mojo: Mojo, columns: Collection[str]) -> None:
    """Require levels that the model knows, where H2O's server takes others by the frame's order.

    Args:
        mojo: the model.
        columns: those that hold levels which the model does not know.

    Raises:
        MojoDataError: there is such a level.
    """
    if not columns:
        return
    skips_first = any(feature.slots[0] < 0 for feature in mojo.features.categorical)
    if skips_first or mojo.info.categorical_encoding in _OF_KNOWN:
        column = next(iter(columns))
        message = (
            f"column {column!r} holds levels that the model does not know, which H2O's server "
            f"encodes by the order of its other levels; {_INSTEAD}"
        )
        raise MojoDataError(message)


def _require_none(missing: NDArray[np.bool_], reason: str) -> None:
    rows = missing.any(axis=1)
    if rows.any():
        raise RowError(int(np.argmax(rows)), f": {reason}; {_INSTEAD}")
