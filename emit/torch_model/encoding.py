"""Row matrix to the network's inputs: levels to slots, numbers standardized, input dropout.

The row matrix ``(rows, n_features)`` holds codes, then numbers; NaN is missing. A narrow one-hot
block becomes part of one dense ``(rows, width)`` input. A wide one is never made: the network's
first layer gathers the rows of its kernel instead, and gets the slots ``(rows, categoricals)``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mojo_reader import formulas
from mojo_reader.model import CategoricalFeature, Features

from ..one_hot import is_wide
from .ops import TORCH


class Inputs(nn.Module):
    """The row matrix, expanded and standardized.

    A module of its parts; which there are follows from the model. Where the one-hot block is wide
    it gives the slots ``(rows, categoricals)``, the block's width for none, and the numbers
    ``(rows, nums)``, else one tensor ``(rows, width)``.

    Args:
        features: what the columns mean.
        dropout: ratio of inputs that training sets to zero.
        dtype: ``float32`` or ``float64``.
    """

    def __init__(self, features: Features, dropout: float, dtype: str) -> None:
        super().__init__()
        self.gathered = is_wide(features)
        self.codes = len(features.categorical)
        self.width = features.one_hot_width
        self.slots = Slots(features.categorical, self.width, dtype) if self.codes else None
        self.numbers = Numbers(features, dtype) if features.numeric else None
        self.dropout = InputDropout(dropout) if dropout else None

    def forward(self, columns: Any) -> Any:
        """Take ``(rows, n_features)``."""
        slots = None if self.slots is None else self.slots(columns[:, : self.codes])
        numbers = None if self.numbers is None else self.numbers(columns[:, self.codes :])
        if self.gathered:
            return self._gathered(slots, numbers, columns)
        parts = [] if slots is None else [self._one_hot(slots, columns)]
        parts += [] if numbers is None else [numbers]
        inputs = torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]
        return inputs if self.dropout is None else self.dropout(inputs)

    def _one_hot(self, slots: Any, columns: Any) -> Any:
        """How often each slot is set: hashed levels can share one; what sets none has a place."""
        block = torch.zeros(
            (columns.shape[0], self.width + 1), dtype=columns.dtype, device=columns.device
        )
        set_once = torch.ones_like(slots, dtype=columns.dtype)
        return block.scatter_add(1, slots, set_once)[:, : self.width]

    def _gathered(self, slots: Any, numbers: Any, columns: Any) -> tuple[Any, Any]:
        if numbers is None:
            # The layer that holds the bias has one input, which is always 0.
            numbers = torch.zeros_like(columns[:, :1])
        if self.dropout is None:
            return slots, numbers
        return self.dropout.slots(slots, self.width), self.dropout(numbers)


class Slots(nn.Module):
    """Codes ``(rows, categoricals)`` to the inputs that they set; what is no code is missing.

    Attributes:
        levels: ``(categoricals,)``, the number of levels of each column.
        starts: ``(categoricals,)``, where each column's codes begin in ``table``.
        table: the slot of each code of each column, the block's width for none.
    """

    def __init__(self, categorical: Sequence[CategoricalFeature], width: int, dtype: str) -> None:
        super().__init__()
        sizes = [len(feature.slots) for feature in categorical]
        levels = np.array([len(feature.levels) for feature in categorical], dtype)
        table = np.concatenate([feature.slots for feature in categorical])
        self.register_buffer("levels", torch.tensor(levels))
        self.register_buffer("starts", torch.tensor([0, *np.cumsum(sizes[:-1])], dtype=torch.int64))
        self.register_buffer("table", torch.tensor(np.where(table < 0, width, table)))

    def forward(self, codes: Any) -> Any:
        """Take ``(rows, categoricals)``."""
        places = formulas.code_places(TORCH, codes, self.levels)
        return self.table[places.to(torch.int64) + self.starts]


class Numbers(nn.Module):
    """Numeric columns ``(rows, nums)``, standardized, a missing one 0.

    Attributes:
        mean: ``(nums,)``, subtracted first.
        factor: ``(nums,)``, multiplied then.
        mean_rest: ``(nums,)``, what the type of ``mean`` leaves over, times ``factor``; subtracted
            last, so that a large mean is no less exact than a small one.
    """

    def __init__(self, features: Features, dtype: str) -> None:
        super().__init__()
        constants: tuple[NDArray[Any], ...] = ()
        if features.standardize:
            constants = formulas.standardization(features.norm_sub, features.norm_mul, dtype)
        self.names = ("mean", "factor", "mean_rest")[: len(constants)]
        for name, values in zip(self.names, constants, strict=True):
            self.register_buffer(name, torch.tensor(values))

    def forward(self, numbers: Any) -> Any:
        """Take ``(rows, nums)``."""
        if self.names:
            constants = [getattr(self, name) for name in self.names]
            numbers = formulas.standardized_by(numbers, *constants)
        return formulas.mean_for_missing(TORCH, numbers)


class InputDropout(nn.Module):
    """Training zeroes some inputs and enlarges none (``Neurons.Input.setInput``).

    Attributes:
        p: the ratio of inputs that are zeroed.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, inputs: Any) -> Any:
        """Take inputs ``(rows, width)``."""
        return inputs * self._kept(inputs) if self.training else inputs

    def slots(self, slots: Any, empty: int) -> Any:
        """Take slots ``(rows, categoricals)``; one that is dropped sets nothing."""
        return torch.where(self._kept(slots), slots, empty) if self.training else slots

    def extra_repr(self) -> str:
        """Return what ``print`` shows."""
        return f"p={self.p}"

    def _kept(self, values: Any) -> Any:
        return torch.rand(values.shape, device=values.device) >= self.p
