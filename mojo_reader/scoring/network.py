"""Second stage: the dense layers, fast, by matrix products and a gather for the one-hot block.

Within 1e-10 of H2O; ``exact.py`` has Java's own order of operations.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Activation, Features, Layer

Array = NDArray[Any]


class Network:
    """The layers, prepared for one floating-point type.

    Args:
        features: the model's features.
        layers: the model's layers.
        dtype: float64 or float32; everything is computed in it.
    """

    def __init__(self, features: Features, layers: tuple[Layer, ...], dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        width = features.one_hot_width
        first = layers[0]
        # A slot of -1 adds nothing: it reads the last row, which is zero.
        self._gathered = tuple(
            np.vstack([kernel[:width], np.zeros((1, first.units))]).astype(dtype)
            for kernel in first.kernels
        )
        self._layers = tuple(
            _Prepared(layer, dtype, skip=width if layer is first else 0) for layer in layers
        )
        self._largest_safe = _largest_safe_input(layers, dtype)

    def outputs(
        self, slots: NDArray[np.int64], numbers: NDArray[np.float64], *, layers: int | None = None
    ) -> Array:
        """Run a block of rows through the layers.

        Args:
            slots: ``(rows, cats)`` int64, inputs that are 1; -1 for none.
            numbers: ``(rows, nums)`` float64, standardized.
            layers: number of layers to run; None for all.

        Returns:
            ``(rows, units)`` of the last layer run, in the network's type.
        """
        # Activation functions that agree with H2O's only on finite sums are used only where no
        # sum can overflow.
        safe = bool(
            np.abs(numbers, out=np.empty_like(numbers)).max(initial=0) <= self._largest_safe
        )
        values = numbers.astype(self._dtype, copy=False)
        for index, layer in enumerate(self._layers[:layers]):
            sums = layer.sums(values)
            if index == 0:
                self._add_gathered(sums, slots)
            values = layer.activate(sums, safe=safe)
        return values

    def _add_gathered(self, sums: list[Array], slots: NDArray[np.int64]) -> None:
        for candidate, kernel in enumerate(self._gathered):
            for index in range(slots.shape[1]):
                sums[candidate] += kernel[slots[:, index]]


class _Prepared:
    """One layer with its arrays in the network's type."""

    def __init__(self, layer: Layer, dtype: np.dtype[Any], *, skip: int) -> None:
        self._kernels = tuple(np.ascontiguousarray(k[skip:], dtype) for k in layer.kernels)
        self._biases = tuple(bias.astype(dtype) for bias in layer.biases)
        self._activation = layer.activation
        self._scale = dtype.type(layer.scale)

    def sums(self, values: Array) -> list[Array]:
        """Return the weighted sums, ``(rows, units)`` for each kernel."""
        return [
            values @ kernel + bias for kernel, bias in zip(self._kernels, self._biases, strict=True)
        ]

    def activate(self, sums: list[Array], *, safe: bool) -> Array:
        values = _maxout(*sums) if len(sums) > 1 else sums[0]
        if self._activation is Activation.RECTIFIER and not safe:
            values = _careful_rectifier(values)
        else:
            values = ACTIVATIONS[self._activation](values)
        if self._scale != 1:
            values *= self._scale
        return values


def _largest_safe_input(layers: tuple[Layer, ...], dtype: np.dtype[Any]) -> float:
    """Return a bound on the inputs under which no sum of any layer can overflow."""
    limit = float(np.finfo(dtype).max) / 4
    gain = offset = 0.0
    factor = 1.0
    for layer in layers:
        weight = max(float(np.abs(kernel).max(initial=0)) for kernel in layer.kernels)
        bias = max(float(np.abs(b).max(initial=0)) for b in layer.biases)
        step = max(weight * layer.inputs, 1.0)
        factor, offset = factor * step, offset * step + bias
        gain = max(gain, factor)
    return max((limit - offset) / gain, 0.0) if np.isfinite(gain) else 0.0


# --------------------------------------------------------------------------- activations


def _linear(sums: Array) -> Array:
    return sums


def _rectifier(sums: Array) -> Array:
    return np.asarray(np.maximum(sums, 0, out=sums))


def _careful_rectifier(sums: Array) -> Array:
    # H2O computes 0.5 * (x + |x|), which is NaN for -Infinity.
    return np.asarray(0.5 * (sums + np.abs(sums)), sums.dtype)


def _tanh(sums: Array) -> Array:
    return np.asarray(np.tanh(sums, out=sums))


def _exp_rectifier(sums: Array) -> Array:
    negative = np.expm1(np.minimum(sums, 0))
    return np.where(sums >= 0, sums, negative)


def _maxout(first: Array, second: Array) -> Array:
    return np.where(first > second, first, second)


def _softmax(sums: Array) -> Array:
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


ACTIVATIONS: Final[Mapping[Activation, Callable[[Array], Array]]] = {
    Activation.LINEAR: _linear,
    Activation.SOFTMAX: _softmax,
    Activation.RECTIFIER: _rectifier,
    Activation.TANH: _tanh,
    Activation.EXP_RECTIFIER: _exp_rectifier,
    # The larger candidate is taken before; nothing is left to do.
    Activation.MAXOUT: _linear,
}
