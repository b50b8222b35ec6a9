"""The network's inputs to its raw outputs: a gather for the one-hot block, then dense layers."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from mojo_reader.formulas import with_empty_row
from mojo_reader.model import Activation, Features, Layer

from .encoding import NetworkInputs
from .graph import Graph


def apply(
    graph: Graph, inputs: NetworkInputs, features: Features, layers: tuple[Layer, ...]
) -> str:
    """Run the network.

    Args:
        graph: takes the nodes.
        inputs: of the first layer.
        features: the model's features.
        layers: hidden layers and the output layer.

    Returns:
        The raw outputs ``(rows, units)``, softmax included.
    """
    name = _layer_name(0, len(layers))
    sums = _first_sums(graph, inputs, features.one_hot_width, layers[0], name)
    values = _activated(graph, sums, layers[0], name)
    for index, layer in enumerate(layers[1:], 1):
        name = _layer_name(index, len(layers))
        kernel = graph.floats(f"{name}:kernel", np.hstack(layer.kernels))
        bias = graph.floats(f"{name}:bias", np.hstack(layer.biases))
        sums = _dense(graph, values, kernel, bias, f"{name}:sums")
        values = _activated(graph, sums, layer, name)
    return values


def _layer_name(index: int, count: int) -> str:
    return "output" if index == count - 1 else f"hidden_{index + 1}"


def _first_sums(
    graph: Graph, inputs: NetworkInputs, one_hot_width: int, layer: Layer, name: str
) -> str:
    """Return ``(rows, kernels * units)``: kernel rows that the slots choose, plus the numbers'."""
    kernel = np.hstack(layer.kernels)
    bias = graph.floats(f"{name}:bias", np.hstack(layer.biases))
    hot = None
    if inputs.slots is not None:
        rows = with_empty_row(kernel[:one_hot_width], np.float32)
        table = graph.floats(f"{name}:levels", rows)
        chosen = graph.node("Gather", table, inputs.slots, name=f"{name}:chosen", axis=0)
        axis = graph.constant(f"{name}:axis", np.array([1], np.int64))
        hot = graph.node("ReduceSum", chosen, axis, name=f"{name}:hot", keepdims=0)
    if inputs.numbers is None:
        return graph.node("Add", hot or bias, bias, name=f"{name}:sums")
    rest = graph.floats(f"{name}:kernel", kernel[one_hot_width:])
    sums = _dense(graph, inputs.numbers, rest, bias, f"{name}:numeric")
    return sums if hot is None else graph.node("Add", sums, hot, name=f"{name}:sums")


def _dense(graph: Graph, values: str, kernel: str, bias: str, name: str) -> str:
    """Weighted sums, in float64 of nodes that no optimizer joins with the activation.

    onnxruntime up to at least 1.17 makes one node of Gemm (or MatMul and Add) and an activation,
    and then finds that it has none of that in float64: the file would not load.
    """
    if graph.float.name == "float32":
        return graph.node("Gemm", values, kernel, bias, name=name)
    product = graph.node("MatMul", values, kernel, name=f"{name}:product")
    return graph.node("Sum", product, bias, name=name)


def _activated(graph: Graph, sums: str, layer: Layer, name: str) -> str:
    names = tuple(f"{name}:candidate_{index + 1}" for index in range(len(layer.kernels)))
    candidates = graph.split("Split", sums, names=names, axis=1) if len(names) > 1 else [sums]
    values = ACTIVATIONS[layer.activation](graph, name, *candidates)
    if layer.scale != 1:
        # A row of them: onnxruntime 1.30 makes a single one an attribute of the product that
        # follows, in float32.
        scale = graph.floats(f"{name}:dropout_scale", np.full((1, layer.units), layer.scale))
        values = graph.node("Mul", values, scale, name=f"{name}:scaled")
    return values


# --------------------------------------------------------------------------- activations


def _same(_graph: Graph, _name: str, sums: str) -> str:
    return sums


def _maxout(graph: Graph, name: str, first: str, second: str) -> str:
    """The first where it is larger, else the second: on NaN too, as H2O takes it."""
    larger = graph.node("Greater", first, second, name=f"{name}:larger")
    return graph.node("Where", larger, first, second, name=f"{name}:largest")


def _rectifier(graph: Graph, name: str, sums: str) -> str:
    """``0.5 * (x + |x|)``, which is NaN for -Infinity as in H2O; ``Relu`` makes 0 of it."""
    half = graph.floats(f"{name}:half", 0.5)
    size = graph.node("Abs", sums, name=f"{name}:size")
    twice = graph.node("Add", sums, size, name=f"{name}:twice")
    return graph.node("Mul", twice, half, name=name)


def _tanh(graph: Graph, name: str, sums: str) -> str:
    return graph.node("Tanh", sums, name=name)


def _softmax(graph: Graph, name: str, sums: str) -> str:
    return graph.node("Softmax", sums, name=name, axis=1)


def _exp_rectifier(graph: Graph, name: str, sums: str) -> str:
    """``exp(x) - 1`` below 0, in float64 in both types where there may be float64.

    ONNX has no ``expm1``, and in float32 the difference loses what weights that training has blown
    up make a prediction of. ``Elu`` in onnxruntime is that difference, and has no float64.
    """
    zero = graph.floats(f"{name}:zero", 0.0)
    wide = graph.to_wide(sums, f"{name}:double")
    minus_one = _expm1 if graph.wide.name == "float32" else _exp_less_one
    below = graph.to_float(minus_one(graph, name, wide), f"{name}:below")
    positive = graph.node("GreaterOrEqual", sums, zero, name=f"{name}:positive")
    return graph.node("Where", positive, sums, below, name=name)


def _exp_less_one(graph: Graph, name: str, values: str) -> str:
    one = graph.wides(f"{name}:one", 1.0)
    power = graph.node("Exp", values, name=f"{name}:exp")
    return graph.node("Sub", power, one, name=f"{name}:difference")


def _expm1(graph: Graph, name: str, values: str) -> str:
    """``exp(x) - 1`` without the difference: ``2 t / (1 - t)`` of ``t = tanh(x / 2)``."""
    half, one, two = (
        graph.wides(f"{name}:{n}", v) for n, v in (("half", 0.5), ("one", 1), ("two", 2))
    )
    # Above 0 it is not used, and would be infinite.
    zero = graph.wides(f"{name}:none", 0.0)
    negative = graph.node("Min", values, zero, name=f"{name}:negative")
    halved = graph.node("Mul", negative, half, name=f"{name}:halved")
    tanh = graph.node("Tanh", halved, name=f"{name}:tanh")
    twice = graph.node("Mul", tanh, two, name=f"{name}:twice")
    rest = graph.node("Sub", one, tanh, name=f"{name}:rest")
    return graph.node("Div", twice, rest, name=f"{name}:expm1")


ACTIVATIONS: Final[Mapping[Activation, Callable[..., str]]] = {
    Activation.LINEAR: _same,
    Activation.SOFTMAX: _softmax,
    Activation.RECTIFIER: _rectifier,
    Activation.TANH: _tanh,
    Activation.EXP_RECTIFIER: _exp_rectifier,
    Activation.MAXOUT: _maxout,
}
