"""The network's inputs to its raw outputs: dense layers with H2O's own kernels.

A kernel of the first layer stays whole unless its one-hot block is gathered: then its first
``one_hot_width`` rows are an ``Embedding``, and the others a ``Dense`` layer that also holds the
bias.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader import formulas
from mojo_reader.model import Activation, Layer

from .. import layer_names as names
from ..backend import keras
from .encoding import DenseInputs, GatheredInputs, NetworkInputs
from .tensors import called_with, step


@dataclass(frozen=True, kw_only=True, slots=True)
class Regularization:
    """What training adds to the network.

    Attributes:
        l1: factor of the sum of absolute weights.
        l2: H2O's factor: half of it times the sum of squared weights.
        max_w2: bound on the squared sum of a unit's incoming weights, None for none.
        input_dropout: ratio of inputs that training sets to zero.
    """

    l1: float = 0.0
    l2: float = 0.0
    max_w2: float | None = None
    input_dropout: float = 0.0

    def penalty(self) -> Any:
        """A new regularizer, for kernels and biases alike, or None (``Neurons.bprop``)."""
        if not (self.l1 or self.l2):
            return None
        return keras.regularizers.L1L2(l1=self.l1, l2=0.5 * self.l2)

    def bound(self) -> Any:
        """A new constraint on kernels, or None (``Neurons.rescale_weights``)."""
        return None if self.max_w2 is None else keras.constraints.MaxNorm(sqrt(self.max_w2), axis=0)


def apply(
    inputs: NetworkInputs, layers: tuple[Layer, ...], regularization: Regularization, dtype: str
) -> Any:
    """Run the network.

    Args:
        inputs: of the first layer.
        layers: hidden layers and the output layer.
        regularization: what training adds.
        dtype: ``float32`` or ``float64``.

    Returns:
        Symbolic raw outputs ``(rows, units)``, softmax included.
    """
    builder = _Builder(regularization, dtype)
    current: Any = inputs
    for index, layer in enumerate(layers):
        current = builder.layer(current, layer, names.layer_name(index, len(layers)))
    return current


class _Builder:
    """Makes layers of one type and regularization."""

    def __init__(self, regularization: Regularization, dtype: str) -> None:
        self._regularization = regularization
        self._dtype = dtype

    def layer(self, inputs: Any, layer: Layer, name: str) -> Any:
        """One layer of the network: sums, activation, dropout."""
        if isinstance(inputs, DenseInputs):
            inputs = self._dropped(inputs.inputs, names.INPUT_DROPOUT)
        activated = ACTIVATIONS[layer.activation](self, inputs, layer, name)
        return self._with_dropout(activated, layer, name)

    def activated(self, inputs: Any, layer: Layer, name: str, activation: str | None) -> Any:
        """Sums and a Keras activation, in one layer where that can be.

        The output's sums stay a tensor of their own: H2O's losses start from them.
        """
        if name != names.OUTPUT and not isinstance(inputs, GatheredInputs):
            return self._dense(inputs, layer.kernels[0], layer.biases[0], name, activation)
        sums = self._sums(inputs, layer, 0, name)
        if activation is None:
            return sums
        name = f"{name}_{activation}"
        return keras.layers.Activation(activation, name=name, dtype=self._dtype)(sums)

    def tanh(self, inputs: Any, layer: Layer, name: str) -> Any:
        """``tanh``; in float64 by H2O's formula, which no backend narrows to float32.

        The formula's gradient overflows in float32, where Keras' own is right.
        """
        return self._by_formula_in_float64(inputs, layer, name, "tanh")

    def exp_rectifier(self, inputs: Any, layer: Layer, name: str) -> Any:
        """``elu``; in float64 by H2O's ``exp(x) - 1``, where Keras' is the exact difference.

        Weights that training has blown up tell the two apart; in float32 H2O's would lose more.
        """
        return self._by_formula_in_float64(inputs, layer, name, "elu")

    def _by_formula_in_float64(self, inputs: Any, layer: Layer, name: str, activation: str) -> Any:
        if self._dtype == "float32":
            return self.activated(inputs, layer, name, activation)
        sums = self.activated(inputs, layer, name, None)
        with step(f"{name}_{activation}", sums, self._dtype) as made:
            formula = formulas.ACTIVATIONS[layer.activation]
            made.output = formula(keras.ops, self._dtype, made.input)
        return made.result

    def maxout(self, inputs: Any, layer: Layer, name: str) -> Any:
        """The larger of two candidates."""
        candidates = [
            self._sums(inputs, layer, candidate, names.candidate_name(name, candidate))
            for candidate in range(len(layer.kernels))
        ]
        return keras.layers.Maximum(name=name, dtype=self._dtype)(candidates)

    def _sums(self, inputs: Any, layer: Layer, candidate: int, name: str) -> Any:
        if isinstance(inputs, GatheredInputs):
            return self._gathered(inputs, layer, candidate, name)
        return self._dense(inputs, layer.kernels[candidate], layer.biases[candidate], name, None)

    def _dense(
        self,
        inputs: Any,
        kernel: NDArray[Any],
        bias: NDArray[Any],
        name: str,
        activation: str | None,
    ) -> Any:
        dense = keras.layers.Dense(
            kernel.shape[1],
            activation=activation,
            kernel_regularizer=self._regularization.penalty(),
            bias_regularizer=self._regularization.penalty(),
            kernel_constraint=self._regularization.bound(),
            name=name,
            dtype=self._dtype,
        )
        return called_with(dense, inputs, kernel_initializer=kernel, bias_initializer=bias)

    def _gathered(self, inputs: GatheredInputs, layer: Layer, candidate: int, name: str) -> Any:
        """Sums of a first layer whose one-hot block is gathered."""
        kernel, bias = layer.kernels[candidate], layer.biases[candidate]
        levels = self._level_sums(inputs, kernel[: inputs.width], names.levels_name(name))
        if inputs.numbers is None:
            # A layer of one input that is always 0 holds the bias.
            numbers = keras.ops.cast(keras.ops.zeros_like(inputs.slots[:, :1]), self._dtype)
            rest: NDArray[Any] = np.zeros((1, kernel.shape[1]))
        else:
            numbers = self._dropped(inputs.numbers, f"{name}_{names.INPUT_DROPOUT}")
            rest = kernel[inputs.width :]
        sums = self._dense(numbers, rest, bias, name, None)
        return keras.layers.Add(name=names.sum_name(name), dtype=self._dtype)([levels, sums])

    def _level_sums(self, inputs: GatheredInputs, kernel: NDArray[Any], name: str) -> Any:
        """Sum over the columns of the kernel rows that their codes choose, ``(rows, units)``."""
        rows = keras.layers.Embedding(
            *kernel.shape,
            embeddings_regularizer=self._regularization.penalty(),
            embeddings_constraint=self._regularization.bound(),
            name=name,
            dtype=self._dtype,
        )
        slots = inputs.slots
        places = keras.ops.maximum(slots, 0) if inputs.has_empty else slots
        chosen = called_with(rows, places, embeddings_initializer=kernel)
        mask = self._mask(inputs, f"{name}_mask")
        if mask is not None:
            chosen = keras.layers.Multiply(name=f"{name}_kept", dtype=self._dtype)([chosen, mask])
        return keras.ops.sum(chosen, axis=1)

    def _mask(self, inputs: GatheredInputs, name: str) -> Any | None:
        """Which chosen rows count ``(rows, categoricals, 1)``; None where all do."""
        ratio = self._regularization.input_dropout
        if not (inputs.has_empty or ratio):
            return None
        with step(name, inputs.slots, "int32") as mask:
            hot = keras.ops.cast(keras.ops.greater_equal(mask.input, 0), self._dtype)
            mask.output = keras.ops.expand_dims(self._kept(hot), axis=-1)
        return mask.result

    def _dropped(self, inputs: Any, name: str) -> Any:
        """Input dropout, which zeroes without rescaling (``Neurons.Input.setInput``)."""
        if not self._regularization.input_dropout:
            return inputs
        with step(name, inputs, self._dtype) as dropout:
            dropout.output = self._kept(dropout.input)
        return dropout.result

    def _kept(self, inputs: Any) -> Any:
        """Inputs of which training drops some and rescales none."""
        ratio = self._regularization.input_dropout
        if not ratio:
            return inputs
        dropped = keras.layers.Dropout(ratio, dtype=self._dtype)(keras.ops.ones_like(inputs))
        return inputs * keras.ops.minimum(dropped, 1.0)

    def _with_dropout(self, activated: Any, layer: Layer, name: str) -> Any:
        """Hidden dropout: H2O zeroes in training and shrinks in scoring.

        Keras' dropout enlarges in training; shrinking in both modes makes the two equal.
        """
        outputs = activated
        if layer.dropout:
            outputs = keras.layers.Dropout(
                layer.dropout, name=f"{name}_dropout", dtype=self._dtype
            )(outputs)
        if layer.scale == 1.0:
            return outputs
        name = f"{name}_dropout_scale"
        if self._dtype == "float32":
            return keras.layers.Rescaling(layer.scale, name=name, dtype=self._dtype)(outputs)
        # TensorFlow rounds a plain number to float32, so this one is an array.
        with step(name, outputs, self._dtype) as scaled:
            factor = formulas.constant(layer.scale, self._dtype)
            scaled.output = keras.ops.multiply(scaled.input, factor)
        return scaled.result


def _keras_activation(activation: str | None) -> Callable[[_Builder, Any, Layer, str], Any]:
    def activated(builder: _Builder, inputs: Any, layer: Layer, name: str) -> Any:
        return builder.activated(inputs, layer, name, activation)

    return activated


ACTIVATIONS: Final[Mapping[Activation, Callable[[_Builder, Any, Layer, str], Any]]] = {
    Activation.LINEAR: _keras_activation(None),
    Activation.SOFTMAX: _keras_activation("softmax"),
    Activation.RECTIFIER: _keras_activation("relu"),
    Activation.EXP_RECTIFIER: _Builder.exp_rectifier,
    Activation.TANH: _Builder.tanh,
    Activation.MAXOUT: _Builder.maxout,
}
