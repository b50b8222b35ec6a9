"""What a POJO's members and rules ask for: the network's shape, and which arrays have to follow."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import numpy as np

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.limits import Limits
from mojo_reader.formats.pojo.arrays import Slot
from mojo_reader.formats.pojo.members import Members
from mojo_reader.formats.pojo.scoring import Rules, Shape, Task

_TASKS: Final = {
    "Binomial": Task.CLASSES,
    "Multinomial": Task.CLASSES,
    "Regression": Task.NUMBER,
    "AutoEncoder": Task.RECONSTRUCTION,
}
#: Those that H2O writes for this algorithm (``DeepLearningModel.getGenModelEncoding``).
_ENCODINGS: Final = ("AUTO", "Binary", "Eigen", "LabelEncoder")


def fail(message: str) -> NoReturn:
    """Say that the source contradicts itself.

    Raises:
        MojoFormatError: always.
    """
    raise MojoFormatError(message)


# --------------------------------------------------------------------------- shape


def shape_of(members: Members) -> Shape:
    """Return the network's shape, which the code that scores depends on.

    Raises:
        MojoFormatError: a member is missing, or two contradict each other.
        MojoUnsupportedError: a kind of model or an encoding that cannot be scored.
    """
    category = required(members.words, "category", "getModelCategory")
    if category not in _TASKS:
        message = f"the category {category!r} is none of {', '.join(_TASKS)}"
        raise MojoUnsupportedError(message)
    encoding = members.words.get("encoding", "AUTO")
    if encoding not in _ENCODINGS:
        message = f"the encoding {encoding!r} is none of {', '.join(_ENCODINGS)}"
        raise MojoUnsupportedError(message)
    cats = members.counts.get("CATS", len(members.ints.get("CATS", ())))
    nums = members.counts.get("NUMS", 0)
    sizes = required(members.ints, "NEURONS")
    offsets = required(members.ints, "CATOFFSETS")
    if cats < 0 or nums < 0 or cats + nums != required(members.counts, "nfeatures"):
        fail(f"expected as many features as CATS and NUMS, found {cats} and {nums}")
    if len(offsets) != cats + 1 or offsets[0] != 0 or min(np.diff(offsets), default=1) < 1:
        fail(f"expected {cats + 1} CATOFFSETS that start at 0 and grow")
    if len(sizes) < 2 or min(sizes) < 1:  # noqa: PLR2004 - an input and an output
        fail("expected at least two positive NEURONS")
    width = offsets[-1] + nums
    if sizes[0] < width:
        message = (
            f"the network has {sizes[0]} inputs for {width} levels and numbers: categoricals were "
            "hashed (max_categorical_features), and a POJO does not say by which seed; take the "
            "model's MOJO"
        )
        raise MojoUnsupportedError(message)
    if sizes[0] > width:
        fail(f"expected {width} inputs (CATOFFSETS and NUMS), found {sizes[0]}")
    return Shape(
        cats=cats,
        nums=nums,
        task=_TASKS[category],
        one_hot=offsets[-1],
        sizes=sizes,
    )


def required(found: Mapping[str, Any], name: str, member: str | None = None) -> Any:
    """Return a member that has to be there.

    Raises:
        MojoFormatError: it is missing.
    """
    value = found.get(name)
    if value is None:
        fail(f"the member {member or name!r} is missing or null")
    return value


# --------------------------------------------------------------------------- arrays


def slots_of(members: Members, shape: Shape, rules: Rules, limits: Limits) -> dict[str, Slot]:
    """Return what has to follow: a class for each array, with how many elements it may have.

    Raises:
        MojoFormatError: the members do not name the arrays of all layers, or one twice.
        MojoLimitError: the network is larger than the limits allow.
    """
    slots = _Slots()
    counts = _layer_counts(shape, rules)
    weights, biases = (sum(pair[side] for pair in counts) for side in (0, 1))
    limits.check_count("weights", weights, f"the network has {weights:,} weights")
    limits.check("biases", biases, f"the network has {biases:,} biases")
    for side, (field, kind) in enumerate((("WEIGHT", "float"), ("BIAS", "double"))):
        names = _layer_names(members, field, shape)
        sizes = (None, *(pair[side] for pair in counts))
        for name, size in zip(names, sizes, strict=True):
            slots.add(name, kind, _exactly(size))
    for name, size in zip(_layer_names(members, "ACTIVATION", shape), shape.sizes, strict=True):
        if name != str(size):  # in the oldest releases a class of zeros
            slots.add(name, "double", _exactly(size))
    (holder,) = required(members.classes, "NAMES")
    slots.add(holder, "String", _exactly(shape.cats + shape.nums))
    slots.add_levels(members, "DOMAINS", limits)
    slots.add_levels(members, "ORIG_DOMAINS", limits)
    if "ORIG_NAMES" in members.classes:
        columns = len(members.domains.get("ORIG_DOMAINS", ()))
        (holder,) = members.classes["ORIG_NAMES"]
        slots.add(holder, "String", _at_most(columns))
    return slots.found


class _Slots:
    """Classes by name, each for one array."""

    def __init__(self) -> None:
        self.found: dict[str, Slot] = {}

    def add(self, name: str, kind: str, allow: Callable[[int], None]) -> None:
        """Add a class.

        Raises:
            MojoFormatError: it holds another array already.
        """
        if name in self.found:
            fail(f"the class {name!r} is to hold two arrays")
        self.found[name] = Slot(kind=kind, allow=allow)

    def add_levels(self, members: Members, field: str, limits: Limits) -> None:
        """Add the classes that hold the levels of columns."""
        levels = _Levels(limits)
        for _, holder in members.domains.get(field, ()):
            if holder is not None:
                self.add(holder, "String", levels.allow)


def _layer_counts(shape: Shape, rules: Rules) -> list[tuple[int, int]]:
    """Return the numbers of weights and of biases of each layer; Maxout has two for one."""
    counts = []
    for index, (inputs, units) in enumerate(zip(shape.sizes, shape.sizes[1:], strict=False)):
        hidden = index < shape.hidden or shape.task is Task.RECONSTRUCTION
        candidates = 2 if hidden and rules.activation == "Maxout" else 1
        counts.append((candidates * inputs * units, candidates * units))
    return counts


def _layer_names(members: Members, field: str, shape: Shape) -> tuple[str, ...]:
    names: tuple[str, ...] = required(members.classes, field)
    if len(names) != len(shape.sizes):
        fail(f"expected {len(shape.sizes)} arrays of {field}, as NEURONS says, found {len(names)}")
    return names


def _exactly(expected: int | None) -> Callable[[int], None]:
    def allow(count: int) -> None:
        if count != expected:
            wanted = "null" if expected is None else f"{expected:,} elements"
            fail(f"expected {wanted} in an array, found {count:,} elements")

    return allow


def _at_most(expected: int) -> Callable[[int], None]:
    def allow(count: int) -> None:
        if count > expected:
            fail(f"expected at most {expected:,} names, found {count:,}")

    return allow


class _Levels:
    """Counts the levels of columns as their arrays come."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._columns = 0
        self._total = 0

    def allow(self, count: int) -> None:
        """Raise where a column's levels, or all of them, are too many."""
        self._columns += 1
        self._total += count
        self._limits.check_levels_so_far(count, self._total, self._columns)
