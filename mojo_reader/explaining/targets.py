"""What is explained: the margin, the response, or an autoencoder's error.

A target says how its value moves with the last layer's sums, between a row and a background row:
the multipliers that go back through the network from there. ``ops`` is NumPy or ``jax.numpy``, as
in ``formulas``; an autoencoder's error is for NumPy alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from mojo_reader import formulas
from mojo_reader.explaining.passes import Passed
from mojo_reader.explaining.slopes import SLOPES, secant
from mojo_reader.model import Classification, InverseLink, Layer, Mojo, Reconstruction, Regression

#: Of NumPy or of JAX, float64.
Array = Any
_TWO_CLASSES: Final = 2


class Target(ABC):
    """Something that is computed from the last layer's sums.

    Attributes:
        outputs: number of values for a row.
    """

    outputs: int = 1

    @abstractmethod
    def values(self, rows: Passed) -> Array:
        """Return the values, ``(rows, outputs)``."""

    @abstractmethod
    def multipliers(self, rows: Passed, others: Passed) -> Iterator[list[Array]]:
        """Yield for each output how it moves with the last layer's sums.

        Returns:
            One array for each kernel, of a shape that broadcasts to ``(rows, others, units)``.
        """


class Linear(Target):
    """A linear function of the last layer's sums: every margin.

    Args:
        weights: ``(outputs, units)`` float64.
        constants: ``(outputs,)`` float64.
    """

    def __init__(self, weights: Array, constants: Array) -> None:
        self._weights = weights
        self._constants = constants
        self.outputs = len(weights)

    def values(self, rows: Passed) -> Array:
        """Return ``sums @ weights.T + constants``."""
        return rows.sums[-1][0] @ self._weights.T + self._constants

    def multipliers(self, rows: Passed, others: Passed) -> Iterator[list[Array]]:
        """Yield the weights, the same for every pair."""
        del rows, others
        yield from ([weights[None, None]] for weights in self._weights)


class Response(Target):
    """A regression's response behind its link.

    Args:
        output: the regression.
        ops: the framework.
    """

    def __init__(self, output: Regression, ops: Any = np) -> None:
        self._ops = ops
        self._output = output
        self._link = formulas.INVERSE_LINKS[output.inverse_link]

    def values(self, rows: Passed) -> Array:
        """Return the response."""
        return self._ops.asarray(self._link(self._ops, self._linear(rows)))

    def multipliers(self, rows: Passed, others: Passed) -> Iterator[list[Array]]:
        """Yield the slope of the link, in the units of the network."""
        first, second = self._linear(rows)[:, None], self._linear(others)[None]
        points = (first, self.values(rows)[:, None]), (second, self.values(others)[None])
        slope = secant(self._ops, *points, _LINK_DERIVATIVES[self._output.inverse_link])
        yield [slope / self._output.norm_resp_mul]

    def _linear(self, rows: Passed) -> Array:
        sums = rows.sums[-1][0]
        return self._ops.asarray(formulas.response_units(sums, self._output, formulas.FLOAT64))


#: ``(linear predictor, response)``.
_LINK_DERIVATIVES: Final = {
    InverseLink.IDENTITY: lambda _linear, response: 0.0 * response + 1.0,
    InverseLink.EXP: lambda _linear, response: response,
    InverseLink.LOGISTIC: lambda _linear, response: response * (1 - response),
}


class Probabilities(Target):
    r"""Class probabilities, corrected as the scorer corrects them.

    The move of a class's probability is the logarithmic mean of its two values, times the move of
    its logarithm, ``z_k - log sum exp z``; as the moves of all classes sum to 0, that of the second
    term is the mean of the moves of ``z``, weighted by the logarithmic means. Both are exact, and
    every class's own weight is positive. For two classes it is a positive multiple of the logit's
    move: the margin's contributions, rescaled.

    Args:
        output: the classes.
        ops: the framework.
    """

    def __init__(self, output: Classification, ops: Any = np) -> None:
        self._ops = ops
        self._shift = _log_factors(output)
        two = len(output.labels) == _TWO_CLASSES
        self._classes = (1,) if two else tuple(range(len(output.labels)))
        self.outputs = len(self._classes)

    def values(self, rows: Passed) -> Array:
        """Return the probabilities; of two classes, the second one's."""
        return self._ops.exp(self._logarithms(rows)[:, np.array(self._classes)])

    def multipliers(self, rows: Passed, others: Passed) -> Iterator[list[Array]]:
        """Yield for each class the weights of the last layer's sums."""
        ops = self._ops
        first, second = self._logarithms(rows)[:, None], self._logarithms(others)[None]
        values = ops.exp(first), ops.exp(second)
        # The derivative of the exponential is itself.
        points = (first, values[0]), (second, values[1])
        means = secant(ops, *points, lambda _logarithm, value: value)
        shares = means / means.sum(axis=2, keepdims=True)
        every = np.arange(means.shape[2])
        for index in self._classes:
            # Not 1 minus its share, which loses what a probability near 1 is short of.
            others_weights = ops.where(every == index, 0.0, -means[..., index, None] * shares)
            own = -others_weights.sum(axis=2, keepdims=True)
            yield [ops.where(every == index, own, others_weights)]

    def _logarithms(self, rows: Passed) -> Array:
        ops = self._ops
        sums = rows.sums[-1][0] + self._shift
        sums = sums - sums.max(axis=1, keepdims=True)
        return ops.asarray(sums - ops.log(ops.exp(sums).sum(axis=1, keepdims=True)))


class Error(Target):
    """An autoencoder's reconstruction error, with a missing number counted as the mean.

    The squared residual moves with the residual by the sum of the two residuals. What the residual
    is short of its reconstruction, the input itself, is for ``direct``.

    Args:
        mojo: the autoencoder.
        centre: ``(nums,)`` what the numbers are less.
    """

    def __init__(self, mojo: Mojo, centre: Array) -> None:
        self._features = mojo.features
        self._layer: Layer = mojo.layers[-1]
        self._centre = centre

    def values(self, rows: Passed) -> Array:
        """Return the mean of the squared residuals."""
        return np.asarray((self._residuals(rows) ** 2).mean(axis=1, keepdims=True))

    def multipliers(self, rows: Passed, others: Passed) -> Iterator[list[Array]]:
        """Yield what the reconstruction's path has."""
        slopes = layer_slopes(self._layer, rows, others, -1)
        both = -self.direct(rows, others)
        yield [both * slope for slope in slopes]

    def direct(self, rows: Passed, others: Passed) -> Array:
        """Return what the input's own path has, ``(rows, others, width)``."""
        both = self._residuals(rows)[:, None] + self._residuals(others)[None]
        return np.asarray(both / -self._features.width)

    def _residuals(self, rows: Passed) -> Array:
        found = rows.values[-1] * self._layer.scale
        width = self._features.one_hot_width
        slots = np.empty_like(rows.places)
        for index, feature in enumerate(self._features.categorical):
            slots[:, index] = feature.slots[rows.places[:, index]]
        found[:, :width] -= formulas.one_hot_block(slots, width)
        found[:, width:] -= rows.numbers + self._centre
        return np.asarray(found)


def layer_slopes(
    layer: Layer, rows: Passed, others: Passed, index: int, ops: Any = np
) -> list[Array]:
    """Return how a layer's outputs move with its sums, for each pair.

    Returns:
        One ``(rows, others, units)`` array for each kernel.
    """
    first = [sums[:, None] for sums in rows.sums[index]]
    second = [sums[None] for sums in others.sums[index]]
    values = rows.values[index][:, None], others.values[index][None]
    found = SLOPES[layer.activation](ops, first, second, *values)
    return [slope * layer.scale for slope in found] if layer.scale != 1 else found


def target_of(mojo: Mojo, space: str, centre: Array, ops: Any = np) -> Target:
    """Return what is explained of a model.

    Args:
        mojo: the model.
        space: ``margin`` or ``response``.
        centre: ``(nums,)`` what the numbers are less.
        ops: the framework.
    """
    output = mojo.output
    if isinstance(output, Reconstruction):
        return Error(mojo, centre)
    if isinstance(output, Classification):
        return Probabilities(output, ops) if space == "response" else _logits(output)
    if space == "response" and output.inverse_link is not InverseLink.IDENTITY:
        return Response(output, ops)
    return Linear(np.array([[1 / output.norm_resp_mul]]), np.array([output.norm_resp_sub]))


def _logits(output: Classification) -> Linear:
    """Return the logit of two classes; of more, each class's less their mean."""
    classes = len(output.labels)
    two = classes == _TWO_CLASSES
    weights = np.array([[-1.0, 1.0]]) if two else np.eye(classes) - 1 / classes
    return Linear(weights, weights @ _log_factors(output))


def _log_factors(output: Classification) -> Array:
    """Return what ``balance_classes`` adds to the logits."""
    if output.prior_factors is None:
        return np.zeros(len(output.labels))
    return np.log(output.prior_factors)
