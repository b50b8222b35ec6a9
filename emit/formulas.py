"""Formulas that every framework writes alike. No framework: plain operators on their tensors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def constant(values: Any, dtype: str) -> NDArray[Any]:
    """Numbers ``(...)`` as an array of the model's type, beyond its range as its largest."""
    limit = np.finfo(dtype).max
    return np.asarray(np.clip(np.asarray(values, np.float64), -limit, limit).astype(dtype))


def standardized(
    numbers: Any, norm_sub: NDArray[np.float64], norm_mul: NDArray[np.float64], dtype: str
) -> Any:
    """``(x - norm_sub) * norm_mul``, with the mean in two parts where one would be rounded.

    float32 holds a mean of 1e6 to 0.03. The rest is taken off after the difference is multiplied,
    ``(x - high) * mul - low * mul``: compilers join ``(x - high) - low`` into one rounded
    constant where a single column makes them scalars, and nothing joins across a product.

    Args:
        numbers: ``(rows, columns)``, of any framework.
        norm_sub: ``(columns,)``.
        norm_mul: ``(columns,)``.
        dtype: ``float32`` or ``float64``.
    """
    high = constant(norm_sub, dtype)
    factor = constant(norm_mul, dtype)
    low = constant((norm_sub - high.astype(np.float64)) * norm_mul, dtype)
    scaled = (numbers - high) * factor
    return scaled - low if low.any() else scaled
