"""A Keras model back to a ``Mojo``.

The model is one that ``to_keras`` made, with the weights that it has now; its layers are found by
their names. A model of one's own is read by ``own_model``.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.making.described import ModelDescription
from mojo_reader.making.origin import new_uuid
from mojo_reader.making.rebuilding import with_network
from mojo_reader.model import Mojo

from ..backend import keras
from ..layer_names import candidate_name, levels_name
from ..written_back import Weights, check_predictions, read_layers, refuse
from . import own_model
from .arrays import weight_of
from .encoding import is_gathered
from .tensors import model_dtype

__all__ = ["from_keras"]


def from_keras(
    model: Any, source: Mojo | ModelDescription, *, uuid: str | None = None, check: bool = True
) -> Mojo:
    """Make a MOJO of a Keras model.

    Kernels become float32 and biases float64, as a MOJO holds them.

    With a ``Mojo``, the model is one that ``to_keras`` or ``training_model`` made of it, trained or
    loaded since. A bias that is still the MOJO's own in the model's type stays so to the last bit.
    Hidden layers may be wider or narrower than before, but not more or fewer. The threshold stays,
    and what ``modelDetails.json`` says of the training is marked as the original model's.

    With a ``ModelDescription``, the model is any stack of dense layers with H2O's activations; see
    ``own_model``.

    Args:
        model: a ``keras.Model``.
        source: gives everything but the network.
        uuid: identity of the result; a new one by default.
        check: with a ``Mojo``, predict some rows with both models. That finds constants which are
            not the MOJO's (standardization, response units, inverse link, class priors), another
            activation, and the wrong MOJO. Without it they are taken to be the MOJO's, and so
            they are for a ``training_model``, which predicts nothing.

    Returns:
        The model, with a new uuid and a note of its origin.

    Raises:
        MojoUnsupportedError: a layer is absent, or of a kind or shape that a MOJO cannot hold, or
            a weight is not finite.
        ParityError: the result does not predict what the Keras model predicts.
    """
    if not isinstance(model, keras.Model):
        refuse(f"expected a keras.Model, found a {type(model).__name__}; load it with Keras first")
    identity = new_uuid() if uuid is None else uuid
    if isinstance(source, ModelDescription):
        return own_model.described(model, source, identity)
    layers = read_layers(_KerasWeights(model), source, gathered=is_gathered(source.features))
    made = with_network(source, layers, uuid=identity)
    if check and len(model.inputs) == 1:
        check_predictions(
            lambda rows: np.asarray(keras.ops.convert_to_numpy(model(rows, training=False))),
            made,
            framework="Keras",
            dtype=model_dtype(model),
        )
    return made


class _KerasWeights(Weights):
    """The layers of a Keras model, those of models in it too."""

    dense = "Dense"
    matrix = "kernel"
    maker = "to_keras"

    def __init__(self, model: Any) -> None:
        super().__init__({layer.name: layer for layer in _all_layers(model)})

    def candidate(self, layer: str, place: int) -> str:
        return candidate_name(layer, place)

    def halves(self, dense: str) -> tuple[str, str]:
        return levels_name(dense), dense

    def kernel(self, name: str, inputs: int) -> NDArray[Any]:
        return self._matrix(name, keras.layers.Dense, "kernel", inputs)

    def table(self, name: str, slots: int) -> NDArray[Any]:
        return self._matrix(name, keras.layers.Embedding, "embeddings", slots)

    def bias(self, name: str) -> NDArray[Any]:
        return weight_of(self.layer_of(name, keras.layers.Dense), "bias")

    def _matrix(self, name: str, kind: type, weight: str, rows: int) -> NDArray[Any]:
        matrix = weight_of(self.layer_of(name, kind), weight)
        if len(matrix) != rows:
            refuse(
                f"expected the {kind.__name__} layer {name!r} with {rows} inputs, found "
                f"{len(matrix)}: its {weight} has the shape {matrix.shape}"
            )
        return matrix


def _all_layers(model: Any) -> Iterator[Any]:
    """Yield the layers of a model and of the models in it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)
