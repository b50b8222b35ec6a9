"""The files of a PyTorch model: the program, its weights, and how raw rows become its input."""

from pathlib import Path

import torch

from mojo_reader.model import Mojo

from ..columns import columns_of, columns_text
from ..extras import extra
from . import archive
from .module import made

with extra("torch", needed_for="writing a PyTorch model needs safetensors"):
    from safetensors.torch import save


def write_torch(mojo: Mojo, path: Path, *, weights: Path, columns: Path, dtype: str) -> None:
    """Write a PyTorch model.

    Args:
        mojo: the model to translate.
        path: the ``.pt2`` to write, the program.
        weights: the ``.safetensors`` to write, the module's ``state_dict``.
        columns: the ``columns.json`` to write.
        dtype: ``float32`` or ``float64``.
    """
    module = made(mojo, dtype)
    facts = {"format": "pt", "dtype": dtype, "mojo_sha256": mojo.info.sha256}
    weights.write_bytes(save(module.state_dict(), metadata=facts))
    # Who only predicts with the program need not switch gradients off.
    archive.save(module.requires_grad_(requires_grad=False), mojo, path)
    document = columns_of(mojo, dtype=dtype, versions={"torch": torch.__version__})
    columns.write_text(columns_text(document), "utf-8")
