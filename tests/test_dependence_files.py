"""``partial-dependence``: files of rows to tables, curves and pictures."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from rows_support import Run, run, table_of
from test_dependence import DEPENDENCE, asked_rows, asked_scorer, each_first_long

from mojo_reader import individual_expectations, partial_dependence
from mojo_reader.files import labelled

CASE = "binomial"
FIGURES = ["mean_response", "stddev_response", "std_error_mean_response"]


def depend(capfd: pytest.CaptureFixture[str], *words: object, case: str = CASE) -> Run:
    folder = DEPENDENCE / case
    return run(capfd, "partial-dependence", folder / "model.zip", folder / "rows.csv", *words)


def numbers(cells: Any) -> Any:
    return np.array([np.nan if cell in {"NA", ""} else float(cell) for cell in cells])


def test_a_table_holds_what_python_returns(capfd: pytest.CaptureFixture[str]) -> None:
    words = ("-c", "age", "-c", "size", "--missing", "--weights", "w", "--bins", 7, "-o", "-")
    done = depend(capfd, *words)
    assert done.code == 0, done.err
    header, lines = table_of(done.out)
    assert header == ["column", "value", *FIGURES]
    for column in ("age", "size"):
        right = partial_dependence(
            asked_scorer(CASE), asked_rows(CASE), column, missing=True, weights="w", bins=7
        )
        cells = np.array([line[1:] for line in lines if line[0] == column]).T
        for found, name in zip(cells, [column, *FIGURES], strict=True):
            np.testing.assert_allclose(numbers(found), right[name], rtol=1e-12)


def test_levels_numbers_and_classes_in_one_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "t.parquet"
    words = ("-c", "color", "-c", "age", "--missing", "--target", "low", "--target", "high")
    done = depend(capfd, *words, "-o", target, case="multinomial")
    assert done.code == 0, done.err
    table = pq.read_table(target).to_pydict()
    assert list(table) == ["column", "value", "target", *FIGURES]
    right = partial_dependence(
        asked_scorer("multinomial"), asked_rows("multinomial"), "color", missing=True, target="high"
    )
    places = [
        place
        for place in range(len(table["value"]))
        if table["column"][place] == "color" and table["target"][place] == "high"
    ]
    assert [table["value"][p] for p in places] == [*right["color"][:-1], ".missing(NA)"]
    found = [table["mean_response"][p] for p in places]
    np.testing.assert_allclose(found, right["mean_response"])
    assert table["value"].count("18.0") == 2
    assert f"{target}: 54 rows written" in done.err


@pytest.mark.long
def test_pairs_values_and_a_row(capfd: pytest.CaptureFixture[str]) -> None:
    words = ("-c", "color", "--with", "age", "--values", 'color="red",blue', "--row-index", 7)
    done = depend(capfd, *words, "--values", "age=20,33.5", "--json")
    (table,) = json.loads(done.out)
    assert table["columns"] == ["color", "age"]
    right = partial_dependence(
        asked_scorer(CASE),
        asked_rows(CASE),
        "color",
        other="age",
        values={"color": ["red", "blue"], "age": [20, 33.5]},
        row=7,
    )
    for name, values in right.items():
        assert [row[name] for row in table["rows"]] == pytest.approx(values.tolist())


@pytest.mark.parametrize(
    ("word", "curves"), [("all", "all"), ("deciles", "deciles"), ("9", 9)]
)  # fmt: skip
def test_curves_of_rows(word: str, curves: Any, capfd: pytest.CaptureFixture[str]) -> None:
    done = depend(capfd, "-c", "color", "-c", "age", "--bins", 3, "--ice", "--curves", word)
    assert done.code == 0, done.err
    header, lines = table_of(done.out)
    assert header == ["RowIdx", "column", "value", "response"]
    for column in ("color", "age"):
        right = individual_expectations(
            asked_scorer(CASE), asked_rows(CASE), column, curves=curves, bins=3
        )
        some = [line for line in lines if line[1] == column]
        found = numbers(line[3] for line in some)
        np.testing.assert_allclose(found, right["response"].ravel(), rtol=1e-12)
        rows = right["row"].repeat(len(right[column]))
        assert [int(line[0]) for line in some] == rows.tolist()


def test_rows_that_are_laid_down_give_the_same(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("-c", "age", "-c", "city", "--levels", "rows", "-o", "-", "--weights", "w")
    held = depend(capfd, *words).out
    monkeypatch.setattr(labelled, "_HELD", 0)
    assert depend(capfd, *words).out == held


def test_what_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    done = depend(capfd, "-c", "seen", "-c", "color", "--missing", "--bins", 2)
    assert "Partial dependence over 160 rows" in done.out
    assert "2019-04-17 13:33:52" in done.out
    assert "missing" in done.out
    assert done.err == "mojo2keras: columns that the model does not know, ignored: 'w', 'id'\n"


@pytest.mark.long
@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("svg", ["-c", "age", "-c", "color", "-c", "seen", "--missing"]),
        ("pdf", ["-c", "age", "-c", "color", "-c", "seen", "--ice", "--curves", "9"]),
        ("png", ["-c", "seen", "--with", "color", "--missing", "--bins", "4"]),
        ("svg", ["-c", "age", "--values", "age=5", "--row-index", "2"]),
    ],
)  # fmt: skip
def test_pictures(
    words: list[str], suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    contents = []
    for case in (CASE, "multinomial", CASE):
        target = tmp_path / f"p.{suffix}"
        done = depend(capfd, *words, "--plot", target, case=case)
        assert done.code == 0, done.err
        contents.append(target.read_bytes())
        start = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix]
        assert contents[-1].startswith(start)
    assert contents[0] == contents[2] != contents[1]


@pytest.mark.long
def test_a_picture_draws_each_column(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "p.svg"
    done = depend(capfd, "-c", "age", "-c", "color", "--plot", target, "-o", tmp_path / "t.csv")
    assert done.code == 0, done.err
    assert (tmp_path / "t.csv").read_text("utf-8").count("\n") == 26
    assert target.read_text("utf-8").count("axes_") >= 2


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    each_first_long([
        (["-c", "agee"], 4, "the model reads no column 'agee' (did you mean 'age'?)"),
        (["-c", "age", "--weights", "v"], 4, "the rows lack the weights column 'v'"),
        (["-c", "age", "--plot", "p.gif"], 6, "expected a picture's name that ends in .png, .svg"),
        (["-c", "age", "-o", "t.xlsx"], 2, "Excel's files are not written"),
        (["-c", "age", "--bins", "0"], 2, "expected 1 or more, found '0'"),
        (["-c", "age", "--values", "age"], 2, "expected COL=V,V, found 'age'"),
        (["-c", "age", "--values", "color=red"], 4, "the column 'color', which is not asked for"),
        (["-c", "color", "--values", "color=reed"], 4, "no level 'reed' (did you mean 'red'?)"),
        (["-c", "age", "--curves", "3"], 2, "needs --ice"),
        (["-c", "age", "--ice", "--curves", "0"], 2, "expected a number of rows, 'all' or"),
        (["-c", "age", "--ice", "--with", "color"], 2, "curves of rows have none"),
        (["-c", "age", "--row-index", "160"], 4, "there is no row 160: the rows are counted"),
        (["-c", "age", "--target", "yes"], 4, "a target is a class of a model of more than two"),
        (
            ["-c", "age", "--ice", "--curves", "deciles", "--response", "z"],
            4,
            "the rows lack the response column 'z' (--response names another)",
        ),
    ]),
)  # fmt: skip
def test_what_is_refused(
    words: list[str], code: int, sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outputs = {"p.gif": tmp_path / "p.gif", "t.xlsx": tmp_path / "t.xlsx"}
    done = depend(capfd, *(outputs.get(word, word) for word in words))
    assert done.code == code, done.err
    assert sentence in " ".join(done.err.split())
    assert list(tmp_path.iterdir()) == []


def test_rows_without_a_number_are_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    header, *lines = csv.reader(io.StringIO((DEPENDENCE / CASE / "rows.csv").read_text("utf-8")))
    bare = tmp_path / "bare.csv"
    with bare.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *(["", *line[1:]] for line in lines)])
    model = DEPENDENCE / CASE / "model.zip"
    done = run(capfd, "partial-dependence", model, bare, "-c", "age")
    assert done.code == 4
    assert "no row has a finite number in the column 'age'" in done.err
    bare.write_text(",".join(header) + "\n", "utf-8")
    done = run(capfd, "partial-dependence", model, bare, "-c", "age")
    assert "expected at least one row, found none" in done.err
