"""PyTorch by NumPy's names, as far as ``formulas`` asks for them, for tensors."""

from typing import Any, Final

import torch


class _Torch:
    """What ``formulas`` take as ``ops``."""

    abs = staticmethod(torch.abs)
    exp = staticmethod(torch.exp)
    expm1 = staticmethod(torch.expm1)
    isnan = staticmethod(torch.isnan)
    logical_and = staticmethod(torch.logical_and)
    logical_not = staticmethod(torch.logical_not)
    tanh = staticmethod(torch.tanh)
    where = staticmethod(torch.where)

    @staticmethod
    def max(values: Any, *, axis: int, keepdims: bool) -> Any:
        """Return the largest, NaN if one is."""
        return torch.amax(values, dim=axis, keepdim=keepdims)

    @staticmethod
    def minimum(values: Any, largest: float) -> Any:
        """Return what is at most a number, NaN for NaN."""
        return torch.clamp(values, max=largest)

    @staticmethod
    def sum(values: Any, *, axis: int, keepdims: bool) -> Any:
        """Return the sum."""
        return torch.sum(values, dim=axis, keepdim=keepdims)


TORCH: Final[Any] = _Torch()
