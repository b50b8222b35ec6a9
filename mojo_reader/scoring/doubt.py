"""Which rows the fast network may get wrong: these are computed again with more care."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Classification, InverseLink, Mojo, Output, Reconstruction, Regression
from mojo_reader.scoring.prediction import undecided

# Labels that hang by less than this are computed again in Java's order of operations. It is far
# above the rounding of either type and far below what two honest probabilities differ by.
LABEL_MARGINS: Final = {"float64": 1e-9, "float32": 1e-4}
#: In float32 a sum has lost the digits that 1e-5 needs where what the network adds to a mean is
#: more than this many times the sum,
_MOST_CANCELLED: Final = 8.0
#: or where the sum is a smaller share than this of one deviation of the response or the column.
_SMALLEST_SHARE: Final = 0.02


def in_doubt(values: NDArray[np.float64], mojo: Mojo, dtype: str) -> NDArray[np.bool_]:
    """Say which rows hang by a thread, have overflowed, or have lost their digits.

    Args:
        values: ``(rows, outputs)`` float64, predictions.
        mojo: the model.
        dtype: type that they were computed in.

    Returns:
        ``(rows,)`` bool.
    """
    doubt = ~np.isfinite(values).all(axis=1)
    if isinstance(mojo.output, Classification):
        doubt |= undecided(values, mojo.output, LABEL_MARGINS[dtype])
    elif dtype == "float32":
        doubt |= _cancelled(values, mojo)
    return np.asarray(doubt)


def _cancelled(values: NDArray[np.float64], mojo: Mojo) -> NDArray[np.bool_]:
    """Say in which rows large numbers cancel where the outputs get their units."""
    match mojo.output:
        case Reconstruction():
            values = values[:, mojo.features.one_hot_width :]
            mean, factor = mojo.features.norm_sub, mojo.features.norm_mul
        case Regression(inverse_link=InverseLink.IDENTITY) as response:
            mean, factor = np.array(response.norm_resp_sub), np.array(response.norm_resp_mul)
        case _:
            return np.zeros(len(values), np.bool_)
    size = 1.0 + np.abs(values)
    cancelled = np.abs(values - mean) > _MOST_CANCELLED * size
    return np.asarray((cancelled | (np.abs(factor) * size < _SMALLEST_SHARE)).any(axis=1))


def row_in_doubt(values: NDArray[np.float64], mojo: Mojo, dtype: str) -> bool:
    """Do for ``(1, outputs)`` what ``in_doubt`` does, without NumPy's cost of a call."""
    output: Output = mojo.output
    row = values[0].tolist()
    if not all(map(math.isfinite, row)):
        return True
    if not isinstance(output, Classification):
        return dtype == "float32" and bool(_cancelled(values, mojo)[0])
    margin = LABEL_MARGINS[dtype]
    if output.threshold is not None:
        return bool(abs(row[1] - output.threshold) <= margin)
    second, first = sorted(row)[-2:]
    return bool(first - second <= margin)
