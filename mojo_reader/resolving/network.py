"""The dense layers: kernels as ``(inputs, units)``, ``Maxout`` as two, dropout as a factor.

Sources: ``hex.genmodel.algos.deeplearning.DeeplearningMojoReader``, ``NeuralNetwork``.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import located
from mojo_reader.formats.mojo.archive import MODEL_INI
from mojo_reader.model import Activation, Category, Layer
from mojo_reader.resolving.parsed import Keys
from mojo_reader.resolving.refusal import fail, frozen, quoted, refuse

_WITH_DROPOUT: Final = "WithDropout"
_HIDDEN_ACTIVATIONS: Final = {
    activation.value: activation
    for activation in (
        Activation.RECTIFIER,
        Activation.TANH,
        Activation.EXP_RECTIFIER,
        Activation.MAXOUT,
    )
}


def resolve_layers(keys: Keys, category: Category) -> tuple[Layer, ...]:
    """Build the layers from the sizes, the weights and the activation.

    Raises:
        MojoFormatError: an array does not fit the sizes, or a number is not finite.
        MojoLimitError: there are more layers than the limits allow.
        MojoUnsupportedError: an unknown activation.
    """
    sizes = keys.required("neural_network_sizes").tolist()
    if len(sizes) < 2 or min(sizes) < 1:  # noqa: PLR2004 - an input and an output
        fail(f"expected at least two positive sizes, found {quoted(sizes)}", "neural_network_sizes")
    count = len(sizes) - 1
    with located(member=MODEL_INI, key="neural_network_sizes"):
        keys.limits.check("layers", count, f"the network has {count:,} layers")
    ratios = _dropout_ratios(keys, count)
    hidden, drops = _hidden_activation(keys.required("activation"))
    last = _output_activation(category, hidden)
    return tuple(
        _layer(
            keys,
            index,
            shape=(sizes[index], sizes[index + 1]),
            activation=hidden if index < count - 1 else last,
            # A ratio counts only where the activation's name says so.
            dropout=ratios[index] if drops and (index < count - 1 or last is hidden) else 0.0,
        )
        for index in range(count)
    )


def _hidden_activation(name: str) -> tuple[Activation, bool]:
    activation = _HIDDEN_ACTIVATIONS.get(name.removesuffix(_WITH_DROPOUT))
    if activation is None:
        known = ", ".join(_HIDDEN_ACTIVATIONS)
        refuse(
            f"the activation {name!r} is not known; known are {known}, each also with "
            f"{_WITH_DROPOUT}",
            "activation",
        )
    return activation, name.endswith(_WITH_DROPOUT)


def _output_activation(category: Category, hidden: Activation) -> Activation:
    if category is Category.AUTOENCODER:
        return hidden
    if category is Category.REGRESSION:
        return Activation.LINEAR
    return Activation.SOFTMAX


def _dropout_ratios(keys: Keys, count: int) -> list[float]:
    key = "hidden_dropout_ratios"
    ratios: list[float] = keys.required(key).tolist()
    if len(ratios) != count:
        fail(f"expected {count} ratios, one for each layer, found {len(ratios)}", key)
    if not all(0 <= ratio < 1 for ratio in ratios):
        fail(f"expected ratios from 0 to below 1, found {quoted(ratios)}", key)
    return ratios


def _layer(
    keys: Keys, index: int, *, shape: tuple[int, int], activation: Activation, dropout: float
) -> Layer:
    inputs, units = shape
    candidates = 2 if activation is Activation.MAXOUT else 1
    weights = _numbers(keys, f"weight_layer{index}", inputs * units * candidates)
    biases = _numbers(keys, f"bias_layer{index}", units * candidates)
    # Row-major (unit, input, candidate), in NeuralNetwork.formNNInputs and ...MaxOut.
    kernels = weights.reshape(units, inputs, candidates)
    candidate_biases = biases.reshape(units, candidates)
    return Layer(
        kernels=tuple(frozen(kernels[:, :, k].T) for k in range(candidates)),
        biases=tuple(frozen(candidate_biases[:, k]) for k in range(candidates)),
        activation=activation,
        dropout=dropout,
        scale=1.0 - dropout,
    )


def _numbers(keys: Keys, key: str, count: int) -> NDArray[Any]:
    numbers: NDArray[Any] = keys.required(key)
    if numbers.size != count:
        fail(f"expected {count} numbers, found {numbers.size}", key)
    finite = np.isfinite(numbers)
    if not finite.all():
        position = int(np.argmin(finite))
        fail(f"number {position} is {numbers[position]}, expected finite numbers", key)
    return numbers
