"""A Keras model of one's own to a ``Mojo``: a chain of dense layers with H2O's activations.

What the layers do is folded into what a MOJO holds::

    Normalization, Rescaling   before the first dense layer: the columns' standardization;
                               elsewhere: part of the dense layer before or after
    Dense, Activation          kernel, bias, activation; a Dense without bias gets zeros
    Maximum of two Dense       Maxout
    Dropout(p)                 nothing, as Keras scales in training and not when it predicts;
                               with a Rescaling(1 - p) after it, H2O's dropout
    sigmoid output             two classes: softmax of 0 and the sum
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from mojo_reader.making.described import ModelDescription, NumericColumn, described_mojo
from mojo_reader.model import Activation, Category, InverseLink, Layer, Mojo

from ..backend import keras
from ..written_back import refuse
from .chain import ChainLayer, chain
from .stack import LINEAR, FoldedDense, Stack, Weights, folded

_MAXOUT: Final = "maxout"
_SIGMOID: Final = "sigmoid"
_FUNCTIONS: Final[Mapping[Any, str]] = {
    keras.activations.linear: LINEAR,
    keras.activations.relu: "relu",
    keras.activations.tanh: "tanh",
    keras.activations.elu: "elu",
    keras.activations.softmax: "softmax",
    keras.activations.sigmoid: _SIGMOID,
    keras.activations.exponential: "exponential",
}
_HIDDEN: Final[Mapping[str, Activation]] = {
    "relu": Activation.RECTIFIER,
    "tanh": Activation.TANH,
    "elu": Activation.EXP_RECTIFIER,
    _MAXOUT: Activation.MAXOUT,
}
_OF_LINK: Final[Mapping[InverseLink, str]] = {
    InverseLink.IDENTITY: LINEAR,
    InverseLink.EXP: "exponential",
    InverseLink.LOGISTIC: _SIGMOID,
}


def described(model: Any, description: ModelDescription, uuid: str) -> Mojo:
    """Make a MOJO of a Keras model and a description of its inputs and outputs.

    Args:
        model: from the expanded inputs of ``description`` to probabilities, one sigmoid of the
            second class, one number in ``response_sd`` units from ``response_mean``, or the
            reconstructed inputs. Where it starts with a ``Normalization`` or a ``Rescaling``, its
            numbers are those of the columns, and ``description`` has no means and deviations.
        description: what they mean.
        uuid: identity of the result.

    Raises:
        MojoFormatError: the description and the network contradict each other.
        MojoUnsupportedError: a MOJO cannot hold the network; the message names the layer.
    """
    steps = chain(model)
    _check_input(model, description)
    stack = Stack(description.width)
    for step in steps:
        _handler(step.layer)(stack, step)
    layers = _layers(stack.finished(sum(description.block_widths)), description)
    return described_mojo(_with_standardization(description, stack), layers, uuid=uuid)


def _check_input(model: Any, description: ModelDescription) -> None:
    shape = tuple(model.inputs[0].shape)[1:]
    if shape != (description.width,):
        blocks = " + ".join(map(str, description.block_widths)) or "no"
        refuse(
            f"expected a model of {description.width} inputs, {blocks} slots of levels (and of "
            f"missing ones) and {len(description.numeric)} numbers, found {list(shape)}"
        )


# --------------------------------------------------------------------------- the network


def _layers(dense: list[FoldedDense], description: ModelDescription) -> list[Layer]:
    *hidden, last = dense
    common = _hidden_activation(hidden)
    made = [each.layer(_HIDDEN[each.activation]) for each in hidden]
    return [*made, _output_layer(last, common, description)]


def _hidden_activation(hidden: list[FoldedDense]) -> str | None:
    """Keras's name of the one activation that all hidden layers have; None without any."""
    for dense in hidden:
        if dense.activation not in _HIDDEN:
            refuse(
                f"the hidden layer {dense.name!r} has the activation {dense.activation}, and "
                f"H2O's are {', '.join(_HIDDEN)}"
            )
        if dense.activation != hidden[0].activation:
            refuse(
                f"the hidden layers {hidden[0].name!r} and {dense.name!r} have the activations "
                f"{hidden[0].activation} and {dense.activation}, and H2O has one for all"
            )
    return hidden[0].activation if hidden else None


def _output_layer(last: FoldedDense, hidden: str | None, description: ModelDescription) -> Layer:
    _check_output(last, hidden, description)
    if last.dropout and description.category is not Category.AUTOENCODER:
        refuse(f"the dropout after {last.name!r} scales the activated output, which H2O does not")
    if description.category is Category.AUTOENCODER:
        return last.layer(_HIDDEN[last.activation])
    if description.category is Category.REGRESSION:
        return last.layer(Activation.LINEAR)
    if last.activation == _SIGMOID:
        # softmax(0, z) is (1 - sigmoid(z), sigmoid(z)).
        last = folded(last, _two_classes)
    return last.layer(Activation.SOFTMAX)


def _two_classes(weights: Weights) -> Weights:
    kernel, bias = weights
    return np.hstack([np.zeros_like(kernel), kernel]), np.append(np.zeros_like(bias), bias)


def _check_output(last: FoldedDense, hidden: str | None, description: ModelDescription) -> None:
    expected = _expected_outputs(hidden, description)
    if (last.activation, last.units) not in expected:
        choices = " or ".join(f"{units} {activation}" for activation, units in expected)
        refuse(
            f"expected outputs of {description.category} with the distribution "
            f"{description.distribution_name}: {choices}; found {last.units} {last.activation} of "
            f"the layer {last.name!r}"
        )


def _expected_outputs(hidden: str | None, description: ModelDescription) -> list[tuple[str, int]]:
    """Activation and number of units that the last layer can have."""
    match description.category:
        case Category.AUTOENCODER:
            # H2O has one activation for all layers of an autoencoder.
            names = _HIDDEN if hidden is None else (hidden,)
            return [(name, description.width) for name in names]
        case Category.REGRESSION:
            return [(_OF_LINK[description.inverse_link], 1)]
        case Category.BINOMIAL:
            return [("softmax", 2), (_SIGMOID, 1)]
        case Category.MULTINOMIAL:
            return [("softmax", len(description.labels))]


def _with_standardization(description: ModelDescription, stack: Stack) -> ModelDescription:
    """The description with the standardization that the model starts with."""
    if stack.front is None:
        return description
    if description.standardizes:
        refuse(
            "the model standardizes its inputs, and the description has means and deviations, "
            "too; leave one of them out"
        )
    first = sum(description.block_widths)
    means, deviations = stack.front.mean[first:].tolist(), stack.front.sd[first:].tolist()
    numeric = tuple(
        NumericColumn(name=column.name, mean=mean, sd=sd)
        for column, mean, sd in zip(description.numeric, means, deviations, strict=True)
    )
    return replace(description, numeric=numeric)


# --------------------------------------------------------------------------- layers


def _handler(layer: Any) -> Callable[[Stack, ChainLayer], None]:
    # A class that inherits may compute something else, so that the very type counts.
    handler = _HANDLERS.get(type(layer))
    if handler is None:
        known = ", ".join(kind.__name__ for kind in _HANDLERS)
        refuse(
            f"the layer {layer.name!r} ({type(layer).__name__}) is none that H2O's networks have; "
            f"known are {known}"
        )
    return handler


def _add_dense(stack: Stack, step: ChainLayer) -> None:
    stack.dense(step.layer.name, (step.layer,), _function_name(step.layer))


def _add_maxout(stack: Stack, step: ChainLayer) -> None:
    for dense in step.candidates:
        if _function_name(dense) != LINEAR:
            refuse(f"expected no activation of the Maxout candidate {dense.name!r}")
    stack.dense(step.layer.name, step.candidates, _MAXOUT)


def _add_activation(stack: Stack, step: ChainLayer) -> None:
    stack.activation(step.layer.name, _function_name(step.layer))


def _add_relu(stack: Stack, step: ChainLayer) -> None:
    layer = step.layer
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        refuse(f"the layer {layer.name!r} is no plain ReLU, and H2O's Rectifier is")
    stack.activation(layer.name, "relu")


def _add_elu(stack: Stack, step: ChainLayer) -> None:
    if step.layer.alpha != 1:
        refuse(
            f"the layer {step.layer.name!r} has alpha {step.layer.alpha}, and H2O's ExpRectifier "
            "has 1"
        )
    stack.activation(step.layer.name, "elu")


def _add_softmax(stack: Stack, step: ChainLayer) -> None:
    if step.layer.axis not in {-1, 1}:
        refuse(f"the layer {step.layer.name!r} is a softmax over the axis {step.layer.axis}")
    stack.activation(step.layer.name, "softmax")


def _add_dropout(stack: Stack, step: ChainLayer) -> None:
    stack.dropout(float(step.layer.rate))


def _add_rescaling(stack: Stack, step: ChainLayer) -> None:
    scale = np.asarray(step.layer.scale, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        stack.affine(step.layer.name, -np.asarray(step.layer.offset) / scale, 1.0 / scale)


def _add_normalization(stack: Stack, step: ChainLayer) -> None:
    layer = step.layer
    mean = np.asarray(keras.ops.convert_to_numpy(layer.mean), np.float64)
    variance = np.asarray(keras.ops.convert_to_numpy(layer.variance), np.float64)
    sd = np.maximum(np.sqrt(variance), keras.config.epsilon())
    if layer.invert:
        mean, sd = -mean / sd, 1.0 / sd
    stack.affine(layer.name, mean, sd)


def _function_name(layer: Any) -> str:
    name = _FUNCTIONS.get(layer.activation)
    if name is None:
        found = getattr(layer.activation, "__name__", type(layer.activation).__name__)
        known = ", ".join(_FUNCTIONS.values())
        refuse(f"the layer {layer.name!r} has the activation {found}; known are {known}")
    return name


_HANDLERS: Final[Mapping[type, Callable[[Stack, ChainLayer], None]]] = {
    keras.layers.Dense: _add_dense,
    keras.layers.Maximum: _add_maxout,
    keras.layers.Activation: _add_activation,
    keras.layers.ReLU: _add_relu,
    keras.layers.ELU: _add_elu,
    keras.layers.Softmax: _add_softmax,
    keras.layers.Dropout: _add_dropout,
    keras.layers.Rescaling: _add_rescaling,
    keras.layers.Normalization: _add_normalization,
}
