"""The offset as a second input of Keras and ONNX models, against the scores of H2O's server."""

from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import pytest
from keras_support import x64
from onnx_support import feeds, run
from rules import first
from support import Golden, assert_close, golden
from test_offset import SERVER_CASES, offsets, server_rows, server_scores

from emit import from_keras, to_keras, to_onnx
from emit.onnx_model.parity import as_matrix
from mojo_reader import Scorer
from mojo_reader.errors import MojoUnsupportedError

CASES = pytest.mark.parametrize("case", first(2, SERVER_CASES), ids=lambda case: case.name)
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.OffsetWarning")


def given(case: Golden) -> tuple[Any, Any]:
    """Return the server's rows as a matrix and their offsets, ``(rows, 1)``."""
    rows = server_rows(case)
    return Scorer(case.mojo()).encode(rows), offsets(case, rows)[:, np.newaxis]


def assert_kept(found: Any, case: Golden, dtype: str, right: Any = None) -> None:
    """Hold float64 to 1e-10, and float32 to 1e-5 and what rounding the row does to the score."""
    right = server_scores(case) if right is None else right
    if dtype == "float64":
        assert_close(found, right, tolerance=1e-10)
        return
    matrix, offset = given(case)
    with np.errstate(over="ignore"):
        held = matrix.astype(dtype).astype(float), offset.astype(dtype).astype(float)[:, 0]
    rounded = Scorer(case.mojo(), offset="server").score_matrix(held[0], offset=held[1])[:, 0]
    excess = np.abs(rounded - right)
    rows = excess < 1e-3
    assert rows.mean() > 0.8
    off = np.abs(found.astype(float) - right) > 1e-5 * (1 + np.abs(right)) + excess
    assert not off[rows].any(), np.flatnonzero(off & rows)


def predicted(model: Any, matrix: Any, offset: Any, dtype: str) -> Any:
    with x64(dtype):
        call = jax.jit(lambda inputs: model(inputs, training=False))
        with np.errstate(over="ignore"):
            fed = [matrix.astype(dtype), offset.astype(dtype)]
        return np.asarray(call(fed))[:, 0]


@CASES
@pytest.mark.parametrize("dtype", first(1, ["float32", "float64"]))
def test_keras_gives_the_server_s_scores(case: Golden, dtype: str, tmp_path: Path) -> None:
    with x64(dtype):
        made = to_keras(case.mojo(), dtype=dtype, offset="server")
        made.save(tmp_path / "m.keras")
        model = keras.saving.load_model(tmp_path / "m.keras", compile=False)
    assert [tensor.name for tensor in model.inputs] == ["columns", "offset"]
    found = predicted(model, *given(case), dtype)
    assert_kept(found, case, dtype)


@CASES
@DTYPES
@pytest.mark.parametrize("inputs", ["columns", "matrix"])
def test_onnx_gives_the_server_s_scores(case: Golden, dtype: str, inputs: str) -> None:
    mojo = case.mojo()
    matrix, offset = given(case)
    column = mojo.info.offset_column or ""
    fed = {"matrix": as_matrix(matrix, dtype), "offset": as_matrix(offset, dtype)}
    if inputs == "columns":
        fed = {**feeds(mojo, server_rows(case)), column: offset}
    model = to_onnx(mojo, dtype=dtype, inputs=inputs, offset="server")
    (found,) = run(model, fed)
    assert_kept(found[:, 0], case, dtype)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["offset"] == "server"
    assert "offset_column_ignored" not in facts


def test_every_offset_is_added_where_asked() -> None:
    mojo = golden("offset_gaussian").mojo()
    matrix, offset = given(golden("offset_gaussian"))
    offset[::7] = np.nan
    assert (offset < 0).any()
    right = Scorer(mojo, offset="always").score_matrix(matrix, offset=offset[:, 0])[:, 0]
    with x64("float64"):
        keras_model = to_keras(mojo, dtype="float64", offset="always")
    assert_close(predicted(keras_model, matrix, offset, "float64"), right, tolerance=1e-10)
    model = to_onnx(mojo, dtype="float64", inputs="matrix", offset="always")
    (found,) = run(model, {"matrix": matrix, "offset": offset})
    assert_close(found[:, 0], right, tolerance=1e-10)


def test_a_model_with_an_offset_goes_back() -> None:
    mojo = golden("offset_gaussian").mojo()
    back = from_keras(to_keras(mojo, offset="server"), mojo)
    for made, own in zip(back.layers, mojo.layers, strict=True):
        np.testing.assert_array_equal(made.kernels[0], own.kernels[0])


@pytest.mark.parametrize("make", [to_keras, to_onnx])
def test_a_model_without_an_offset_has_none_to_add(make: Any) -> None:
    with pytest.raises(MojoUnsupportedError, match="trained without an offset column"):
        make(golden("gaussian").mojo(), offset="server")
