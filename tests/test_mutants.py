"""Damaged and changed MOJOs: refused with a ``MojoError``, or sound in every checked way."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from fuzz.examination import Stage, examine
from fuzz.invariants import check_invariants
from fuzz.mutators import DETAILS, INI, MUTATIONS, Mutation, mutated, pack, unpack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rules import each_rule_first, first
from support import Golden, examples, golden, golden_cases

from mojo_reader import Mojo, read_mojo

SMALL = sorted(golden_cases(), key=lambda case: case.path.stat().st_size)[:40]
# Mutants are no inputs to keep: a failure prints what makes it again.
quick = settings(
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
a_random = st.randoms(use_true_random=False)
some_mutations = st.lists(st.sampled_from(list(Mutation)), min_size=1, max_size=3)


def members_of(case: Golden) -> dict[str, bytes]:
    return unpack(case.path.read_bytes())


# --------------------------------------------------------------------------- the promise


@pytest.mark.parametrize("mutation", first(6, list(Mutation)))
@settings(quick, max_examples=examples(40))
@given(case=st.sampled_from(SMALL), random=a_random)
def test_every_mutation_of_small_models(mutation: Mutation, case: Golden, random: Random) -> None:
    examine(pack(mutated(members_of(case), mutation, random)))


@pytest.mark.parametrize("case", each_rule_first(golden_cases()))
@settings(quick, max_examples=examples(4))
@given(mutations=some_mutations, random=a_random)
def test_some_mutations_of_every_model(
    case: Golden, mutations: list[Mutation], random: Random
) -> None:
    members = members_of(case)
    for mutation in mutations:
        members = mutated(members, mutation, random)
    examine(pack(members))


@settings(quick, max_examples=examples(60))
@given(case=st.sampled_from(SMALL[:10]), data=st.data())
def test_damaged_zips(case: Golden, data: st.DataObject) -> None:
    content = bytearray(case.path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    stop = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    examine(bytes(content[:stop]))


@pytest.mark.long
def test_mutants_end_at_every_stage() -> None:
    """The property would hold of mutants that all fail at once; these do not."""
    random = Random(1)  # noqa: S311 - a mutation is no secret
    ends: Counter[Stage] = Counter()
    for _ in range(500):
        members = members_of(random.choice(SMALL))
        mutation = random.choice(list(Mutation))
        ends[examine(pack(mutated(members, mutation, random)))] += 1
    assert set(ends) == set(Stage)
    assert ends[Stage.ACCEPTED] > 100
    assert ends[Stage.CROSS_CHECKS] > 50


# --------------------------------------------------------------------------- the tools


def test_there_is_a_function_for_every_mutation() -> None:
    assert set(MUTATIONS) == set(Mutation)


@pytest.mark.parametrize("mutation", list(Mutation))
def test_a_mutation_changes_a_model(mutation: Mutation) -> None:
    members = members_of(golden("encoding_binary"))
    random = Random(2)  # noqa: S311
    changed = [mutated(members, mutation, random) for _ in range(20)]
    assert any(made != members for made in changed)
    assert pack(members) == pack(members_of(golden("encoding_binary")))
    part = DETAILS if mutation is Mutation.MUTATE_DETAILS else None
    for made in changed:
        others = {name for name in members if made.get(name) != members[name]}
        assert part is None or others <= {part}


def test_the_levels_can_be_counted_again() -> None:
    members = members_of(golden("encoding_binary"))
    random = Random(3)  # noqa: S311
    made = [mutated(members, Mutation.INSERT_LEVEL, random) for _ in range(20)]
    assert any(one[INI] != members[INI] for one in made)
    assert any(one[INI] == members[INI] for one in made)


def spoiled(array: np.ndarray, value: float) -> np.ndarray:
    copy = array.copy()
    copy.flat[0] = value
    copy.flags.writeable = False
    return copy


def with_layer(mojo: Mojo, **changes: Any) -> Mojo:
    layers = (dataclasses.replace(mojo.layers[0], **changes), *mojo.layers[1:])
    return dataclasses.replace(mojo, layers=layers)


def with_features(mojo: Mojo, **changes: Any) -> Mojo:
    return dataclasses.replace(mojo, features=dataclasses.replace(mojo.features, **changes))


def with_output(mojo: Mojo, **changes: Any) -> Mojo:
    return dataclasses.replace(mojo, output=dataclasses.replace(mojo.output, **changes))


def with_slots(mojo: Mojo, slot: int) -> Mojo:
    first, *rest = mojo.features.categorical
    slots = spoiled(first.slots, slot)
    return with_features(mojo, categorical=(dataclasses.replace(first, slots=slots), *rest))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: with_layer(m, kernels=(spoiled(m.layers[0].kernels[0], np.nan),)),
        lambda m: with_layer(m, biases=(spoiled(m.layers[0].biases[0], np.inf),)),
        lambda m: with_layer(m, kernels=(m.layers[0].kernels[0].T,)),
        lambda m: with_layer(m, dropout=1.0, scale=0.0),
        lambda m: dataclasses.replace(m, layers=m.layers[:-1]),
        lambda m: with_features(m, norm_mul=spoiled(m.features.norm_mul, 0.0)),
        lambda m: with_features(m, norm_sub=spoiled(m.features.norm_sub, np.nan)),
        lambda m: with_features(m, standardize=False),
        lambda m: with_features(m, numeric=m.features.numeric[:1] * len(m.features.numeric)),
        lambda m: with_slots(m, 1),
        lambda m: with_slots(m, m.features.one_hot_width),
        lambda m: dataclasses.replace(m, inputs=m.inputs[1:]),
        lambda m: dataclasses.replace(m, inputs=(m.inputs[0], *m.inputs)),
        lambda m: with_output(m, labels=m.output.labels[:1]),
        lambda m: with_output(m, threshold=None),
        lambda m: with_output(m, threshold=float("nan")),
        lambda m: with_output(m, columns=("predict", *m.output.columns[:0:-1])),
        lambda m: with_output(m, prior_class_distrib=spoiled(m.output.prior_class_distrib, 2.0)),
    ],
)  # fmt: skip
def test_the_checks_notice_a_wrong_model(spoil: Callable[[Mojo], Mojo]) -> None:
    mojo = read_mojo(golden("bernoulli").path)
    check_invariants(mojo)
    with pytest.raises(AssertionError):
        check_invariants(spoil(mojo))
