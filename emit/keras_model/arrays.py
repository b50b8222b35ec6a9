"""A Keras layer's weights as a MOJO holds them; every refusal names the layer."""

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoUnsupportedError

from ..backend import keras


def weight_of(layer: Any, name: str) -> NDArray[Any]:
    """Return a layer's weight by its name, such as ``kernel (inputs, units)``, in its own type.

    Raises:
        MojoUnsupportedError: the layer has no such weight, or a quantized one.
    """
    if getattr(layer, "quantization_mode", None) is not None:
        refuse(f"the layer {layer.name!r} is quantized ({layer.quantization_mode})")
    if not layer.built:
        refuse(f"the layer {layer.name!r} has no weights yet: build the model first")
    weight = getattr(layer, name, None)
    if weight is None:
        refuse(f"the layer {layer.name!r} has no {name}")
    return np.asarray(keras.ops.convert_to_numpy(weight))


def as_kernel(layer: str, values: NDArray[Any]) -> NDArray[np.float32]:
    """Return a kernel ``(inputs, units)`` as float32.

    Raises:
        MojoUnsupportedError: a number is not finite, or too large for float32.
    """
    with np.errstate(over="ignore"):
        kernel = values.astype(np.float32)
    _check_finite(layer, "kernel", kernel)
    return kernel


def as_bias(layer: str, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return a bias ``(units,)`` as float64.

    Raises:
        MojoUnsupportedError: a number is not finite.
    """
    bias = values.astype(np.float64)
    _check_finite(layer, "bias", bias)
    return bias


def refuse(message: str) -> NoReturn:
    """Say what of a Keras model a MOJO cannot hold.

    Raises:
        MojoUnsupportedError: always.
    """
    raise MojoUnsupportedError(message)


def _check_finite(layer: str, name: str, values: NDArray[Any]) -> None:
    wrong = np.argwhere(~np.isfinite(values))
    if wrong.size:
        place = wrong[0].tolist()
        refuse(
            f"expected finite {values.dtype} numbers in the {name} of the layer {layer!r}, found "
            f"{values[tuple(place)]} at {place}"
        )
