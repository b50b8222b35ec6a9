"""Second stage: the dense layers, fast, by matrix products and a gather for the one-hot block.

Within 1e-10 of H2O; ``exact.py`` has Java's own order of operations. Rows so large that a sum could
overflow are not for here: what becomes of them depends on the order of the additions, and so on the
other rows of a matrix product.

The inputs of each layer have one more, which is always 1: its weights are the bias, so that no pass
over the sums adds it.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Activation, Features, Layer
from mojo_reader.scoring.gather import Gathers
from mojo_reader.scoring.workspace import arrays

Array = NDArray[Any]
#: In float32 the products of larger standardized inputs are rounded by more than what labels and
#: the contract allow.
_LARGEST_INPUTS: Final = {"float64": np.inf, "float32": 1000.0}
# Measured: a product of fewer rows is slower, for its weights are packed each time, and one of more
# is no faster; between the two, the sums of two layers that follow each other stay in the cache.
_FEWEST_ROWS: Final = 512
_MOST_ROWS: Final = 1024
_CACHE_BYTES: Final = 1 << 21
# Layers so wide that even the fewest rows take more than this get fewer, and so do inputs, of which
# a few copies are made where they are codes.
_MEMORY_BYTES: Final = 1 << 26
_INPUT_COPIES: Final = 4
#: Outputs up to this many are kept by column: what follows goes through them column by column.
NARROW: Final = 16
#: Up to this many a product by column beats one product of the matrices.
_FEW_COLUMNS: Final = 4
# A rectifier compares with zeros that stand in memory: with a single one NumPy takes four times as
# long. So many rows at a time.
_RECTIFIED_ROWS: Final = 16


class Network:
    """The layers, prepared for one floating-point type.

    Args:
        features: the model's features.
        layers: the model's layers.
        dtype: float64 or float32; everything is computed in it.

    Attributes:
        dtype: the type.
        layers: the layers, the first one without the one-hot block.
        gathers: the one-hot block of the first layer's kernels.
        largest_safe: inputs up to this, standardized, cannot make any sum overflow, nor make the
            type too coarse.
        block_rows: rows that go through the layers at a time.
    """

    def __init__(self, features: Features, layers: tuple[Layer, ...], dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._cats = len(features.categorical)
        self._standardize = features.standardize
        self._norm_sub = features.norm_sub[:, None]
        self._norm_mul = features.norm_mul[:, None]
        self.layers = tuple(
            _Prepared(
                layer,
                dtype,
                skip=0 if place else features.one_hot_width,
                last=place == len(layers) - 1,
            )
            for place, layer in enumerate(layers)
        )
        self.gathers = Gathers(
            [kernel[: features.one_hot_width] for kernel in layers[0].kernels],
            [feature.slots for feature in features.categorical],
            dtype,
            self.layers[0].columns,
        )
        self.largest_safe = min(_largest_safe_input(layers, dtype), _LARGEST_INPUTS[dtype.name])
        widths = [len(features.numeric), *(layer.units for layer in layers)]
        self.block_rows = _block_rows(len(features.names), widths, dtype)

    def outputs(
        self, matrix: NDArray[np.float64], *, layers: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Run rows through the layers.

        Args:
            matrix: ``(rows, n_features)`` float64, the row matrix.
            layers: number of layers to run; None for all.

        Returns:
            ``(rows, units)`` float64 of the last layer run, and ``(rows,)`` bool: rows that are
            too large for it.
        """
        run = self.layers[:layers]
        count, units = len(matrix), run[-1].units
        outputs = np.empty((units, count)).T if units <= NARROW else np.empty((count, units))
        unsafe = np.zeros(count, np.bool_)
        block = min(self.block_rows, max(count + -count % _RECTIFIED_ROWS, _RECTIFIED_ROWS))
        sums, scratch = self._memory(run, block)
        for start in range(0, count, block):
            stop = min(start + block, count)
            # One row for each column, so that what is done to the columns goes along them.
            columns = np.empty((matrix.shape[1] + 1, stop - start))
            columns[:-1] = matrix[start:stop].T
            columns[-1] = 1.0
            self._standardized(columns[self._cats : -1], unsafe[start:stop])
            outputs[start:stop] = self._block_outputs(run, columns, sums, scratch)
        return outputs, unsafe

    def _memory(self, run: "tuple[_Prepared, ...]", block: int) -> tuple[list[list[Array]], Array]:
        """Return memory for the sums of each kernel of each layer, and for gathered rows."""
        shapes = [layer.shape(block) for layer in run for _ in range(layer.candidates)]
        *found, scratch = arrays([*shapes, (block, run[0].columns)], self.dtype)
        memories = iter(found)
        sums = [[layer.memory(next(memories)) for _ in range(layer.candidates)] for layer in run]
        return sums, scratch

    def _block_outputs(
        self,
        run: "tuple[_Prepared, ...]",
        columns: NDArray[np.float64],
        sums: list[list[Array]],
        scratch: Array,
    ) -> Array:
        """Return the last layer's values; they stand in the memory of its sums."""
        gathered = self.gathers.rows(columns[: self._cats])
        values = columns[self._cats :].astype(self.dtype, copy=False).T
        rows = len(values)
        for place, (layer, memories) in enumerate(zip(run, sums, strict=True)):
            layer.add_up(values, memories)
            if not place:
                self.gathers.add([memory[:rows] for memory in memories], gathered, scratch[:rows])
            values = layer.activate(memories, rows)
        return values[:, : run[-1].units]

    def _standardized(self, numbers: NDArray[np.float64], unsafe: NDArray[np.bool_]) -> None:
        """Standardize ``(nums, rows)`` in place, and mark the rows that are too large."""
        if self._standardize:
            np.subtract(numbers, self._norm_sub, out=numbers)
            np.multiply(numbers, self._norm_mul, out=numbers)
        largest = _largest(numbers)
        if np.isnan(largest):
            numbers[np.isnan(numbers)] = 0.0
            largest = _largest(numbers)
        if largest > self.largest_safe:
            unsafe[:] = (np.abs(numbers) > self.largest_safe).any(axis=0)
            numbers[:, unsafe] = 0.0

    def unsafe(self, numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return the rows in which a sum could overflow, or that the type is too coarse for.

        Args:
            numbers: ``(rows, nums)`` float64, standardized.

        Returns:
            ``(rows,)`` bool.
        """
        return np.asarray((np.abs(numbers) > self.largest_safe).any(axis=1))


def _largest(numbers: NDArray[np.float64]) -> float:
    """Return the largest absolute value, NaN where one is."""
    return float(np.maximum(numbers.max(initial=0.0), -numbers.min(initial=0.0)))


def _block_rows(features: int, widths: list[int], dtype: np.dtype[Any]) -> int:
    """Return how many rows go through the layers at a time.

    Args:
        features: columns of the row matrix.
        widths: of the numbers, and of each layer.
        dtype: the network's type.
    """
    row = dtype.itemsize * max(first + second for first, second in itertools.pairwise(widths))
    largest = max(row, features * 8 * _INPUT_COPIES)  # the matrix is float64
    rows = min(max(_CACHE_BYTES // row, _FEWEST_ROWS), _MOST_ROWS, _MEMORY_BYTES // largest)
    return max(rows - rows % _RECTIFIED_ROWS, _RECTIFIED_ROWS)


class _Prepared:
    """One layer with its arrays in the network's type.

    Args:
        layer: the layer.
        dtype: the network's type.
        skip: inputs of the one-hot block, which are left out.
        last: no layer follows, which would need a unit that is always 1.

    Attributes:
        units: of the layer.
        columns: of its values: one more where a layer follows.
        candidates: number of kernels.
        kernels: ``(inputs + 1, columns)``, the bias last.
        activation: of the layer.
        scale: what its activations are multiplied by.
    """

    def __init__(self, layer: Layer, dtype: np.dtype[Any], *, skip: int, last: bool) -> None:
        self.kernels: tuple[Array, ...] = tuple(
            _with_bias(kernel[skip:], bias, dtype, one_more=not last)
            for kernel, bias in zip(layer.kernels, layer.biases, strict=True)
        )
        self.units = layer.units
        self.columns = layer.units + (not last)
        self.candidates = len(layer.kernels)
        self.activation = layer.activation
        self.scale = dtype.type(layer.scale)
        self._zeros = np.zeros((1, _RECTIFIED_ROWS * self.columns), dtype)
        self._row_of_zeros = self._zeros[0, : self.columns]
        self._narrow = self.columns <= NARROW
        by_column = self._narrow and self.units <= _FEW_COLUMNS
        self._vectors = [
            [np.ascontiguousarray(vector) for vector in kernel.T] if by_column else []
            for kernel in self.kernels
        ]

    def shape(self, rows: int) -> tuple[int, int]:
        """Return the shape of the memory for the sums of one kernel."""
        return (self.columns, rows) if self._narrow else (rows, self.columns)

    def memory(self, memory: Array) -> Array:
        """Return such memory as ``(rows, columns)``, with its unit that is always 1."""
        memory = memory.T if self._narrow else memory
        memory[:, self.units :] = 1.0
        return memory

    def add_up(self, values: Array, sums: list[Array]) -> None:
        """Put the weighted sums of ``(rows, inputs + 1)`` values into the memory."""
        rows = len(values)
        for kernel, vectors, memory in zip(self.kernels, self._vectors, sums, strict=True):
            if vectors:
                for vector, column in zip(vectors, memory.T, strict=False):
                    np.dot(values, vector, out=column[:rows])
            else:
                np.matmul(values, kernel[:, : self.units], out=memory[:rows, : self.units])

    def activate_row(self, sums: list[Array]) -> Array:
        """Return the activations of one row, ``(columns,)``; the sums are overwritten."""
        if self.activation is Activation.RECTIFIER:
            values = np.maximum(sums[0], self._row_of_zeros)
        else:
            values = sums[-1]
            ACTIVATIONS[self.activation](*(total[None, : self.units] for total in sums))
        if self.scale != 1:
            values[: self.units] *= self.scale
        return np.asarray(values)

    def activate(self, sums: list[Array], rows: int) -> Array:
        """Return the activations ``(rows, columns)``; they stand in the memory of the sums."""
        values = sums[-1][:rows]
        if self.activation is Activation.RECTIFIER:
            self._rectify(sums[-1], rows)
        elif self.activation is Activation.TANH:
            # In one pass over what stands together; then the unit that is always 1 is so again.
            _tanh(values)
            values[:, self.units :] = 1.0
        else:
            ACTIVATIONS[self.activation](*(memory[:rows, : self.units] for memory in sums))
        if self.scale != 1:
            values[:, : self.units] *= self.scale
        return values

    def _rectify(self, sums: Array, rows: int) -> None:
        if self._narrow:
            _rectifier(sums[:rows])
            return
        # Rows that no one has asked for are computed along, and never looked at.
        whole = sums[: rows + -rows % _RECTIFIED_ROWS].reshape(-1, self._zeros.shape[1])
        np.maximum(whole, self._zeros, out=whole)


def _with_bias(kernel: Array, bias: Array, dtype: np.dtype[Any], *, one_more: bool) -> Array:
    """Return the kernel with the bias as weights of one more input, which is always 1.

    Args:
        kernel: ``(inputs, units)``.
        bias: ``(units,)``.
        dtype: of the result ``(inputs + 1, units)``.
        one_more: add a unit that is always 1, too, for the next layer.
    """
    inputs, units = kernel.shape
    found = np.zeros((inputs + 1, units + one_more), dtype)
    found[:-1, :units] = kernel
    found[-1] = 1.0
    found[-1, :units] = bias
    return found


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
    if sums.dtype != np.float64:
        return np.asarray(np.tanh(sums, out=sums))
    # H2O's own formula, which NumPy also computes in less than half of the time.
    np.add(sums, sums, out=sums)
    np.exp(sums, out=sums)
    np.add(sums, 1.0, out=sums)
    np.divide(2.0, sums, out=sums)
    return np.asarray(np.subtract(1.0, sums, out=sums))


def _exp_rectifier(sums: Array) -> Array:
    negative = np.minimum(sums, 0)
    if sums.dtype == np.float64:
        # Not expm1: H2O rounds exp(x) before it subtracts, and weights that training has blown up
        # make a prediction of what is lost there (``ActivationUtils.ExpRectifierActivation``).
        np.subtract(np.exp(negative, out=negative), 1, out=negative)
    else:
        # float32 would lose more there than float64 does: expm1 is what comes nearest to it.
        np.expm1(negative, out=negative)
    np.copyto(sums, negative, where=sums < 0)
    return sums


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
