"""The network's inputs to its raw outputs: PyTorch's layers with H2O's own kernels.

A kernel of the first layer stays whole unless its one-hot block is gathered: then its first
``one_hot_width`` rows are a table, and the others a linear layer that also holds the bias.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from mojo_reader import formulas
from mojo_reader.model import Activation, Layer

from ..layer_names import layer_name
from .ops import TORCH

#: Names of a Maxout's candidates, and of the halves of a layer whose one-hot block is gathered.
CANDIDATES: Final = ("a", "b")
LEVELS: Final = "levels"
NUMBERS: Final = "numbers"


def layers(network: tuple[Layer, ...], gathered: int, dtype: str) -> Iterator[tuple[str, Any]]:
    """Yield the modules of a network by name, from the first to the output layer.

    Args:
        network: hidden layers and the output layer.
        gathered: width of the one-hot block that the first layer gathers, 0 for none.
        dtype: ``float32`` or ``float64``.
    """
    for index, layer in enumerate(network):
        name = layer_name(index, len(network))
        yield name, _sums(layer, 0 if index else gathered, dtype)
        suffix, make = ACTIVATIONS[layer.activation]
        if make is not None:
            yield f"{name}_{suffix}", make()
        if layer.dropout or layer.scale != 1.0:
            yield f"{name}_dropout", HiddenDropout(layer.dropout, layer.scale)


def _sums(layer: Layer, gathered: int, dtype: str) -> Any:
    """What computes a layer's sums ``(rows, units)``; of ``Maxout`` the larger candidate."""
    weights = zip(layer.kernels, layer.biases, strict=True)
    made = [_dense(kernel, bias, gathered, dtype) for kernel, bias in weights]
    return made[0] if len(made) == 1 else Maxout(*made)


def _dense(kernel: NDArray[Any], bias: NDArray[Any], gathered: int, dtype: str) -> Any:
    if gathered:
        return GatheredLinear(kernel, bias, gathered, dtype)
    return _linear(kernel, bias, dtype)


def _linear(kernel: NDArray[Any], bias: NDArray[Any], dtype: str) -> Any:
    made = nn.utils.skip_init(nn.Linear, *kernel.shape, dtype=getattr(torch, dtype))
    with torch.no_grad():
        made.weight.copy_(torch.tensor(kernel.T))
        made.bias.copy_(torch.tensor(formulas.constant(bias, dtype)))
    return made


class GatheredLinear(nn.Module):
    """A first layer whose one-hot block is gathered.

    Attributes:
        levels: the kernel's rows of the block, and a last one that stays 0, for no slot.
        numbers: the other rows, and the bias.
    """

    def __init__(self, kernel: NDArray[Any], bias: NDArray[Any], gathered: int, dtype: str) -> None:
        super().__init__()
        self.levels = LevelSums(kernel[:gathered], dtype)
        rest = kernel[gathered:]
        if not len(rest):
            # One input, which is always 0.
            rest = np.zeros((1, kernel.shape[1]), kernel.dtype)
        self.numbers = _linear(rest, bias, dtype)

    def forward(self, inputs: tuple[Any, Any]) -> Any:
        """Take slots ``(rows, categoricals)`` and numbers ``(rows, nums)``."""
        slots, numbers = inputs
        return self.levels(slots) + self.numbers(numbers)


class LevelSums(nn.EmbeddingBag):
    """The sum over the columns of the kernel rows that their codes choose, ``(rows, units)``."""

    def __init__(self, kernel: NDArray[Any], dtype: str) -> None:
        table = torch.from_numpy(formulas.with_empty_row(kernel, dtype))
        super().__init__(*table.shape, mode="sum", padding_idx=len(kernel), _weight=table)

    def forward(self, slots: Any) -> Any:
        """Take slots ``(rows, categoricals)``."""
        if torch.onnx.is_in_onnx_export():
            # ONNX has no such operator: its exporter would write a loop over the rows.
            return functional.embedding(slots, self.weight).sum(dim=1)
        return super().forward(slots)


class Maxout(nn.Module):
    """The larger of two candidates.

    Attributes:
        a: the first one, a linear layer.
        b: the second one, taken where the first is not larger.
    """

    def __init__(self, a: Any, b: Any) -> None:
        super().__init__()
        self.a, self.b = a, b

    def forward(self, inputs: Any) -> Any:
        """Take what the candidates take."""
        sums = self.a(inputs), self.b(inputs)
        return _formula(Activation.MAXOUT, *sums)


class _AsH2O(nn.Module):
    """An activation of PyTorch's; scoring takes H2O's formula, and training has PyTorch's slope.

    The two differ in the last digits, by which weights that training has blown up tell them apart,
    and at infinities; the formulas' slopes are NaN there.
    """

    activation: ClassVar[Activation]

    def forward(self, sums: Any) -> Any:
        """Take sums ``(rows, units)``."""
        return super().forward(sums) if self.training else _formula(self.activation, sums)


class Tanh(_AsH2O, nn.Tanh):
    """H2O's ``Tanh``."""

    activation = Activation.TANH


class Rectifier(_AsH2O, nn.ReLU):
    """H2O's ``Rectifier``."""

    activation = Activation.RECTIFIER


class ExpRectifier(_AsH2O, nn.ELU):
    """H2O's ``ExpRectifier``."""

    activation = Activation.EXP_RECTIFIER


def _softmax() -> nn.Module:
    return nn.Softmax(dim=-1)


def _formula(activation: Activation, *sums: Any) -> Any:
    dtype = formulas.FLOAT64 if sums[0].dtype == torch.float64 else "float32"
    return formulas.ACTIVATIONS[activation](TORCH, dtype, *sums)


class HiddenDropout(nn.Module):
    """Training zeroes some units and enlarges none; scoring shrinks all.

    Attributes:
        p: the ratio of units that training zeroes.
        scale: the factor in scoring.
    """

    def __init__(self, p: float, scale: float) -> None:
        super().__init__()
        self.p, self.scale = p, scale

    def forward(self, values: Any) -> Any:
        """Take activations ``(rows, units)``."""
        if not self.training:
            return values * self.scale
        return values * (torch.rand(values.shape, device=values.device) >= self.p)

    def extra_repr(self) -> str:
        """Return what ``print`` shows."""
        return f"p={self.p}, scale={self.scale}"


#: By activation, the end of its layer's name and what makes the layer; None for no layer.
ACTIVATIONS: Final[Mapping[Activation, tuple[str, Callable[[], nn.Module] | None]]] = {
    Activation.LINEAR: ("", None),
    Activation.SOFTMAX: ("softmax", _softmax),
    Activation.RECTIFIER: ("relu", Rectifier),
    Activation.TANH: ("tanh", Tanh),
    Activation.EXP_RECTIFIER: ("elu", ExpRectifier),
    Activation.MAXOUT: ("", None),
}
