"""Small helpers on symbolic tensors that the stages share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import keras


class Step:
    """One named step of the model, made of several operations.

    Attributes:
        input: symbolic tensor that the step starts from.
        output: to be set to the tensor that the step ends with.
        result: the step applied to its outer tensor, after the block.
    """

    def __init__(self, inner: Any) -> None:
        self.input: Any = inner
        self.output: Any = None
        self.result: Any = None


@contextmanager
def step(name: str, tensor: Any, dtype: str) -> Iterator[Step]:
    """Group operations into a nested model, so that ``summary()`` shows one named line.

    Args:
        name: of the nested model.
        tensor: symbolic tensor that the step is applied to.
        dtype: its true type. A symbolic tensor of a float64 model may say float32, and a nested
            model converts its input to what its own input layer says.

    Yields:
        The step; the block sets its ``output``.
    """
    inner = keras.Input(tensor.shape[1:], dtype=dtype, name=f"{name}_input")
    made = Step(inner)
    yield made
    made.result = keras.Model(inner, made.output, name=name)(tensor)


def called_with(layer: Any, inputs: Any, **weights: NDArray[Any]) -> Any:
    """Build a layer with its weights, call it, and return its outputs.

    Keras would draw them at random first, for which JAX compiles a program for each shape. What the
    layer says of its initializers stays: a clone of the model starts from random weights.

    Args:
        layer: a layer that is not built.
        inputs: symbolic tensor.
        weights: by the attribute that says how each one starts, such as ``kernel_initializer``.
    """
    said = {name: getattr(layer, name) for name in weights}
    for name, array in weights.items():
        setattr(layer, name, _start(array))
    outputs = layer(inputs)
    for name, initializer in said.items():
        setattr(layer, name, initializer)
    return outputs


def _start(array: NDArray[Any]) -> Callable[..., Any]:
    def given(shape: tuple[int, ...], dtype: Any = None) -> Any:
        if tuple(shape) != array.shape:  # else the mistake would be found when it predicts
            message = f"expected weights of the shape {tuple(shape)}, found {array.shape}"
            raise ValueError(message)
        return _tensor(array, dtype)

    return given


class UncompiledZeros(keras.initializers.Initializer):  # type: ignore[misc]
    """Zeros made by NumPy; for Keras's own JAX compiles a program for each shape."""

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Return a tensor of a shape."""
        return _tensor(np.zeros(shape), dtype)


def _tensor(array: NDArray[Any], dtype: Any) -> Any:
    # Of the right type already, and said so: JAX would compile the cast, or a copy.
    chosen = keras.backend.standardize_dtype(dtype)
    return keras.ops.convert_to_tensor(np.asarray(array, chosen), dtype=chosen)


def model_dtype(model: Any) -> str:
    """Return the type that a model computes in, ``float32`` or ``float64``."""
    return str(keras.backend.standardize_dtype(model.inputs[0].dtype))
