"""A Keras layer's weights; every refusal names the layer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import keras
from ..written_back import refuse


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
