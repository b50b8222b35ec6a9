"""Second stage: the dense layers, fast, by matrix products and a gather for the one-hot block.

Within 1e-10 of H2O; ``exact.py`` has Java's own order of operations. Rows so large that a sum could
overflow are not for here: what becomes of them depends on the order of the additions, and so on the
other rows of a matrix product.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Activation, Features, Layer
from mojo_reader.scoring.gather import Gathers

Array = NDArray[Any]
#: In float32 the products of larger standardized inputs are rounded by more than what labels and
#: the contract allow.
_LARGEST_INPUTS: Final = {"float64": np.inf, "float32": 1000.0}


class Network:
    """The layers, prepared for one floating-point type.

    Args:
        features: the model's features.
        layers: the model's layers.
        dtype: float64 or float32; everything is computed in it.

    Attributes:
        dtype: the type.
        layers: the layers, the first one without the one-hot block.
        gathers: the one-hot block and the bias of each of the first layer's kernels.
        largest_safe: inputs up to this, standardized, cannot make any sum overflow, nor make the
            type too coarse.
    """

    def __init__(self, features: Features, layers: tuple[Layer, ...], dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        width = features.one_hot_width
        first = layers[0]
        column_slots = [feature.slots for feature in features.categorical]
        self.gathers = tuple(
            Gathers(kernel[:width], bias, column_slots, dtype)
            for kernel, bias in zip(first.kernels, first.biases, strict=True)
        )
        self.layers = tuple(
            _Prepared(layer, dtype, skip=width if layer is first else 0) for layer in layers
        )
        self.largest_safe = min(_largest_safe_input(layers, dtype), _LARGEST_INPUTS[dtype.name])

    def workspace(self, rows: int) -> "Workspace":
        """Return memory for blocks of at most ``rows`` rows; not to be shared among threads."""
        return Workspace(self.layers, rows, self.dtype)

    def outputs(
        self,
        slots: NDArray[np.int64],
        numbers: NDArray[np.float64],
        workspace: "Workspace",
        *,
        layers: int | None = None,
    ) -> Array:
        """Run a block of rows through the layers.

        Args:
            slots: ``(rows, cats)`` int64, inputs that are 1; -1 for none.
            numbers: ``(rows, nums)`` float64, standardized, none of them in an unsafe row.
            workspace: memory to compute in.
            layers: number of layers to run; None for all.

        Returns:
            ``(rows, units)`` of the last layer run, in the network's type; it stands in the
            workspace until the next block.
        """
        values = numbers.astype(self.dtype, copy=False)
        for index, layer in enumerate(self.layers[:layers]):
            sums = workspace.sums(index, len(values))
            layer.add_up(values, sums, biased=index > 0)
            if index == 0:
                scratch = workspace.gathered(len(values))
                for gathers, memory in zip(self.gathers, sums, strict=True):
                    gathers.add(memory, slots, scratch)
            values = layer.activate(sums)
        return values

    def unsafe(self, numbers: NDArray[np.float64]) -> NDArray[np.bool_] | None:
        """Return the rows in which a sum could overflow, or that the type is too coarse for.

        Args:
            numbers: ``(rows, nums)`` float64, standardized.

        Returns:
            ``(rows,)`` bool; None where there is no such row.
        """
        largest = max(numbers.max(initial=0.0), -numbers.min(initial=0.0))
        if largest <= self.largest_safe:
            return None
        return np.asarray((np.abs(numbers) > self.largest_safe).any(axis=1))


class Workspace:
    """Memory for the sums of each layer, so that blocks do not allocate it anew."""

    def __init__(self, layers: "tuple[_Prepared, ...]", rows: int, dtype: np.dtype[Any]) -> None:
        self._sums = [
            [np.empty((rows, layer.units), dtype) for _ in range(layer.candidates)]
            for layer in layers
        ]
        self._gathered = np.empty((rows, layers[0].units), dtype)

    def sums(self, layer: int, rows: int) -> list[Array]:
        """Return memory for a layer's sums, ``(rows, units)`` for each kernel."""
        return [memory[:rows] for memory in self._sums[layer]]

    def gathered(self, rows: int) -> Array:
        """Return memory for gathered rows of the first layer's kernel, ``(rows, units)``."""
        return self._gathered[:rows]


class _Prepared:
    """One layer with its arrays in the network's type."""

    def __init__(self, layer: Layer, dtype: np.dtype[Any], *, skip: int) -> None:
        self._kernels = tuple(np.ascontiguousarray(k[skip:], dtype) for k in layer.kernels)
        self._biases = tuple(bias.astype(dtype) for bias in layer.biases)
        self._activation = layer.activation
        self._scale = dtype.type(layer.scale)
        self.units = layer.units
        self.candidates = len(layer.kernels)

    def add_up(self, values: Array, sums: list[Array], *, biased: bool) -> None:
        """Put the weighted sums of ``(rows, inputs)`` values into ``(rows, units)`` arrays."""
        for kernel, bias, memory in zip(self._kernels, self._biases, sums, strict=True):
            np.matmul(values, kernel, out=memory)
            if biased:
                np.add(memory, bias, out=memory)

    def row_sums(self, values: Array) -> list[Array]:
        """Return the weighted sums of one row, ``(units,)`` for each kernel."""
        return [
            np.add(total := values.dot(kernel), bias, out=total)
            for kernel, bias in zip(self._kernels, self._biases, strict=True)
        ]

    def activate(self, sums: list[Array]) -> Array:
        """Return the activations; they may stand in the memory of the sums."""
        values = ACTIVATIONS[self._activation](*sums)
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
    # H2O computes 0.5 * (x + |x|), which differs only where a sum has overflowed.
    return np.asarray(np.maximum(sums, 0, out=sums))


def _tanh(sums: Array) -> Array:
    return np.asarray(np.tanh(sums, out=sums))


def _exp_rectifier(sums: Array) -> Array:
    negative = np.minimum(sums, 0)
    if sums.dtype == np.float64:
        # Not expm1: H2O rounds exp(x) before it subtracts, and weights that training has blown up
        # make a prediction of what is lost there (``ActivationUtils.ExpRectifierActivation``).
        np.subtract(np.exp(negative, out=negative), 1, out=negative)
    else:
        # float32 would lose more there than float64 does: expm1 is what comes nearest to it.
        np.expm1(negative, out=negative)
    return np.where(sums >= 0, sums, negative)


def _maxout(first: Array, second: Array) -> Array:
    # H2O takes the second where the comparison fails, on NaN too.
    np.copyto(second, first, where=first > second)
    return second


def _softmax(sums: Array) -> Array:
    sums -= sums.max(axis=1, keepdims=True)
    powers = np.exp(sums, out=sums)
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


#: The formulas of ``formulas.ACTIVATIONS``, in place.
ACTIVATIONS: Final[Mapping[Activation, Callable[..., Array]]] = {
    Activation.LINEAR: _linear,
    Activation.SOFTMAX: _softmax,
    Activation.RECTIFIER: _rectifier,
    Activation.TANH: _tanh,
    Activation.EXP_RECTIFIER: _exp_rectifier,
    Activation.MAXOUT: _maxout,
}
