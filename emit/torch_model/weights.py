"""A PyTorch module back to a ``Mojo``: one that ``to_torch`` made, with the weights it has now."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mojo_reader.making.origin import new_uuid
from mojo_reader.making.rebuilding import with_network
from mojo_reader.model import Mojo

from ..one_hot import is_wide
from ..written_back import Weights, check_predictions, read_layers, refuse
from .module import DTYPES, model_dtype
from .network import CANDIDATES, LEVELS, NUMBERS
from .parity import predict_function


def written_back(module: Any, mojo: Mojo, *, uuid: str | None, check: bool) -> Mojo:
    """Make the MOJO of ``from_torch``."""
    if not isinstance(module, nn.Module):
        refuse(
            f"expected a torch.nn.Module, found a {type(module).__name__}: give the state_dict to "
            "what to_torch makes, by load_state_dict"
        )
    module = getattr(module, "_orig_mod", module)  # of torch.compile
    layers = read_layers(_TorchWeights(module), mojo, gathered=is_wide(mojo.features))
    dtype = model_dtype(module)
    if dtype not in DTYPES:
        refuse(f"expected weights of float32 or float64, found {dtype}: call module.float()")
    made = with_network(mojo, layers, uuid=new_uuid() if uuid is None else uuid)
    if check:
        check_predictions(predict_function(module), made, framework="PyTorch", dtype=dtype)
    return made


class _TorchWeights(Weights):
    """The layers of a module, by their paths such as ``hidden_1.a``."""

    dense = "Linear"
    matrix = "weight"
    maker = "to_torch"

    def __init__(self, module: Any) -> None:
        super().__init__(dict(module.named_modules()))

    def candidate(self, layer: str, place: int) -> str:
        return f"{layer}.{CANDIDATES[place]}"

    def halves(self, dense: str) -> tuple[str, str]:
        return f"{dense}.{LEVELS}", f"{dense}.{NUMBERS}"

    def kernel(self, name: str, inputs: int) -> NDArray[Any]:
        return self._matrix(name, nn.Linear, inputs, 1).T

    def table(self, name: str, slots: int) -> NDArray[Any]:
        # The last row is no slot's.
        return self._matrix(name, nn.EmbeddingBag, slots + 1, 0)[:slots]

    def bias(self, name: str) -> NDArray[Any]:
        return _numbers(self.layer_of(name, nn.Linear), name, "bias")

    def _matrix(self, name: str, kind: type, wanted: int, axis: int) -> NDArray[Any]:
        matrix = _numbers(self.layer_of(name, kind), name, "weight")
        if matrix.shape[axis] != wanted:
            refuse(
                f"expected the {kind.__name__} layer {name!r} with {wanted} inputs, found "
                f"{matrix.shape[axis]}: its weight has the shape {matrix.shape}"
            )
        return matrix


def _numbers(layer: Any, name: str, weight: str) -> NDArray[Any]:
    """Return a layer's weight in its own type, or in float32 where NumPy has no such type."""
    found = getattr(layer, weight)
    if found is None:
        refuse(f"the layer {name!r} has no {weight}")
    if found.dtype not in {torch.float32, torch.float64}:
        found = found.float()
    return np.asarray(found.detach().cpu().numpy())
