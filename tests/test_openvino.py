"""ONNX models of the row matrix in OpenVINO, which has no operators for levels and no float64."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Golden, assert_close, golden, scored_cases

from emit.onnx_model import to_onnx
from emit.onnx_model.parity import as_matrix
from emit.proving import proof
from emit.proving.made_rows import make_rows
from mojo_reader import Mojo, Scorer
from mojo_reader.comparing.comparison import Expected
from mojo_reader.model import Classification

pytestmark = [
    pytest.mark.openvino,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning"),
]
EXAMPLE = (Path(__file__).parent.parent / "docs/examples/predict_with_openvino.py").read_text(
    "utf-8"
)
#: Without it OpenVINO may compute in bfloat16, where the processor can: 0.013 off.
PRECISE = {"INFERENCE_PRECISION_HINT": "f32"}


NUMBERS = ("probabilities", "predict", "reconstruction")
NAMES = (*NUMBERS, "label_index", "column_errors", "reconstruction_error")


def compiled(mojo: Mojo, **options: Any) -> Any:
    import openvino

    core = openvino.Core()
    model = to_onnx(mojo, inputs="matrix", **options).SerializeToString()
    return core.compile_model(core.read_model(model), "CPU", PRECISE)


def outputs(model: Any, matrix: Any) -> dict[str, Any]:
    found = model([as_matrix(matrix, "float32")])
    # A tensor may have the name of what it was made of, too.
    return {name: found[one] for one in model.outputs for name in one.names if name in NAMES}


def numbers(model: Any, matrix: Any) -> Any:
    (found,) = (values for name, values in outputs(model, matrix).items() if name in NUMBERS)
    return found


@pytest.mark.parametrize("case", scored_cases(), ids=lambda case: case.name)
def test_float32_equals_h2o(case: Golden) -> None:
    mojo = case.mojo()
    model = compiled(mojo)
    matrix = Scorer(mojo).encode(case.columns())
    expected = case.expected()
    labels = None
    if isinstance(mojo.output, Classification) and expected.labels is not None:
        labels = np.array([mojo.output.labels.index(label) for label in expected.labels])
    found = proof.compared(
        lambda rows: numbers(model, matrix[rows]),
        mojo,
        matrix,
        dtype="float32",
        batch=4096,
        expected=Expected(values=expected.values, labels=labels),
    )
    assert found.passed, found.failure
    if isinstance(mojo.output, Classification):
        given = outputs(model, matrix)
        values = given["probabilities"].astype(np.float64)
        right = Scorer(mojo).label_indices(values, matrix)
        best = np.sort(values, axis=1)
        tied = (best[:, -1] == best[:, -2]) & (mojo.output.threshold is None)
        known = ~np.isnan(values).any(axis=1) & ~tied
        assert (given["label_index"][known] == right[known]).all()


@pytest.mark.parametrize("case", scored_cases()[::4], ids=lambda case: case.name)
def test_made_rows_pass_the_proof(case: Golden) -> None:
    mojo = case.mojo()
    model, rows = compiled(mojo), make_rows(mojo, seed=0)
    found = proof.compared(
        lambda part: numbers(model, rows.matrix[part]), mojo, rows, dtype="float32", batch=4096
    )
    assert found.passed, found.failure


def test_an_autoencoder_gives_its_errors() -> None:
    case = golden("autoencoder_per_feature")
    mojo = case.mojo()
    matrix = Scorer(mojo).encode(case.columns())
    found = outputs(compiled(mojo, per_feature=True), matrix)
    error = Scorer(mojo).anomaly_matrix(matrix)
    kept = np.abs(matrix).max(axis=1, where=~np.isnan(matrix), initial=0) < 1e30
    np.testing.assert_allclose(found["reconstruction_error"][kept], error[kept], rtol=2e-5)
    squares = Scorer(mojo).squared_errors(matrix)
    np.testing.assert_allclose(found["column_errors"][kept], squares[kept], rtol=2e-4, atol=1e-5)


def test_the_example_gives_h2o_s_labels(tmp_path: Path) -> None:
    from mojo_reader import convert

    case = golden("iris_tanh")
    convert(case.path, tmp_path / "model.onnx", to="onnx", inputs="matrix")
    np.save(tmp_path / "matrix.npy", Scorer(case.mojo()).encode(case.columns()))
    code = f"import sys; sys.modules.update(mojo_reader=None, emit=None); exec({EXAMPLE!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    labels, probabilities = map(ast.literal_eval, done.stdout.splitlines())
    assert labels == case.expected().labels
    assert_close(np.array(probabilities), case.expected().values, tolerance=1e-5)


def test_float64_is_not_to_be_had() -> None:
    """Its processor plugin has no such precision: what is asked of it is told, not done."""
    import openvino

    core = openvino.Core()
    model = core.read_model(to_onnx(golden("gaussian").mojo(), inputs="matrix").SerializeToString())
    with pytest.raises(RuntimeError, match="f64 for property key INFERENCE_PRECISION_HINT"):
        core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f64"})
