"""What a mistaken command line is told, in this project's words whatever Typer is installed."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from rows_support import run
from rules import first
from support import golden, read_csv

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.validation import plain_validation

MIXED = golden("binomial_tanh")
PREDICT = ("predict", MIXED.path, MIXED.folder / "input.csv")
VERIFY = (*("verify", MIXED.path, MIXED.folder / "input.csv"), "--expected")
SCORES = MIXED.folder / "expected.csv"


def told(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("words", [PREDICT, (*VERIFY, SCORES)], ids=["predict", "verify"])
@pytest.mark.parametrize("threshold", ["7", "-1", "nan", "inf", "1.0000001"])
def test_a_threshold_is_a_probability(
    words: tuple[object, ...], threshold: str, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(capfd, *words, "--threshold", threshold)
    assert done.code == 2
    assert done.out == ""
    found = f"{float(threshold):g}"
    assert f"expected a threshold from 0 to 1, which is a probability, found {found}" in told(
        done.err
    )


@pytest.mark.parametrize("threshold", [7.0, -1.0, float("nan")])
def test_a_threshold_in_python_is_one_too(threshold: float, tmp_path: Path) -> None:
    rows, target = MIXED.folder / "input.csv", tmp_path / "scored.csv"
    with pytest.raises(MojoUnsupportedError, match="which is a probability, found"):
        score_file(MIXED.mojo(), rows, target, ScoreOptions(threshold=threshold))
    assert not target.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--layer", "7"), "'--layer': expected a hidden layer from 0 to 1, found 7"),
        (("--layer", "-1"), "'--layer': expected a hidden layer from 0 to 1, found -1"),
        (("--threshold", "abc"), "'--threshold'"),
        (("--workers", "0"), "'--workers'"),
        (("--dtype", "float16"), "'--dtype': expected float64 or float32, found 'float16'"),
    ],
)
def test_usage_is_told_without_pydantic(
    words: tuple[str, ...], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(capfd, *PREDICT, *words)
    assert done.code == 2
    assert message in told(done.err)
    for foreign in ("Value error", "Input should be", "Field required", "╭"):
        assert foreign not in done.err


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({"type": "float_parsing", "input": "abc"}, "expected a number, found 'abc'"),
        ({"type": "int_from_float", "input": 1.5}, "expected an integer, found 1.5"),
        ({"type": "bool_type", "input": None}, "expected true or false, found None"),
        ({"type": "list_type", "input": "2"}, "expected a list, found '2'"),
        ({"type": "model_attributes_type", "input": []}, "expected an object, found []"),
        ({"type": "missing", "input": {}}, "expected a value, found none"),
        (
            {"type": "greater_than_equal", "input": "0", "ctx": {"ge": 1}},
            "expected 1 or more, found '0'",
        ),
        ({"type": "less_than", "input": 9, "ctx": {"lt": 0.5}}, "expected less than 0.5, found 9"),
        ({"type": "value_error", "input": 1, "ctx": {"error": ValueError("not so")}}, "not so"),
        ({"type": "url_scheme", "input": "x"}, "expected another value, found 'x'"),
        ({"type": "list_type", "input": "x" * 99}, f"expected a list, found '{'x' * 79}..."),
    ],
)
def test_each_kind_of_error_has_words_of_its_own(error: dict[str, object], sentence: str) -> None:
    assert plain_validation(error) == sentence


# --------------------------------------------------------------------------- commands and help


@pytest.mark.parametrize(
    ("word", "command"),
    [("predct", "predict"), ("verfy", "verify"), ("inspct", "inspect"), ("hlep", "help")],
)
def test_a_mistyped_command_suggests_the_nearest(
    word: str, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(capfd, word, "model.zip")
    assert done.code == 2
    assert done.err == (
        f"mojo2keras: there is no command and no file {word!r}; did you mean {command}?\n"
    )


def test_a_model_may_be_called_nearly_as_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("predct").write_bytes(b"no zip")
    done = run(capfd, "predct")
    assert done.code == 3
    assert "expected a MOJO zip, found text" in done.err


def test_what_is_no_command_is_a_model(capfd: pytest.CaptureFixture[str]) -> None:
    done = run(capfd, "absent.zip")
    assert (done.code, done.err) == (2, "mojo2keras: absent.zip: no such file or folder\n")


def test_help_is_a_command(capfd: pytest.CaptureFixture[str]) -> None:
    everything = run(capfd, "help")
    assert everything.code == 0
    assert everything.out == run(capfd, "--help").out
    assert run(capfd, "help", "verify").out == run(capfd, "verify", "--help").out


@pytest.mark.parametrize(
    "command", first(2, ["convert", "predict", "verify", "fit", "report", "inspect"])
)
def test_help_wraps_at_80_columns(command: str) -> None:
    words = [sys.executable, "-m", "mojo_reader", command, "--help"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, env={"COLUMNS": "80", "PATH": ""}
    )
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    # No option's words stand in a column so narrow that a sentence takes more than three lines.
    starts = [place for place, line in enumerate(lines) if line.lstrip().startswith("-")]
    assert max(b - a for a, b in pairwise(starts)) <= 4
    assert any(line.strip().startswith(("Example: mojo", "Examples: mojo")) for line in lines)


def test_an_options_choices_can_be_completed() -> None:
    import typer

    from mojo_reader.cli.app import program

    command = typer.main.get_command(program()).commands["predict"]  # type: ignore[attr-defined]
    (dtype,) = [parameter for parameter in command.params if parameter.name == "dtype"]
    context = typer.Context(command)
    found = [item.value for item in dtype.shell_complete(context, "float")]
    assert found == ["float64", "float32"]


# --------------------------------------------------------------------------- rows count from 1


def test_json_counts_rows_from_one_as_the_text_does(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    header, *rows = read_csv(SCORES)
    rows[4][0] = {"yes": "no", "no": "yes"}.get(rows[4][0], "no")
    rows[6][1] = "0.123"
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(map(",".join, [header, *rows])), "utf-8")
    done = run(capfd, *VERIFY, path, "--json", "-q")
    assert done.code == 1
    report = json.loads(done.out)
    assert report["worst"][0]["row"] == 7
    assert report["first_label_off"] == 5
    assert "first in row 5" in done.err
    assert " 7 " in run(capfd, *VERIFY, path).out
