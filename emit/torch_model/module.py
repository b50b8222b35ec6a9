"""The module itself, its types, and how it is made."""

from collections import OrderedDict
from typing import Any, Final

from torch import nn

from mojo_reader.details import read_details
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Mojo

from ..layer_names import OUTPUT
from ..training_parameters import training_parameters
from . import encoding, network, prediction

#: Types that a model can be made in.
DTYPES: Final = ("float32", "float64")
#: What the row matrix is called.
COLUMNS: Final = "columns"
_INPUTS: Final = "inputs"


class H2ODeepLearning(nn.Sequential):
    """H2O's network, layer by layer: ``inputs``, ``hidden_1``, ..., ``output``, the prediction.

    ``train()`` drops inputs and units as H2O does, ``eval()`` predicts H2O's numbers.
    """

    def forward(self, columns: Any) -> Any:
        """Predict the row matrix ``(rows, n_features)``."""
        return super().forward(columns)

    def raw_outputs(self, columns: Any) -> Any:
        """Return the output layer's sums ``(rows, units)``, from which H2O's losses start.

        Args:
            columns: the row matrix ``(rows, n_features)``.

        Returns:
            Logits, the response in the units that the network is trained in, or an autoencoder's
            outputs before their activation.
        """
        values = columns
        for name, layer in self.named_children():
            values = layer(values)
            if name == OUTPUT:
                break
        return values


def made(mojo: Mojo, dtype: str) -> H2ODeepLearning:
    """Make the module of ``to_torch``."""
    if dtype not in DTYPES:
        message = f"dtype must be float32 or float64, not {dtype}"
        raise MojoUnsupportedError(message)
    parameters = training_parameters(read_details(mojo).parameters)
    inputs = encoding.Inputs(mojo.features, parameters.input_dropout_ratio, dtype)
    gathered = mojo.features.one_hot_width if inputs.gathered else 0
    parts = OrderedDict[str, nn.Module]()
    parts[_INPUTS] = inputs
    parts.update(network.layers(mojo.layers, gathered, dtype))
    parts.update(prediction.steps(mojo, dtype))
    module = H2ODeepLearning(parts)
    module.eval()
    return module


def model_dtype(model: Any) -> str:
    """Return the type that a module or an exported program computes in, such as ``float32``."""
    return str(next(iter(model.parameters())).dtype).removeprefix("torch.")
