"""The slope of an activation between two points, which DeepLIFT's rescale rule goes by.

A unit's output moves from the background row's to the row's by the slope times the move of its sum.
Where the two sums are nearly one, the quotient is nothing but rounding, and the mean of the two
derivatives takes its place, which differs from it by the square of the distance.

``ops`` is NumPy or ``jax.numpy``, as in ``formulas``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from mojo_reader.model import Activation

#: Of NumPy or of JAX, float64.
Array = Any
Derivative = Callable[[Array, Array], Array]
"""``(sums, values)``: the derivative at sums whose activations are the values."""
#: Arguments nearer than this have the mean derivative for a slope; of a function that is straight
#: on both sides of its only kink, the quotient is exact however near they are.
_NEAR: Final = 1e-6
_NEAR_STRAIGHT: Final = 0.0


def secant(
    ops: Any,
    first: tuple[Array, Array],
    second: tuple[Array, Array],
    derivative: Derivative,
    *,
    near: float = _NEAR,
) -> Array:
    """Return the slope of a function between two points, for arrays that broadcast.

    Args:
        ops: the framework.
        first: arguments, and the function's values there.
        second: the other ones.
        derivative: of the function.
        near: arguments that are at most so far apart have the mean derivative.
    """
    rise, run = first[1] - second[1], first[0] - second[0]
    close = ops.abs(run) <= near
    if ops is not np:
        return ops.where(close, _mean(derivative, first, second), rise / ops.where(close, 1.0, run))
    # In place, and the mean only where there is any: half the time.
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.divide(rise, run, out=rise)
    if close.any():
        np.copyto(slope, _mean(derivative, first, second), where=close)
    return slope


def _mean(derivative: Derivative, first: tuple[Array, Array], second: tuple[Array, Array]) -> Array:
    return (derivative(*first) + derivative(*second)) / 2


def _linear(ops: Any, first: list[Array], second: list[Array], *_values: Array) -> list[Array]:
    return [ops.ones(np.broadcast_shapes(first[0].shape, second[0].shape))]


def _rectifier(
    ops: Any, first: list[Array], second: list[Array], value: Array, other: Array
) -> list[Array]:
    points = (first[0], value), (second[0], other)
    return [secant(ops, *points, _step(ops), near=_NEAR_STRAIGHT)]


def _tanh(
    ops: Any, first: list[Array], second: list[Array], value: Array, other: Array
) -> list[Array]:
    points = (first[0], value), (second[0], other)
    return [secant(ops, *points, lambda _sums, a: 1 - a**2)]


def _exp_rectifier(
    ops: Any, first: list[Array], second: list[Array], value: Array, other: Array
) -> list[Array]:
    points = (first[0], value), (second[0], other)
    return [secant(ops, *points, lambda _sums, a: ops.minimum(a, 0) + 1)]


def _maxout(ops: Any, first: list[Array], second: list[Array], *_values: Array) -> list[Array]:
    """Share the larger candidate's move by Shapley's rule for two players.

    With one candidate held, ``max(p, q) = q + relu(p - q)``: half the slope with the other
    candidate as in the row, half with it as in the background row.
    """
    (p, q), (p_other, q_other) = first, second
    as_in_row = _above(ops, p - q, p_other - q), _above(ops, q - p, q_other - p)
    as_in_other = (
        _above(ops, p - q_other, p_other - q_other),
        _above(ops, q - p_other, q_other - p_other),
    )
    return [(one + two) / 2 for one, two in zip(as_in_row, as_in_other, strict=True)]


def _above(ops: Any, first: Array, second: Array) -> Array:
    points = (first, ops.maximum(first, 0)), (second, ops.maximum(second, 0))
    return secant(ops, *points, _step(ops), near=_NEAR_STRAIGHT)


def _step(ops: Any) -> Derivative:
    # Half at the kink itself: two equal candidates of Maxout share what moves them.
    return lambda sums, _values: ops.heaviside(sums, 0.5)


#: ``(ops, sums, other sums, values, other values)``: one slope for each kernel, of arrays that
#: broadcast. Softmax is no function of one sum, and the targets have rules of their own for it.
SLOPES: Final[Mapping[Activation, Callable[..., list[Array]]]] = {
    Activation.LINEAR: _linear,
    Activation.RECTIFIER: _rectifier,
    Activation.TANH: _tanh,
    Activation.EXP_RECTIFIER: _exp_rectifier,
    Activation.MAXOUT: _maxout,
}
