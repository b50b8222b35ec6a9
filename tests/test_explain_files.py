"""``explain``: files of rows to files of contributions, and what the program says of them."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rows_support import run
from support import GOLDEN_FOLDER, read_csv
from test_explaining import background, rows, scorer

from mojo_reader import contributions
from mojo_reader.explaining.drawing import Draw
from mojo_reader.explaining.options import Drawing
from mojo_reader.scoring.rows import EncodedRows

FOLDER = GOLDEN_FOLDER / "contributions"


def words(case: str, *others: object) -> list[object]:
    """Return a command that explains a case's rows by its background rows."""
    folder = FOLDER / case
    files = folder / "model.zip", folder / "rows.csv", "-b", folder / "background.csv"
    return ["explain", *files, *others]


def columns_of(path: Path) -> dict[str, list[str]]:
    header, *lines = read_csv(path)
    return {name: [line[place] for line in lines] for place, name in enumerate(header)}


@pytest.mark.parametrize(
    ("case", "options", "chosen"),
    [
        ("binomial_tanh", [], {}),
        ("gamma_maxout", ["--space", "response"], {"space": "response"}),
        ("encoding_binary", ["--compact"], {"output": "compact"}),
        ("poisson_tanh", ["--method", "h2o"], {"method": "h2o"}),
        ("autoencoder", ["--per-reference"], {"per_reference": True}),
    ],
)  # fmt: skip
def test_a_file_holds_what_python_returns(
    case: str,
    options: list[str],
    chosen: dict[str, object],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    done = run(capfd, *words(case, "-o", tmp_path / "c.csv", *options))
    assert done.code == 0, done.err
    right = contributions(scorer(case), rows(case), background(case), **chosen)  # type: ignore[arg-type]
    found = columns_of(tmp_path / "c.csv")
    assert list(found) == list(right)
    for name, cells in found.items():
        np.testing.assert_allclose(np.array(cells, float), right[name], rtol=1e-12, atol=1e-14)


def test_what_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = run(capfd, *words("binomial_tanh", "-o", tmp_path / "c.csv"))
    first, second, *rest = done.err.splitlines()
    assert first == f"mojo2keras: {tmp_path}/c.csv: 12 rows written"
    assert second.startswith(
        "mojo2keras: compared with 15 background rows; the contributions add up"
    )
    assert rest == []
    done = run(capfd, *words("poisson_tanh", "-o", tmp_path / "c.csv", "--method", "h2o"))
    assert "the contributions are, as H2O's, up to " in done.err
    case = FOLDER / "binomial_tanh"
    done = run(capfd, "explain", case / "model.zip", case / "rows.csv", "-q")
    assert done.code == 0
    assert "no background rows were given: rows are compared with one in which" in done.err
    done = run(capfd, *words("unseen_levels", "-o", tmp_path / "c.csv", "-q"))
    assert "in the background: column 'city': levels that the model does not know" in done.err
    assert "column 'city': levels that the model does not know" in done.err.splitlines()[-1]


def test_more_than_two_classes_have_a_line_each(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "c.parquet"
    done = run(capfd, *words("multinomial", "-o", target, "--compact", "--keep", "y"))
    assert done.code == 0, done.err
    table = pq.read_table(target)
    right = contributions(
        scorer("multinomial"), rows("multinomial"), background("multinomial"), output="compact"
    )
    assert table.column_names == ["y", *right, "RowIdx", "Class"]
    assert table["RowIdx"].to_pylist() == [row for row in range(12) for _ in range(3)]
    assert table["Class"].to_pylist() == ["high", "low", "middle"] * 12
    assert table["y"].to_pylist() == [cell for cell in rows("multinomial")["y"] for _ in range(3)]
    for name, values in right.items():
        np.testing.assert_allclose(table[name].to_numpy(), values.ravel(), rtol=1e-12, atol=1e-14)


def test_the_columns_that_move_most(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "c.csv"
    assert run(capfd, *words("binomial_tanh", "-o", target, "--compact", "--top", 2)).code == 0
    found = columns_of(target)
    assert list(found) == [
        *("top_feature_1", "top_value_1", "top_feature_2", "top_value_2", "BiasTerm"),
    ]
    case = "binomial_tanh"
    right = contributions(scorer(case), rows(case), background(case), output="compact")
    names = list(right)[:-1]
    for row in range(12):
        ranked = sorted(names, key=lambda name: -abs(right[name][row]))
        assert [found["top_feature_1"][row], found["top_feature_2"][row]] == ranked[:2]
        assert float(found["top_value_1"][row]) == pytest.approx(right[ranked[0]][row])
    assert run(capfd, *words("binomial_tanh", "-o", target, "--compact", "--top", 99)).code == 0
    assert len(columns_of(target)) == 2 * 7 + 1


def test_files_of_several_pieces_count_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mojo_reader.files.records.PIECE_BYTES", 200)
    monkeypatch.setattr("mojo_reader.explaining.parts._PART", 100)
    target = tmp_path / "c.csv"
    assert run(capfd, *words("binomial_tanh", "-o", target, "--per-reference")).code == 0
    found = columns_of(target)
    assert found["RowIdx"] == [str(row) for row in range(12) for _ in range(15)]
    assert found["BackgroundRowIdx"] == [str(other) for _ in range(12) for other in range(15)]
    case = "binomial_tanh"
    right = contributions(scorer(case), rows(case), background(case), per_reference=True)
    np.testing.assert_allclose(np.array(found["age"], float), right["age"], rtol=1e-12, atol=1e-14)


def test_background_rows_are_drawn_by_seed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    texts = []
    for seed in (1, 1, 2):
        options = ("-o", tmp_path / "c.csv", "--background-rows", 4, "--seed", seed)
        done = run(capfd, *words("binomial_tanh", *options))
        assert "compared with 4 background rows" in done.err
        texts.append((tmp_path / "c.csv").read_text("utf-8"))
    assert texts[0] == texts[1] != texts[2]


def test_every_row_is_drawn_as_often_as_any_other() -> None:
    times = np.zeros(20)
    for seed in range(400):
        draw = Draw(Drawing(background_rows=5, seed=seed))
        for start in (0, 7, 11):
            stop = {0: 7, 7: 11, 11: 20}[start]
            matrix = np.arange(start, stop, dtype=float)[:, None]
            draw.add(EncodedRows(matrix=matrix, offset=None))
        chosen = draw.rows(1).matrix[:, 0].astype(int)
        assert chosen.tolist() == sorted(set(chosen.tolist()))
        assert len(chosen) == 5
        times[chosen] += 1
    assert times.min() > 60
    assert times.max() < 140


def test_the_offset_of_drawn_rows_is_theirs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "c.csv"
    assert run(capfd, *words("offset", "-o", target, "--offset", "server")).code == 0
    found = columns_of(target)
    assert list(found)[-2:] == ["exposure", "BiasTerm"]
    assert any(float(cell) for cell in found["exposure"])


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["-o", "{rows}"], 2, "an input is never changed"),
        (["-o", "{background}"], 2, "an input is never changed"),
        (["-o", "c.xlsx"], 2, "Excel's files are not written"),
        (["--method", "shap"], 2, "expected margin or h2o, found 'shap'"),
        (["--top", "0"], 2, "--top"),
        (["--keep", "age", "-o", "c.csv"], 4, "has the name of a column of contributions"),
        (["--keep", "nothing", "-o", "c.csv"], 4, "'nothing' is not among the rows' columns"),
    ],
)
def test_what_cannot_be_is_refused(  # noqa: PLR0913, PLR0917 - three of them fixtures
    options: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {name: FOLDER / "binomial_tanh" / f"{name}.csv" for name in ("rows", "background")}
    done = run(capfd, *words("binomial_tanh", *(word.format(**files) for word in options)))
    assert said in " ".join(done.err.split())
    assert done.code == code
    assert not list(tmp_path.iterdir())


def test_rows_and_background_that_cannot_be_explained_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = FOLDER / "missing_skip"
    lines = (case / "rows.csv").read_text("utf-8").splitlines(keepends=True)
    empty = "," * lines[0].count(",") + "\n"
    (tmp_path / "r.csv").write_text("".join([*lines[:3], empty]), "utf-8")
    for place, said in (("ROWS", "r.csv: row 3: a cell"), ("-b", "background row 3: a cell")):
        files = [tmp_path / "r.csv", case / "rows.csv"]
        some, others = files if place == "ROWS" else files[::-1]
        done = run(capfd, "explain", case / "model.zip", some, "-b", others, "--method", "h2o")
        assert done.code == 4
        assert said in done.err
    assert run(capfd, "explain", case / "model.zip", case / "rows.csv", "--method", "h2o").code == 4
    (tmp_path / "none.csv").write_text(lines[0], "utf-8")
    done = run(capfd, "explain", case / "model.zip", case / "rows.csv", "-b", tmp_path / "none.csv")
    assert "expected at least one background row, found none" in done.err


def test_standard_input_is_one_thing(capfd: pytest.CaptureFixture[str]) -> None:
    case = FOLDER / "binomial_tanh"
    assert run(capfd, "explain", case / "model.zip", "-", "-b", "-").code == 2
    assert run(capfd, "explain", "-", "-").code == 2


def test_a_file_of_no_rows_has_a_header(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = FOLDER / "binomial_tanh"
    none = tmp_path / "none.csv"
    none.write_text((case / "rows.csv").read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    words_ = ["explain", case / "model.zip", none, "-b", case / "background.csv"]
    assert run(capfd, *words_, "-o", tmp_path / "c.csv").code == 0
    assert list(columns_of(tmp_path / "c.csv"))[-1] == "BiasTerm"
