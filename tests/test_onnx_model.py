"""ONNX models in onnxruntime and in ONNX's own evaluator, against H2O's own scores."""

import ast
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_support import (
    FLOAT64_TOLERANCE,
    assert_labels,
    feeds,
    label_positions,
    matrix_feed,
    numbers_of,
    run,
)
from rules import Of, each_rule_first
from support import (
    DRAWN_FOLDER,
    Golden,
    assert_close,
    golden,
    golden_cases,
    read_csv,
    scored_cases,
)

from emit.onnx_model import INPUTS, IR_VERSION, OPSET, network, prediction, to_onnx
from emit.onnx_model.parity import check_onnx
from mojo_reader import Scorer
from mojo_reader.comparing.comparison import Comparer
from mojo_reader.comparing.comparison import Expected as Scores
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.model import Activation, CategoricalInput, Classification, InverseLink

pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
each_scored_case = pytest.mark.parametrize("case", each_rule_first(scored_cases(), Of.MODEL))
EXAMPLE = Path(__file__).parent.parent / "docs/examples/predict_with_onnx.py"


@pytest.mark.parametrize("inputs", sorted(INPUTS))
@each_scored_case
def test_float64_equals_h2o(case: Golden, inputs: str) -> None:
    mojo, table = case.mojo(), case.columns()
    matrix = Scorer(mojo).encode(table)
    model = to_onnx(mojo, dtype="float64", inputs=inputs)
    onnx.checker.check_model(model, full_check=True)
    outputs = run(model, feeds(mojo, table) if inputs == "columns" else {"matrix": matrix})
    values = numbers_of(outputs, mojo)
    # NaN has to stand where H2O has none, and nowhere else.
    assert_close(values, case.expected().values, tolerance=FLOAT64_TOLERANCE)
    assert_labels(outputs, case, mojo, matrix)


@each_scored_case
def test_reference_evaluator_equals_h2o(case: Golden) -> None:
    mojo, table = case.mojo(), case.columns()
    evaluator = ReferenceEvaluator(to_onnx(mojo, dtype="float64"))
    with np.errstate(all="ignore"):
        outputs = list(evaluator.run(None, feeds(mojo, table)))
    expected = case.expected().values
    assert_close(numbers_of(outputs, mojo), expected, tolerance=FLOAT64_TOLERANCE)
    assert_labels(outputs, case, mojo, Scorer(mojo).encode(table))


@pytest.mark.parametrize("inputs", sorted(INPUTS))
@each_scored_case
def test_float32_keeps_the_contract(case: Golden, inputs: str) -> None:
    mojo, table = case.mojo(), case.columns()
    matrix = Scorer(mojo).encode(table)
    fed = feeds(mojo, table) if inputs == "columns" else matrix_feed(matrix, "float32")
    outputs = run(to_onnx(mojo, inputs=inputs), fed)
    values = numbers_of(outputs, mojo)
    comparer = Comparer(Scorer(mojo), "float32")
    expected = Scores(values=case.expected().values, labels=label_positions(case, mojo))
    comparer.add(matrix, values, expected=expected)
    found = comparer.result()
    assert found.passed, found
    # NaN where H2O has a number is allowed only where float32 cannot hold the row.
    lost = (np.isnan(values) & ~np.isnan(expected.values)).any(axis=1)
    assert lost.sum() <= found.beyond
    assert bool(found.beyond) == bool(found.beyond_columns)
    largest = np.finfo(np.float32).max
    assert (np.abs(matrix[lost]) > np.sqrt(largest)).any(axis=1).all()
    if expected.labels is not None:
        none = prediction.NO_LABEL if inputs == "columns" else prediction.NO_POSITION
        assert (outputs[0][lost] == none).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", golden_cases()[::6], ids=lambda case: case.name)
def test_made_rows_pass_the_proof(case: Golden, dtype: str) -> None:
    mojo = case.mojo()
    found = check_onnx(to_onnx(mojo, dtype=dtype), mojo)
    assert found.passed, found
    assert found.rows >= 10_000
    assert found.seed == 0


def anomaly_cases() -> list[Golden]:
    return [case for case in scored_cases() if (case.folder / "anomaly.csv").is_file()]


@pytest.mark.parametrize("case", anomaly_cases(), ids=lambda case: case.name)
def test_reconstruction_error_equals_java(case: Golden) -> None:
    rows = read_csv(case.folder / "anomaly.csv")[1:]
    expected = np.array([float(row[0]) if row[0] not in {"", "NA"} else np.nan for row in rows])
    mojo = case.mojo()
    outputs = run(to_onnx(mojo, dtype="float64"), feeds(mojo, case.columns()))
    assert outputs[1].shape == expected.shape
    assert_close(outputs[1], expected, tolerance=FLOAT64_TOLERANCE)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_that_training_blew_up_are_proved(dtype: str) -> None:
    """exp(x) - 1 as H2O rounds it; in float32, where Elu lost 2 % of a prediction."""
    mojo = Golden(DRAWN_FOLDER / "exprectifier_blown_up").mojo()
    found = check_onnx(to_onnx(mojo, dtype=dtype), mojo)
    assert found.passed, found.failure


def test_a_scale_of_dropout_is_no_scalar() -> None:
    """A runtime joins a scalar with the product after it, as an attribute in float32: 1e-8 off."""
    for name in ("binomial_maxout_dropout", "autoencoder_levels_tanh_dropout"):
        model = to_onnx(golden(name).mojo(), dtype="float64")
        scales = [t for t in model.graph.initializer if t.name.endswith(":dropout_scale")]
        assert scales
        assert all(len(tensor.dims) == 2 for tensor in scales)


# --------------------------------------------------------------------------- the proof can fail


def scaled(name: str, factor: float) -> Any:
    def edit(model: onnx.ModelProto) -> None:
        (tensor,) = (t for t in model.graph.initializer if t.name == name)
        values = numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(values * values.dtype.type(factor), name))

    return edit


def first_level_for_unseen(model: onnx.ModelProto) -> None:
    lookup = next(node for node in model.graph.node if node.op_type == "LabelEncoder")
    next(a for a in lookup.attribute if a.name == "default_int64").i = 0


def labels_swapped(model: onnx.ModelProto) -> None:
    (texts,) = (t for t in model.graph.initializer if t.name == "labels")
    texts.string_data[0], texts.string_data[1] = texts.string_data[1], texts.string_data[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("iris_tanh", scaled("hidden_1:kernel", 1.001)),
        ("gaussian", scaled("norm_resp_mul", 1.001)),
        ("autoencoder_tanh", scaled("error:width", 1.01)),
        ("bernoulli", scaled("label:threshold", 1.05)),
        ("bernoulli", labels_swapped),
        ("bernoulli", first_level_for_unseen),
        ("encoding_binary", first_level_for_unseen),
    ],
)
def test_the_proof_catches_a_damaged_model(name: str, damage: Any, dtype: str) -> None:
    mojo = golden(name).mojo()
    model = to_onnx(mojo, dtype=dtype)
    assert check_onnx(model, mojo).passed
    damage(model)
    assert not check_onnx(model, mojo).passed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_error_is_computed_in_javas_order(dtype: str) -> None:
    """A mean of a billion deviations: standardizing both sides first is another number."""
    mojo = golden("autoencoder_large_mean").mojo()
    found = check_onnx(to_onnx(mojo, dtype=dtype), mojo)
    assert found.passed, found.failure


def test_the_output_that_is_off_is_named() -> None:
    mojo = golden("autoencoder_tanh").mojo()
    model = to_onnx(mojo)
    scaled("error:width", 1.01)(model)
    found = check_onnx(model, mojo)
    assert (found.off, found.passed) == (0, False)
    (output,) = found.outputs_off
    assert output.name == "reconstruction_error"
    assert output.largest > 1e-3
    assert found.failure == (
        f"'reconstruction_error' off on {output.rows} of 10000 rows by up to "
        f"{output.largest:.3g} (relative)"
    )
    scaled("reconstruction:norm_mul", 1.01)(model)
    both = check_onnx(model, mojo)
    assert "rows off by up to" in both.failure
    assert both.worst[0].column in both.failure
    assert "'reconstruction_error' off on" in both.failure


# --------------------------------------------------------------------------- cells


NAN = float("nan")
CELLS: list[tuple[str, Any, str]] = [
    ("a level is itself", "TEXT", "TEXT"),
    ("None is missing", None, ""),
    ("NaN is missing", NAN, ""),
    ("the empty text is missing", "", ""),
    ("NA is missing, unless it is a level", "NA", "NA"),
    ("N/A is missing, unless it is a level", "N/A", "N/A"),
    ("a dash is missing, unless it is a level", "-", "-"),
    ("blanks count", " TEXT", " TEXT"),
    ("an integer is its decimal text", 3, "3"),
    ("an integral float is its decimal text", 3.0, "3"),
    ("a boolean is no code", True, "true"),
    ("nan as text is unseen", "nan", "nan"),
]


@pytest.mark.parametrize(
    ("cell", "text"), [rest for _, *rest in CELLS], ids=[rule for rule, *_ in CELLS]
)
@pytest.mark.parametrize(
    "name", ["bernoulli", "encoding_binary", "encoding_eigen", "levels_missing_marks", "hashed"]
)
def test_cells_mean_what_they_mean_to_the_scorer(name: str, cell: Any, text: str) -> None:
    mojo = golden(name).mojo()
    categorical = [c for c in mojo.inputs if isinstance(c, CategoricalInput)]
    swap = {"TEXT": categorical[0].levels[0], " TEXT": f" {categorical[0].levels[0]}"}
    cell = swap.get(cell, cell) if isinstance(cell, str) else cell
    row = {c.name: [cell] if c in categorical else [1.0] for c in mojo.inputs}
    given = {
        c.name: np.array([[swap.get(text, text)]], object)
        if c in categorical
        else np.array([[1.0]])
        for c in mojo.inputs
    }
    right = Scorer(mojo).score_matrix(Scorer(mojo).encode(row))
    for fed in (given, feeds(mojo, row)):
        found = numbers_of(run(to_onnx(mojo, dtype="float64"), fed), mojo)
        assert_close(found, right, tolerance=FLOAT64_TOLERANCE)


def test_a_cell_that_is_no_level_is_refused() -> None:
    mojo = golden("bernoulli").mojo()
    row: dict[str, list[Any]] = {column.name: [None] for column in mojo.inputs}
    column = next(c.name for c in mojo.inputs if isinstance(c, CategoricalInput))
    with pytest.raises(MojoDataError, match=r"row 1, column .*: expected a level's text"):
        feeds(mojo, {**row, column: [b"x"]})


# --------------------------------------------------------------------------- the file


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["bernoulli", "gaussian", "autoencoder_tanh"])
def test_any_number_of_rows(name: str, dtype: str) -> None:
    case = golden(name)
    mojo = case.mojo()
    given = feeds(mojo, case.columns())
    model = to_onnx(mojo, dtype=dtype)
    everything = run(model, given)
    for rows in (0, 1, 7):
        part = run(model, {key: cells[:rows] for key, cells in given.items()})
        assert [values.shape[0] for values in part] == [rows] * len(part)
        assert_close(numbers_of(part, mojo), numbers_of(everything, mojo)[:rows], tolerance=1e-6)


def test_outputs_are_those_that_skl2onnx_users_know() -> None:
    names = {
        "iris_tanh": ["label", "probabilities"],
        "gaussian": ["predict"],
        "autoencoder_tanh": ["reconstruction", "reconstruction_error"],
    }
    for name, expected in names.items():
        graph = to_onnx(golden(name).mojo()).graph
        assert [output.name for output in graph.output] == expected
    bare = to_onnx(golden("iris_tanh").mojo(), labels=False).graph
    assert [output.name for output in bare.output] == ["probabilities"]


def test_a_label_of_nan_is_empty() -> None:
    mojo = golden("bernoulli").mojo()
    row = {c.name: [None] if isinstance(c, CategoricalInput) else [1e300] for c in mojo.inputs}
    label, probabilities = run(to_onnx(mojo), feeds(mojo, row))
    assert np.isnan(probabilities).all()
    assert label.tolist() == [""]


def test_the_file_says_where_it_comes_from() -> None:
    mojo = golden("bernoulli").mojo()
    model = to_onnx(mojo)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert isinstance(mojo.output, Classification)
    assert facts["uuid"] == mojo.info.uuid
    assert facts["h2o_version"] == mojo.info.h2o_version
    assert json.loads(facts["columns"]) == [column.name for column in mojo.inputs]
    assert json.loads(facts["labels"]) == list(mojo.output.labels)
    assert float(facts["threshold"]) == mojo.output.threshold
    assert model.producer_name == "mojo2keras"
    assert model.ir_version == IR_VERSION
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == OPSET


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float16"}, "dtype must be float32 or float64, not float16"),
        ({"inputs": "rows"}, "inputs must be columns or matrix, not rows"),
    ],
)
def test_unknown_choices_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(MojoUnsupportedError, match=message):
        to_onnx(golden("iris_tanh").mojo(), **options)


def test_every_closed_set_is_served() -> None:
    assert set(network.ACTIVATIONS) == set(Activation)
    assert set(prediction.INVERSE_LINKS) == set(InverseLink)


@pytest.mark.parametrize("name", ["bernoulli", "multinomial", "gaussian"])
def test_the_example_gives_h2o_numbers(name: str, tmp_path: Path) -> None:
    case = golden(name)
    mojo, table = case.mojo(), case.columns()
    onnx.save(to_onnx(mojo, dtype="float64"), tmp_path / "model.onnx")
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        sink = csv.writer(file)
        sink.writerow(table)
        sink.writerows(
            ["" if x is None else x for x in row] for row in zip(*table.values(), strict=True)
        )
    script = EXAMPLE.read_text("utf-8")
    assert len([line for line in script.splitlines()[1:] if line]) <= 10
    # The script has to do without this package.
    code = f"import sys; sys.modules.update(mojo_reader=None, emit=None); exec({script!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    printed = ast.literal_eval(done.stdout)
    expected = case.expected()
    assert_close(np.array(printed[-1]), expected.values, tolerance=FLOAT64_TOLERANCE)
    if expected.labels is not None:
        assert_labels([np.array(printed[0], object)], case, mojo, Scorer(mojo).encode(table))
