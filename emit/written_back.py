"""A network of another framework back to a ``Mojo``: what Keras and PyTorch share.

The model is one that this package made, with the weights that it has now. What was taken apart is
joined again: the gathered rows of a one-hot block with the dense rest of the kernel, and Maxout's
two candidates.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import Comparer
from mojo_reader.comparing.tally import distances
from mojo_reader.errors import MojoUnsupportedError, ParityError
from mojo_reader.model import Features, Layer, Mojo
from mojo_reader.scoring.scorer import Scorer

from .layer_names import OUTPUT, layer_name

#: Rows that both models predict; in each column one of them is missing.
_CHECK_ROWS: Final = 16
#: Deviations from the mean that their numbers go to.
_DEVIATIONS: Final = 2.0
#: Far above what float32 costs, far below what other constants or another activation do.
_TOLERANCE: Final = 1e-3


# --------------------------------------------------------------------------- weights


def as_kernel(layer: str, values: NDArray[Any], *, called: str = "kernel") -> NDArray[np.float32]:
    """Return a kernel ``(inputs, units)`` as float32.

    Args:
        layer: its name, for the message.
        values: of any float type.
        called: what the framework calls it.

    Raises:
        MojoUnsupportedError: a number is not finite, or too large for float32.
    """
    with np.errstate(over="ignore"):
        kernel = values.astype(np.float32)
    _check_finite(layer, called, kernel)
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
    """Say what of a model a MOJO cannot hold.

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


# --------------------------------------------------------------------------- layers


class Weights(ABC):
    """The layers of a framework's model, by their names.

    Args:
        layers: by name, the framework's own objects.

    Attributes:
        dense: what the framework calls a dense layer.
        matrix: what it calls a kernel.
        maker: the function that makes such models.
    """

    dense: str
    matrix: str
    maker: str

    def __init__(self, layers: Mapping[str, Any]) -> None:
        self._found = layers

    def has(self, name: str) -> bool:
        """Whether the model has a layer."""
        return name in self._found

    def layer_of(self, name: str, kind: type) -> Any:
        """Return a layer of a kind.

        Raises:
            MojoUnsupportedError: it is absent, or of another kind.
        """
        layer = self._found.get(name)
        if layer is None:
            self.absent(kind.__name__, name)
        if not isinstance(layer, kind):
            refuse(f"expected a {kind.__name__} layer {name!r}, found a {type(layer).__name__}")
        return layer

    @abstractmethod
    def candidate(self, layer: str, place: int) -> str:
        """Name of the dense layer that is a candidate of a Maxout."""

    @abstractmethod
    def halves(self, dense: str) -> tuple[str, str]:
        """Names of the gathered and of the multiplied half of a first layer."""

    @abstractmethod
    def kernel(self, name: str, inputs: int) -> NDArray[Any]:
        """Return the kernel ``(inputs, units)`` of a dense layer, in its own type."""

    @abstractmethod
    def table(self, name: str, slots: int) -> NDArray[Any]:
        """Return the rows ``(slots, units)`` that are gathered, in their own type."""

    @abstractmethod
    def bias(self, name: str) -> NDArray[Any]:
        """Return the bias ``(units,)`` of a dense layer, in its own type."""

    def absent(self, kind: str, name: str) -> NoReturn:
        """Say that a layer is not there.

        Raises:
            MojoUnsupportedError: always.
        """
        refuse(
            f"expected a {kind} layer {name!r}, found none: the model was not made from this MOJO "
            f"by {self.maker}"
        )


def read_layers(weights: Weights, mojo: Mojo, *, gathered: bool) -> list[Layer]:
    """Read the network of a MOJO out of the model that was made from it.

    Args:
        weights: of the model.
        mojo: what the model was made from.
        gathered: the first layer gathers the one-hot block's rows.

    Returns:
        All layers, from the first to the output layer; the hidden ones as wide as they are now.

    Raises:
        MojoUnsupportedError: a layer is absent, or of a kind or shape that a MOJO cannot hold, or
            a weight is not finite.
    """
    count = len(mojo.layers)
    extra = layer_name(count - 1, count + 1)
    if any(weights.has(name) for name in (extra, weights.candidate(extra, 0))):
        refuse(f"expected {count - 1} hidden layers as in the MOJO, found a layer {extra!r}")
    inputs, block, layers = mojo.features.width, mojo.features.one_hot_width, []
    for index, old in enumerate(mojo.layers):
        taken = block if gathered and index == 0 else 0
        layer = _read_layer(weights, old, layer_name(index, count), inputs, taken)
        inputs = layer.units
        layers.append(layer)
    if inputs != mojo.layers[-1].units:
        refuse(
            f"expected the {weights.dense} layer {OUTPUT!r} with {mojo.layers[-1].units} "
            f"units, found {inputs}"
        )
    return layers


def _read_layer(weights: Weights, old: Layer, name: str, inputs: int, gathered: int) -> Layer:
    dense = [name]
    if len(old.kernels) > 1:
        dense = [weights.candidate(name, place) for place in range(len(old.kernels))]
    kernels = [_read_kernel(weights, each, inputs, gathered) for each in dense]
    units = {kernel.shape[1] for kernel in kernels}
    if len(units) > 1:
        refuse(f"expected as many units in {dense[0]!r} as in {dense[1]!r}, found {units}")
    of_bias = [weights.halves(each)[1] for each in dense] if gathered else dense
    return Layer(
        kernels=tuple(kernels),
        biases=tuple(
            _read_bias(weights, each, bias) for each, bias in zip(of_bias, old.biases, strict=True)
        ),
        activation=old.activation,
        dropout=old.dropout,
        scale=old.scale,
    )


def _read_kernel(weights: Weights, name: str, inputs: int, gathered: int) -> NDArray[np.float32]:
    """The kernel ``(inputs, units)``, its gathered rows first."""
    if not gathered:
        return as_kernel(name, weights.kernel(name, inputs), called=weights.matrix)
    table, dense = weights.halves(name)
    levels = weights.table(table, gathered)
    # Without numbers the dense half has one input, which is always 0.
    rest = weights.kernel(dense, max(1, inputs - gathered))
    if levels.shape[1] != rest.shape[1]:
        refuse(
            f"expected as many units in {table!r} as in {dense!r}, found {levels.shape[1]} and "
            f"{rest.shape[1]}"
        )
    halves = {table: levels, dense: rest}
    kernels = [as_kernel(each, half, called=weights.matrix) for each, half in halves.items()]
    return np.concatenate(kernels)[:inputs]


def _read_bias(weights: Weights, name: str, old: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bias; what is still the MOJO's own in the model's type stays so to the last bit."""
    bias = weights.bias(name)
    if bias.shape != old.shape:
        return as_bias(name, bias)
    with np.errstate(over="ignore"):
        untouched = old.astype(bias.dtype) == bias
    return as_bias(name, np.where(untouched, old, bias.astype(np.float64)))


# --------------------------------------------------------------------------- predictions


def check_predictions(
    predict: Callable[[NDArray[Any]], NDArray[Any]], mojo: Mojo, *, framework: str, dtype: str
) -> None:
    """Require that a model predicts what the MOJO with its weights does.

    Args:
        predict: from ``(rows, n_features)`` in the model's type to ``(rows, outputs)``.
        mojo: the MOJO with the model's weights.
        framework: of the model, for the message.
        dtype: the model's type.

    Raises:
        ParityError: it does not.
    """
    with np.errstate(over="ignore"):
        rows = check_matrix(mojo.features).astype(dtype)
    found = np.asarray(predict(rows), np.float64)
    expected = Scorer(mojo).score_matrix(rows.astype(np.float64))
    if found.shape != expected.shape:
        shapes = f"{expected.shape[1:]} outputs", f"{found.shape[1:]}"
        raise ParityError(_other_model(framework, *shapes))
    _, relative = distances(found, expected)
    off = ~(relative <= _TOLERANCE)
    if off.any() and not _within_type(found, rows, mojo, dtype):
        row, column = np.argwhere(off)[0]
        wanted = f"{expected[row, column]:.6g} in output {column} of a row that was made"
        raise ParityError(_other_model(framework, wanted, f"{found[row, column]:.6g}"))


def _within_type(found: NDArray[np.float64], rows: NDArray[Any], mojo: Mojo, dtype: str) -> bool:
    """Whether the type itself costs that much: weights that training has blown up make it so."""
    comparer = Comparer(Scorer(mojo), dtype)
    comparer.add(rows.astype(np.float64), found)
    return comparer.result().passed


def _other_model(framework: str, expected: str, found: str) -> str:
    return (
        f"the {framework} model does not predict what the MOJO does with the model's weights: "
        f"expected {expected}, found {found}; it was made from another MOJO, or more than its "
        "weights was changed"
    )


def check_matrix(features: Features) -> NDArray[np.float64]:
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
