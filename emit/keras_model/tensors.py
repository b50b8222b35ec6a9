"""Small helpers on symbolic tensors that the stages share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def model_dtype(model: Any) -> str:
    """Return the type that a model computes in, ``float32`` or ``float64``."""
    return str(keras.backend.standardize_dtype(model.inputs[0].dtype))
