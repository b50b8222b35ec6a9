"""An autoencoder's error: by row and by column, as the Java scorer and as H2O's server."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from onnx_support import feeds, matrix_feed
from onnx_support import run as run_onnx
from rows_support import run as run_program
from support import Golden, assert_close, golden, golden_cases, read_csv

from emit.onnx_model import to_onnx
from emit.onnx_model.parity import check_onnx
from mojo_reader import Scorer
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.scoring.choices import Choice

CASES = [case for case in golden_cases() if (case.folder / "per_feature_server.csv").exists()]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
TOLERANCE = 1e-10


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    return partial(run_program, capfd)


def table_of(path: Path) -> tuple[list[str], Any]:
    header, *rows = read_csv(path)
    return header, np.array([[float(cell) if cell != "NA" else np.nan for cell in r] for r in rows])


def by_column(case: Golden) -> tuple[list[str], Any]:
    return table_of(case.folder / "per_feature_server.csv")


@each_case
def test_the_server_s_errors_by_column(case: Golden) -> None:
    names, expected = by_column(case)
    scorer = Scorer(case.mojo())
    found = scorer.anomaly(case.columns(), per_feature=True)
    assert_close(found, expected, tolerance=TOLERANCE)
    assert Choice(per_feature=True).columns(case.mojo()) == tuple(names)
    mean = scorer.anomaly(case.columns(), missing="server")
    assert_close(found.sum(axis=1) / found.shape[1], mean, tolerance=TOLERANCE)


@each_case
def test_a_missing_number_has_no_error_of_its_own_as_in_java(case: Golden) -> None:
    _, expected = by_column(case)
    scorer = Scorer(case.mojo())
    found = scorer.anomaly(case.columns(), per_feature=True, missing="java")
    holes = np.isnan(found)
    start = case.mojo().features.one_hot_width
    assert not holes[:, :start].any()
    # Java de-standardizes before it subtracts, which costs digits where means are far from 0.
    far = case.name == "autoencoder_far_means"
    assert_close(found[~holes], expected[~holes], tolerance=1e-6 if far else TOLERANCE)
    java = table_of(case.folder / "anomaly.csv")[1][:, 0]
    assert_close(found.sum(axis=1) / found.shape[1], java, tolerance=TOLERANCE)


@each_case
def test_batches_and_files(case: Golden, tmp_path: Path) -> None:
    names, expected = by_column(case)
    batches = Scorer(case.mojo()).score_batches(
        pa.table(case.columns()).to_reader(max_chunksize=7), per_feature=True
    )
    read = batches.read_all()
    assert read.column_names == names
    found = np.array([column.to_numpy() for column in read.columns]).T
    assert_close(found, expected, tolerance=TOLERANCE)
    score_file(
        case.mojo(), case.folder / "input.csv", tmp_path / "o.csv", ScoreOptions(per_feature=True)
    )
    assert table_of(tmp_path / "o.csv")[0] == names
    assert_close(table_of(tmp_path / "o.csv")[1], expected, tolerance=TOLERANCE)


@each_case
def test_the_program(case: Golden, run: Any, tmp_path: Path) -> None:
    names, expected = by_column(case)
    rows, out = case.folder / "input.csv", tmp_path / "out.csv"
    assert run("predict", case.path, rows, "--per-feature", "-o", out).code == 0
    assert table_of(out)[0] == names
    assert_close(table_of(out)[1], expected, tolerance=TOLERANCE)
    file = case.folder / "per_feature_server.csv"
    assert run("verify", case.path, rows, "--expected", file).code == 0
    server = case.folder / "anomaly_server.csv"
    options = ("--reconstruction-error", "--missing", "server", "-o", out)
    assert run("predict", case.path, rows, *options).code == 0
    assert_close(table_of(out)[1], table_of(server)[1], tolerance=TOLERANCE)
    assert run("verify", case.path, rows, "--expected", server, "--missing", "server").code == 0
    result = run("verify", case.path, rows, "--expected", server, "-q")
    assert result.code == 1
    assert " of them lack a number and so have no error, as in H2O's Java scorer; " in result.err
    assert "--missing server counts it as the mean" in result.err


@each_case
@pytest.mark.parametrize("inputs", ["columns", "matrix"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", TOLERANCE)])
def test_onnx(case: Golden, inputs: str, dtype: str, tolerance: float) -> None:
    mojo, (names, expected) = case.mojo(), by_column(case)
    model = to_onnx(mojo, dtype=dtype, inputs=inputs, per_feature=True)
    given = feeds(mojo, case.columns())
    if inputs == "matrix":
        given = matrix_feed(Scorer(mojo).encode(case.columns()), dtype)
    plain = run_onnx(to_onnx(mojo, dtype=dtype, inputs=inputs), given)
    reconstruction, errors, error = run_onnx(model, given)
    assert errors.shape == (len(expected), len(names))
    # A matrix of float32 rounds what stands a billion deviations from 0; the proof knows how far.
    if (inputs, dtype) != ("matrix", "float32") or case.name != "autoencoder_far_means":
        assert_close(errors.astype(np.float64), expected, tolerance=tolerance)
    assert np.array_equal(plain[0], reconstruction)
    assert np.array_equal(plain[1], error, equal_nan=True)
    found = check_onnx(model, mojo, case.columns())
    assert found.passed


def test_onnx_errors_by_column_are_proved() -> None:
    case = golden("autoencoder_per_feature")
    model = to_onnx(case.mojo(), dtype="float64", per_feature=True)
    (squares,) = (node for node in model.graph.node if "column_errors:squares" in node.output)
    squares.op_type = "Add"
    assert not check_onnx(model, case.mojo(), case.columns()).passed


def test_the_server_counts_a_missing_number_as_the_mean() -> None:
    case = golden("autoencoder_small")
    _, expected = by_column(case)
    found = Scorer(case.mojo()).anomaly(case.columns(), per_feature=True)
    assert_close(found, expected, tolerance=1e-14)


@pytest.mark.parametrize("choice", [{"per_feature": True}, {"missing": "server"}])
def test_other_models_have_no_error(choice: dict[str, Any], run: Any) -> None:
    case = golden("iris_tanh")
    message = "a Multinomial model has no reconstruction error"
    with pytest.raises(MojoUnsupportedError, match=message):
        Choice(**choice).check(case.mojo())
    with pytest.raises(MojoUnsupportedError, match=message):
        to_onnx(case.mojo(), per_feature=True)
    rows = case.folder / "input.csv"
    result = run("verify", case.path, rows, "--expected", case.folder / "expected.csv",
                 "--missing", "server")  # fmt: skip
    assert result.code == 3
    assert message in result.err


def test_another_rule_is_refused(run: Any) -> None:
    case = golden("autoencoder_tanh")
    with pytest.raises(ValueError, match="expected missing='java' or 'server', found 'mean'"):
        Scorer(case.mojo()).anomaly(case.columns(), missing="mean")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected missing='java' or 'server', found 'mean'"):
        Choice(missing="mean").check(case.mojo())  # type: ignore[arg-type]
    result = run("predict", case.path, case.folder / "input.csv", "--missing", "server")
    assert result.code == 2
    assert "needs --reconstruction-error or --per-feature" in result.err
