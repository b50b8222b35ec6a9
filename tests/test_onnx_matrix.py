"""ONNX models that read the row matrix: nothing in them that small runtimes do not know."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from keras_support import hand_made
from onnx import TensorProto, numpy_helper
from onnx_support import matrix_feed, run
from rows_support import run as run_program
from rules import Of, each_rule_first
from support import Golden, cases_of_each_kind, golden

from emit.onnx_model import to_onnx
from emit.onnx_model.parity import check_onnx
from emit.onnx_model.prediction import NO_POSITION
from mojo_reader import Scorer, convert
from mojo_reader.model import Classification, Reconstruction

each_kind = pytest.mark.parametrize("case", each_rule_first(cases_of_each_kind(), Of.MODEL))
#: Means of a billion deviations, and years: what float32 rounds before it is standardized.
FAR = ["one_number_year", "one_number_tiny_deviation", "autoencoder_far_means"]


def element_types(model: onnx.ModelProto) -> set[int]:
    described = (*model.graph.input, *model.graph.output)
    casts = [a.i for n in model.graph.node if n.op_type == "Cast" for a in n.attribute]
    constants = [tensor.data_type for tensor in model.graph.initializer]
    return {*constants, *casts, *(one.type.tensor_type.elem_type for one in described)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_kind
def test_it_holds_integers_and_one_type_of_numbers(case: Golden, dtype: str) -> None:
    mojo = case.mojo()
    model = to_onnx(
        mojo, dtype=dtype, inputs="matrix", per_feature=isinstance(mojo.output, Reconstruction)
    )
    onnx.checker.check_model(model, full_check=True)
    numbers = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}[dtype]
    assert element_types(model) <= {TensorProto.INT64, numbers}
    assert {entry.domain for entry in model.opset_import} == {""}
    assert {node.domain for node in model.graph.node} == {""}


@pytest.mark.parametrize("name", FAR)
def test_a_mean_of_many_deviations_is_taken_off_in_two_parts(name: str) -> None:
    case = golden(name)
    model = to_onnx(case.mojo(), inputs="matrix")
    assert check_onnx(model, case.mojo(), case.columns()).passed
    (rest,) = (t for t in model.graph.initializer if t.name == "norm_sub_rest")
    values = numpy_helper.to_array(rest)
    assert values.any()
    rest.CopyFrom(numpy_helper.from_array(np.zeros_like(values), rest.name))
    if name != "one_number_year":  # whose rest is within the tolerance
        assert not check_onnx(model, case.mojo(), case.columns()).passed


def test_a_label_is_its_position() -> None:
    case = golden("levels_odd_text")
    mojo = case.mojo()
    matrix = Scorer(mojo).encode(case.columns())
    model = to_onnx(mojo, inputs="matrix")
    assert [output.name for output in model.graph.output] == ["label_index", "probabilities"]
    positions, _ = run(model, matrix_feed(matrix, "float32"))
    assert isinstance(mojo.output, Classification)
    lost = np.abs(matrix).max(axis=1, where=~np.isnan(matrix), initial=0) > 1e30
    assert (positions[lost] == NO_POSITION).all()
    expected = np.array(case.expected().labels)[~lost]
    assert [mojo.output.labels[place] for place in positions[~lost]] == expected.tolist()


def test_the_threshold_is_reached_by_the_same_probabilities_in_float32() -> None:
    """What is no less than the threshold is no less than the float32 after it, and no more is."""
    for name in ("hashed", "momentum"):
        case = golden(name)
        mojo = case.mojo()
        assert isinstance(mojo.output, Classification)
        threshold = mojo.output.threshold
        assert threshold is not None
        model = to_onnx(mojo, inputs="matrix")
        (constant,) = (t for t in model.graph.initializer if t.name == "label:threshold")
        least = numpy_helper.to_array(constant)
        assert least.dtype == np.float32
        assert float(least) >= threshold > float(np.nextafter(least, np.float32(0)))


@pytest.mark.parametrize("damaged", ["label:threshold", "norm_mul", "codes:levels"])
def test_the_proof_catches_a_damaged_model(damaged: str) -> None:
    mojo = golden("bernoulli").mojo()
    model = to_onnx(mojo, inputs="matrix")
    assert check_onnx(model, mojo).passed
    (tensor,) = (t for t in model.graph.initializer if t.name == damaged)
    values = numpy_helper.to_array(tensor) * np.float32(0.9)
    tensor.CopyFrom(numpy_helper.from_array(values, damaged))
    assert not check_onnx(model, mojo).passed


# --------------------------------------------------------------------------- convert


def test_convert_writes_the_columns_beside_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = golden("levels_odd_text")
    words = ("convert", case.path, "--to", "onnx", "--input", "matrix")
    done = run_program(capfd, *words, "-o", tmp_path / "m.onnx", "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["columns"] == str(tmp_path / "m.columns.json")
    content = json.loads((tmp_path / "m.columns.json").read_text("utf-8"))
    assert content["dtype"] == "float32"
    assert set(content["versions"]) == {"h2o", "mojo", "mojo2keras", "onnx"}
    table = case.columns()
    np.testing.assert_array_equal(encoded(content, table), Scorer(case.mojo()).encode(table))
    done = run_program(capfd, *words, "-o", tmp_path / "m.onnx")
    assert "A label is its position among the labels of columns.json" in " ".join(done.out.split())


def encoded(content: Any, table: Any) -> Any:
    """Return the row matrix as a program makes it that has ``columns.json`` alone."""
    rows = []
    for row in zip(*(table[column["name"]] for column in content["columns"]), strict=True):
        features: list[float] = []
        for column, cell in zip(content["columns"], row, strict=True):
            text = "" if cell is None else cell
            unseen = column.get("unseen") or [float(text) if text not in column["values"] else 0]
            found = column["missing"] if cell is None else column["values"].get(text, unseen)
            features += [np.nan if number is None else number for number in found]
        rows.append(features)
    return np.array(rows)


def test_in_python(tmp_path: Path) -> None:
    made = convert(golden("gaussian").path, tmp_path / "m.onnx", to="onnx", inputs="matrix")
    assert made.columns == tmp_path / "m.columns.json"
    assert made.path.is_file()
    with pytest.raises(ValueError, match="input is for onnx, not for keras"):
        convert(golden("gaussian").path, tmp_path / "m.keras", inputs="matrix")
    assert not (tmp_path / "m.keras").exists()


def test_other_targets_have_no_inputs_to_choose(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = golden("gaussian").path
    done = run_program(capfd, "convert", path, "-o", tmp_path / "m.keras", "--input", "matrix")
    assert done.code == 2
    assert "input is for onnx, not for keras" in " ".join(done.err.split())


def test_a_raw_column_may_be_called_matrix() -> None:
    """Of one column: a model of texts reads it, one of codes the matrix."""
    mojo = hand_made(levels=(3,), nums=0, classes=2)
    (column,) = mojo.inputs
    named = dataclasses.replace(mojo, inputs=(dataclasses.replace(column, name="matrix"),))
    for inputs in ("columns", "matrix"):
        assert check_onnx(to_onnx(named, inputs=inputs), named).passed
