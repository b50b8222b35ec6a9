"""Which one-hot blocks are never made: the first layer gathers the rows of its kernel instead."""

from typing import Final

from mojo_reader.model import Features

#: Widest one-hot block that is always multiplied as a matrix: one kernel is easier to read.
WIDEST_ONE_HOT: Final = 256
#: A product costs by the slot, gathering by the column; they meet at about so many slots a column
#: (measured on JAX with 3 and 20 columns, 16 to 1024 units; on PyTorch a product of 60 is as fast).
SLOTS_PER_COLUMN: Final = 64


def is_wide(features: Features) -> bool:
    """Whether the one-hot block is too wide to be made."""
    widest = max(WIDEST_ONE_HOT, SLOTS_PER_COLUMN * len(features.categorical))
    return features.one_hot_width > widest
