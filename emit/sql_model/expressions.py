"""Pieces of an expression: numbers, sums, choices by a code, and what guards them.

Trees of sqlglot's, made without copying: each piece is used once.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from .dialects import Dialect, NotANumber

#: Exponentials of numbers below this are 0 to every sum that they get into.
_SMALLEST_POWER: Final = -700.0
#: Keys that are asked for one after the other; more of them are asked for in groups.
_FEW: Final = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """Makes the pieces that a dialect needs.

    Attributes:
        dialect: the database's.
    """

    dialect: Dialect

    def double(self, value: exp.Expression) -> exp.Expression:
        """Make a double of an expression."""
        return exp.Cast(this=value, to=exp.DataType.build("double"))

    def odd(self, name: str) -> exp.Expression:
        """Write ``nan`` or ``inf``."""
        return self.double(exp.Literal.string(name))

    def choice(self, code: str, values: Mapping[int, float | None]) -> exp.Expression:
        """Return the number that a column's code stands for.

        Args:
            code: name of a column of whole numbers.
            values: by code; None and NaN are NULL. The most frequent one is every other code's.
        """
        known = {key: _number_or_none(value) for key, value in values.items()}
        rest = Counter(known.values()).most_common(1)[0][0]
        others = [
            (whole(key), _literal(value)) for key, value in sorted(known.items()) if value != rest
        ]
        found = looked_up(column(code), others, default=_literal(rest))
        # What has no type of its own, or is a decimal, becomes a double.
        bare = isinstance(found, exp.Null) or (others and self.dialect.decimals)
        return self.double(found) if bare else found

    def greatest(self, values: Sequence[exp.Expression]) -> exp.Expression:
        """Return the largest number, NaN if one is."""
        most = self.dialect.arguments or len(values)
        while len(values) > 1:
            values = [
                self._greatest(values[start : start + most])
                for start in range(0, len(values), most)
            ]
        return values[0]

    def _greatest(self, values: Sequence[exp.Expression]) -> exp.Expression:
        if len(values) == 1:
            return values[0]
        return exp.Anonymous(this=self.dialect.greatest, expressions=list(values))

    def without_nan(self, value: exp.Expression) -> exp.Expression:
        """Return NULL for NaN."""
        if self.dialect.nan is NotANumber.NONE:
            return value
        if self.dialect.nan is NotANumber.EQUAL:
            return exp.Nullif(this=value, expression=self.odd("nan"))
        return chosen((exp.IsNan(this=value), exp.Null()), default=value.copy())

    def power(self, value: exp.Expression) -> exp.Expression:
        """Return ``exp(x)`` of what is not far above 0: what is far below is 0, NaN stays NaN."""
        if not self.dialect.raises:
            return exp.Exp(this=value)
        low = exp.LT(this=value.copy(), expression=number(_SMALLEST_POWER))
        return chosen((low, number(0.0)), default=exp.Exp(this=value))

    def is_greater(self, first: exp.Expression, second: exp.Expression) -> exp.Expression:
        """Say whether one number is above another, which NaN is not."""
        above = exp.GT(this=first, expression=second)
        if self.dialect.nan is not NotANumber.EQUAL:
            return above
        return exp.And(this=above, expression=self.at_most_infinite(first.copy()))

    def at_most_infinite(self, value: exp.Expression) -> exp.Expression:
        """Say whether a number is one: NaN, where it is above every number, is not."""
        return exp.LTE(this=value, expression=self.odd("inf"))


def column(name: str) -> exp.Column:
    """Name a column of the statement's own."""
    return exp.Column(this=exp.Identifier(this=name, quoted=False))


def number(value: float) -> exp.Expression:
    """Write a double: the shortest text that gives it back, with an exponent.

    Without one, ``0.1`` is a decimal in DuckDB and in Spark.
    """
    if not math.isfinite(value):
        message = f"expected a finite number, found {value!r}"
        raise ValueError(message)
    text = repr(abs(value)).removesuffix(".0")
    literal = exp.Literal.number(text if "e" in text else f"{text}e0")
    return exp.Neg(this=literal) if math.copysign(1.0, value) < 0 else literal


def whole(value: int) -> exp.Expression:
    """Write a whole number."""
    literal = exp.Literal.number(str(abs(value)))
    return exp.Neg(this=literal) if value < 0 else literal


def chosen(
    *branches: tuple[exp.Expression, exp.Expression],
    default: exp.Expression,
    of: exp.Expression | None = None,
) -> exp.Case:
    """Return the value of the first condition that holds, or of the value that is equal."""
    ifs = [exp.If(this=condition, true=value) for condition, value in branches]
    return exp.Case(this=of, ifs=ifs, default=default)


def total(terms: Sequence[exp.Expression]) -> exp.Expression:
    """Add up, in halves: a sum of 1,000 terms is 10 deep, and its rounding is less."""
    if len(terms) == 1:
        return terms[0]
    middle = (len(terms) + 1) // 2
    right = total(terms[middle:])
    return exp.Add(
        this=total(terms[:middle]),
        expression=exp.Paren(this=right) if isinstance(right, exp.Add) else right,
    )


def times(first: exp.Expression, second: exp.Expression) -> exp.Expression:
    """Multiply; what adds up has to be in parentheses."""
    return exp.Mul(this=first, expression=second)


def minus(first: exp.Expression, second: exp.Expression) -> exp.Expression:
    """Subtract what is no sum."""
    return exp.Sub(this=first, expression=second)


def plus(first: exp.Expression, second: exp.Expression) -> exp.Expression:
    """Add what is no sum."""
    return exp.Add(this=first, expression=second)


def over(first: exp.Expression, second: exp.Expression) -> exp.Expression:
    """Divide doubles."""
    return exp.Div(this=first, expression=second, typed=True, safe=False)


def grouped(value: exp.Expression) -> exp.Paren:
    """Put into parentheses."""
    return exp.Paren(this=value)


def any_of(conditions: Sequence[exp.Expression]) -> exp.Expression:
    """Say whether one of some conditions holds, asked in halves."""
    if len(conditions) == 1:
        return conditions[0]
    middle = (len(conditions) + 1) // 2
    right = any_of(conditions[middle:])
    return exp.Or(
        this=any_of(conditions[:middle]),
        expression=exp.Paren(this=right) if isinstance(right, exp.Or) else right,
    )


def looked_up(
    key: exp.Expression,
    known: Sequence[tuple[exp.Expression, exp.Expression]],
    *,
    default: exp.Expression,
) -> exp.Expression:
    """Return what a key stands for: asked for in turn, or by groups of keys where there are many.

    Args:
        key: the expression that is looked up; it is copied.
        known: keys in the database's order, each with its value.
        default: of every other key.
    """
    if not known:
        return default
    size = max(_FEW, math.isqrt(len(known)) + 1)
    groups = [known[start : start + size] for start in range(0, len(known), size)]
    if len(groups) == 1:
        return chosen(*known, default=default, of=key)
    branches = [
        (
            exp.LTE(this=key.copy(), expression=group[-1][0].copy()),
            chosen(*group, default=default.copy(), of=key.copy()),
        )
        for group in groups
    ]
    return chosen(*branches, default=default)


def _number_or_none(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _literal(value: float | None) -> exp.Expression:
    return exp.Null() if value is None else number(value)
