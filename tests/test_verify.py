"""``verify``: H2O's own files of scores, as they come, and what is found when they differ."""

from pathlib import Path

import pytest
from rows_support import rows_file, run
from rules import each_rule_first
from support import Golden, golden, read_csv, scored_cases

from mojo_reader.errors import MojoDataError
from mojo_reader.files.score import ScoreOptions
from mojo_reader.files.verification import verify_file

IRIS = golden("iris_tanh")
CASES = pytest.mark.parametrize("case", each_rule_first(scored_cases()))


@CASES
def test_every_case_equals_its_own_scores(case: Golden, tmp_path: Path) -> None:
    rows = rows_file(case, tmp_path)
    found = verify_file(case.mojo(), rows, case.folder / "expected.csv", ScoreOptions(workers=1))
    assert found.passed, (found.rows_off, found.labels_off, found.worst)
    assert bool(found.notes) == bool(case.case.get("header_misaligned"))


@pytest.mark.parametrize("name", ["anomaly.csv", "features_layer_1.csv"])
def test_the_header_tells_what_is_compared(name: str, tmp_path: Path) -> None:
    for case in scored_cases():
        if (case.folder / name).exists():
            rows = rows_file(case, tmp_path)
            found = verify_file(case.mojo(), rows, case.folder / name, ScoreOptions(workers=1))
            assert found.passed, (case.name, found.worst)


def _scores(tmp_path: Path, edit: object) -> Path:
    table = read_csv(IRIS.folder / "expected.csv")
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(edit(table)), "utf-8")  # type: ignore[operator]
    return path


def _hexadecimal(table: list[list[str]]) -> list[str]:
    lines = [",".join(f'"{name}"' for name in table[0])]
    return lines + [
        ",".join([f'"{row[0]}"', *(float(cell).hex() for cell in row[1:])]) for row in table[1:]
    ]


def _other_order(table: list[list[str]]) -> list[str]:
    return [",".join([row[3], row[0], row[2], row[1], "more"]) for row in table]


def _labels_only(table: list[list[str]]) -> list[str]:
    return [row[0] for row in table]


@pytest.mark.parametrize("edit", [_hexadecimal, _other_order, _labels_only])
def test_scores_as_they_come(edit: object, tmp_path: Path) -> None:
    found = verify_file(
        IRIS.mojo(), IRIS.folder / "input.csv", _scores(tmp_path, edit), ScoreOptions()
    )
    assert found.passed
    assert found.rows == 150


def _changed(table: list[list[str]]) -> list[str]:
    table[3][1] = str(float(table[3][1]) + 0.25)
    table[5][0] = "Iris-virginica"
    return [",".join(row) for row in table]


def test_a_difference_is_found_and_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    scores = _scores(tmp_path, _changed)
    words = [IRIS.path, IRIS.folder / "input.csv", "--expected", scores]
    done = run(capfd, "verify", *words)
    assert done.code == 1
    assert "NOT EQUAL: 150 rows, 1 off, 1 labels off." in done.out
    assert "1 of 150 labels differ, first in row 5" in done.err
    assert "1 of 150 rows are off by up to" in done.err
    found = verify_file(IRIS.mojo(), IRIS.folder / "input.csv", scores, ScoreOptions())
    assert (found.worst[0].row, found.worst[0].column) == (2, "Iris-setosa")
    assert run(capfd, "verify", *words, "--tolerance", "0.5").code == 1  # the label is still off


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda table: [",".join(row) for row in table[:-1]], "found 149 scores and more rows"),
        (lambda table: [",".join(row) for row in [*table, table[-1]]], "found more scores"),
        (lambda _: ["a,b"], "expected columns such as 'predict'"),
        (lambda _: [], "the file is empty"),
        (
            lambda table: [",".join(row).replace("0.", "O.") for row in table],
            "row 1: expected a number",
        ),
    ],
)  # fmt: skip
def test_scores_that_do_not_fit(edit: object, said: str, tmp_path: Path) -> None:
    scores = _scores(tmp_path, edit)
    with pytest.raises(MojoDataError, match=said):
        verify_file(IRIS.mojo(), IRIS.folder / "input.csv", scores, ScoreOptions())
