"""Row matrix to the network's inputs: one-hot expansion and standardization, inside the model.

The row matrix ``(rows, n_features)`` holds codes, then numbers; NaN is missing. A narrow one-hot
block becomes part of one dense ``(rows, width)`` input. A wide one is never made: the network's
first layer gathers the rows of its kernel instead, and gets the slots ``(rows, categoricals)``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader import formulas
from mojo_reader.model import CategoricalFeature, Features

from .. import layer_names as names
from ..backend import keras
from ..one_hot import is_wide
from .tensors import called_with, step


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DenseInputs:
    """The network's inputs in one tensor.

    Attributes:
        inputs: ``(rows, width)``.
    """

    inputs: Any


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GatheredInputs:
    """The network's inputs with the one-hot block as positions.

    Attributes:
        slots: ``(rows, categoricals)`` int32, -1 where a code sets nothing.
        has_empty: some code sets nothing.
        width: width of the one-hot block that is not made.
        numbers: ``(rows, nums)`` standardized, or None without numeric features.
    """

    slots: Any
    has_empty: bool
    width: int
    numbers: Any | None


NetworkInputs = DenseInputs | GatheredInputs


def encode(columns: Any, features: Features, dtype: str) -> NetworkInputs:
    """Expand and standardize the row matrix.

    Args:
        columns: symbolic ``(rows, n_features)``.
        features: what the columns mean.
        dtype: ``float32`` or ``float64``.

    Returns:
        One dense tensor, or positions and numbers where the one-hot block is wide.
    """
    numbers = _numbers(columns, features, dtype) if features.numeric else None
    if not features.categorical:
        return DenseInputs(inputs=numbers)
    if is_gathered(features):
        return GatheredInputs(
            slots=_slots(columns, features, dtype),
            has_empty=any((feature.slots < 0).any() for feature in features.categorical),
            width=features.one_hot_width,
            numbers=numbers,
        )
    block = _one_hot(columns, features, dtype)
    if numbers is None:
        return DenseInputs(inputs=block)
    join = keras.layers.Concatenate(name=names.NETWORK_INPUTS, dtype=dtype)
    return DenseInputs(inputs=join([block, numbers]))


def is_gathered(features: Features) -> bool:
    """Whether the first layer gathers kernel rows instead of multiplying a one-hot block."""
    if not features.categorical:
        return False
    return features.hashed or is_wide(features) or _starts(features.categorical) is None


def _numbers(columns: Any, features: Features, dtype: str) -> Any:
    """Standardized numeric features ``(rows, nums)``, a missing one 0."""
    first = len(features.categorical)
    name = names.NORMALIZATION if features.standardize else names.MISSING_TO_ZERO
    with step(name, columns, dtype) as normalization:
        numbers = normalization.input[:, first:] if first else normalization.input
        normalization.output = formulas.network_numbers(keras.ops, numbers, features, dtype)
    return normalization.result


def _known_codes(columns: Any, categorical: tuple[CategoricalFeature, ...]) -> Any:
    """Codes ``(rows, categoricals)`` int32; what is no code becomes the number of levels."""
    levels = np.array([len(feature.levels) for feature in categorical], np.float32)
    codes = columns[:, : len(categorical)]
    return keras.ops.cast(formulas.code_places(keras.ops, codes, levels), "int32")


def _starts(categorical: tuple[CategoricalFeature, ...]) -> NDArray[np.int32] | None:
    """What to add to each column's codes to get its slots; None where no number does.

    A column whose first code sets nothing follows the rule from its second code on.
    """
    starts = []
    for feature in categorical:
        start = int(feature.slots[-1]) - len(feature.levels)
        rule = np.arange(len(feature.slots)) + start
        first = 1 if feature.slots[0] < 0 else 0
        if not np.array_equal(rule[first:], feature.slots[first:]):
            return None
        starts.append(start)
    return np.array(starts, np.int32)


def _one_hot(columns: Any, features: Features, dtype: str) -> Any:
    """The one-hot block ``(rows, one_hot_width)``."""
    starts = _starts(features.categorical)
    owner = np.zeros(features.one_hot_width, np.int32)
    for index, feature in enumerate(features.categorical):
        owner[feature.slots[feature.slots >= 0]] = index
    with step(names.ONE_HOT, columns, dtype) as one_hot:
        slots = keras.ops.add(_known_codes(one_hot.input, features.categorical), starts)
        # Each slot is compared with its own column's alone, so a first code that sets nothing,
        # whose slot would be the neighbour's last, matches none.
        own = keras.ops.take(slots, owner, axis=1)
        hot = keras.ops.equal(own, np.arange(features.one_hot_width, dtype=np.int32))
        one_hot.output = keras.ops.cast(hot, dtype)
    return one_hot.result


def _slots(columns: Any, features: Features, dtype: str) -> Any:
    """The slots ``(rows, categoricals)`` int32 that the codes set, -1 for none."""
    starts = _starts(features.categorical)
    with step(names.SLOTS, columns, dtype) as slots:
        codes = _known_codes(slots.input, features.categorical)
        if starts is None:
            slots.output = _looked_up(codes, features.categorical)
        else:
            first = np.array([f.slots[0] < 0 for f in features.categorical], np.int32)
            # Where the first code sets nothing, code 0 is below `first`.
            hot = keras.ops.greater_equal(codes, first)
            found = keras.ops.add(codes, starts)
            slots.output = keras.ops.where(hot, found, -keras.ops.ones_like(found))
    return slots.result


def _looked_up(codes: Any, categorical: tuple[CategoricalFeature, ...]) -> Any:
    """Slots from a table of all codes, held as a fixed weight (exact in float32 to 2**24)."""
    sizes = [len(feature.slots) for feature in categorical]
    table = np.concatenate([feature.slots for feature in categorical]).astype(np.float64)
    lookup = keras.layers.Embedding(
        len(table), 1, embeddings_initializer="zeros", trainable=False, name="slot_of_code"
    )
    base = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    places = keras.ops.add(codes, base)
    found = called_with(lookup, places, embeddings_initializer=table[:, np.newaxis])
    return keras.ops.cast(keras.ops.squeeze(found, axis=-1), "int32")
