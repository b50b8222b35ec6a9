"""Raw columns to the network's inputs: levels to slots, numbers standardized."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from mojo_reader.formulas import FLOAT64, level_slots, standardized
from mojo_reader.model import CategoricalInput, Features, InputColumn, Mojo, NumericInput
from mojo_reader.model.levels import level_positions
from mojo_reader.scoring.network import Network

from .columns import raw_column
from .expressions import any_of, chosen, column, grouped, looked_up, minus, number, times, whole
from .statement import Statement

#: Said of a row, where arithmetic that overflows is an error: a number is too large to be scored.
BEYOND: Final = "beyond"
#: Numbers that are smaller than this are 0 where a product that vanishes is an error.
_SMALLEST: Final = 1e-150
_LARGEST: Final = 1e308
OFFSET: Final = "offset_value"


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkInputs:
    """What the first layer reads, as names of columns.

    Attributes:
        slots: by column of codes, the slot that each of its codes sets: the code itself.
        numbers: ``(nums,)`` standardized, a missing one 0.
        raw: ``(nums,)`` as they come, NULL for a missing one; what an autoencoder compares with.
        offset: NULL for missing; None where none is added.
    """

    slots: Mapping[str, tuple[int, ...]]
    numbers: tuple[str, ...]
    raw: tuple[exp.Expression, ...]
    offset: str | None = None


def encode(
    statement: Statement,
    mojo: Mojo,
    kept: Mapping[str, str],
    offset: str | None,
    *,
    compared: bool,
) -> NetworkInputs:
    """Add the steps that make the network's inputs of raw columns.

    Args:
        statement: takes the steps.
        mojo: the model.
        kept: by their names in the statement, the columns to carry.
        offset: name of the offset's column; None where none is added.
        compared: the raw numbers are compared with the outputs, and carried to the end.
    """
    features = mojo.features
    cats = len(features.categorical)
    largest = 0.0
    if statement.dialect.raises:
        largest = Network(features, mojo.layers, np.dtype(np.float64)).largest_safe
    raw: dict[str, exp.Expression] = {
        name: raw_column(given, statement.dialect) for name, given in kept.items()
    }
    made: dict[int, exp.Expression] = {}
    known: dict[int, exp.Expression] = {}
    slots: dict[str, tuple[int, ...]] = {}
    for one in sorted(mojo.inputs, key=lambda one: one.feature):
        place = one.feature - cats
        if isinstance(one, NumericInput):
            name = f"n{place + 1}"
            raw[name] = _number(statement, one)
            made[place] = _standardized(statement, name, features, place, largest)
            known[place] = column(name)
            continue
        of_levels = level_slots(one, features)
        name = f"c{one.feature + 1}" if of_levels is not None else f"p{place + 1}"
        codes = range(len(one.table)) if of_levels is None else of_levels.tolist()
        raw[name] = _code(statement, one, list(codes))
        if of_levels is not None:
            slots[name] = tuple(sorted(set(of_levels.tolist()) - {-1}))
            continue
        for index in range(one.width):
            made[place + index] = _of_levels(statement, name, one, index, features)
            known[place + index] = _choice(statement, name, one.table[:, index])
    sources = tuple(name for name in raw if name not in kept and name not in slots)
    if offset is not None:
        raw[OFFSET] = _number(statement, NumericInput(name=offset, feature=0))
        statement.carry([OFFSET])
    statement.step("raw", raw)
    statement.carry([*kept, *slots, *(sources if compared else ())])
    numbers = {f"z{place + 1}": made[place] for place in sorted(made)}
    beyond = _beyond(statement, mojo, largest)
    statement.step("inputs", {**numbers, **beyond})
    statement.carry(beyond)
    return NetworkInputs(
        slots=slots,
        numbers=tuple(numbers),
        raw=tuple(known[place] for place in sorted(known)),
        offset=None if offset is None else OFFSET,
    )


# --------------------------------------------------------------------------- levels


def _code(statement: Statement, one: CategoricalInput, codes: list[int]) -> exp.Expression:
    """Go from a text to a whole number: the slot that it sets, or its row of ``one.table``.

    Texts stand in the order of their bytes, which is that of the database's comparison.
    """
    text = _text(statement, one)
    positions = level_positions(one)
    unseen, missing = codes[one.unseen], codes[one.missing]
    known = [
        (exp.Literal.string(level), whole(codes[position]))
        for level, position in sorted(positions.items())
        if codes[position] != unseen
    ]
    found = looked_up(text, known, default=whole(unseen))
    if missing == unseen:
        return found
    absent = exp.Is(this=_text(statement, one), expression=exp.Null())
    return chosen((absent, whole(missing)), default=found)


def _text(statement: Statement, one: InputColumn) -> exp.Expression:
    given = raw_column(one.name, statement.dialect)
    text: exp.Expression = exp.Cast(this=given, to=exp.DataType.build("text"))
    collation = statement.dialect.collation
    if collation is None:
        return text
    quoted = exp.Identifier(this=collation, quoted=True)
    return exp.Paren(this=exp.Collate(this=text, expression=quoted))


def _of_levels(
    statement: Statement, name: str, one: CategoricalInput, index: int, features: Features
) -> exp.Expression:
    """Choose one of the numbers that the encoding makes of levels, standardized."""
    place = one.feature - len(features.categorical) + index
    values = one.table[:, index]
    if features.standardize:
        norm_sub, norm_mul = features.norm_sub[place], features.norm_mul[place]
        values = standardized(values, norm_sub, norm_mul, FLOAT64)
    return _choice(statement, name, np.where(np.isnan(values), 0.0, values))


def _choice(statement: Statement, name: str, values: NDArray[np.float64]) -> exp.Expression:
    return statement.pieces.choice(name, dict(enumerate(values.tolist())))


# --------------------------------------------------------------------------- numbers


def _number(statement: Statement, one: InputColumn) -> exp.Expression:
    """Read a double, NULL for a missing one, which NaN is too."""
    dialect, pieces = statement.dialect, statement.pieces
    given = raw_column(one.name, dialect)
    known = pieces.without_nan(pieces.double(given))
    if dialect.texts:
        # A text that is no number would be 0; here it is missing.
        kind = exp.Anonymous(this="TYPEOF", expressions=[given.copy()])
        kinds = [exp.Literal.string("integer"), exp.Literal.string("real")]
        is_number = exp.In(this=kind, expressions=kinds)
        reads = exp.EQ(this=known.copy(), expression=given.copy())
        return chosen((is_number, known), (reads, known.copy()), default=exp.Null())
    if dialect.raises:
        vanishing = exp.LT(this=exp.Abs(this=known.copy()), expression=number(_SMALLEST))
        return chosen((vanishing, number(0.0)), default=known)
    return known


def _standardized(
    statement: Statement, name: str, features: Features, place: int, largest: float
) -> exp.Expression:
    """Return ``(x - norm_sub) * norm_mul``, 0 for a missing number, and for one that is beyond."""
    known: exp.Expression = column(name)
    if features.standardize:
        norm_sub, norm_mul = float(features.norm_sub[place]), float(features.norm_mul[place])
        known = times(grouped(minus(known, number(norm_sub))), number(norm_mul))
    if not statement.dialect.raises:
        return exp.Coalesce(this=known, expressions=[number(0.0)])
    size = exp.Abs(this=column(name))
    within = exp.LTE(this=size, expression=number(_bound(features, place, largest)))
    infinite = exp.EQ(this=size.copy(), expression=statement.pieces.odd("inf"))
    return chosen((exp.Or(this=within, expression=infinite), known), default=number(0.0))


def _bound(features: Features, place: int, largest: float) -> float:
    """Return the largest raw number that no sum of the network can overflow on."""
    norm_sub, norm_mul = abs(float(features.norm_sub[place])), abs(float(features.norm_mul[place]))
    return max(0.0, min(largest / norm_mul if norm_mul else _LARGEST, _LARGEST) - norm_sub)


def _beyond(statement: Statement, mojo: Mojo, largest: float) -> dict[str, exp.Expression]:
    """Say which rows have a number that a sum could overflow on, where that is an error."""
    if not statement.dialect.raises:
        return {}
    features = mojo.features
    cats = len(features.categorical)
    conditions = []
    for one in mojo.inputs:
        if isinstance(one, NumericInput):
            place = one.feature - cats
            size = exp.Abs(this=column(f"n{place + 1}"))
            above = exp.GT(this=size, expression=number(_bound(features, place, largest)))
            finite = exp.LT(this=size.copy(), expression=statement.pieces.odd("inf"))
            conditions.append(exp.Paren(this=exp.And(this=above, expression=finite)))
    if not conditions:
        return {}
    return {BEYOND: chosen((any_of(conditions), whole(1)), default=whole(0))}
