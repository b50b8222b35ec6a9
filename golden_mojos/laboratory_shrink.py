"""Makes a failing plan smaller, as long as it still fails."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from laboratory_plan import KEPT, ColumnPlan, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FEWEST_ROWS: Final = 20
_PLAIN_SHAPES: Final = {"skewed_levels": "levels", "lognormal": "normal", "integer": "normal"}


def shrunk(plan: Plan, fails: Callable[[Plan], bool], *, tries: int = 60) -> Plan:
    """Returns the smallest plan found that still fails.

    Args:
        plan: one that fails.
        fails: says whether another does; it trains, so it is asked sparingly.
        tries: how often it is asked at most.
    """
    smaller = True
    while smaller:
        smaller = False
        for candidate in simpler(plan):
            if tries == 0:
                return plan
            tries -= 1
            if fails(candidate):
                plan, smaller = candidate, True
                break
    return plan


def simpler(plan: Plan) -> Iterator[Plan]:
    """Yields plans that are one step simpler, the largest steps first."""
    if plan.learner != "deeplearning":
        yield dataclasses.replace(plan, learner="deeplearning")
    yield from _halves(plan)
    yield from _fewer_columns(plan)
    for key in plan.parameters:
        if key not in KEPT and key not in plan.special:
            yield _parameters(plan, {k: v for k, v in plan.parameters.items() if k != key})
    yield from _smaller_network(plan)
    if plan.extremes:
        yield dataclasses.replace(plan, extremes=())
    if plan.rows // 2 >= _FEWEST_ROWS:
        yield dataclasses.replace(plan, rows=plan.rows // 2)
    for place, column in enumerate(plan.columns):
        for simple in _simpler_columns(column, place):
            yield _with(plan, column, simple)


def _halves(plan: Plan) -> Iterator[Plan]:
    """Half of the features at once."""
    features = plan.features
    middle = len(features) // 2
    if middle > 1:
        for gone in (features[:middle], features[middle:]):
            kept = tuple(column for column in plan.columns if column not in gone)
            yield dataclasses.replace(plan, columns=kept)


def _fewer_columns(plan: Plan) -> Iterator[Plan]:
    """One feature less, if one is left; one special column less."""
    features, special = plan.features, plan.special.values()
    for column in plan.columns:
        if column.name in special or (column in features and len(features) > 1):
            yield _without(plan, column)


def _without(plan: Plan, gone: ColumnPlan) -> Plan:
    parameters = {key: value for key, value in plan.parameters.items() if value != gone.name}
    columns = tuple(column for column in plan.columns if column is not gone)
    return dataclasses.replace(plan, columns=columns, parameters=parameters)


def _with(plan: Plan, old: ColumnPlan, new: ColumnPlan) -> Plan:
    columns = tuple(new if column is old else column for column in plan.columns)
    parameters = {k: new.name if v == old.name else v for k, v in plan.parameters.items()}
    return dataclasses.replace(plan, columns=columns, parameters=parameters)


def _parameters(plan: Plan, parameters: dict[str, Any]) -> Plan:
    """The plan with other parameters; what only makes sense together goes together."""
    if "activation" not in parameters or not parameters["activation"].endswith("Dropout"):
        parameters.pop("hidden_dropout_ratios", None)
    if "hidden_dropout_ratios" not in parameters and "activation" in parameters:
        parameters["activation"] = parameters["activation"].removesuffix("WithDropout")
    return dataclasses.replace(plan, parameters=parameters)


def _smaller_network(plan: Plan) -> Iterator[Plan]:
    hidden = list(plan.parameters["hidden"])
    if len(hidden) > 1:
        yield _hidden(plan, hidden[:1])
    if any(units > 1 for units in hidden):
        yield _hidden(plan, [max(1, units // 2) for units in hidden])
    if plan.parameters["epochs"] > 1:
        yield _parameters(plan, {**plan.parameters, "epochs": 1})


def _hidden(plan: Plan, hidden: list[int]) -> Plan:
    parameters = {**plan.parameters, "hidden": hidden}
    if "hidden_dropout_ratios" in parameters:
        parameters["hidden_dropout_ratios"] = parameters["hidden_dropout_ratios"][: len(hidden)]
    return dataclasses.replace(plan, parameters=parameters)


def _simpler_columns(column: ColumnPlan, place: int) -> Iterator[ColumnPlan]:
    if column.missing:
        yield dataclasses.replace(column, missing=0.0)
    plain = f"c{place}"
    if column.name != plain:
        yield dataclasses.replace(column, name=plain)
    if len(column.levels) > 2:  # noqa: PLR2004 - two levels are the fewest worth a column
        half = (len(column.levels) + 1) // 2
        yield dataclasses.replace(column, levels=column.levels[:half])
        yield dataclasses.replace(column, levels=column.levels[half:])
    letters = tuple(f"l{number:02d}" for number in range(len(column.levels)))
    if column.levels != letters:
        yield dataclasses.replace(column, levels=letters)
    if column.shape in _PLAIN_SHAPES:
        yield dataclasses.replace(column, shape=_PLAIN_SHAPES[column.shape])
    if column.shape == "normal" and (column.mean, column.deviation) != (0.0, 1.0):
        yield dataclasses.replace(column, mean=0.0, deviation=1.0)
