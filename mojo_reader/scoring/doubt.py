"""Which rows the fast network may get wrong: these are computed again in Java's order."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Classification, Output
from mojo_reader.scoring.prediction import undecided

# Labels that hang by less than this are computed again in Java's order of operations. It is far
# above the rounding of either type and far below what two honest probabilities differ by.
LABEL_MARGINS: Final = {"float64": 1e-9, "float32": 1e-4}


def in_doubt(values: NDArray[np.float64], output: Output, dtype: str) -> NDArray[np.bool_]:
    """Say which rows hang by a thread, or have overflowed.

    Args:
        values: ``(rows, outputs)`` float64, predictions.
        output: how the model predicts.
        dtype: type that they were computed in.

    Returns:
        ``(rows,)`` bool.
    """
    doubt = ~np.isfinite(values).all(axis=1)
    if isinstance(output, Classification):
        doubt |= undecided(values, output, LABEL_MARGINS[dtype])
    return np.asarray(doubt)


def row_in_doubt(values: list[float], output: Output, dtype: str) -> bool:
    """Do for one row what ``in_doubt`` does for many, without NumPy's cost of a call."""
    if not all(map(math.isfinite, values)):
        return True
    if not isinstance(output, Classification):
        return False
    margin = LABEL_MARGINS[dtype]
    if output.threshold is not None:
        return abs(values[1] - output.threshold) <= margin
    second, first = sorted(values)[-2:]
    return first - second <= margin
