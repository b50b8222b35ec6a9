"""Changed binary models: refused with a plain sentence, or accepted and then sound."""

from random import Random

import pytest
from fuzz.binary_mutators import mutated_binary, places, seeds, written
from fuzz.examination import Stage, examine, read_binary_model

#: Executions of one test.
BATCH = 100


@pytest.mark.parametrize(
    "batch", [0, *(pytest.param(batch, marks=pytest.mark.long) for batch in range(1, 30))]
)
def test_a_changed_model_is_refused_or_sound(batch: int) -> None:
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        content = mutated_binary(Random(number))  # noqa: S311 - a mutation is no secret
        examine(content, round_trip=not number % 8, read=read_binary_model)


def test_the_seeds_are_accepted() -> None:
    assert len(seeds()) > 10
    for content in seeds():
        assert examine(content, read=read_binary_model) is Stage.ACCEPTED


def test_the_places_of_numbers_are_those_of_the_file() -> None:
    content = seeds()[0]
    found = places(content)
    assert len(found) > 500
    for start, width in found:
        value = content[start]
        if width == 1:
            assert written(value - 1) == content[start : start + 1]
        else:
            assert value in {254, 255}
