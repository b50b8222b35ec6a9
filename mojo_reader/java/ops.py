"""NumPy with Java's arithmetic where it differs: what ``formulas`` compute with to the last bit."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.java.exp import java_exp


class _Java:
    """``numpy``, but for the exponential function and the order of additions."""

    exp = staticmethod(java_exp)

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        setattr(self, name, found)  # found at once from now on
        return found

    @staticmethod
    def sum(values: NDArray[np.float64], **_axes: Any) -> NDArray[np.float64]:
        """Add ``(rows, columns)`` from left to right, ``(rows, 1)``."""
        total = np.zeros(len(values))
        for column in range(values.shape[1]):
            total += values[:, column]
        return total[:, np.newaxis]


#: Whatever takes ``ops`` takes this.
JAVA: Final[Any] = _Java()
