"""The command ``fit``: what it writes, says and refuses."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from java_support import expected_of, score_in_java
from rows_support import Run, run
from rules import first
from support import assert_close, golden, pip_install, rewritten
from training_support import training_columns, training_frame

from mojo_reader import Scorer, read_mojo
from mojo_reader.comparing.sameness import same_model


def prepared(folder: Path, name: str = "iris_tanh") -> tuple[Path, Path]:
    """Copy a golden MOJO into the folder, and write rows with their response."""
    model, rows = folder / "model.zip", folder / "rows.csv"
    rewritten(golden(name).path, model, {})
    training_frame(name).write_for_server(rows)
    return model, rows


def fitted(capfd: pytest.CaptureFixture[str], folder: Path, *words: object) -> Run:
    model, rows = prepared(folder)
    options = ("--batch-size", 8, "--epochs", 6)
    return run(capfd, "fit", model, rows, "-o", folder / "retrained.zip", *options, *words)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_writes_a_better_mojo_and_says_so(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = golden("iris_tanh").mojo()
    done = fitted(capfd, tmp_path)
    assert done.code == 0, done.err
    retrained = read_mojo(tmp_path / "retrained.zip")
    assert retrained.info.origin is not None
    assert (retrained.layers[0].kernels[0] != before.layers[0].kernels[0]).any()
    assert same_model(read_mojo(tmp_path / "model.zip"), before)
    assert files(tmp_path) == {"model.zip", "rows.csv", "retrained.zip"}
    shown = {line.split()[0]: line.split()[1:] for line in done.out.splitlines() if line.strip()}
    assert shown["logloss"][-1] == "better"
    assert float(shown["logloss"][1]) < float(shown["logloss"][0])
    assert "On 30 rows held out" in done.out
    assert "has the weights of epoch 6, and predicts what the Keras model does." in done.out
    epochs = done.err.splitlines()
    assert epochs[0] == "epoch 0/6: held out 0.284185"
    assert epochs[6].startswith("epoch 6/6: loss ")
    assert epochs[6].endswith(" rows/s")


@pytest.mark.long
def test_the_keras_file_and_the_mojo_predict_the_same(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert fitted(capfd, tmp_path, "--keras", tmp_path / "retrained.keras").code == 0
    scorer = Scorer(read_mojo(tmp_path / "retrained.zip"))
    matrix = scorer.encode(training_columns("iris_tanh"))
    model = keras.saving.load_model(tmp_path / "retrained.keras")
    found = np.asarray(model(matrix.astype(np.float32)), np.float64)
    assert_close(found, scorer.score_matrix(matrix), tolerance=1e-5)
    columns = json.loads((tmp_path / "retrained.columns.json").read_text("utf-8"))
    assert [column["name"] for column in columns["columns"]] == list(scorer.mojo.features.names)
    digest = hashlib.sha256((tmp_path / "retrained.zip").read_bytes()).hexdigest()
    assert columns["mojo_sha256"] == digest


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".png", b"\x89PNG"), pytest.param(".svg", b"<?xml", marks=pytest.mark.long)],
)
@pytest.mark.long
def test_the_curves_are_a_picture(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, suffix: str, start: bytes
) -> None:
    picture = tmp_path / f"loss{suffix}"
    assert fitted(capfd, tmp_path, "--plot", picture, "--quiet").code == 0
    assert picture.read_bytes().startswith(start)


@pytest.mark.long
def test_json_has_every_epoch_and_nothing_else_is_said(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    done = fitted(capfd, tmp_path, "--json")
    found = json.loads(done.out)
    assert done.err == ""
    assert [epoch["epoch"] for epoch in found["epochs"]] == list(range(7))
    assert found["after"]["logloss"] < found["before"]["logloss"]
    assert found["model"] == str(tmp_path / "retrained.zip")
    assert found["uuid"] == read_mojo(tmp_path / "retrained.zip").info.uuid


@pytest.mark.long
def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    done = fitted(capfd, tmp_path, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.long
def test_the_same_seed_writes_the_same_weights(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model, rows = prepared(tmp_path, "gaussian")
    for name, seed in (("a.zip", 3), ("b.zip", 3), ("c.zip", 4)):
        words = ("--epochs", 2, "--seed", seed, "--batch-size", 8, "-q")
        assert run(capfd, "fit", model, rows, "-o", tmp_path / name, *words).code == 0
    a, b, c = (read_mojo(tmp_path / f"{name}.zip") for name in "abc")
    assert same_model(a, b)
    assert not same_model(a, c)


@pytest.mark.long
def test_parquet_and_a_response_of_another_name(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model, _ = prepared(tmp_path, "binomial_tanh")
    columns: dict[str, Any] = training_columns("binomial_tanh")
    columns["bought"] = columns.pop("y")
    columns["times"] = [1 + row % 2 for row in range(300)]
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    done = run(
        capfd, "fit", model, tmp_path / "rows.parquet", "--response", "bought",
        "--weights", "times", "--class-weights", "yes=2", "--class-weights", "no=1",
        "--learning-rate", 0.01, "--epochs", 20, "--early-stopping", 5,
        "--threshold", "max-f1", "--freeze", 1,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "Note: weights multiply a row's deviance; H2O draws rows by them." in done.out
    before, after = read_mojo(model), read_mojo(tmp_path / "model.retrained.zip")
    np.testing.assert_array_equal(before.layers[0].kernels[0], after.layers[0].kernels[0])
    assert before.output.threshold != after.output.threshold  # type: ignore[union-attr]


@pytest.mark.long
def test_an_autoencoder_trains_on_its_input(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model, rows = prepared(tmp_path, "autoencoder_tanh")
    done = run(capfd, "fit", model, rows, "--epochs", 3, "--validation-split", 0)
    assert done.code == 0, done.err
    assert "On the 300 rows trained on" in done.out
    assert "reconstruction_MSE" in done.out


@pytest.mark.long
def test_rows_left_out_and_odd_columns_are_told(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model, rows = prepared(tmp_path)
    lines = rows.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace('"Iris-setosa"', "NA")
    text = "\n".join([lines[0] + ",extra", *(line + ",1" for line in lines[1:])])
    rows.write_text(text.replace("Petal.Width", "Petal.Breadth"), "utf-8")
    done = run(capfd, "fit", model, rows, "--epochs", 3, "--batch-size", 4)
    assert done.code == 0, done.err
    assert [line for line in done.out.splitlines() if line.startswith("Note")] == [
        "Note: 1 row left out: no response.",
        "Note: columns of the model that the rows lack, taken as missing: 'Petal.Width'.",
        "Note: columns that the model does not know, ignored: 'Petal.Breadth', 'extra'.",
    ]


# --------------------------------------------------------------------------- what is refused


def edited(folder: Path, old: str, new: str) -> Path:
    rows = folder / "rows.csv"
    text = rows.read_text("utf-8")
    assert old in text
    rows.write_text(text.replace(old, new, 1), "utf-8")
    return rows


REFUSED: list[tuple[str, tuple[str, str] | None, str, int, str]] = [
    ("iris_tanh", ('"Species"', '"Kind"'), "", 4,
     "ROWS: the rows lack the response column 'Species' (--response names another)"),
    ("iris_tanh", ('"Iris-setosa"', '"Iris-nova"'), "", 4,
     "row 1, column 'Species': expected one of the model's classes 'Iris-setosa', "
     "'Iris-versicolor', 'Iris-virginica', found 'Iris-nova'"),
    ("iris_tanh", None, "--weights w", 4, "ROWS: the rows lack the weights column 'w'"),
    ("iris_tanh", None, "--validation-split 0.001", 4,
     "a validation split of 0.001 leaves no row to hold out of 150"),
    ("iris_tanh", None, "--freeze 9", 3,
     "expected 0 to 2 layers to freeze, found 9: the output layer has to train"),
    ("iris_tanh", None, "--threshold max-f1", 3, "a Multinomial model has no threshold"),
    ("iris_tanh", None, "--learning-rate 5 --epochs 2", 1,
     "no epoch was better than the model before training (mean deviance 0.284185 before, "),
    ("gaussian", None, "--plot FOLDER/loss.gif", 6,
     "FOLDER/loss.gif: expected a picture's name that ends in .png, .svg, .pdf"),
    ("gaussian", None, "-o FOLDER/none/r.zip", 6,
     "FOLDER/none/r.zip: the folder FOLDER/none does not exist"),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, case: Any
) -> None:
    name, edit, options, code, wanted = case
    model, rows = prepared(tmp_path, name)
    if edit is not None:
        rows = edited(tmp_path, *edit)
    before = model.read_bytes()
    words = options.replace("FOLDER", str(tmp_path)).split()
    done = run(capfd, "fit", model, rows, *words)
    *said, last = done.err.splitlines()
    assert all(line.startswith("epoch ") for line in said)
    wanted = wanted.replace("ROWS", str(rows)).replace("FOLDER", str(tmp_path))
    assert last.startswith(f"mojo2keras: {wanted}")
    assert (done.code, done.out) == (code, "")
    assert files(tmp_path) == {"model.zip", "rows.csv"}
    assert model.read_bytes() == before


def test_rows_that_are_not_there_are_told_before_keras_is_loaded(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = prepared(tmp_path)
    monkeypatch.setattr("mojo_reader.emitters.require_fit", lambda: pytest.fail("Keras is loaded"))
    done = run(capfd, "fit", model, "absent.csv", "-o", tmp_path / "new.zip")
    assert (done.code, done.err) == (2, "mojo2keras: absent.csv: no such file or folder\n")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["-o", "MODEL"], "this is what the same run reads as MODEL, and an input is never"),
        (["--plot", "ROWS"], "this is what the same run reads as ROWS, and an input is never"),
        (
            ["--keras", "r.keras", "--plot", "r.keras"],
            "this is what the same run writes as",
        ),
        (["--keras", "k.h5"], "expected a name that ends in .keras"),
        (["--threshold", "best"], "expected keep or max-f1, found 'best'"),
        (
            ["--validation-split", "1"],
            "expected a validation_split from 0 to less than 1",
        ),
        (["--learning-rate", "-1"], "expected a learning_rate above 0, found -1.0"),
        (["--class-weights", "yes"], "expected LEVEL=WEIGHT or 'balanced', found 'yes'"),
        (["--class-weights", "yes=-1"], "expected LEVEL=WEIGHT or 'balanced', found 'yes=-1'"),
        (["--epochs", "0"], "Invalid value for '--epochs': "),
    ],
)
def test_misuse_is_told(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], wanted: str
) -> None:
    model, rows = prepared(tmp_path)
    named = {"MODEL": str(model), "ROWS": str(rows)}
    done = run(capfd, "fit", model, rows, *(named.get(word, word) for word in words))
    assert done.code == 2
    assert wanted in " ".join(done.err.replace("│", " ").split())
    assert files(tmp_path) == {"model.zip", "rows.csv"}


def test_an_old_output_stays_where_training_fails(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "retrained.zip").write_bytes(b"old")
    assert fitted(capfd, tmp_path, "--learning-rate", 50, "--epochs", 1).code == 1
    assert (tmp_path / "retrained.zip").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("package", "words", "wanted"),
    first(1, [
        ("keras", [],
         f"fit needs Keras and JAX; install them with: {pip_install('keras')}"),
        ("matplotlib", ["--plot", "loss.png"],
         f"--plot needs matplotlib; install it with: {pip_install('report')}"),
    ]),
)  # fmt: skip
def test_what_is_not_installed_is_named(
    tmp_path: Path, package: str, words: list[str], wanted: str
) -> None:
    model, rows = prepared(tmp_path)
    arguments = ["fit", str(model), str(rows), *words]
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        f"from mojo_reader.cli import main; main({arguments!r})"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (5, f"mojo2keras: {wanted}\n")
    assert files(tmp_path) == {"model.zip", "rows.csv"}


def test_help_has_examples(capfd: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(run(capfd, "fit", "--help").out.split())
    assert "mojo2keras fit model.zip rows.csv -o retrained.zip" in shown


@pytest.mark.long
def test_a_base_model_of_an_ensemble_becomes_a_mojo_of_its_own(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    case = golden("stacked_ensemble_deep_tanh")
    base = case.case["base_model"]
    training_frame("binomial_tanh").write_for_server(tmp_path / "rows.csv")
    words = ("--base-model", base, "-o", tmp_path / "r.zip", "--validation-split", 0)
    done = run(capfd, "fit", case.path, tmp_path / "rows.csv", *words)
    assert done.code == 0, done.err
    assert "model.ini" in zipfile.ZipFile(tmp_path / "r.zip").namelist()
    assert read_mojo(tmp_path / "r.zip").info.base_model is None


@pytest.mark.java
@pytest.mark.parametrize("name", ["binomial_tanh", "iris_tanh", "gamma", "huber"])
def test_java_scores_what_fit_wrote_as_we_and_keras_do(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    model, rows = prepared(tmp_path, name)
    words = ("-o", tmp_path / "r.zip", "--keras", tmp_path / "r.keras", "--batch-size", 8, "-q")
    assert run(capfd, "fit", model, rows, *words).code == 0
    mojo = read_mojo(tmp_path / "r.zip")
    training_frame(name).without("y", "Species").write_for_java(tmp_path / "java.csv")
    (scored,) = score_in_java([(tmp_path / "r.zip", tmp_path / "java.csv")], tmp_path)
    java = expected_of(scored.rows, mojo)
    matrix = Scorer(mojo).encode(training_columns(name))
    found = Scorer(mojo).score_matrix(matrix)
    assert_close(found, java.values, tolerance=1e-10)
    if java.labels is not None:
        np.testing.assert_array_equal(Scorer(mojo).label_indices(found, matrix), java.labels)
    keras_model = keras.saving.load_model(tmp_path / "r.keras")
    keras_found = np.asarray(keras_model(matrix.astype(np.float32)), np.float64)
    assert_close(keras_found, java.values, tolerance=1e-5)
