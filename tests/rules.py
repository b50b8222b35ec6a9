"""Which golden cases hold each rule once, for matrices over frameworks that cost seconds a case."""

import functools
import itertools
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from enum import Enum

import pytest
from support import Golden

#: Keys of ``model.ini`` whose each value is a rule of its own.
_VALUES = (
    "activation", "balance_classes", "category", "distribution", "mean_imputation", "n_classes",
    "use_all_factor_levels",
)  # fmt: skip
#: The same, for who reads the file.
_VALUES_OF_FILES = ("mojo_version", "h2o_version")
#: Keys of which it counts whether they say anything.
_PRESENT = (
    "_orig_projection_array", "fold_column", "model_class_distrib", "norm_resp_mul",
    "norm_sub", "offset_column", "origin", "prior_class_distrib",
)  # fmt: skip
#: A one-hot block beyond this many levels is gathered.
_WIDE = 256


class Of(Enum):
    """Whose rules a matrix has to hold."""

    FILE = "everything, what a release wrote otherwise included"
    MODEL = "what an emitter sees, which is the resolved model alone"
    NUMBERS = "what computes otherwise"
    ACTIVATIONS = "one of each activation, for a second type of numbers"


def each_rule_first(cases: Sequence[Golden], of: Of = Of.FILE) -> list[object]:
    """Return the cases as parameters: a few that hold each rule, and the others marked ``long``."""
    few = _few(tuple(cases), of)
    return [
        pytest.param(case, id=case.name, marks=() if case.name in few else pytest.mark.long)
        for case in cases
    ]


def holding(cases: Sequence[Golden], of: Of) -> list[Golden]:
    """Return the few cases that hold each rule, for what no other case would tell more of."""
    few = _few(tuple(cases), of)
    return [case for case in cases if case.name in few]


def some_first(values: Sequence[object], few: Collection[object]) -> list[object]:
    """Return values as parameters, those not among the few marked ``long``; tuples are several."""
    unknown = set(few) - set(values)
    assert not unknown, unknown
    return [_parameter(value, long=value not in few) for value in values]


def first(count: int, values: Sequence[object]) -> list[object]:
    """Return values as parameters, those after the first ones marked ``long``."""
    return [_parameter(value, long=place >= count) for place, value in enumerate(values)]


def _parameter(value: object, *, long: bool) -> object:
    values = value if isinstance(value, tuple) else (value,)
    return pytest.param(*values, marks=[pytest.mark.long] * long)


@functools.cache
def _few(cases: tuple[Golden, ...], of: Of) -> frozenset[str]:
    """Choose, one after the other, the case that holds most rules that no chosen one holds."""
    held = {case.name: _rules(case, of) for case in cases}
    missing = frozenset().union(*held.values())
    chosen = set()
    while missing:
        # Of cases that hold as many, the first name.
        best = max(sorted(held), key=lambda name: len(held[name] & missing))
        chosen.add(best)
        missing -= held[best]
    return frozenset(chosen)


@functools.cache
def _rules(case: Golden, of: Of) -> frozenset[str]:
    keys = _keys(case)
    if of is Of.ACTIVATIONS:
        return frozenset({keys["activation"], f"output of {keys['category']}"})
    found = set(_rules_of_numbers(keys))
    if of is not Of.NUMBERS:
        found.update(_rules_of_models(keys))
    if of is Of.FILE:
        found.update(_rules_of_files(case, keys))
    return frozenset(found)


def _keys(case: Golden) -> dict[str, str]:
    """Return the keys of the model that is scored: a base model's, where the case names one."""
    with zipfile.ZipFile(case.path) as file:
        base = case.case.get("base_model")
        folder = "" if base is None else f"models/DeepLearning/{base}/"
        text = file.read(f"{folder}model.ini").decode()
    return dict(re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE))


def _rules_of_files(case: Golden, keys: dict[str, str]) -> Iterator[str]:
    yield f"family {case.name.partition('_')[0]}"
    yield f"oracle {case.case['oracle']}, exp {case.has_exp}, refused {case.refused}"
    yield from (f"{key} {keys.get(key)}" for key in _VALUES_OF_FILES)


def _rules_of_models(keys: dict[str, str]) -> Iterator[str]:
    yield from (f"{key} {keys.get(key)}" for key in _VALUES)
    yield from (f"{key} {keys.get(key, 'null') != 'null'}" for key in _PRESENT)
    encoding = keys.get("_genmodel_encoding", keys.get("categorical_encoding"))
    yield f"{keys['category']} {encoding}"
    yield f"categorical {keys['cats'] != '0'}, numeric {keys['nums'] != '0'}"
    yield f"dropout {bool(re.search('[1-9]', keys['hidden_dropout_ratios']))}"


def _rules_of_numbers(keys: dict[str, str]) -> Iterator[str]:
    category = keys["category"]
    yield from (f"{category} {what}" for what in (keys["activation"], keys["distribution"]))
    yield f"layers {keys['neural_network_sizes'].count(',')}"
    yield f"{category} corrected {keys.get('balance_classes')}"
    yield f"standardized {keys.get('norm_sub', 'null') != 'null'}"
    offsets = [int(number) for number in re.findall(r"\d+", keys["cat_offsets"])]
    widths = [after - before for before, after in itertools.pairwise(offsets)]
    yield f"wide {max(widths, default=0) > _WIDE}"
