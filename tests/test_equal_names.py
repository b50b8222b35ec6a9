"""Output columns that H2O calls alike: read, scored by position, refused only where none fits."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest
from rows_support import rows_file, run
from support import Golden, assert_close, golden, read_csv

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.files.verification import verify_file

CASES = [
    golden(name)
    for name in ("output_level_predict", "output_level_p0", "autoencoder_level_missing")
]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
P0 = golden("output_level_p0")
PREDICT = golden("output_level_predict")


@each_case
def test_the_names_are_h2os(case: Golden) -> None:
    names = case.mojo().output.columns
    assert list(names) == case.expected().header
    assert len(set(names)) < len(names)


@each_case
def test_a_mapping_cannot_hold_them_and_what_can_is_named(case: Golden) -> None:
    scorer = Scorer(case.mojo())
    with pytest.raises(MojoUnsupportedError) as caught:
        scorer.score(case.columns())
    twice = {"output_level_p0": "p0", "output_level_predict": "predict"}.get(
        case.name, "reconstr_label.missing(NA)"
    )
    calls = "reconstruct" if "autoencoder" in case.name else "predict_proba"
    assert str(caught.value) == (
        f"H2O gives two columns of this model's prediction the name {twice!r}, which a mapping "
        f"cannot hold; take predict, {calls}, score_matrix or score_batches, which go by position"
    )
    for call in ("predict", calls):
        assert len(getattr(scorer, call)(case.columns())) == len(case.expected().values)


@each_case
def test_arrow_batches_hold_them(case: Golden) -> None:
    columns = {name: pa.array(cells) for name, cells in case.columns().items()}
    found = Scorer(case.mojo()).score_batches(pa.table(columns)).read_all()
    expected = case.expected()
    assert found.column_names == expected.header
    numbers = found.columns[0 if expected.labels is None else 1 :]
    values = np.column_stack([column.to_numpy() for column in numbers])
    assert_close(values, expected.values, tolerance=1e-10)


@each_case
def test_parquet_is_refused_before_a_row_is_scored(
    case: Golden, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = rows_file(case, tmp_path)
    done = run(capfd, "predict", case.path, rows, "-o", tmp_path / "scored.parquet")
    assert done.code == 3
    assert "which Parquet cannot hold; write CSV, as PredictCsv does" in done.err
    assert not list(tmp_path.glob("*scored*"))


def test_verify_takes_each_column_for_itself(tmp_path: Path) -> None:
    header, *rows = read_csv(P0.folder / "expected.csv")
    swapped = [[row[0], row[2], row[1], row[3]] for row in rows]
    path = tmp_path / "swapped.csv"
    path.write_text("\n".join(map(",".join, [header, *swapped])), "utf-8")
    found = verify_file(P0.mojo(), P0.folder / "input.csv", path, ScoreOptions())
    assert found.rows_off == len(rows)
    assert [column.name for column in found.columns if column.off] == ["p0", "p0"]


@pytest.mark.parametrize("only", ["label", "proba"])
def test_labels_or_probabilities_alone_are_told_apart(only: str, tmp_path: Path) -> None:
    scored = tmp_path / "scored.csv"
    rows = PREDICT.folder / "input.csv"
    score_file(PREDICT.mojo(), rows, scored, ScoreOptions(only=only))  # type: ignore[arg-type]
    found = verify_file(PREDICT.mojo(), rows, scored, ScoreOptions())
    assert found.passed
    assert found.labels_compared == (only == "label")
    assert len(found.columns) == (2 if only == "proba" else 0)


def test_one_of_two_columns_of_a_name_is_not_guessed(tmp_path: Path) -> None:
    header, *rows = read_csv(P0.folder / "expected.csv")
    path = tmp_path / "fewer.csv"
    path.write_text("\n".join(",".join([*row[:2], row[3]]) for row in (header, *rows)), "utf-8")
    found = verify_file(P0.mojo(), P0.folder / "input.csv", path, ScoreOptions())
    assert found.passed
    assert [column.name for column in found.columns] == ["x"]
    assert found.notes == (
        "not compared, because H2O gives several columns the name and the file has another number "
        "of them: 'p0'",
    )


def test_a_column_to_keep_has_none_of_their_names(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("p0,age\n1,2\n", "utf-8")
    with pytest.raises(MojoDataError, match="has the name of a column of predictions"):
        score_file(P0.mojo(), source, tmp_path / "o.csv", ScoreOptions(keep=("p0",)))
