"""The network of a Keras model of one's own while its layers are read: all folds into dense layers.

Nothing here knows what the inputs and outputs mean.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Activation, Layer

from ..written_back import as_bias, as_kernel, refuse
from .arrays import weight_of

#: Keras's name for no activation.
LINEAR: Final = "linear"
#: Kernel ``(inputs, units)`` and bias ``(units,)``.
Weights = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Affine:
    """``(x - mean) / sd``, ``(width,)`` float64 each."""

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]

    def then(self, other: "Affine") -> "Affine":
        """Both, one after the other."""
        return Affine(mean=self.mean + self.sd * other.mean, sd=self.sd * other.sd)

    def before(self, weights: Weights) -> Weights:
        """The dense layer that does this to its inputs first."""
        kernel, bias = weights
        scaled = kernel / self.sd[:, np.newaxis]
        return scaled, bias - self.mean @ scaled

    def after(self, weights: Weights) -> Weights:
        """The dense layer that does this to its outputs last."""
        kernel, bias = weights
        return kernel / self.sd, (bias - self.mean) / self.sd


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FoldedDense:
    """A dense layer with what was folded into it.

    Attributes:
        name: of the Keras layer.
        weights: one pair, or the two of a Maxout's candidates.
        activation: Keras's name, or ``maxout``.
        dropout: ratio of units that training drops; scoring multiplies by what is left.
    """

    name: str
    weights: tuple[Weights, ...]
    activation: str
    dropout: float = 0.0

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.weights[0][1])

    def layer(self, activation: Activation) -> Layer:
        """Return what a MOJO holds of it.

        Raises:
            MojoUnsupportedError: a weight is not finite.
        """
        return Layer(
            kernels=tuple(as_kernel(self.name, kernel) for kernel, _ in self.weights),
            biases=tuple(as_bias(self.name, bias) for _, bias in self.weights),
            activation=activation,
            dropout=self.dropout,
            scale=1.0 - self.dropout,
        )


class Stack:
    """The network so far.

    Attributes:
        front: what is done to the inputs before the first dense layer; None for nothing.
    """

    def __init__(self, width: int) -> None:
        self.front: Affine | None = None
        self._width = width
        self._dense: list[FoldedDense] = []
        # What is done to the last layer's activations, and the last layer that did it.
        self._after: tuple[Affine, str] | None = None
        self._dropped: float | None = None

    # -- steps

    def dense(self, name: str, layers: tuple[Any, ...], activation: str) -> None:
        """Add a dense layer, or the two candidates of a Maxout."""
        if self._dense and self._dense[-1].activation == LINEAR:
            refuse(
                f"the dense layer {self._dense[-1].name!r} is linear and not the last, and H2O's "
                "networks have no linear hidden layers"
            )
        weights = [_weights(layer) for layer in layers]
        if self._after is not None:
            weights = [self._after[0].before(pair) for pair in weights]
        self._dense.append(FoldedDense(name=name, weights=tuple(weights), activation=activation))
        self._after = self._dropped = None

    def activation(self, name: str, function: str) -> None:
        """Apply an activation to the last dense layer's sums."""
        if function == LINEAR:
            return
        if not self._dense or self._dense[-1].activation != LINEAR or self._after is not None:
            refuse(f"expected the activation {name!r} after a linear dense layer")
        self._dense[-1] = replace(self._dense[-1], activation=function)

    def affine(self, name: str, mean: Any, sd: Any) -> None:
        """Subtract ``mean`` and divide by ``sd``, numbers or ``(width,)``."""
        made = Affine(mean=self._spread(mean), sd=self._spread(sd))
        if not np.isfinite(made.mean).all() or not np.isfinite(made.sd).all():
            refuse(f"expected finite numbers and no scale of 0 in the layer {name!r}")
        if not self._dense:
            self.front = made if self.front is None else self.front.then(made)
        elif self._dense[-1].activation == LINEAR:
            self._dense[-1] = folded(self._dense[-1], made.after)
        elif self._dropped is not None and self._is_factor(made, 1.0 - self._dropped):
            self._dense[-1] = replace(self._dense[-1], dropout=self._dropped)
        else:
            before = None if self._after is None else self._after[0]
            self._after = (made if before is None else before.then(made), name)
        self._dropped = None

    def dropout(self, rate: float) -> None:
        """Remember a dropout, which does nothing in prediction."""
        self._dropped = rate

    # -- results

    def finished(self, block: int) -> list[FoldedDense]:
        """Return the dense layers, the part of ``front`` before the numbers folded in.

        Args:
            block: width of the one-hot block, which comes before the numbers.
        """
        if not self._dense:
            refuse("expected at least one dense layer, found none")
        if self._after is not None:
            refuse(f"the layer {self._after[1]!r} changes the activated output, which H2O does not")
        self._fold_one_hot(block)
        return self._dense

    def _spread(self, values: Any) -> NDArray[np.float64]:
        """One number for each of the current values."""
        width = self._dense[-1].units if self._dense else self._width
        flat = np.asarray(values, np.float64).reshape(-1)
        return np.broadcast_to(flat, (width,))

    def _fold_one_hot(self, block: int) -> None:
        if self.front is None:
            return
        mean, sd = self.front.mean.copy(), self.front.sd.copy()
        mean[block:], sd[block:] = 0.0, 1.0
        if mean.any() or (sd != 1).any():
            self._dense[0] = folded(self._dense[0], Affine(mean=mean, sd=sd).before)

    def _is_factor(self, made: Affine, factor: float) -> bool:
        """Whether nothing but this factor was done to the last layer's activations."""
        if self._after is not None or self._dense[-1].dropout or made.mean.any():
            return False
        return bool(np.allclose(1.0 / made.sd, factor, rtol=1e-12, atol=0.0))


def folded(dense: FoldedDense, fold: Callable[[Weights], Weights]) -> FoldedDense:
    """Return a dense layer whose weights were changed, each candidate's by itself."""
    return replace(dense, weights=tuple(map(fold, dense.weights)))


def _weights(layer: Any) -> Weights:
    kernel = weight_of(layer, "kernel")
    bias = weight_of(layer, "bias") if layer.use_bias else np.zeros(kernel.shape[1])
    # float64 to fold in; what nothing is folded into keeps its bits.
    return kernel.astype(np.float64), bias.astype(np.float64)
