"""H2O's own rules for the multipliers, to the rounding.

The Jacobian of each layer is rounded to float32 entry by entry, so that nothing here is a plain
matrix product. Of two classes only the second one's sum is followed, divided by the move of that
sum alone: what ``method="margin"`` does not do.

Sources: ``hex.deeplearning.DeepSHAPContributionsWithBackground``,
``hex.ContributionsWithBackgroundFrameTask``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader import formulas
from mojo_reader.explaining.passes import Passed
from mojo_reader.explaining.rounded import ChosenUnits, Jacobian, OneKernel, TwoKernels, sums
from mojo_reader.formulas import FLOAT64
from mojo_reader.model import Activation, Classification, Layer, Mojo, Regression

Array = NDArray[np.float64]
#: Sums nearer than this have the derivative instead of the quotient.
_NEAR: Final = 1e-6
#: A quotient by less than this is 0.
ZERO: Final = 1e-10


def _divided(above: Array, below: NDArray[Any]) -> Array:
    small = np.abs(below) < ZERO
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(small, 0.0, above / below)


def _step(sums: Array) -> Array:
    return (sums > 0).astype(np.float64)


def _tanh_derivative(sums: Array) -> Array:
    return np.asarray(1 - formulas.ACTIVATIONS[Activation.TANH](np, FLOAT64, sums) ** 2)


#: H2O's derivatives; Maxout's is the identity itself.
DERIVATIVES: Final[Mapping[Activation, Callable[[Array], Array]]] = {
    Activation.RECTIFIER: _step,
    Activation.TANH: _tanh_derivative,
    Activation.MAXOUT: lambda sums: sums,
}


class DeepShap:
    """H2O's contributions of pairs of rows.

    Args:
        mojo: a regression or a model of two classes, with a hidden layer.
    """

    def __init__(self, mojo: Mojo) -> None:
        self._layers = mojo.layers
        self._output = mojo.output
        width = mojo.features.one_hot_width
        first = mojo.layers[0].kernels
        self._tables = [formulas.with_empty_row(kernel[:width], np.float32) for kernel in first]
        # The first one's for the numbers alone.
        kernels = [layer.kernels for layer in mojo.layers]
        kernels[0] = tuple(kernel[width:] for kernel in first)
        self._kernels = [[np.ascontiguousarray(one) for one in layer] for layer in kernels]
        self._chosen = [
            ChosenUnits(kernels[0], layer.scale) if len(kernels) == 1 else None
            for kernels, layer in zip(self._kernels, mojo.layers, strict=True)
        ]

    def values(self, rows: Passed) -> Array:
        """Return what the contributions add up to if they do, ``(rows, 1)``.

        The second class's probability before any correction, or the response.
        """
        sums = rows.sums[-1][0]
        if isinstance(self._output, Classification):
            return np.asarray(formulas.ACTIVATIONS[Activation.SOFTMAX](np, FLOAT64, sums)[:, 1:])
        if isinstance(self._output, Regression):
            link = formulas.INVERSE_LINKS[self._output.inverse_link]
            return np.asarray(link(np, formulas.response_units(sums, self._output, FLOAT64)))
        raise TypeError(type(self._output))

    def inputs(
        self, rows: Passed, others: Passed, own: NDArray[np.int64], theirs: NDArray[np.int64]
    ) -> Array:
        """Return how the value moves with the network's inputs.

        Args:
            rows: the rows.
            others: the background rows.
            own: ``(rows, cats)`` int64, the inputs of the one-hot block that the rows set, -1 for
                none.
            theirs: ``(others, cats)`` int64, those that the background rows set.

        Returns:
            ``(rows, others, 2 * cats + nums)`` float64: a row's inputs of the one-hot block, the
            background row's, then the numbers.
        """
        found = self._top(rows, others)
        for index in range(len(self._layers) - 2, 0, -1):
            jacobian = _jacobian(self._layers[index], rows, others, index)
            found = self._carried(index, jacobian, found)
        jacobian = _jacobian(self._layers[0], rows, others, 0)
        picked = (
            [table[slots] for table in self._tables] for slots in (own[:, None], theirs[None])
        )
        parts = [sums(jacobian, kernels, found) for kernels in picked]
        return np.concatenate([*parts, self._carried(0, jacobian, found)], axis=2)

    def _carried(self, index: int, jacobian: Jacobian, multipliers: Array) -> Array:
        chosen = self._chosen[index]
        if chosen is not None and isinstance(jacobian, OneKernel):
            return chosen.carried(jacobian, multipliers)
        return sums(jacobian, self._kernels[index], multipliers)

    def _top(self, rows: Passed, others: Passed) -> Array:
        """Return the last layer's multipliers, ``(rows, others, inputs)``."""
        (kernel,) = self._kernels[-1]
        pairs = len(rows), len(others)
        if isinstance(self._output, Regression):
            weights = kernel[:, 0].astype(np.float64)
            if self._output.standardize:
                weights = weights / self._output.norm_resp_mul
            row = weights.astype(np.float32).astype(np.float64)
            return np.broadcast_to(row, (*pairs, len(row)))
        first, second = rows.sums[-1][0][:, 1], others.sums[-1][0][:, 1]
        moved = first[:, None] - second[None]
        rise = self.values(rows) - self.values(others)[:, 0]
        derivative = DERIVATIVES[self._layers[0].activation](first)[:, None]
        slope = np.where(np.abs(moved) > _NEAR, _divided(rise, moved), derivative)
        rounded = slope.astype(np.float32)[:, :, None]
        return np.asarray(kernel[:, 1] * rounded).astype(np.float64)


def _jacobian(layer: Layer, rows: Passed, others: Passed, index: int) -> Jacobian:
    """Return a layer's Jacobian for each pair."""
    first = [sums[:, None] for sums in rows.sums[index]]
    second = [sums[None] for sums in others.sums[index]]
    if layer.activation is Activation.MAXOUT:
        return _maxout(first, second, layer.scale)
    moved = first[0] - second[0]
    values = [one.values[index] * layer.scale for one in (rows, others)]
    slopes = values[0][:, None] - values[1][None]
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(slopes, moved, out=slopes)
    near = np.abs(moved, out=moved) <= _NEAR
    if near.any():
        np.copyto(slopes, DERIVATIVES[layer.activation](first[0]), where=near)
    return OneKernel(slopes.astype(np.float32))


def _maxout(first: list[Array], second: list[Array], scale: float) -> Jacobian:
    (p, q), (p_other, q_other) = first, second
    both = np.maximum(p, q) - np.maximum(p_other, q_other)
    crossed = np.maximum(p, q_other) - np.maximum(p_other, q)
    shares = (both + crossed) / 2, (both - crossed) / 2
    moves = [
        (one - other).astype(np.float32).astype(np.float64)
        for one, other in zip(first, second, strict=True)
    ]
    for move in moves:
        move[np.abs(move) < ZERO] = np.inf
    return TwoKernels(tuple(share.astype(np.float32) for share in shares), tuple(moves), scale)
