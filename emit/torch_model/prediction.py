"""Raw outputs to what H2O predicts: probabilities, a number, or a reconstructed row."""

from collections.abc import Iterator
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from mojo_reader import formulas
from mojo_reader.model import Classification, InverseLink, Mojo, Reconstruction, Regression

from .ops import TORCH


def steps(mojo: Mojo, dtype: str) -> Iterator[tuple[str, Any]]:
    """Yield the modules after the network by name.

    Args:
        mojo: the model.
        dtype: ``float32`` or ``float64``.
    """
    match mojo.output:
        case Classification() as output:
            if output.prior_factors is not None:
                factors = formulas.constant(output.prior_factors, dtype)
                yield "prior_correction", PriorCorrection(factors)
        case Regression() as output:
            if output.standardize:
                units = output.norm_resp_mul, output.norm_resp_sub
                yield "response_units", _units(units, dtype)
            if output.inverse_link is not InverseLink.IDENTITY:
                yield "inverse_link", Inverse(output.inverse_link)
        case Reconstruction():
            if mojo.features.standardize and mojo.features.numeric:
                yield "column_units", _units(formulas.units_of_columns(mojo.features), dtype)


def _units(norms: tuple[Any, Any], dtype: str) -> "Units":
    return Units(*(formulas.constant(one, dtype) for one in norms))


class PriorCorrection(nn.Module):
    """Probabilities under the data's own class shares (``balance_classes``).

    Attributes:
        factors: ``(n_classes,)``, of each class.
    """

    def __init__(self, factors: NDArray[Any]) -> None:
        super().__init__()
        self.register_buffer("factors", torch.tensor(factors))

    def forward(self, probabilities: Any) -> Any:
        """Take ``(rows, n_classes)``."""
        return formulas.corrected_by(TORCH, probabilities, self.factors)


class Units(nn.Module):
    """Standardized numbers in their own units.

    Attributes:
        norm_mul: ``(width,)``, divides.
        norm_sub: ``(width,)``, is added then.
    """

    def __init__(self, norm_mul: NDArray[Any], norm_sub: NDArray[Any]) -> None:
        super().__init__()
        self.register_buffer("norm_mul", torch.tensor(norm_mul))
        self.register_buffer("norm_sub", torch.tensor(norm_sub))

    def forward(self, values: Any) -> Any:
        """Take ``(rows, width)``."""
        return formulas.in_units_by(values, self.norm_mul, self.norm_sub)


class Inverse(nn.Module):
    """The inverse link: from the linear predictor to the response.

    Attributes:
        link: which one.
    """

    def __init__(self, link: InverseLink) -> None:
        super().__init__()
        self.link = link

    def forward(self, values: Any) -> Any:
        """Take ``(rows, 1)``."""
        return formulas.INVERSE_LINKS[self.link](TORCH, values)

    def extra_repr(self) -> str:
        """Return what ``print`` shows."""
        return str(self.link)
