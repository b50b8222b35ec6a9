"""The program: what it prints, what it writes, and how it fails."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import FOREIGN_FOLDER, golden, ini_key, pip_install, rewritten

from mojo_reader.cli import main
from mojo_reader.comparing.comparison import Tolerance
from mojo_reader.errors import sentence

IRIS = golden("iris_tanh")


@dataclass
class Result:
    """What a run of the program printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_program(*words: object) -> Result:
        with pytest.raises(SystemExit) as caught:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return Result(int(caught.value.code or 0), captured.out, captured.err)

    return run_program


# --------------------------------------------------------------------------- convert


def test_a_bare_path_converts(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "churn.zip"
    model.write_bytes(IRIS.path.read_bytes())
    result = run(model)
    assert result.code == 0, result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "churn.columns.json",
        "churn.keras",
        "churn.zip",
    ]
    assert "10,000" in result.out
    assert f"{tmp_path / 'churn.keras'} equals the float64 scorer (float32, on JAX)." in result.out
    columns = json.loads((tmp_path / "churn.columns.json").read_text("utf-8"))
    assert columns["labels"] == list(IRIS.mojo().output.labels)


def test_convert_reports_for_machines(run: Run, tmp_path: Path) -> None:
    result = run("convert", IRIS.path, "-o", tmp_path / "m.keras", "--json", "--seed", "7")
    report = json.loads(result.out)
    proof = report["proofs"]["made rows"]
    assert proof["passed"] is True
    assert proof["rows"] == 10_000
    assert proof["seed"] == 7
    assert report["model"] == str(tmp_path / "m.keras")


def test_quiet_prints_nothing(run: Run, tmp_path: Path) -> None:
    result = run("convert", IRIS.path, "-o", tmp_path / "m.keras", "--quiet")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_convert_proves_on_given_rows_and_h2os_scores(run: Run, tmp_path: Path) -> None:
    words = ("convert", IRIS.path, "-o", tmp_path / "m.keras", "--check", IRIS.folder / "input.csv")
    result = run(*words, "--expected", IRIS.folder / "expected.csv")
    assert result.code == 0, result.err
    assert "It equals H2O's own scores in" in result.out
    other = golden("iris_rectifier").folder / "expected.csv"
    failed = run(*words, "--expected", other)
    assert failed.code == 1
    assert "nothing was written" in failed.err


def test_a_failed_proof_leaves_no_model(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mojo_reader.comparing.comparison.TOLERANCES", _no_tolerance())
    target = tmp_path / "m.keras"
    target.write_bytes(b"old")
    result = run("convert", IRIS.path, "-o", target)
    assert result.code == 1
    assert "the float32 model does not equal the float64 scorer on made rows" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["m.keras"]
    assert target.read_bytes() == b"old"
    assert run("convert", IRIS.path, "-o", target, "--keep-failed").code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.failed.keras", "m.keras"]


def _no_tolerance() -> dict[str, object]:
    return dict.fromkeys(("float32", "float64"), Tolerance(value=0.0, label=0.0))


@pytest.mark.long
def test_a_base_model_names_the_output(run: Run, tmp_path: Path) -> None:
    case = golden("stacked_ensemble_deep_tanh")
    model = tmp_path / "stack.zip"
    model.write_bytes(case.path.read_bytes())
    chosen = case.case["base_model"]
    assert run(model, "--base-model", chosen).code == 0
    assert (tmp_path / f"stack.{chosen}.keras").exists()
    assert run(model).code == 3


def test_a_model_from_standard_input(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mojo_reader", "convert", "-"]
    content = IRIS.path.read_bytes()
    refused = subprocess.run(command, input=content, capture_output=True, check=False)
    assert refused.returncode == 2
    assert b"a model from standard input needs -o" in refused.stderr
    command += ["--to", "onnx", "-o", str(tmp_path / "m.onnx")]
    done = subprocess.run(command, input=content, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""


def test_encoded_models_of_mojo_100_are_converted_on_request(run: Run, tmp_path: Path) -> None:
    case = golden("v3_28_encoding_binary")
    result = run("convert", case.path, "-o", tmp_path / "m.keras")
    assert result.code == 3
    assert "lacks the original levels; --encoded-columns converts it" in result.err
    assert run("convert", case.path, "-o", tmp_path / "m.keras", "--encoded-columns").code == 0


def test_an_offset_column_is_said(run: Run, tmp_path: Path) -> None:
    for command in (("inspect",), ("convert", "-o", tmp_path / "m.keras")):
        result = run(command[0], golden("offset").path, *command[1:])
        assert "is ignored, as H2O's Java scorer ignores it" in result.out


# --------------------------------------------------------------------------- inspect


def test_inspect_says_what_is_in_a_mojo(run: Run) -> None:
    result = run("inspect", IRIS.path)
    assert result.code == 0
    for part in ("Multinomial", "3.46.0.7", "Petal.Width", "hidden 2", "Iris-virginica", "epochs"):
        assert part in result.out


def test_inspect_for_machines(run: Run) -> None:
    summary = json.loads(run("inspect", IRIS.path, "--json").out)
    assert summary["network"]["layers"][0] == {"units": 10, "activation": "Tanh", "dropout": 0.0}
    assert [column["name"] for column in summary["columns"]] == list(IRIS.mojo().features.names)
    assert summary["training"]["seed"] == 1234


# --------------------------------------------------------------------------- failures


def test_failures_are_one_sentence_and_a_code(run: Run, tmp_path: Path) -> None:
    broken = rewritten(IRIS.path, tmp_path / "broken.zip", ini_key("activation", "Sigmoid"))
    text = tmp_path / "rows.csv"
    text.write_text("a,b\n1,2\n", "utf-8")
    for path, code, part in [
        (tmp_path / "nowhere.zip", 2, "nowhere.zip: no such file or folder"),
        (broken, 3, "the activation 'Sigmoid' is not known"),
        (text, 3, "expected a MOJO zip, found text"),
        (FOREIGN_FOLDER / "gbm.zip", 3, "'Gradient Boosting Machine'"),
    ]:
        before = sorted(tmp_path.iterdir())
        result = run(path)
        assert result.code == code
        assert result.out == ""
        assert part in result.err
        assert result.err.startswith("mojo2keras: ")
        assert result.err.count("\n") == 1
        assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--dtype", "float16"), "'float16' is not one of 'float64', 'float32'"),
        (("-o", "m.h5"), "expected a name that ends in .keras"),
        (("--expected", "scores.csv"), "needs --check ROWS"),
        (("--unknown",), "No such option"),
    ],
)
def test_usage_errors_exit_with_2(run: Run, words: tuple[str, ...], part: str) -> None:
    result = run("convert", IRIS.path, *words)
    assert result.code == 2
    assert part in result.err


def test_an_absent_folder_for_the_output(run: Run, tmp_path: Path) -> None:
    result = run("convert", IRIS.path, "-o", tmp_path / "nowhere" / "m.keras")
    assert result.code == 6
    assert f"the folder {tmp_path / 'nowhere'} does not exist" in result.err


def test_a_missing_extra_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("raise ImportError('hidden')\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mojo_reader", str(IRIS.path), "-o", str(tmp_path / "m.keras")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 5
    assert done.stderr == (
        f"mojo2keras: convert needs Keras and JAX; install them with: {pip_install('keras')}\n"
    )


@pytest.mark.long
def test_another_package_called_emit_is_told(tmp_path: Path) -> None:
    (tmp_path / "emit.py").write_text("", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mojo_reader", str(IRIS.path), "-o", str(tmp_path / "m.keras")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
    )
    assert done.returncode == 5
    assert "'emit' was loaded from" in done.stderr


def test_system_errors_are_said_in_one_line() -> None:
    assert (
        sentence(PermissionError(13, "Permission denied", "x.keras"))
        == "x.keras: Permission denied"
    )
    assert sentence(OSError(28, "No space left on device", "o.csv")) == (
        "o.csv: No space left on device"
    )
    assert sentence(OSError(28, "No space left on device")) == (
        f"{tempfile.gettempdir()}, the folder for temporary files: No space left on device"
    )
    assert sentence(KeyboardInterrupt()) == "interrupted"
    assert sentence(MemoryError()) == "not enough memory"


def test_versions_and_help(run: Run) -> None:
    versions = run("--version").out
    assert "mojo2keras 0." in versions
    assert "reads MOJO 1.00 and 1.10" in versions
    assert "Exit codes" in run("--help").out
    assert "Example" in run("convert", "--help").out
