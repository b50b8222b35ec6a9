"""Whether two models are the same, field by field and bit by bit, and where they are not."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Mojo

__all__ = ["Difference", "differences", "same_model"]

#: What is new in every model that is written back.
IDENTITY: Final = ("uuid", "origin")
#: Where and what a model was read from, which is nothing that the model is.
_PLACE: Final = (
    *("info.sha256", "info.base_model", "info.source"),
    *("info.form", "info.lacks", "kept.keys[lacks]", "info.reading_notes", "training"),
)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Difference:
    """One place where two models differ.

    Attributes:
        name: the place, such as ``output.threshold``, ``layers[0].kernels[1]`` or
            ``kept.keys[timestamp]``.
        first: what the first model has there; None for nothing.
        second: what the second model has there; None for nothing.
    """

    name: str
    first: Any
    second: Any


def same_model(a: Mojo, b: Mojo, ignore: Collection[str] = IDENTITY) -> bool:
    """Say whether two models have the same fields, arrays (bit by bit), keys and members.

    Args:
        a: a model.
        b: another.
        ignore: names of fields and of ``[info]`` keys that may differ.

    Where and what a model was read from is no part of it: ``sha256``, ``base_model``, ``source``,
    ``form`` with what it lacks, and what training left (which a MOJO cannot hold) are not compared.
    """
    return next(differences(a, b, ignore), None) is None


def differences(a: Mojo, b: Mojo, ignore: Collection[str] = IDENTITY) -> Iterator[Difference]:
    """Yield every place where two models differ, in the order of the fields.

    Args:
        a: a model.
        b: another.
        ignore: names of fields and of ``[info]`` keys that may differ.
    """
    skipped = {*_PLACE, *ignore, *(f"info.{name}" for name in ignore)}
    skipped |= {f"kept.keys[{name}]" for name in ignore}
    return _between(a, b, "", skipped)


def _between(a: Any, b: Any, name: str, skipped: Collection[str]) -> Iterator[Difference]:
    if name in skipped:
        return
    if type(a) is not type(b):
        yield Difference(name=name, first=a, second=b)
    elif dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            place = f"{name}.{field.name}" if name else field.name
            yield from _between(getattr(a, field.name), getattr(b, field.name), place, skipped)
    elif isinstance(a, Mapping):
        for key in dict.fromkeys((*a, *b)):
            yield from _between(a.get(key), b.get(key), f"{name}[{key}]", skipped)
    elif isinstance(a, tuple) and len(a) == len(b) and not _is_text(a):
        for index, (mine, other) in enumerate(zip(a, b, strict=True)):
            yield from _between(mine, other, f"{name}[{index}]", skipped)
    elif not _same_value(a, b):
        yield Difference(name=name, first=a, second=b)


def _is_text(values: tuple[Any, ...]) -> bool:
    """Say whether a tuple is a list of names or levels, which differs as a whole."""
    return all(isinstance(value, str) for value in values)


def _same_value(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return _same_bits(a, b)
    if isinstance(a, float):
        # NaN is itself, and 0.0 is not -0.0.
        return a.hex() == float.hex(b)
    return bool(a == b)


def _same_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    bits = f"u{a.dtype.itemsize}"
    return bool(np.array_equal(a.view(bits), b.view(bits)))
