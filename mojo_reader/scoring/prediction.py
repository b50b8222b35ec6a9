"""Third stage: the network's outputs to H2O's prediction.

Sources: ``DeeplearningMojoModel.modifyOutputs`` and ``linkInv``, ``GenModel.correctProbabilities``
and ``getPrediction``.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader import formulas
from mojo_reader.formulas import FLOAT64
from mojo_reader.java import text as java
from mojo_reader.java.ops import JAVA
from mojo_reader.model import (
    Classification,
    Features,
    Output,
    Regression,
)
from mojo_reader.scoring.encoding import standardized
from mojo_reader.scoring.options import MISSING_NUMBERS, one_of

Array = NDArray[np.float64]
# Of so few classes the best two are found by column.
_FEW_CLASSES: Final = 16
ErrorsOf = Callable[..., Array]
"""``reconstruction_error`` or ``squared_errors``."""


def predicted(outputs: Array, output: Output, features: Features, ops: Any) -> Array:
    """Turn the last layer's values into the prediction.

    Args:
        outputs: ``(rows, units)`` float64; may be changed.
        output: how the model turns them into a prediction.
        features: the model's features.
        ops: NumPy, or Java's arithmetic.

    Returns:
        Probabilities ``(rows, n_classes)``, the response ``(rows, 1)``, or the reconstruction
        ``(rows, width)``.
    """
    if isinstance(output, Classification):
        # The sum is Java's in either case: labels hang by it.
        return np.asarray(formulas.prior_correction(JAVA, outputs, output, FLOAT64))
    if isinstance(output, Regression):
        link = formulas.INVERSE_LINKS[output.inverse_link]
        return np.asarray(link(ops, formulas.response_units(outputs, output, FLOAT64)))
    if features.standardize:
        numbers = outputs[:, features.one_hot_width :]  # in place, the one-hot block as it is
        numbers[:] = formulas.in_units(numbers, features.norm_mul, features.norm_sub, FLOAT64)
    return outputs


# --------------------------------------------------------------------------- labels


def label_indices(probabilities: Array, matrix: Array, output: Classification) -> NDArray[np.int64]:
    """Return the position of each row's label (``GenModel.getPrediction``).

    Args:
        probabilities: ``(rows, n_classes)`` float64, corrected.
        matrix: ``(rows, n_features)`` float64, the row matrix; breaks ties.
        output: the model's classes.

    Returns:
        ``(rows,)`` int64.
    """
    if output.threshold is not None:
        return (probabilities[:, 1] >= output.threshold).astype(np.int64)
    labels: NDArray[np.int64] = probabilities.argmax(axis=1).astype(np.int64)
    tied = (probabilities == probabilities.max(axis=1, keepdims=True)).sum(axis=1) > 1
    for row in np.flatnonzero(tied):
        labels[row] = _tied_label(probabilities[row], matrix[row], output.prior_class_distrib)
    return labels


def _tied_label(row_probabilities: Array, row: Array, prior: Array | None) -> int:
    """Draw among tied classes as Java does.

    The list of candidates starts with class 0 and is not cleared when a better class appears
    (``GenModel.getPredictionMultinomial``), so that the label may be no class of the tie.
    """
    candidates, best, ties = [0], 0, 0
    for label, probability in enumerate(row_probabilities[1:].tolist(), 1):
        if row_probabilities[best] < probability:
            best, ties = label, 0
        elif row_probabilities[best] == probability:
            ties += 1
            candidates.append(label)
    digest = java.row_hash(row)
    if prior is not None:
        total = sum(prior[candidates].tolist())
        draw, reached = java.random_double(digest), 0.0
        for label in candidates:
            reached += float(prior[label]) / total if total else float("nan")
            if draw <= reached:
                return label
    # Without a prior, or where it is nothing but zeros: the hash counts the tied classes off.
    countdown = java.remainder(java.to_int32(digest), ties + 1)
    tied = np.flatnonzero(row_probabilities == row_probabilities[best])
    return int(tied[max(countdown, 0)])


def undecided(probabilities: Array, output: Classification, margin: float) -> NDArray[np.bool_]:
    """Say which rows' labels hang by less than a margin.

    Args:
        probabilities: ``(rows, n_classes)`` float64.
        output: the model's classes.
        margin: largest distance to the threshold, or between the best two classes.

    Returns:
        ``(rows,)`` bool.
    """
    if output.threshold is not None:
        return np.asarray(np.abs(probabilities[:, 1] - output.threshold) <= margin)
    return _lead(probabilities) <= margin


def _lead(probabilities: Array) -> Array:
    """Return by how much the best class leads, ``(rows,)``."""
    if probabilities.shape[1] > _FEW_CLASSES:
        best_two = np.partition(probabilities, -2, axis=1)[:, -2:]
        return np.asarray(np.abs(best_two[:, 1] - best_two[:, 0]))
    best, second = probabilities[:, 0].copy(), np.full(len(probabilities), -np.inf)
    for column in probabilities.T[1:]:
        np.maximum(second, np.minimum(best, column), out=second)
        np.maximum(best, column, out=best)
    return np.asarray(best - second)


# --------------------------------------------------------------------------- reconstruction error


def reconstruction_error(
    reconstruction: Array,
    slots: NDArray[np.int64],
    matrix: Array,
    features: Features,
    *,
    missing: str,
) -> Array:
    """Return each row's mean squared error over all inputs, in standardized space, ``(rows,)``.

    The arguments are those of ``squared_errors``.
    """
    squares = squared_errors(reconstruction, slots, matrix, features, missing=missing)
    return np.asarray(squares.sum(axis=1) / features.width)


def squared_errors(
    reconstruction: Array,
    slots: NDArray[np.int64],
    matrix: Array,
    features: Features,
    *,
    missing: str,
) -> Array:
    """Return each row's squared error in each input, in standardized space.

    Java de-standardizes both sides first, which costs digits where a mean is many deviations from
    0; the server does not (``DeepLearningModel.score_autoencoder``).

    Args:
        reconstruction: ``(rows, width)`` float64, de-standardized for ``java``, and for ``server``
            as the last layer gives it.
        slots: ``(rows, cats)`` int64, -1 for none.
        matrix: ``(rows, n_features)`` float64, the row matrix.
        features: the model's features.
        missing: ``java``: a missing number makes its error NaN; ``server``: it counts as the
            mean.

    Returns:
        ``(rows, width)`` float64.

    Raises:
        ValueError: there is no such rule for missing numbers.
    """
    one_of("missing", missing, MISSING_NUMBERS)
    start = features.one_hot_width
    squares = np.empty_like(reconstruction)
    hot = formulas.one_hot_block(slots, start)
    squares[:, :start] = (reconstruction[:, :start] - hot) ** 2
    if missing == "server":
        squares[:, start:] = (reconstruction[:, start:] - standardized(matrix, features)) ** 2
    else:
        numbers = matrix[:, len(features.categorical) :]
        squares[:, start:] = ((reconstruction[:, start:] - numbers) * features.norm_mul) ** 2
    return squares
