"""A Keras model back to a ``Mojo``.

The model is one that ``to_keras`` made, with the weights that it has now; its layers are found by
their names. What ``to_keras`` took apart is joined again: the gathered rows of a one-hot block
with the dense rest of the kernel, and Maxout's two candidates. A model of one's own is read by
``own_model``.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.tally import distances
from mojo_reader.errors import ParityError
from mojo_reader.making.described import ModelDescription
from mojo_reader.making.origin import new_uuid
from mojo_reader.making.rebuilding import with_network
from mojo_reader.model import Features, Layer, Mojo
from mojo_reader.scoring.scorer import Scorer

from ..backend import keras
from . import names, own_model
from .arrays import as_bias, as_kernel, refuse, weight_of
from .encoding import is_gathered
from .tensors import model_dtype

__all__ = ["from_keras"]

#: Rows that both models predict; in each column one of them is missing.
_CHECK_ROWS: Final = 16
#: Deviations from the mean that their numbers go to.
_DEVIATIONS: Final = 2.0
#: Far above what float32 costs, far below what other constants or another activation do.
_TOLERANCE: Final = 1e-3


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
    made = with_network(source, _LayerReader(model, source).layers(), uuid=identity)
    if check and len(model.inputs) == 1:
        _check_predictions(model, made)
    return made


# --------------------------------------------------------------------------- layers


class _LayerReader:
    """Reads the network of a MOJO out of the Keras model that was made from it."""

    def __init__(self, model: Any, mojo: Mojo) -> None:
        self._found = {layer.name: layer for layer in _all_layers(model)}
        self._mojo = mojo
        self._gathered = mojo.features.one_hot_width if is_gathered(mojo.features) else 0

    def layers(self) -> list[Layer]:
        """Read all layers, from the first to the output layer."""
        count = len(self._mojo.layers)
        extra = names.layer_name(count - 1, count + 1)
        if any(name in self._found for name in (extra, names.candidate_name(extra, 0))):
            refuse(f"expected {count - 1} hidden layers as in the MOJO, found a layer {extra!r}")
        inputs, layers = self._mojo.features.width, []
        for index, old in enumerate(self._mojo.layers):
            layer = self._layer(old, names.layer_name(index, count), inputs, first=index == 0)
            inputs = layer.units
            layers.append(layer)
        if inputs != self._mojo.layers[-1].units:
            refuse(
                f"expected the Dense layer {names.OUTPUT!r} with {self._mojo.layers[-1].units} "
                f"units, found {inputs}"
            )
        return layers

    def _layer(self, old: Layer, name: str, inputs: int, *, first: bool) -> Layer:
        dense = [name]
        if len(old.kernels) > 1:
            dense = [names.candidate_name(name, place) for place in range(len(old.kernels))]
        kernels = [self._kernel(each, inputs, self._gathered if first else 0) for each in dense]
        units = {kernel.shape[1] for kernel in kernels}
        if len(units) > 1:
            refuse(f"expected as many units in {dense[0]!r} as in {dense[1]!r}, found {units}")
        return Layer(
            kernels=tuple(kernels),
            biases=tuple(map(self._bias, dense, old.biases)),
            activation=old.activation,
            dropout=old.dropout,
            scale=old.scale,
        )

    def _kernel(self, name: str, inputs: int, gathered: int) -> NDArray[np.float32]:
        """The kernel ``(inputs, units)``, its gathered rows first."""
        if not gathered:
            return as_kernel(name, self._matrix(name, keras.layers.Dense, "kernel", inputs))
        table = names.levels_name(name)
        levels = self._matrix(table, keras.layers.Embedding, "embeddings", gathered)
        # Without numbers the dense half has one input, which is always 0.
        rest = self._matrix(name, keras.layers.Dense, "kernel", max(1, inputs - gathered))
        if levels.shape[1] != rest.shape[1]:
            refuse(
                f"expected as many units in {table!r} as in {name!r}, found {levels.shape[1]} and "
                f"{rest.shape[1]}"
            )
        halves = [as_kernel(table, levels), as_kernel(name, rest)]
        return np.concatenate(halves)[:inputs]

    def _bias(self, name: str, old: NDArray[np.float64]) -> NDArray[np.float64]:
        bias = weight_of(self._layer_of(name, keras.layers.Dense), "bias")
        if bias.shape != old.shape:
            return as_bias(name, bias)
        with np.errstate(over="ignore"):
            untouched = old.astype(bias.dtype) == bias
        return as_bias(name, np.where(untouched, old, bias.astype(np.float64)))

    def _matrix(self, name: str, kind: type, weight: str, rows: int) -> NDArray[Any]:
        matrix = weight_of(self._layer_of(name, kind), weight)
        if len(matrix) != rows:
            refuse(
                f"expected the {kind.__name__} layer {name!r} with {rows} inputs, found "
                f"{len(matrix)}: its {weight} has the shape {matrix.shape}"
            )
        return matrix

    def _layer_of(self, name: str, kind: type) -> Any:
        layer = self._found.get(name)
        if layer is None:
            refuse(
                f"expected a {kind.__name__} layer {name!r}, found none: the model was not made "
                "from this MOJO by to_keras"
            )
        if not isinstance(layer, kind):
            refuse(f"expected a {kind.__name__} layer {name!r}, found a {type(layer).__name__}")
        return layer


def _all_layers(model: Any) -> Iterator[Any]:
    """Yield the layers of a model and of the models in it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)


# --------------------------------------------------------------------------- predictions


def _check_predictions(model: Any, mojo: Mojo) -> None:
    """Require that the Keras model predicts what the MOJO with its weights does.

    Raises:
        ParityError: it does not.
    """
    with np.errstate(over="ignore"):
        rows = _check_matrix(mojo.features).astype(model_dtype(model))
    found = np.asarray(keras.ops.convert_to_numpy(model(rows, training=False)), np.float64)
    expected = Scorer(mojo).score_matrix(rows.astype(np.float64))
    if found.shape != expected.shape:
        raise ParityError(_other_model(f"{expected.shape[1:]} outputs", f"{found.shape[1:]}"))
    _, relative = distances(found, expected)
    off = ~(relative <= _TOLERANCE)
    if off.any():
        row, column = np.argwhere(off)[0]
        wanted = f"{expected[row, column]:.6g} in output {column} of a row that was made"
        raise ParityError(_other_model(wanted, f"{found[row, column]:.6g}"))


def _other_model(expected: str, found: str) -> str:
    return (
        f"the Keras model does not predict what the MOJO does with the model's weights: expected "
        f"{expected}, found {found}; it was made from another MOJO, or more than its weights was "
        "changed"
    )


def _check_matrix(features: Features) -> NDArray[np.float64]:
    """Make rows ``(16, n_features)``, each column going through its levels or numbers."""
    matrix = np.empty((_CHECK_ROWS, len(features.names)))
    rows, cats = np.arange(_CHECK_ROWS), len(features.categorical)
    for index, feature in enumerate(features.categorical):
        codes = (rows * (index + 1)) % len(feature.slots)
        matrix[:, index] = np.where(codes < len(feature.levels), codes, np.nan)
    deviations = np.linspace(-_DEVIATIONS, _DEVIATIONS, _CHECK_ROWS)
    for index, (mean, factor) in enumerate(
        zip(features.norm_sub, features.norm_mul, strict=True), cats
    ):
        matrix[:, index] = np.roll(deviations, index * 3) / factor + mean
        matrix[index % _CHECK_ROWS, index] = np.nan
    return matrix
