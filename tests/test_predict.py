"""``predict`` and ``encode``: every golden case through the program, and what can go wrong."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from rows_support import numbers_of, rows_file, run, table_of
from rules import each_rule_first
from support import Golden, assert_close, golden, read_csv, scored_cases

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError, MojoOutputError, MojoUnsupportedError
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.scoring.invalid import RowError

MIXED = golden("binomial_tanh")
CASES = pytest.mark.parametrize("case", each_rule_first(scored_cases()))


def _model_words(case: Golden) -> list[object]:
    base = case.case.get("base_model")
    return [case.path, *(["--base-model", base] if base else [])]


@CASES
def test_every_case_scores_to_what_h2o_said(
    case: Golden, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model, *options = _model_words(case)
    target = tmp_path / "scored.csv"
    done = run(capfd, "predict", model, rows_file(case, tmp_path), "-o", target, *options)
    assert done.code == 0, done.err
    header, rows = table_of(target.read_text("utf-8"))
    expected = case.expected()
    if expected.header is not None:
        assert header == expected.header
    if expected.labels is not None:
        assert [row[0] for row in rows] == expected.labels
    assert_close(
        numbers_of(rows, int(expected.labels is not None)), expected.values, tolerance=1e-10
    )


@pytest.mark.parametrize("name", ["iris_rectifier", "regression_exprectifier"])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_layer_is_what_the_server_calls_deep_features(
    name: str, layer: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = golden(name)
    rows = rows_file(case, tmp_path)
    done = run(capfd, "predict", case.path, rows, "--layer", layer, "-q")
    header, *expected = read_csv(case.folder / f"features_layer_{layer}.csv")
    found_header, found = table_of(done.out)
    assert found_header == header
    assert_close(numbers_of(found, 0), numbers_of(expected, 0), tolerance=1e-10)


def test_the_reconstruction_error_is_javas(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = golden("autoencoder_tanh")
    rows = rows_file(case, tmp_path)
    done = run(capfd, "predict", case.path, rows, "--reconstruction-error", "-q")
    header, found = table_of(done.out)
    assert header == ["Reconstruction.MSE"]
    expected = read_csv(case.folder / "anomaly.csv")[1:]
    assert_close(numbers_of(found, 0), numbers_of(expected, 0), tolerance=1e-10)


def test_formats_and_streams_give_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = rows_file(MIXED, tmp_path)
    plain = run(capfd, "predict", MIXED.path, rows, "-q").out
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(rows.read_bytes()))
    zipped = tmp_path / "scored.csv.zst"
    assert run(capfd, "predict", MIXED.path, tmp_path / "rows.csv.gz", "-o", zipped).code == 0
    with pa.input_stream(zipped, compression="zstd") as stream:
        assert stream.read().decode() == plain
    parquet = tmp_path / "scored.parquet"
    assert run(capfd, "predict", MIXED.path, rows, "-o", parquet).code == 0
    table = pq.read_table(parquet)
    header, found = table_of(plain)
    assert table.column_names == header
    assert table.column(0).to_pylist() == [row[0] for row in found]
    assert_close(np.column_stack([c.to_numpy() for c in table.columns[1:]]), numbers_of(found, 1))


def test_parquet_rows_score_as_their_csv(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = rows_file(golden("iris_tanh"), tmp_path)
    pq.write_table(pa_csv.read_csv(rows), tmp_path / "rows.parquet")
    model = golden("iris_tanh").path
    expected = run(capfd, "predict", model, rows, "-q").out
    assert run(capfd, "predict", model, tmp_path / "rows.parquet", "-q").out == expected


def test_standard_input_to_standard_output() -> None:
    case = golden("iris_tanh")
    command = [sys.executable, "-m", "mojo_reader", "predict", str(case.path), "-"]
    done = subprocess.run(
        command, input=(case.folder / "input.csv").read_bytes(), capture_output=True, check=True
    )
    assert (
        done.stdout.decode().splitlines()[0] == "predict,Iris-setosa,Iris-versicolor,Iris-virginica"
    )


def test_predict_loads_no_framework_and_no_pandas(tmp_path: Path) -> None:
    code = (
        "import sys; from mojo_reader.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('keras', 'jax', 'pandas', 'rich', 'emit') if n in sys.modules])"
    )
    rows = rows_file(MIXED, tmp_path)
    words = ["predict", str(MIXED.path), str(rows), "-o", str(tmp_path / "o.csv"), "-q"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.long
def test_many_files_keep_their_order_and_workers_change_nothing(tmp_path: Path) -> None:
    rows = rows_file(MIXED, tmp_path).read_text("utf-8")
    header, _, body = rows.partition("\n")
    for part in range(3):
        (tmp_path / f"part-{part}.csv").write_text(header + "\n" + body * 300, "utf-8")
    mojo = MIXED.mojo()
    outputs = []
    for workers in (1, 4):
        target = tmp_path / f"scored{workers}.csv"
        done = score_file(mojo, str(tmp_path / "part-*.csv"), target, ScoreOptions(workers=workers))
        outputs.append(target.read_bytes())
    assert outputs[0] == outputs[1]
    assert done.rows == 900 * len(body.splitlines())
    scored = table_of(outputs[0].decode())[1]
    once = scored[: len(scored) // 900] * 900
    assert [row[0] for row in scored] == [row[0] for row in once]
    # A matrix product may add up in another order at the end of a batch.
    numbers = np.array([row[1:] for row in scored], np.float64)
    assert_close(numbers, np.array([row[1:] for row in once], np.float64), tolerance=1e-12)


def test_columns_are_carried_through_as_they_are(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text('id,age,color,note\n007,4e1,red,"a, ""b"""\n008,NA,NA,NA\n', "utf-8")
    target = tmp_path / "scored.csv"
    options = ScoreOptions(keep=("id", "note", "age", "color"), only="label")
    score_file(MIXED.mojo(), source, target, options)
    header, rows = table_of(target.read_text("utf-8"))
    assert header == ["id", "note", "age", "color", "predict"]
    assert [row[:4] for row in rows] == [["007", 'a, "b"', "4e1", "red"], ["008", "NA", "NA", "NA"]]


def test_choices_of_columns_and_threshold(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = rows_file(MIXED, tmp_path)
    model = MIXED.path
    header, found = table_of(run(capfd, "predict", model, rows, "-q").out)
    only = table_of(run(capfd, "predict", model, rows, "-q", "--proba-only").out)
    assert only == (header[1:], [row[1:] for row in found])
    only = table_of(run(capfd, "predict", model, rows, "-q", "--label-only").out)
    assert only == (header[:1], [row[:1] for row in found])
    high = table_of(run(capfd, "predict", model, rows, "-q", "--threshold", "0.9").out)[1]
    assert [row[0] for row in high] == [header[2 if float(row[2]) >= 0.9 else 1] for row in found]


def test_a_bad_cell_names_its_place_and_leaves_no_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("color,age\n" + "red,1\n" * 300_000 + "red,1_5\n", "utf-8")
    target = tmp_path / "scored.csv"
    target.write_text("before")
    done = run(capfd, "predict", MIXED.path, source, "-o", target)
    assert done.code == 4
    assert done.err == (
        f"mojo2keras: {source}: row 300,001, column 'age': expected a number (or a time such as "
        "2020-01-31 23:59:59), found '1_5'\n"
    )
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "scored.csv"]


def test_what_was_odd_is_said_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("color,age,extra\nred,x,1\nmauve,1,1\n red,1,1\nmauve,inf,1\n", "utf-8")
    done = run(capfd, "predict", MIXED.path, source, "--on-invalid", "missing")
    assert done.code == 0
    assert "taken as missing: 'city', 'shape', 'size', 'income', 'ratio'" in done.err
    assert "columns that the model does not know, ignored: 'extra'" in done.err
    assert (
        "levels that the model does not know, taken as missing: 2, the first is 'mauve'" in done.err
    )
    assert "levels with blanks around them, which were dropped: 1, the first is ' red'" in done.err
    assert "cells without a meaning there, taken as missing: 2, the first is 'x'" in done.err
    words = ["--on-unseen", "error", "--on-invalid", "missing"]
    strict = run(capfd, "predict", MIXED.path, source, *words)
    assert strict.code == 4
    assert (
        "row 2, column 'color': expected one of the model's 5 levels, found 'mauve'" in strict.err
    )


def test_parquet_of_another_kind_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table = pa.table({"color": [1, 2], "age": ["1", "0x1p1"]})
    pq.write_table(table, tmp_path / "rows.parquet")
    done = run(capfd, "predict", MIXED.path, tmp_path / "rows.parquet")
    assert "column 'color' holds int64, where the model has levels (text)" in done.err
    assert "column 'age' holds text, where the model has numbers" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["missing.csv"], 2, "missing.csv: no such file or folder"),
        (["--layer", "7", "ROWS"], 2, "expected a hidden layer from 0 to 1, found 7"),
        (["--reconstruction-error", "ROWS"], 3, "a Binomial model has no reconstruction error"),
        (["--keep", "nothing", "ROWS"], 4, "the column to keep 'nothing' is not among"),
        (["--separator", ";", "ROWS"], 4, "the rows have none of the model's columns"),
        (["--dtype", "float16", "ROWS"], 2, "expected float64 or float32, found 'float16'"),
        (["--proba-only", "--label-only", "ROWS"], 2, "choose one of"),
        (["--time-zone", "Mars/Base", "ROWS"], 2, "expected a time zone"),
        (["-o", "no/such/folder/o.csv", "ROWS"], 6, "the folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: list[str], code: int, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = str(rows_file(MIXED, tmp_path))
    done = run(capfd, "predict", MIXED.path, *(rows if word == "ROWS" else word for word in words))
    assert done.code == code
    assert said in " ".join(done.err.replace("│", " ").split())
    assert done.out == ""


def test_a_prediction_that_is_nan_stops_or_is_na(tmp_path: Path) -> None:
    mojo = golden("regression_rectifier").mojo()
    source = tmp_path / "rows.csv"
    source.write_text("age,size\n1,1\n-Infinity,1\n", "utf-8")
    target = tmp_path / "scored.csv"
    with pytest.raises(RowError, match="row 2: the prediction is NaN"):
        score_file(mojo, source, target)
    done = score_file(mojo, source, target, ScoreOptions(on_invalid="missing"))
    assert done.notices.nan == 1
    assert target.read_text().splitlines()[2] == "NA"


def test_batches_in_batches_out() -> None:
    mojo = MIXED.mojo()
    scorer = Scorer(mojo)
    table = pa.table({name: cells for name, cells in MIXED.columns().items() if name != "row id"})
    numbers = {column.name for column in mojo.inputs if not hasattr(column, "levels")}
    table = pa.table({
        name: pa.array([None if c is None else float(c) for c in table[name].to_pylist()])
        if name in numbers else table[name]
        for name in table.column_names
    })  # fmt: skip
    reader = scorer.score_batches(
        pa.RecordBatchReader.from_batches(table.schema, table.to_batches(7))
    )
    scored = reader.read_all()
    assert_close(
        np.column_stack([c.to_numpy() for c in scored.columns[1:]]),
        MIXED.expected().values,
        tolerance=1e-10,
    )
    assert scored.column(0).to_pylist() == MIXED.expected().labels
    with pytest.raises(MojoUnsupportedError, match="no reconstruction error"):
        scorer.score_batches(table, reconstruction_error=True)


def test_an_output_that_is_a_folder_or_a_doubled_name(tmp_path: Path) -> None:
    rows = rows_file(MIXED, tmp_path)
    with pytest.raises(MojoOutputError, match="this is a folder"):
        score_file(MIXED.mojo(), rows, tmp_path)
    source = tmp_path / "more.csv"
    source.write_text("predict,age\n1,2\n", "utf-8")
    with pytest.raises(MojoDataError, match="has the name of a column of predictions"):
        score_file(MIXED.mojo(), source, tmp_path / "o.csv", ScoreOptions(keep=("predict",)))


def test_encode_writes_the_row_matrix(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = rows_file(MIXED, tmp_path)
    expected = Scorer(MIXED.mojo()).encode(MIXED.columns())
    assert run(capfd, "encode", MIXED.path, rows, "-o", tmp_path / "m.npy", "-q").code == 0
    assert_close(np.load(tmp_path / "m.npy"), expected)
    assert run(capfd, "encode", MIXED.path, rows, "-o", tmp_path / "m.csv", "-q").code == 0
    header, found = table_of((tmp_path / "m.csv").read_text("utf-8"))
    assert header == list(MIXED.mojo().features.names)
    assert_close(numbers_of([[c or "NA" for c in row] for row in found], 0), expected)
    assert run(capfd, "encode", MIXED.path, rows, "-o", tmp_path / "m.txt").code == 2


def test_verify_takes_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = rows_file(MIXED, tmp_path)
    words = ["--expected", MIXED.folder / "expected.csv", "--json"]
    done = run(capfd, "verify", MIXED.path, rows, *words)
    assert done.code == 0
    assert json.loads(done.out)["passed"] is True
