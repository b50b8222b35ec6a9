"""A ``Mojo`` as a PyTorch module of plain layers, which trains on and loads with PyTorch alone.

PyTorch is loaded where a function needs it.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import Comparison
from mojo_reader.model import Mojo

from ..extras import extra

if TYPE_CHECKING:
    from ..proving.proof import Progress

__all__ = ["check_torch", "from_torch", "to_torch"]


def to_torch(mojo: Mojo, *, dtype: str = "float32") -> Any:
    """Make the PyTorch module that predicts H2O's numbers.

    Args:
        mojo: the model to translate.
        dtype: ``float32``, or ``float64`` to get H2O's numbers to 1e-9.

    Returns:
        A ``torch.nn.Module`` in ``eval()`` mode from the row matrix ``(rows, n_features)`` of this
        type, codes before numbers and NaN for missing, to class probabilities
        ``(rows, n_classes)``, the response ``(rows, 1)`` or the reconstruction ``(rows, width)``.
        Its layers carry names that ``print`` shows; H2O's constants are buffers. After
        ``train()``, inputs and units are dropped as H2O drops them.

    Raises:
        MojoUnsupportedError: an unknown dtype.
        MissingExtraError: PyTorch is not installed.
    """
    with extra("torch", needed_for="to_torch needs PyTorch"):
        from .module import made
    return made(mojo, dtype)


def from_torch(module: Any, mojo: Mojo, *, uuid: str | None = None, check: bool = True) -> Mojo:
    """Make a MOJO of a PyTorch module that ``to_torch`` made, trained or loaded since.

    Kernels become float32 and biases float64, as a MOJO holds them. A bias that is still the
    MOJO's own in the module's type stays so to the last bit. Hidden layers may be wider or
    narrower than before, but not more or fewer. The threshold stays, and what
    ``modelDetails.json`` says of the training is marked as the original model's.

    Args:
        module: the module, compiled by ``torch.compile`` or not.
        mojo: what it was made from; gives everything but the network.
        uuid: identity of the result; a new one by default.
        check: predict some rows with both models. That finds constants which are not the MOJO's,
            another activation, and the wrong MOJO. Without it they are taken to be the MOJO's.

    Returns:
        The model, with a new uuid and a note of its origin.

    Raises:
        MojoUnsupportedError: a layer is absent, or of a kind or shape that a MOJO cannot hold, or
            a weight is not finite.
        ParityError: the result does not predict what the module predicts.
    """
    with extra("torch", needed_for="from_torch needs PyTorch"):
        from .weights import written_back
    return written_back(module, mojo, uuid=uuid, check=check)


def check_torch(
    model: Any,
    mojo: Mojo,
    matrix: NDArray[np.float64] | None = None,
    *,
    seed: int = 0,
    progress: "Progress | None" = None,
) -> Comparison:
    """Compare a PyTorch model with the float64 scorer.

    Args:
        model: a module that ``to_torch`` made, its ``torch.export.ExportedProgram``, or the path
            of its ``.pt2`` file.
        mojo: what it was made from.
        matrix: ``(rows, n_features)`` float64, as ``Scorer.encode`` returns it; None makes rows.
        seed: of the rows that are made.
        progress: called with the number of rows done after each batch.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.

    Raises:
        MojoUnsupportedError: loading the file could run code: it is none that ``convert`` wrote.
    """
    with extra("torch", needed_for="check_torch needs PyTorch"):
        from .parity import compared
    return compared(model, mojo, matrix, seed=seed, progress=progress)
