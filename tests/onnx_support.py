"""What the tests of ONNX models share: feeds from a golden case, outputs by name."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from support import Golden

from emit.onnx_model.parity import as_matrix, raw_columns
from mojo_reader.model import Classification, Mojo


def feeds(mojo: Mojo, table: object) -> dict[str, Any]:
    return {name: cells[:, np.newaxis] for name, cells in raw_columns(mojo, table).items()}


def matrix_feed(matrix: Any, dtype: str) -> dict[str, Any]:
    return {"matrix": as_matrix(matrix, dtype)}


def run(model: onnx.ModelProto, given: dict[str, Any]) -> list[Any]:
    """Run a model in onnxruntime and return its outputs in order."""
    loaded = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return list(loaded.run(None, given))


def numbers_of(outputs: list[Any], mojo: Mojo) -> Any:
    """Return the probabilities, the response or the reconstruction, as float64."""
    return outputs[1 if isinstance(mojo.output, Classification) else 0].astype(np.float64)


def label_positions(case: Golden, mojo: Mojo) -> Any:
    labels = case.expected().labels
    if labels is None or not isinstance(mojo.output, Classification):
        return None
    return np.array([mojo.output.labels.index(label) for label in labels], np.int64)
