"""What rows are compared with: background rows, or what the model itself knows of its data."""

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import read_details
from mojo_reader.errors import MojoDataError
from mojo_reader.model import Mojo
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.encoding import standardized
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]


class BackgroundWarning(UserWarning):
    """No background rows were given, and the model's own means were taken."""


def without_rows(scorer: EncodedScorer, method: str) -> tuple[EncodedRows, str]:
    """Return the background where no rows are given, and a sentence that says what it is.

    Args:
        scorer: the model's scorer; the offset of the background is 0.
        method: ``margin`` or ``h2o``.

    Raises:
        MojoDataError: the method needs rows, or the model does not hold the means.
    """
    if method == "h2o":
        raise MojoDataError("method='h2o' needs background rows, as H2O's server does")
    matrix, sentence = default_background(scorer.mojo)
    offset = None if scorer.rules.offset == "java" else np.zeros(1)
    return EncodedRows(matrix=matrix, offset=offset), sentence


def default_background(mojo: Mojo) -> tuple[Array, str]:
    """Return a background that needs no data, and a sentence that says what it is.

    Each number is its mean, which is 0 once it is standardized; each level is what H2O fills a
    missing cell with (``cat_modes``), which for its own models is the missing cell itself.

    Returns:
        ``(1, n_features)`` float64.

    Raises:
        MojoDataError: the model does not hold the means.
    """
    features = mojo.features
    row = np.full(len(features.names), np.nan)
    cats = len(features.categorical)
    if not features.standardize:
        row[cats:] = _means(mojo)
    modes = _modes(mojo)
    for index, feature in enumerate(features.categorical):
        if index < len(modes) and 0 <= modes[index] < len(feature.levels):
            row[index] = modes[index]
    known = ~np.isnan(row[:cats])
    # The last real level's code is what the missing cell has where the first level sets no input.
    firsts = [feature.slots[0] < 0 for feature in features.categorical]
    lasts = [len(feature.levels) - 1 for feature in features.categorical]
    row[:cats][known & np.array(firsts, bool) & (row[:cats] == np.array(lasts))] = np.nan
    return row[None], _sentence(mojo, row[:cats])


def filled_numbers(mojo: Mojo, matrix: Array) -> Array:
    """Return the numeric inputs ``(rows, nums)`` as H2O's server extracts them.

    A missing number is the column's plain mean (``DataInfo.extractDenseRow``), which is 0 once it
    is standardized, unless rows had weights: what is subtracted then is the weighted mean.

    Raises:
        RowError: a number is missing whose mean the model does not hold.
    """
    cats = len(mojo.features.categorical)
    missing = np.isnan(matrix[:, cats:])
    if missing.any():
        means = None if mojo.training is None else mojo.training.numeric_means
        if means is not None:
            matrix = np.copy(matrix)
            matrix[:, cats:][missing] = np.broadcast_to(means, missing.shape)[missing]
        else:
            _require_means(mojo, int(np.argmax(missing.any(axis=1))))
    return standardized(matrix, mojo.features)


def _require_means(mojo: Mojo, row: int) -> None:
    reason = None
    if not mojo.features.standardize:
        reason = "standardize=false"
    elif read_details(mojo).parameters.get("weights_column") is not None:
        reason = "observation weights"
    if reason is not None:
        problem = (
            f": a number is missing, and the model was trained with {reason}: H2O's binary model "
            f"holds the mean that H2O's server takes, a {mojo.info.form} does not; take "
            "method='margin', or rows without missing numbers"
        )
        raise RowError(row, problem)


def _means(mojo: Mojo) -> Array:
    if mojo.training is None or mojo.training.numeric_means is None:
        message = (
            "the model was trained with standardize=false, so that it does not hold its columns' "
            "means: give background rows"
        )
        raise MojoDataError(message)
    return mojo.training.numeric_means


def _modes(mojo: Mojo) -> list[int]:
    if mojo.training is not None and mojo.training.categorical_modes is not None:
        return list(mojo.training.categorical_modes)
    text = mojo.kept.keys.get("cat_modes", "").strip("[] ")
    return [int(one) for one in text.split(",") if one.strip().lstrip("-").isdecimal()]


def _sentence(mojo: Mojo, levels: Array) -> str:
    numbers = "each number is its training mean" if mojo.features.numeric else ""
    missing = int(np.isnan(levels).sum())
    texts = ""
    if levels.size:
        texts = "each level is the most frequent one" if not missing else "each level is missing"
    what = " and ".join(filter(None, (numbers, texts)))
    return (
        f"no background rows were given: rows are compared with one in which {what}; rows of the "
        "training data are a better background"
    )
