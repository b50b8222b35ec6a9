"""What the tests of ONNX models share: feeds from a golden case, outputs by name."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from support import Golden

from emit.onnx_model.parity import as_matrix
from emit.onnx_model.prediction import NO_LABEL
from emit.proving.raw_rows import raw_columns
from mojo_reader import Scorer
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.prediction import undecided

FLOAT64_TOLERANCE = 1e-10


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


def assert_labels(outputs: list[Any], case: Golden, mojo: Mojo, matrix: Any) -> None:
    """Hold H2O's label on every row that is not undecided by DESIGN's formula."""
    labels = case.expected().labels
    if labels is None or not isinstance(mojo.output, Classification):
        return
    hanging = undecided(Scorer(mojo).score_matrix(matrix), mojo.output, FLOAT64_TOLERANCE)
    found = outputs[0]
    if found.dtype == np.int64:
        found = np.array([*mojo.output.labels, NO_LABEL], object)[found]
    wrong = (found != np.array(labels, object)) & ~hanging
    assert not wrong.any(), np.flatnonzero(wrong)[:5].tolist()
