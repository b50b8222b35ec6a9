"""Proves that an emitted PyTorch model predicts what the float64 scorer does."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import Comparison
from mojo_reader.model import Mojo

from ..proving import proof
from ..proving.made_rows import MadeRows, make_rows
from .archive import load
from .module import model_dtype


def compared(
    model: Any,
    mojo: Mojo,
    matrix: NDArray[np.float64] | None,
    *,
    seed: int,
    progress: proof.Progress | None,
) -> Comparison:
    """Make the comparison of ``check_torch``."""
    if isinstance(model, str | os.PathLike):
        model = load(Path(model))
    dtype = model_dtype(model)
    predict = predict_function(model)
    rows = make_rows(mojo, seed=seed) if matrix is None else matrix
    values = rows.matrix if isinstance(rows, MadeRows) else rows

    def predict_rows(chosen: slice) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            return predict(values[chosen].astype(dtype))

    return proof.compared(
        predict_rows,
        mojo,
        rows,
        dtype=dtype,
        batch=proof.batch_rows(mojo),
        progress=progress,
    )


def predict_function(model: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return a function that predicts rows of the model's type; a module's mode stays as it is.

    Args:
        model: a module or an exported program.
    """
    if isinstance(model, torch.export.ExportedProgram):
        # Its graph predicts, and has no modes.
        program = model.module()
        return lambda rows: np.asarray(_called(program, rows))

    def predict(rows: NDArray[Any]) -> NDArray[Any]:
        modes = [(part, part.training) for part in model.modules()]
        model.eval()
        try:
            return np.asarray(_called(model, rows))
        finally:
            for part, training in modes:
                part.training = training

    return predict


def _called(module: Any, rows: NDArray[Any]) -> Any:
    device = next(module.parameters()).device
    with torch.inference_mode():
        return module(torch.tensor(rows, device=device)).cpu().numpy()
