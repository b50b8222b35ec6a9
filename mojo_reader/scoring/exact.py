"""The dense layers in Java's own order of operations, so that results agree to the last bit.

Java keeps 8 partial sums over the columns, adds them as ``((p0+p1)+p2)+p3`` and
``((p4+p5)+p6)+p7``, then adds the columns past the last multiple of 8 one by one, then the bias;
``Maxout`` sums from left to right. There is no fused multiply-add.

Sources: ``hex.genmodel.algos.deeplearning.NeuralNetwork``, ``ActivationUtils``.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.formulas import ACTIVATIONS, FLOAT64
from mojo_reader.java.ops import JAVA
from mojo_reader.model import Activation, Features, Layer

Array = NDArray[np.float64]

_LANES: Final = 8
_BLOCK_VALUES: Final = 1 << 17


class ExactNetwork:
    """The layers in float64 and in Java's order.

    Args:
        features: the model's features.
        layers: the model's layers.
    """

    def __init__(self, features: Features, layers: tuple[Layer, ...]) -> None:
        self._one_hot_width = features.one_hot_width
        self._layers = layers

    def outputs(
        self, slots: NDArray[np.int64], numbers: Array, *, layers: int | None = None
    ) -> Array:
        """Run rows through the layers.

        Args:
            slots: ``(rows, cats)`` int64, inputs that are 1; -1 for none.
            numbers: ``(rows, nums)`` float64, standardized.
            layers: number of layers to run; None for all.

        Returns:
            ``(rows, units)`` float64 of the last layer run.
        """
        run = self._layers[:layers]
        widest = max(layer.units for layer in run)
        block = max(1, _BLOCK_VALUES // (widest * _LANES))
        parts = [
            self._block_outputs(run, slots[start : start + block], numbers[start : start + block])
            for start in range(0, len(numbers), block)
        ]
        return np.concatenate(parts) if parts else np.empty((0, run[-1].units))

    def _block_outputs(
        self, layers: tuple[Layer, ...], slots: NDArray[np.int64], numbers: Array
    ) -> Array:
        values = numbers
        hot = slots
        offset = self._one_hot_width
        for layer in layers:
            sums = _sums(layer, hot, offset, values)
            values = np.asarray(ACTIVATIONS[layer.activation](JAVA, FLOAT64, *sums))
            if layer.scale != 1:
                values = values * layer.scale
            hot = slots[:, :0]
            offset = 0
        return values


def _sums(layer: Layer, hot: NDArray[np.int64], offset: int, values: Array) -> list[Array]:
    """Return the weighted sums of each kernel: ``hot`` inputs are 1, ``values`` start at offset."""
    add_up = _left_to_right if layer.activation is Activation.MAXOUT else _eight_lanes
    return [
        add_up(kernel, hot, offset, values) + bias
        for kernel, bias in zip(layer.kernels, layer.biases, strict=True)
    ]


def _left_to_right(
    kernel: NDArray[np.float32], hot: NDArray[np.int64], offset: int, values: Array
) -> Array:
    sums = np.zeros((len(values), kernel.shape[1]))
    for index in range(hot.shape[1]):
        sums += _rows(kernel, hot[:, index])
    for column in range(values.shape[1]):
        sums += values[:, column, None] * kernel[offset + column].astype(np.float64)
    return sums


def _eight_lanes(
    kernel: NDArray[np.float32], hot: NDArray[np.int64], offset: int, values: Array
) -> Array:
    inputs, units = kernel.shape
    tail = inputs - inputs % _LANES
    lanes = np.zeros((len(values), _LANES, units))
    rows = np.arange(len(values))
    for index in range(hot.shape[1]):
        slot = hot[:, index]
        lanes[rows, slot % _LANES] += _rows(kernel, np.where(slot < tail, slot, -1))
    for column in range(offset, tail):
        lanes[:, column % _LANES] += values[:, column - offset, None] * kernel[column].astype(
            np.float64
        )
    sums = ((lanes[:, 0] + lanes[:, 1]) + lanes[:, 2]) + lanes[:, 3]
    sums += ((lanes[:, 4] + lanes[:, 5]) + lanes[:, 6]) + lanes[:, 7]
    for column in range(tail, inputs):
        if column < offset:
            count = (hot == column).sum(axis=1)
            sums += count[:, None] * kernel[column].astype(np.float64)
        else:
            sums += values[:, column - offset, None] * kernel[column].astype(np.float64)
    return sums


def _rows(kernel: NDArray[np.float32], slot: NDArray[np.int64]) -> Array:
    """Return the kernel's rows at the slots, zero for a slot of -1."""
    if not len(kernel):
        return np.zeros((len(slot), kernel.shape[1]))
    return np.where((slot >= 0)[:, None], kernel[slot], np.float32(0)).astype(np.float64)
