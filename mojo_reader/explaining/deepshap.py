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
from mojo_reader.formulas import FLOAT64
from mojo_reader.model import Activation, Classification, Layer, Mojo, Regression

Array = NDArray[np.float64]
Rounded = NDArray[np.float32]
#: Sums nearer than this have the derivative instead of the quotient.
_NEAR: Final = 1e-6
#: A quotient by less than this is 0.
ZERO: Final = 1e-10
#: Entries of Jacobians that are computed at once, so that they stay in the processor's cache.
_ENTRIES: Final = 1 << 16


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
        # (units, inputs) as H2O holds them.
        self._kernels = [
            [np.ascontiguousarray(kernel.T) for kernel in layer.kernels] for layer in mojo.layers
        ]
        self._width = mojo.features.one_hot_width

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

    def inputs(self, rows: Passed, others: Passed, slots: NDArray[np.int64]) -> Array:
        """Return how the value moves with the network's inputs.

        Args:
            rows: the rows.
            others: the background rows.
            slots: ``(slots,)`` int64, the inputs of the one-hot block that are asked for, -1 for
                none.

        Returns:
            ``(rows, others, slots + nums)`` float64: these inputs, then the numbers.
        """
        pairs = len(rows), len(others)
        found = self._top(rows, others)
        for index in range(len(self._layers) - 2, -1, -1):
            kernels = self._kernels[index]
            if index == 0:
                kernels = [self._asked(kernel, slots) for kernel in kernels]
            step = _through_maxout if len(kernels) > 1 else _through
            found = step(self._layers[index], kernels, _Pairs(rows, others, index), found)
        return found.reshape(*pairs, -1)

    def _asked(self, kernel: Rounded, slots: NDArray[np.int64]) -> Rounded:
        one_hot = np.where(slots >= 0, kernel[:, slots], np.float32(0))
        return np.concatenate([one_hot, kernel[:, self._width :]], axis=1)

    def _top(self, rows: Passed, others: Passed) -> Array:
        """Return the last layer's multipliers, ``(pairs, inputs)``."""
        (kernel,) = self._kernels[-1]
        if isinstance(self._output, Regression):
            weights = kernel[0].astype(np.float64)
            if self._output.standardize:
                weights = weights / self._output.norm_resp_mul
            row = weights.astype(np.float32).astype(np.float64)
            return np.broadcast_to(row, (len(rows) * len(others), len(row)))
        first, second = rows.sums[-1][0][:, 1], others.sums[-1][0][:, 1]
        moved = first[:, None] - second[None]
        rise = self.values(rows) - self.values(others)[:, 0]
        derivative = DERIVATIVES[self._layers[0].activation](first)[:, None]
        slope = np.where(np.abs(moved) > _NEAR, _divided(rise, moved), derivative)
        rounded = slope.astype(np.float32).reshape(-1, 1)
        return np.asarray(kernel[1] * rounded).astype(np.float64)


class _Pairs:
    """A layer's sums and values of the row and of the background row of each pair.

    Attributes:
        first: for each kernel ``(pairs, units)``, of the rows.
        second: the same of the background rows.
        values: ``(pairs, units)`` of the rows and of the background rows.
    """

    def __init__(self, rows: Passed, others: Passed, index: int) -> None:
        here, there = len(rows), len(others)
        self.first = [np.repeat(sums, there, axis=0) for sums in rows.sums[index]]
        self.second = [np.tile(sums, (here, 1)) for sums in others.sums[index]]
        self.values = (
            np.repeat(rows.values[index], there, axis=0),
            np.tile(others.values[index], (here, 1)),
        )


def _through(layer: Layer, kernels: list[Rounded], pairs: _Pairs, multipliers: Array) -> Array:
    """Carry multipliers of a layer's outputs to its inputs."""
    (kernel,), (first,), (second,) = kernels, pairs.first, pairs.second
    moved = first - second
    rise = pairs.values[0] * layer.scale - pairs.values[1] * layer.scale
    derivative = DERIVATIVES[layer.activation](first)
    slope = np.where(np.abs(moved) > _NEAR, _divided(rise, moved), derivative).astype(np.float32)

    def jacobian(part: slice) -> Rounded:
        return kernel[None] * slope[part, :, None]

    return _product(jacobian, multipliers, kernel)


def _through_maxout(
    layer: Layer, kernels: list[Rounded], pairs: _Pairs, multipliers: Array
) -> Array:
    """Carry multipliers of a Maxout layer's outputs to its inputs."""
    (p, q), (p_other, q_other) = pairs.first, pairs.second
    both = np.maximum(p, q) - np.maximum(p_other, q_other)
    crossed = np.maximum(p, q_other) - np.maximum(p_other, q)
    shares = [((both + crossed) / 2), ((both - crossed) / 2)]
    factors = [share.astype(np.float32) for share in shares]
    moved = [(p - p_other).astype(np.float32), (q - q_other).astype(np.float32)]

    def jacobian(part: slice) -> Rounded:
        first, second = (
            _divided((kernel[None] * factor[part, :, None]).astype(np.float64), move[part, :, None])
            for kernel, factor, move in zip(kernels, factors, moved, strict=True)
        )
        return np.asarray((first + second) * layer.scale).astype(np.float32)

    return _product(jacobian, multipliers, kernels[0])


def _product(jacobian: Callable[[slice], Rounded], multipliers: Array, kernel: Rounded) -> Array:
    """Multiply each pair's multipliers ``(pairs, units)`` with its Jacobian, a few at a time."""
    found = np.empty((len(multipliers), kernel.shape[1]))
    step = max(1, _ENTRIES // max(1, kernel.size))
    for start in range(0, len(multipliers), step):
        part = slice(start, start + step)
        wide = jacobian(part).astype(np.float64)
        np.matmul(multipliers[part, None], wide, out=found[part, None])
    return found
