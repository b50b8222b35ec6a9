"""What rounding inside a network does to its predictions, found by moving its weights.

Each product of a float32 network is rounded by up to half a step of float32, and so is each
addition, so that a long sum is rounded more often. Moving every weight at random by up to a whole
step (more in a layer of many inputs), in float64, moves the prediction as far or farther,
cancellation, de-standardization and inverse link included.
"""

from dataclasses import replace
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Mojo
from mojo_reader.scoring.scorer import Scorer

Array = NDArray[np.float64]

#: Networks that are made with moved weights.
_NETWORKS: Final = 8
#: Times the largest of their moves that a correct computation stays within. On the golden MOJOs,
#: out to six deviations, the farthest of 1.8 million rows needed 4.4.
_FACTOR: Final = 12.0
#: Inputs of a layer from which on the additions tell: a matrix product keeps partial sums of about
#: so many terms, and rounding adds up with the root of the number of them.
_SHORT_SUM: Final = 64


class RoundingNoise:
    """How far rounding moves a model's predictions, row by row.

    Args:
        mojo: the model.
        dtype: type that it is computed in, ``float32`` or ``float64``.
    """

    def __init__(self, mojo: Mojo, dtype: str) -> None:
        self._mojo = mojo
        self._step = float(np.finfo(dtype).eps)
        self._scorers: list[Scorer] = []

    def of(self, matrix: Array, scored: Array) -> Array:
        """Return what a correct computation in the type can be off by.

        Args:
            matrix: ``(rows, n_features)`` float64, the rows.
            scored: ``(rows, outputs)`` float64, their scores.

        Returns:
            ``(rows, outputs)`` float64.
        """
        if not len(matrix):
            return np.zeros_like(scored)
        if not self._scorers:
            random = np.random.default_rng(0)
            self._scorers = [Scorer(self._moved(random)) for _ in range(_NETWORKS)]
        with np.errstate(over="ignore", invalid="ignore"):
            moves = [np.abs(moved.score_matrix(matrix) - scored) for moved in self._scorers]
        return np.asarray(_FACTOR * np.max(moves, axis=0))

    def _moved(self, random: np.random.Generator) -> Mojo:
        layers = [
            replace(
                layer,
                kernels=tuple(
                    self._moved_array(kernel, random, additions=max(1.0, layer.inputs / _SHORT_SUM))
                    for kernel in layer.kernels
                ),
                biases=tuple(self._moved_array(bias, random) for bias in layer.biases),
            )
            for layer in self._mojo.layers
        ]
        features = self._mojo.features
        factors = self._moved_array(features.norm_mul, random)
        return replace(
            self._mojo, layers=tuple(layers), features=replace(features, norm_mul=factors)
        )

    def _moved_array(
        self, weights: NDArray[Any], random: np.random.Generator, *, additions: float = 1.0
    ) -> NDArray[Any]:
        step = self._step * sqrt(additions)
        moves = random.uniform(-step, step, weights.shape)
        return np.asarray(weights.astype(np.float64) * (1.0 + moves))
