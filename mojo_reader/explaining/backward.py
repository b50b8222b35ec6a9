"""From a target back to the first layer: DeepLIFT's multipliers of each pair of rows."""

import operator
from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.passes import Passed
from mojo_reader.explaining.targets import Error, Target, layer_slopes
from mojo_reader.model import Mojo

#: Of NumPy or of JAX, float64.
Array = Any


class Backward:
    """Carries multipliers back through the network.

    Args:
        mojo: the model.
        target: what is explained.
        ops: NumPy or ``jax.numpy``.

    Attributes:
        table: ``(one_hot_width + 1, sums)`` float64: the first layer's kernels beside each other,
            for the one-hot block; the last row, of slot -1, is zero.
        kernel: ``(nums, sums)`` float64, the same for the numbers.
        sums: number of the first layer's sums: units, twice as many for ``Maxout``.
    """

    def __init__(self, mojo: Mojo, target: Target, ops: Any = np) -> None:
        self._ops = ops
        self._layers = mojo.layers
        self._target = target
        self._transposed = [
            [np.ascontiguousarray(kernel.T, np.float64) for kernel in layer.kernels]
            for layer in mojo.layers
        ]
        width = mojo.features.one_hot_width
        first = np.concatenate(mojo.layers[0].kernels, axis=1, dtype=np.float64)
        self.table: Array = np.vstack([first[:width], np.zeros((1, first.shape[1]))])
        self.kernel: Array = first[width:]
        self.sums: int = first.shape[1]

    def multipliers(self, rows: Passed, others: Passed) -> Iterator[Array]:
        """Yield for each output of the target how it moves with the first layer's sums.

        Returns:
            ``(rows, others, sums)`` float64.
        """
        slopes = [
            layer_slopes(layer, rows, others, index, self._ops)
            for index, layer in enumerate(self._layers[:-1])
        ]
        for top in self._target.multipliers(rows, others):
            found = top
            for index in range(len(self._layers) - 1, 0, -1):
                carried = self._carried(found, index)
                found = [carried * slope for slope in slopes[index - 1]]
            joined = found[0] if len(found) == 1 else self._ops.concatenate(found, axis=2)
            yield self._ops.broadcast_to(joined, (len(rows), len(others), self.sums))

    def inputs(
        self, rows: Passed, others: Passed, own: NDArray[np.int64], theirs: NDArray[np.int64]
    ) -> Iterator[Array]:
        """Yield for each output how it moves with the network's inputs.

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
        every = np.concatenate([own, theirs])
        slots, places = np.unique(every, return_inverse=True)
        here, there = np.split(places.reshape(every.shape), [len(rows)])
        kernel = np.concatenate([self.table[slots], self.kernel]).T
        direct = None
        if isinstance(self._target, Error):
            direct = self._target.direct(rows, others)
        for sums in self.multipliers(rows, others):
            found = (sums.reshape(-1, self.sums) @ kernel).reshape(*sums.shape[:2], -1)
            if direct is not None:
                width = len(self.table) - 1
                found[..., : len(slots)] += np.where(slots >= 0, direct[..., slots], 0.0)
                found[..., len(slots) :] += direct[..., width:]
            picked = (
                np.take_along_axis(found, which, axis=2) for which in (here[:, None], there[None])
            )
            yield np.concatenate([*picked, found[..., len(slots) :]], axis=2)

    def _carried(self, multipliers: list[Array], index: int) -> Array:
        """Carry multipliers of a layer's sums to its inputs."""
        shape = multipliers[0].shape[:2]
        products = (
            one.reshape(-1, kernel.shape[0]) @ kernel
            for one, kernel in zip(multipliers, self._transposed[index], strict=True)
        )
        return self._ops.asarray(reduce(operator.add, products)).reshape(*shape, -1)
