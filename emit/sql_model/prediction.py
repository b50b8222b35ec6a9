"""Raw outputs to what H2O predicts: label and probabilities, a number, or a reconstructed row."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from mojo_reader.formulas import LARGEST_EXP
from mojo_reader.model import (
    Classification,
    Features,
    InverseLink,
    Mojo,
    Reconstruction,
    Regression,
)
from mojo_reader.scoring.options import OffsetRule
from mojo_reader.scoring.outputs import ERROR_COLUMN

from .encoding import BEYOND, NetworkInputs
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
    whole,
)
from .network import shares
from .statement import Statement

#: The largest number whose exponential H2O does not bound.
_LARGEST_POWER: Final = math.log(LARGEST_EXP)
#: Squares of larger numbers are infinite, and of smaller ones 0.
_LARGEST_ROOT: Final = 1e150
_SMALLEST_ROOT: Final = 1e-150
#: Above half of it, a sum or a quotient could overflow.
_LARGEST: Final = 0.5e308


def output_columns(mojo: Mojo) -> tuple[str, ...]:
    """Return the names of the prediction's columns: H2O's, and an autoencoder's error."""
    columns = mojo.output.columns
    return (*columns, ERROR_COLUMN) if isinstance(mojo.output, Reconstruction) else columns


def predict(
    statement: Statement,
    outputs: tuple[str, ...],
    inputs: NetworkInputs,
    mojo: Mojo,
    rule: OffsetRule,
) -> list[exp.Expression]:
    """Add the steps of the prediction.

    Args:
        statement: takes the steps.
        outputs: names of the network's raw outputs.
        inputs: what the network read; an autoencoder's error compares with it.
        mojo: the model.
        rule: where a regression's offset is added, if there is one among the inputs.

    Returns:
        The prediction, in the order of ``output_columns``.
    """
    match mojo.output:
        case Classification():
            return _classes(statement, outputs, mojo.output)
        case Regression():
            return [_response(statement, outputs[0], inputs.offset, mojo.output, rule)]
        case Reconstruction():
            return _reconstruction(statement, outputs, inputs, mojo.features)


def _known(statement: Statement, value: exp.Expression) -> exp.Expression:
    """Return NULL where the prediction is no number, or cannot be computed."""
    known = statement.pieces.without_nan(value)
    if not statement.carries(BEYOND):
        return known
    beyond = exp.EQ(this=column(BEYOND), expression=whole(1))
    return chosen((beyond, exp.Null()), default=known)


# --------------------------------------------------------------------------- classes


def _classes(
    statement: Statement, outputs: tuple[str, ...], output: Classification
) -> list[exp.Expression]:
    if output.prior_factors is not None:
        # Probabilities under the data's own class shares (``GenModel.correctProbabilities``).
        weighted = {
            f"w{place}": times(column(one), number(float(factor)))
            for place, (one, factor) in enumerate(
                zip(outputs, output.prior_factors, strict=True), 1
            )
        }
        statement.step("weighted", weighted)
        positive = exp.GT(this=column("total"), expression=number(0.0))
        divisor = grouped(chosen((positive, column("total")), default=number(1.0)))
        outputs = shares(statement, "corrected", tuple(weighted), divisor, "q")
    known = {f"y{place}": _known(statement, column(one)) for place, one in enumerate(outputs, 1)}
    statement.drop([BEYOND])
    statement.step("probabilities", known)
    return [_label(statement, tuple(known), output), *(column(one) for one in known)]


def _label(
    statement: Statement, probabilities: tuple[str, ...], output: Classification
) -> exp.Expression:
    """Choose a label (``GenModel.getPrediction``), NULL where there is no probability.

    Classes that tie exactly give the first of them, where H2O draws one by the row's hash.
    """
    labels = [exp.Literal.string(label) for label in output.labels]
    undefined = exp.Is(this=column(probabilities[0]), expression=exp.Null())
    if output.threshold is not None:
        limit = number(output.threshold)
        reached = exp.GTE(this=column(probabilities[1]), expression=limit)
        return chosen((undefined, exp.Null()), (reached, labels[1]), default=labels[0])
    best = statement.pieces.greatest([column(one) for one in probabilities])
    statement.step("best", {"best": best}, also=probabilities)
    return chosen(
        (undefined, exp.Null()),
        *(
            (exp.EQ(this=column(one), expression=column("best")), label)
            for one, label in zip(probabilities[:-1], labels[:-1], strict=True)
        ),
        default=labels[-1],
    )


# --------------------------------------------------------------------------- numbers


def _response(
    statement: Statement, raw: str, offset: str | None, output: Regression, rule: OffsetRule
) -> exp.Expression:
    """The response in its own units (``DeeplearningMojoModel.score0``)."""
    value: exp.Expression = column(raw)
    if offset is not None:
        value = grouped(plus(value, _shift(offset, output, rule)))
    if output.standardize:
        mul, sub = output.norm_resp_mul, output.norm_resp_sub
        value = _in_units(statement.pieces, value, mul, sub)
    statement.step("response", {"response": _known(statement, value)})
    return INVERSE_LINKS[output.inverse_link](statement.pieces, column("response"))


def _shift(offset: str, output: Regression, rule: OffsetRule) -> exp.Expression:
    """The offset in the units that the network was trained in, 0 where none is added."""
    centered = grouped(minus(column(offset), number(output.norm_resp_sub)))
    units = times(centered, number(output.norm_resp_mul))
    if rule == "server":
        positive = exp.GT(this=column(offset), expression=number(0.0))
        return chosen((positive, units), default=number(0.0))
    return exp.Coalesce(this=units, expressions=[number(0.0)])


def _identity(_pieces: Pieces, value: exp.Expression) -> exp.Expression:
    return value


def _bounded_exp(pieces: Pieces, value: exp.Expression) -> exp.Expression:
    """``min(1e19, exp(x))``."""
    large = exp.GT(this=value.copy(), expression=number(_LARGEST_POWER))
    return chosen((large, number(LARGEST_EXP)), default=pieces.power(value))


def _logistic(pieces: Pieces, value: exp.Expression) -> exp.Expression:
    """``1 / (1 + min(1e19, exp(-y)))``."""
    power = _bounded_exp(pieces, exp.Neg(this=value))
    return over(number(1.0), grouped(plus(number(1.0), power)))


INVERSE_LINKS: Final[Mapping[InverseLink, Callable[[Pieces, exp.Expression], exp.Expression]]] = {
    InverseLink.IDENTITY: _identity,
    InverseLink.EXP: _bounded_exp,
    InverseLink.LOGISTIC: _logistic,
}


# --------------------------------------------------------------------------- autoencoder


def _reconstruction(
    statement: Statement, outputs: tuple[str, ...], inputs: NetworkInputs, features: Features
) -> list[exp.Expression]:
    """The reconstruction in the columns' units, and its error in standardized space.

    The difference of numbers is taken in the columns' units and standardized then, as H2O does.
    """
    width = features.one_hot_width
    hot, numbers = outputs[:width], outputs[width:]
    units: dict[str, exp.Expression] = {
        f"r{place}": column(one) for place, one in enumerate(hot, 1)
    }
    for place, one in enumerate(numbers):
        units[f"r{width + place + 1}"] = column(one)
        if features.standardize:
            mul, sub = float(features.norm_mul[place]), float(features.norm_sub[place])
            units[f"r{width + place + 1}"] = _in_units(statement.pieces, column(one), mul, sub)
    statement.step("reconstruction", units)
    differences = {
        f"d{slot + 1}": minus(column(f"r{slot + 1}"), grouped(_hot(statement.pieces, inputs, slot)))
        for slot in range(width)
    }
    for place, raw in enumerate(inputs.raw):
        difference: exp.Expression = minus(column(f"r{width + place + 1}"), grouped(raw))
        if features.standardize:
            scale = number(float(features.norm_mul[place]))
            difference = times(grouped(difference), scale)
        differences[f"d{width + place + 1}"] = difference
    statement.step("differences", differences, also=units)
    squares = [_square(statement.pieces, one) for one in differences]
    error = over(grouped(total(squares)), number(float(features.width)))
    return [*(_known(statement, column(one)) for one in units), _known(statement, error)]


def _in_units(
    pieces: Pieces, value: exp.Expression, norm_mul: float, norm_sub: float
) -> exp.Expression:
    """``x / norm_mul + norm_sub``, infinite where that overflows."""
    units = plus(over(value, number(norm_mul)), number(norm_sub))
    if not pieces.dialect.raises:
        return units
    bound = number(min(_LARGEST, _LARGEST * abs(norm_mul)))
    within = exp.LTE(this=exp.Abs(this=value.copy()), expression=bound)
    direction = number(math.copysign(1.0, norm_mul))
    infinite = times(times(value.copy(), direction), pieces.odd("inf"))
    return chosen((within, units), default=infinite)


def _hot(pieces: Pieces, inputs: NetworkInputs, slot: int) -> exp.Expression:
    """How often a slot is set: hashed levels of several columns can share one."""
    counts = [
        pieces.choice(code, {-1: 0.0, **{one: float(one == slot) for one in slots}})
        for code, slots in inputs.slots.items()
        if slot in slots
    ]
    return total(counts) if counts else number(0.0)


def _square(pieces: Pieces, one: str) -> exp.Expression:
    square = times(column(one), column(one))
    if not pieces.dialect.raises:
        return square
    size = exp.Abs(this=column(one))
    large = exp.GTE(this=size, expression=number(_LARGEST_ROOT))
    small = exp.LT(this=size.copy(), expression=number(_SMALLEST_ROOT))
    infinite = times(size.copy(), pieces.odd("inf"))
    return chosen((large, infinite), (small, number(0.0)), default=square)
