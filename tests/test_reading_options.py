"""One group of options says how rows are read, for every command that reads them."""

import csv
import inspect
import json
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import typer
from rows_support import rows_file, run
from support import golden, read_csv

from mojo_reader.cli.app import program
from mojo_reader.cli.reading import ReadingOptions, grouped
from mojo_reader.files.rules import Reading

MIXED = golden("binomial_tanh")
REGRESSION = golden("regression_tanh")
READING = {"--separator", "--format", "--time-zone", "--on-invalid", "--decimal"}


def options_of(name: str) -> set[str]:
    command = typer.main.get_command(program()).commands[name]  # type: ignore[attr-defined]
    assert inspect.signature(command.callback)
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize(
    "name",
    ["predict", "explain", "partial-dependence", "encode", "verify", "report", "convert", "fit"],
)
def test_every_command_that_reads_rows_has_the_group(name: str) -> None:
    assert options_of(name) >= READING | {"--limit"}


@pytest.mark.parametrize("name", ["inspect", "diff"])
def test_others_have_none_of_it(name: str) -> None:
    assert not options_of(name) & READING


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--separator", "ab", "expected a separator of one character"),
        ("--decimal", "x", "expected the decimal mark . or ,"),
        ("--time-zone", "Europe/Atlantis", "expected a time zone such as Europe/Berlin"),
        ("--time-zone", "Europe", "expected a time zone such as Europe/Berlin"),
        ("--format", "xlsx", "expected csv or"),
        ("--on-invalid", "ignore", "expected error or missing"),
    ],
)
def test_a_value_without_a_meaning_is_usage(
    option: str, value: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    done = run(
        capfd, "encode", MIXED.path, MIXED.folder / "input.csv", "-o", "x.npy", option, value
    )
    assert done.code == 2
    assert said in " ".join(done.err.replace("│", "").split())


def test_the_group_replaces_one_parameter() -> None:
    made = []

    @grouped
    def command(first: int, *, reading: ReadingOptions, last: int = 0) -> None:
        """Keep what is given."""
        made.append((first, reading, last))

    group = [entry.name for entry in fields(Reading) if entry.name != "limits"]
    assert list(inspect.signature(command).parameters) == ["first", *group, "last"]
    command(1, decimal=",", separator="tab", last=2)  # type: ignore[call-arg]
    assert made == [(1, Reading(decimal=",", separator="\t"), 2)]


# --------------------------------------------------------------------------- a German export


def german(source: Path, target: Path, *, odd: str | None = None) -> Path:
    """Write CSV with semicolons and decimal commas; one cell of the first number another text."""
    header, *rows = read_csv(source)
    with target.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(header)
        for number, row in enumerate(rows):
            cells = [cell.replace(".", ",") if _is_number(cell) else cell for cell in row]
            if odd is not None and number == 0:
                cells[header.index("age")] = odd
            writer.writerow(cells)
    return target


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_predictions_and_encodings_of_a_german_export(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = rows_file(MIXED, tmp_path)
    expected = run(capfd, "predict", MIXED.path, rows, "-q").out
    export = german(rows, tmp_path / "export.csv")
    done = run(capfd, "predict", MIXED.path, export, "--decimal", ",")
    assert (done.code, done.out) == (0, expected)
    assert f"cells are separated by ';', as the column names of {export} show" in done.err
    refused = run(capfd, "predict", MIXED.path, export)
    assert refused.code == 4
    assert "expected a number with a decimal point (--decimal , takes a comma)" in refused.err
    for name, words in ((rows, []), (export, ["--decimal", ",", "--separator", ";"])):
        target = tmp_path / f"{name.stem}.npy"
        assert run(capfd, "encode", MIXED.path, name, "-o", target, *words).code == 0
    assert (tmp_path / "input.npy").read_bytes() == (tmp_path / "export.npy").read_bytes()


def test_verify_of_a_german_export(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    export = german(rows_file(MIXED, tmp_path), tmp_path / "export.csv", odd="bad")
    words = ["verify", MIXED.path, export, "--expected", MIXED.folder / "expected.csv", "--json"]
    done = run(capfd, *words, "--decimal", ",")
    assert (done.code, "row 1, column 'age'" in done.err) == (4, True)
    done = run(capfd, *words, "--decimal", ",", "--on-invalid", "missing")
    assert json.loads(done.out)["rows_off"] <= 1


def test_a_proof_on_a_german_export(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    export = german(rows_file(MIXED, tmp_path), tmp_path / "export.csv", odd="bad")
    target = tmp_path / "model.onnx"
    words = ["convert", MIXED.path, "--to", "onnx", "--check", export, "-o", target]
    refused = run(capfd, *words, "--decimal", ",")
    assert (refused.code, target.exists()) == (4, False)
    assert "column 'age': expected a number with a decimal comma" in refused.err
    done = run(capfd, *words, "--decimal", ",", "--on-invalid", "missing")
    assert (done.code, target.exists()) == (0, True), done.err
    assert "'age': cells without a meaning there, taken as missing: 1" in done.err


def test_a_proof_on_cells_of_parquet_without_a_meaning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = pa_csv.read_csv(rows_file(MIXED, tmp_path)).slice(0, 40)
    ages = ["odd", *table["age"].cast(pa.string()).to_pylist()[1:]]
    dates = pa.array([None, *[0] * 39], pa.date32())
    for column, cells in (("age", pa.array(ages)), ("city", dates)):
        table = table.set_column(table.schema.get_field_index(column), column, cells)
    pq.write_table(table, rows := tmp_path / "rows.parquet")
    target = tmp_path / "model.onnx"
    words = ["convert", MIXED.path, "--to", "onnx", "--check", rows, "-o", target]
    refused = run(capfd, *words)
    assert (refused.code, target.exists()) == (4, False)
    done = run(capfd, *words, "--on-invalid", "missing")
    assert (done.code, target.exists()) == (0, True), done.err
    assert "'age': cells without a meaning there, taken as missing: 1" in done.err
    assert "'city': cells without a meaning there, taken as missing: 39" in done.err


@pytest.mark.long
def test_a_report_on_a_german_export(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = rows_file(REGRESSION, tmp_path)
    header, *lines = read_csv(rows)
    response = REGRESSION.mojo().output.response
    with rows.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*header, response], *([*line, "1.5"] for line in lines)])
    export = german(rows, tmp_path / "export.csv")
    target = tmp_path / "report.html"
    words = ["report", REGRESSION.path, "--rows", export, "-o", target]
    assert run(capfd, *words).code == 4
    done = run(capfd, *words, "--decimal", ",")
    assert (done.code, target.exists()) == (0, True), done.err
    assert "mean_residual_deviance" in target.read_text("utf-8")


@pytest.mark.long
def test_training_on_a_german_export(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.csv"
    mojo = REGRESSION.mojo()
    header, *lines = read_csv(REGRESSION.folder / "input.csv", escapechar="\\")
    with rows.open("w", newline="", encoding="utf-8") as file:
        table = [[*line[: len(header)], f"{number}.5"] for number, line in enumerate(lines)]
        csv.writer(file).writerows([[*header, mojo.output.response], *table])
    export = german(rows, tmp_path / "export.csv")
    target = tmp_path / "retrained.zip"
    words = [
        "fit",
        REGRESSION.path,
        export,
        "-o",
        target,
        "--epochs",
        "1",
        "--on-invalid",
        "missing",
    ]
    refused = run(capfd, *words)
    assert refused.code == 4
    done = run(capfd, *words, "--decimal", ",")
    assert done.code in {0, 1}, done.err
