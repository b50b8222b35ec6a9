"""Pieces that another thread works on: in order, few at a time, an error where its turn comes."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mojo_reader.errors import MojoFormatError
from mojo_reader.formats.ahead import made_ahead
from mojo_reader.formats.mojo.number_arrays import NumberArray, array_text


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 40])
def test_what_is_made_comes_in_order(count: int) -> None:
    def slow(item: int) -> int:
        time.sleep(0.002 if item % 3 else 0.0)
        return -item

    assert list(made_ahead(slow, range(count))) == [-item for item in range(count)]


def test_few_items_are_taken_before_they_are_needed() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    made = made_ahead(lambda item: item, items())
    for number in range(50):
        assert next(made) == number
        assert len(taken) <= number + 5
    before = threading.active_count()
    made.close()
    assert threading.active_count() < before


def test_an_error_rises_where_its_turn_comes() -> None:
    made = made_ahead(lambda item: 1 // (item - 20), range(100))
    assert len([next(made) for _ in range(20)]) == 20
    with pytest.raises(ZeroDivisionError):
        next(made)


def test_a_bad_number_of_a_long_array_is_counted_from_its_start() -> None:
    numbers = np.random.default_rng(2).normal(size=200_000).astype(np.float32)
    text = array_text(numbers)
    assert NumberArray(np.float32).parse_line(text, 0).tobytes() == numbers.tobytes()
    texts = text[1:-1].split(b", ")
    texts[150_001] = b"0.5x"
    with pytest.raises(MojoFormatError, match=r"^number 150001 of the array: "):
        NumberArray(np.float32).parse_line(b"[" + b", ".join(texts) + b"]", 0)
