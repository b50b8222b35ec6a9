"""Which golden cases hold each rule once, for matrices over frameworks that cost seconds a case."""

import functools
import itertools
import re
import zipfile
from collections.abc import Iterator, Sequence

import pytest
from support import Golden

#: Keys of ``model.ini`` whose each value is a rule of its own.
_VALUES = (
    "activation", "balance_classes", "category", "distribution", "mean_imputation",
    "mojo_version", "n_classes", "use_all_factor_levels", "h2o_version",
)  # fmt: skip
#: Keys of which it counts whether they say anything.
_PRESENT = (
    "_orig_projection_array", "fold_column", "model_class_distrib", "norm_resp_mul",
    "norm_sub", "offset_column", "origin", "prior_class_distrib",
)  # fmt: skip
#: A one-hot block beyond this many levels is gathered.
_WIDE = 256


def each_rule_first(cases: Sequence[Golden]) -> list[object]:
    """Return the cases as parameters: a few that hold each rule, and the others marked ``long``."""
    few = _few(tuple(cases))
    return [
        pytest.param(case, id=case.name, marks=() if case.name in few else pytest.mark.long)
        for case in cases
    ]


@functools.cache
def _few(cases: tuple[Golden, ...]) -> frozenset[str]:
    """Choose, one after the other, the case that holds most rules that no chosen one holds."""
    held = {case.name: _rules(case) for case in cases}
    missing = frozenset().union(*held.values())
    chosen = set()
    while missing:
        # Of cases that hold as many, the first name.
        best = max(sorted(held), key=lambda name: len(held[name] & missing))
        chosen.add(best)
        missing -= held[best]
    return frozenset(chosen)


@functools.cache
def _rules(case: Golden) -> frozenset[str]:
    return frozenset(_found_rules(case, _keys(case)))


def _keys(case: Golden) -> dict[str, str]:
    """Return the keys of the model that is scored: a base model's, where the case names one."""
    with zipfile.ZipFile(case.path) as file:
        base = case.case.get("base_model")
        folder = "" if base is None else f"models/DeepLearning/{base}/"
        text = file.read(f"{folder}model.ini").decode()
    return dict(re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE))


def _found_rules(case: Golden, keys: dict[str, str]) -> Iterator[str]:
    yield f"family {case.name.partition('_')[0]}"
    yield f"oracle {case.case['oracle']}, exp {case.has_exp}, refused {case.refused}"
    yield from (f"{key} {keys.get(key)}" for key in _VALUES)
    yield from (f"{key} {keys.get(key, 'null') != 'null'}" for key in _PRESENT)
    encoding = keys.get("_genmodel_encoding", keys.get("categorical_encoding"))
    category = keys["category"]
    yield from (f"{category} {what}" for what in (keys["activation"], keys["distribution"]))
    yield f"{category} {encoding}"
    yield f"categorical {keys['cats'] != '0'}, numeric {keys['nums'] != '0'}"
    yield f"layers {keys['neural_network_sizes'].count(',')}"
    yield f"dropout {bool(re.search('[1-9]', keys['hidden_dropout_ratios']))}"
    offsets = [int(number) for number in re.findall(r"\d+", keys["cat_offsets"])]
    widths = [after - before for before, after in itertools.pairwise(offsets)]
    yield f"wide {max(widths, default=0) > _WIDE}"
