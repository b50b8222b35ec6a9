"""How large a model's statement becomes, told by its layers before anything of it is built."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.formulas import level_slots
from mojo_reader.model import CategoricalInput, Mojo

from .dialects import Dialect

#: Numbers of a kernel whose texts are measured.
_SAMPLE: Final = 4096
#: An estimate is off by a few parts in 100; nearer to the limit, the statement itself is measured.
_MARGIN: Final = 1.1
#: What stands around a number, but for its unit's place or its level's slot.
_PRODUCT: Final = len("h * " + " + ")
_BRANCH: Final = len("WHEN  THEN  ")


def check_size(mojo: Mojo, dialect: Dialect) -> None:
    """Require a network whose statement the database can have, as far as its layers tell.

    Takes milliseconds whatever the network, where building the statement takes a kilobyte of
    memory for each weight.

    Raises:
        MojoUnsupportedError: the statement would be longer than the database allows.
    """
    size = estimated_size(mojo)
    if size > _MARGIN * dialect.statement:
        raise too_long(size, dialect, about="about ")


def too_long(size: int, dialect: Dialect, about: str = "") -> MojoUnsupportedError:
    """Return the refusal of a statement of so many bytes."""
    return MojoUnsupportedError(
        f"the network makes a statement of {about}{size:,} bytes, and at most "
        f"{dialect.statement:,} are made for {dialect.title}; take a smaller network, or another "
        "target"
    )


def estimated_size(mojo: Mojo) -> int:
    """Return about how many bytes the sums of all layers take, of which a statement consists.

    Numbers are measured on a sample; biases and parentheses, activations and names are left out.
    """
    random = np.random.default_rng(0)
    width = mojo.features.one_hot_width
    found = 0.0
    for index, layer in enumerate(mojo.layers):
        hot = width if index == 0 else 0
        for kernel in layer.kernels:
            found += _of_products(kernel[hot:], random)
            if hot:
                found += sum(_of_levels(kernel, slots, random) for slots in _blocks(mojo))
    return int(found)


def _blocks(mojo: Mojo) -> list[NDArray[np.int64]]:
    """Return the rows of the first kernel that each column's levels choose from."""
    slots = [
        level_slots(one, mojo.features) for one in mojo.inputs if isinstance(one, CategoricalInput)
    ]
    return [np.unique(one[one >= 0]) for one in slots if one is not None]


def _of_products(kernel: NDArray[np.floating], random: np.random.Generator) -> float:
    """Return the bytes of a kernel's numbers, each times the value of a unit before it."""
    inputs, units = map(int, kernel.shape)
    if not kernel.size:
        return 0.0
    names = sum(len(str(place)) for place in range(1, inputs + 1)) * units
    return names + int(kernel.size) * (_PRODUCT + _text_length(_some(kernel, random)))


def _of_levels(
    kernel: NDArray[np.floating], slots: NDArray[np.int64], random: np.random.Generator
) -> float:
    """Return the bytes of what a column's levels add; each unit's commonest weight is left out."""
    rows, units = len(slots), int(kernel.shape[1])
    if not rows:
        return 0.0
    some = random.choice(units, min(units, max(4, _SAMPLE // rows)), replace=False)
    weights = kernel[np.ix_(slots, some)]
    others = [rows - int(np.unique(one, return_counts=True)[1].max()) for one in weights.T]
    digits = sum(len(str(slot)) for slot in slots.tolist()) / rows
    branch = _BRANCH + digits + _text_length(_some(weights, random))
    return branch * units * sum(others) / len(others)


def _some(kernel: NDArray[np.floating], random: np.random.Generator) -> Sequence[float]:
    if kernel.size <= _SAMPLE:
        some = kernel.ravel()
    else:
        rows, units = kernel.shape
        some = kernel[random.integers(rows, size=_SAMPLE), random.integers(units, size=_SAMPLE)]
    found: list[float] = some.astype(np.float64).tolist()
    return found


def _text_length(numbers: Sequence[float]) -> float:
    """Return the mean length of numbers as they are written."""
    # Of ``expressions.number``, without the tree.
    texts = (repr(one).removesuffix(".0") for one in numbers)
    return sum(len(one) + 2 * ("e" not in one) for one in texts) / len(numbers)
