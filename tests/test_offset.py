"""The offset column: not used as in Java, or added as H2O's server adds it."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import Golden, assert_close, golden, golden_cases, read_csv

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.scoring.row_warnings import OffsetWarning

TOLERANCE = 1e-12
SERVER_CASES = [case for case in golden_cases() if (case.folder / "server_scores.csv").exists()]
CASES = pytest.mark.parametrize("case", SERVER_CASES, ids=lambda case: case.name)


def server_rows(case: Golden) -> dict[str, list[str | None]]:
    header, *rows = read_csv(case.folder / "server_rows.csv")
    return {name: [row[i] or None for row in rows] for i, name in enumerate(header)}


def server_scores(case: Golden) -> Any:
    rows = read_csv(case.folder / "server_scores.csv")[1:]
    return np.array([float(row[0]) for row in rows])


def offsets(case: Golden, rows: dict[str, list[str | None]]) -> Any:
    name = case.mojo().info.offset_column or ""
    return np.array([np.nan if cell is None else float(cell) for cell in rows[name]])


def test_the_cases_are_of_several_links_and_units() -> None:
    outputs: list[Any] = [case.mojo().output for case in SERVER_CASES]
    assert {output.distribution for output in outputs} >= {"gaussian", "poisson", "gamma"}
    assert {output.standardize for output in outputs} == {True, False}
    for case in SERVER_CASES[:1]:
        values = offsets(case, server_rows(case))
        assert (values < 0).any()
        assert (values == 0).any()


@CASES
@pytest.mark.parametrize("exact", [False, True])
def test_the_server_s_scores(case: Golden, exact: bool) -> None:  # noqa: FBT001
    scorer = Scorer(case.mojo(), offset="server", exact=exact)
    rows = server_rows(case)
    with pytest.warns(OffsetWarning, match="rows whose negative offset is dropped"):
        found = scorer.predict(rows)
    assert_close(found, server_scores(case), tolerance=TOLERANCE)
    one = {name: cells[2:3] for name, cells in rows.items()}
    assert_close(scorer.predict(one), server_scores(case)[2:3], tolerance=TOLERANCE)


@CASES
def test_java_s_scores_are_the_default(case: Golden) -> None:
    with pytest.warns(OffsetWarning, match="which is not used, as in H2O's Java scorer"):
        found = Scorer(case.mojo()).predict(case.columns())
    assert_close(found, case.expected().values[:, 0], tolerance=1e-10)


@CASES
def test_every_offset_is_added_where_asked(case: Golden) -> None:
    mojo, rows = case.mojo(), server_rows(case)
    values = offsets(case, rows)
    always = Scorer(mojo, offset="always").predict(rows)
    above = values > 0
    assert_close(always[above], server_scores(case)[above], tolerance=TOLERANCE)
    below = (values < 0) & (values > -1e6)
    plain = server_scores(case)[below]
    match mojo.info.distribution:
        case "poisson" | "gamma" | "tweedie":
            assert_close(always[below], plain * np.exp(values[below]), tolerance=1e-9)
        case _:
            shift = values[below] - mojo.output.norm_resp_sub  # type: ignore[union-attr]
            assert_close(always[below], plain + shift, tolerance=1e-9)


@CASES
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files(case: Golden, kind: str, tmp_path: Path) -> None:
    source = case.folder / "server_rows.csv"
    rows = server_rows(case)
    if kind == "parquet":
        numeric = {c.name for c in Scorer(case.mojo(), offset="server").row_columns if is_number(c)}
        table = {
            name: [float(cell) if cell and name in numeric else cell for cell in cells]
            for name, cells in rows.items()
        }
        source = tmp_path / "rows.parquet"
        pq.write_table(pa.table(table), source)
    done = score_file(case.mojo(), source, tmp_path / "out.csv", ScoreOptions(offset="server"))
    found = np.array([float(row[0]) for row in read_csv(tmp_path / "out.csv")[1:]])
    assert_close(found, server_scores(case), tolerance=TOLERANCE)
    dropped = int((offsets(case, rows) < 0).sum())
    assert list(done.notices.sentences())[-1].endswith(f"(--offset always adds it): {dropped}")


def is_number(column: object) -> bool:
    return type(column).__name__ == "NumericInput"


def test_arrow_batches_and_pickles() -> None:
    case = golden("offset_gaussian")
    scorer = pickle.loads(pickle.dumps(Scorer(case.mojo(), offset="server")))  # noqa: S301
    table = pa.table(server_rows(case))
    with pytest.warns(OffsetWarning, match="negative offset is dropped"):
        found = scorer.score_batches(table.to_reader(max_chunksize=5)).read_all()
    assert_close(found["predict"].to_numpy(), server_scores(case), tolerance=TOLERANCE)


def test_the_offset_beside_the_matrix() -> None:
    case = golden("offset_gaussian")
    scorer = Scorer(case.mojo(), offset="server")
    with pytest.warns(OffsetWarning):
        rows = scorer.encode_rows(server_rows(case))
    values = scorer.score_matrix(rows.matrix, offset=rows.offset)[:, 0]
    assert_close(values, server_scores(case), tolerance=TOLERANCE)
    with pytest.raises(ValueError, match="so it needs the offset of each of the 22 rows"):
        scorer.score_matrix(rows.matrix)
    with pytest.raises(ValueError, match="made without an offset, so it takes none"):
        Scorer(case.mojo()).score_matrix(rows.matrix, offset=rows.offset)


def test_an_absent_offset_column_is_refused(tmp_path: Path) -> None:
    case = golden("offset_gaussian")
    rows = server_rows(case)
    rows["exposre"] = rows.pop("exposure")
    message = r"the rows lack the offset column 'exposure' \(did you mean 'exposre'\?\)"
    with pytest.raises(MojoDataError, match=message):
        Scorer(case.mojo(), offset="server").predict(rows)
    source = tmp_path / "rows.csv"
    header, body = (case.folder / "server_rows.csv").read_text("utf-8").split("\n", 1)
    source.write_text(f"{header.replace('exposure', 'Exposure')}\n{body}", "utf-8")
    options = ScoreOptions(offset="server")
    message = r"rows.csv: the rows lack columns of the model: 'exposure' \(did you mean 'Exposure'"
    with pytest.raises(MojoDataError, match=message):
        score_file(case.mojo(), source, tmp_path / "out.csv", options)


def test_a_bad_cell_of_the_offset_is_refused_or_missing(tmp_path: Path) -> None:
    case = golden("offset_gaussian")
    rows: dict[str, list[Any]] = dict(server_rows(case))
    rows["exposure"] = ["much", *rows["exposure"][1:]]
    message = "row 1, column 'exposure': expected a number, found 'much'"
    with pytest.raises(MojoDataError, match=message):
        Scorer(case.mojo(), offset="server").predict(rows)
    source = tmp_path / "rows.csv"
    lines = zip(*rows.values(), strict=True)
    text = "\n".join(",".join(cell or "" for cell in line) for line in [tuple(rows), *lines])
    source.write_text(text + "\n", "utf-8")
    options = ScoreOptions(offset="server", on_invalid="missing")
    score_file(case.mojo(), source, tmp_path / "out.csv", options)
    found = float(read_csv(tmp_path / "out.csv")[1][0])
    # A missing offset adds nothing, as on the server; neither did the negative one.
    assert_close(np.array([found]), server_scores(case)[:1], tolerance=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gaussian", "the model was trained without an offset column, so offset='server' adds"),
        ("iris_tanh", "only a regression has an offset, and this is a Multinomial model"),
        ("autoencoder_tanh", "only a regression has an offset, and this is a AutoEncoder model"),
    ],
)
def test_models_without_an_offset_are_refused(name: str, message: str, tmp_path: Path) -> None:
    case = golden(name)
    with pytest.raises(MojoUnsupportedError, match=message):
        Scorer(case.mojo(), offset="server")
    options = ScoreOptions(offset="server")
    with pytest.raises(MojoUnsupportedError, match=message):
        score_file(case.mojo(), case.folder / "input.csv", tmp_path / "out.csv", options)
    assert not (tmp_path / "out.csv").exists()


def test_another_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="expected offset='java' or 'server' or 'always', found"):
        Scorer(golden("offset").mojo(), offset="h2o")  # type: ignore[arg-type]
