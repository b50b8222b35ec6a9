"""The network's inputs to its raw outputs: a step for the sums of each layer, one for its values.

Each is a step of its own, so that no expression is put into another as often as it is named there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from mojo_reader.model import Activation, Features, Layer

from .encoding import NetworkInputs
from .expressions import (
    Pieces,
    chosen,
    column,
    grouped,
    minus,
    number,
    over,
    plus,
    times,
    total,
)
from .statement import Statement

#: From here on 1 - 2 / (1 + exp(2 x)) is 1, or -1: far from the end of a double's range.
_TANH_IS_ONE: Final = 350.0

Columns = tuple[str, ...]
_Activate = Callable[[Statement, str, list[Columns], float], Columns]


def apply(
    statement: Statement,
    inputs: NetworkInputs,
    features: Features,
    layers: tuple[Layer, ...],
    *,
    compared: bool,
) -> Columns:
    """Add the steps of the network.

    Args:
        statement: takes the steps.
        inputs: of the first layer.
        features: the model's features.
        layers: hidden layers and the output layer.
        compared: the outputs are compared with the inputs, which are carried to the end.

    Returns:
        Names of the columns of raw outputs, ``(units,)``, softmax included.
    """
    values = inputs.numbers
    if not compared:
        statement.drop(inputs.slots)
    for index, layer in enumerate(layers):
        name = "output" if index == len(layers) - 1 else f"hidden_{index + 1}"
        sums = _Sums(inputs, features.one_hot_width) if index == 0 else _Sums()
        found = sums.add(statement, name, layer, values)
        values = ACTIVATIONS[layer.activation](statement, name, found, layer.scale)
    return values


@dataclass(frozen=True, slots=True)
class _Sums:
    """Makes the step of a layer's sums.

    Attributes:
        inputs: of the first layer; None for the values of a layer.
        one_hot_width: rows of the kernel that the slots choose from.
    """

    inputs: NetworkInputs | None = None
    one_hot_width: int = 0

    def add(self, statement: Statement, name: str, layer: Layer, values: Columns) -> list[Columns]:
        """Add the step; by kernel, the columns of its sums."""
        sums: dict[str, exp.Expression] = {}
        found: list[Columns] = []
        for letter, kernel, bias in zip("st", layer.kernels, layer.biases, strict=False):
            weights = kernel.astype(np.float64)
            names = tuple(f"{letter}{unit + 1}" for unit in range(layer.units))
            for unit, one in enumerate(names):
                terms = self._hot(statement.pieces, weights[:, unit])
                terms += _products(values, weights[self.one_hot_width :, unit])
                sums[one] = total([*terms, number(float(bias[unit]))])
            found.append(names)
        statement.step(f"{name}_sums", sums)
        return found

    def _hot(self, pieces: Pieces, weights: NDArray[np.float64]) -> list[exp.Expression]:
        """What the slots add to a unit: one of the kernel's rows for each column of codes."""
        columns = {} if self.inputs is None else self.inputs.slots
        return [
            pieces.choice(code, {-1: 0.0, **{slot: float(weights[slot]) for slot in slots}})
            for code, slots in columns.items()
            if slots
        ]


def _products(values: Columns, weights: NDArray[np.float64]) -> list[exp.Expression]:
    return [
        times(column(value), number(weight))
        for value, weight in zip(values, weights.tolist(), strict=True)
    ]


# --------------------------------------------------------------------------- activations


def _elementwise(
    value_of: Callable[[Pieces, str], exp.Expression],
) -> _Activate:
    """Return an activation that makes each unit's value of its own sum."""

    def activation(statement: Statement, name: str, sums: list[Columns], scale: float) -> Columns:
        made = {
            f"h{unit}": _scaled(value_of(statement.pieces, one), scale)
            for unit, one in enumerate(sums[0], 1)
        }
        statement.step(name, made)
        return tuple(made)

    return activation


def _scaled(value: exp.Expression, scale: float) -> exp.Expression:
    return value if scale == 1 else times(grouped(value), number(scale))


def _linear(statement: Statement, name: str, sums: list[Columns], scale: float) -> Columns:
    if scale == 1:
        return sums[0]
    return _elementwise(lambda _pieces, one: column(one))(statement, name, sums, scale)


def _rectifier(_pieces: Pieces, one: str) -> exp.Expression:
    """``0.5 * (x + |x|)``, which is NaN for -Infinity as in H2O."""
    return times(number(0.5), grouped(plus(column(one), exp.Abs(this=column(one)))))


def _tanh(pieces: Pieces, one: str) -> exp.Expression:
    """``1 - 2 / (1 + exp(2 x))``."""
    power = exp.Exp(this=times(number(2.0), column(one)))
    share = over(number(2.0), grouped(plus(number(1.0), power)))
    value = minus(number(1.0), share)
    if not pieces.dialect.raises:
        return value
    low = exp.LT(this=column(one), expression=number(-_TANH_IS_ONE))
    within = exp.LTE(this=column(one), expression=number(_TANH_IS_ONE))
    return chosen(
        (low, number(-1.0)),
        (within, value),
        (pieces.at_most_infinite(column(one)), number(1.0)),
        default=column(one),
    )


def _exp_rectifier(pieces: Pieces, one: str) -> exp.Expression:
    """``exp(x) - 1`` below 0, rounded as H2O rounds it."""
    below = exp.LT(this=column(one), expression=number(0.0))
    power: exp.Expression = pieces.power(column(one))
    return chosen((below, minus(power, number(1.0))), default=column(one))


def _maxout(statement: Statement, name: str, sums: list[Columns], scale: float) -> Columns:
    """The first where it is larger, else the second: on NaN too, as H2O takes it."""
    made = {}
    for unit, (first, second) in enumerate(zip(*sums, strict=True), 1):
        larger = statement.pieces.is_greater(column(first), column(second))
        value = chosen((larger, column(first)), default=column(second))
        made[f"h{unit}"] = _scaled(value, scale)
    statement.step(name, made)
    return tuple(made)


def _softmax(statement: Statement, name: str, sums: list[Columns], _scale: float) -> Columns:
    # An output layer drops nothing.
    pieces, names = statement.pieces, sums[0]
    largest = pieces.greatest([column(one) for one in names])
    statement.step(f"{name}_largest", {"largest": largest}, also=names)
    powers = {
        f"e{unit}": pieces.power(minus(column(one), column("largest")))
        for unit, one in enumerate(names, 1)
    }
    statement.step(f"{name}_powers", powers)
    return shares(statement, name, tuple(powers), column("total"))


def shares(
    statement: Statement, name: str, parts: Columns, divisor: exp.Expression, letter: str = "h"
) -> Columns:
    """Add the steps that divide numbers by what is made of their sum.

    Args:
        statement: takes the steps.
        name: of the last step.
        parts: columns of the numbers.
        divisor: made of the column ``total``; it is copied.
        letter: of the new columns.
    """
    statement.step(f"{name}_total", {"total": total([column(one) for one in parts])}, also=parts)
    made = {
        f"{letter}{unit}": over(column(one), divisor.copy()) for unit, one in enumerate(parts, 1)
    }
    statement.step(name, made)
    return tuple(made)


#: ``(statement, name of the step, columns of sums by kernel, scale)`` to columns of values.
ACTIVATIONS: Final[Mapping[Activation, _Activate]] = {
    Activation.LINEAR: _linear,
    Activation.SOFTMAX: _softmax,
    Activation.RECTIFIER: _elementwise(_rectifier),
    Activation.TANH: _elementwise(_tanh),
    Activation.EXP_RECTIFIER: _elementwise(_exp_rectifier),
    Activation.MAXOUT: _maxout,
}
