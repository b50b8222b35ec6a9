"""The report's section "What moves it", without a browser."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from report_support import cells_of, rows_of
from support import golden
from typer.testing import CliRunner

import mojo_reader
from emit.report import move_charts, read_background, read_rows, report_page, why
from emit.report.background import MOST, Background, background_of
from emit.report.moves import Mover
from emit.report.rows import Cells
from mojo_reader import Mojo, Scorer, contributions
from mojo_reader.cli.app import program
from mojo_reader.scoring.notices import Notices

pytestmark = [
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning"),
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.UnseenLevelWarning"),
]


def given(name: str) -> tuple[Mojo, Cells]:
    """Return a golden's model, and the rows of its input whose numbers are usual."""
    mojo = golden(name).mojo()
    matrix = Scorer(mojo).encode(golden(name).columns())
    numbers = np.nan_to_num(matrix, nan=0.0)
    return mojo, cells_of(matrix[(np.abs(numbers) < 1e5).all(axis=1)])


def background(matrix: np.ndarray) -> Background:
    return Background(words="some rows", matrix=matrix, notices=Notices())


@pytest.mark.parametrize("name", ["multinomial", "encoding_binary", "autoencoder_tanh"])
def test_the_sections_numbers_are_those_of_contributions(name: str) -> None:
    mojo, _ = given(name)
    case = golden(name)
    table = {column: cells[:12] for column, cells in case.columns().items()}
    other = {column: cells[12:20] for column, cells in case.columns().items()}
    scorer = Scorer(mojo)
    found = Mover(scorer, background(scorer.encode(other))).moves(
        cells_of(scorer.encode(table)), np.arange(12)
    )
    assert found is not None
    expected = contributions(scorer, table, other, output="compact")
    names = [column.name for column in found.columns]
    assert names == list(expected)[:-1]
    for place, column in enumerate(names):
        values = expected[column][found.places].reshape(len(found.places), -1)
        np.testing.assert_allclose(found.values[:, place], values, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.base, expected["BiasTerm"][0], rtol=1e-12)


def test_rows_with_huge_numbers_are_left_out_on_both_sides() -> None:
    mojo, rows = given("regression_rectifier")
    matrix = rows.matrix[:6].copy()
    matrix[2, -1], matrix[4, -1] = np.inf, 1e200
    mover = Mover(Scorer(mojo), background(matrix))
    assert len(mover.background) == 4
    assert mover.words == "4 of some rows"
    found = mover.moves(cells_of(matrix), np.arange(6))
    assert found is not None
    assert found.places.tolist() == [0, 1, 3, 5]
    assert np.isfinite(found.values).all()
    assert mover.moves(cells_of(matrix), np.array([2, 4])) is None
    nothing = Mover(Scorer(mojo), background(matrix[[2, 4]]))
    assert nothing.moves(cells_of(matrix), np.array([0])) is None


def test_a_chosen_row_that_cannot_be_explained_is_told() -> None:
    mojo, rows = given("numbers_only")
    matrix = rows.matrix[:6].copy()
    matrix[2, -1] = np.inf
    scorer = Scorer(mojo)
    mover = Mover(scorer, background(matrix))
    found = why._single(mover, rows_of(scorer, matrix), mojo.output, [2, 1])
    assert found["not_shown"] == ["3"]
    assert [row["title"] for row in found["single"] if row["which"] == "chosen"] == ["Row 2"]


def test_a_large_network_has_fewer_pairs() -> None:
    mojo, rows = given("binomial_tanh")
    layer = dataclasses.replace(mojo.layers[0], kernels=(np.zeros((5000, 10_000), np.float32),))
    big = dataclasses.replace(mojo, layers=(layer, *mojo.layers[1:]))
    scorer = Scorer(mojo)
    small = Mover(scorer, background(rows.matrix))
    assert small.most == 1000
    scorer.mojo = big
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emit.report.moves.Explainer", lambda *_: None)
        patch.setattr(Mover, "_open", lambda *_: None)
        large = Mover(scorer, background(rows.matrix))
    assert large.most * len(large.background) <= 400


def test_the_background_is_drawn_by_seed_and_said(tmp_path: Path) -> None:
    mojo, _ = given("regression_tanh")
    lines = (golden("regression_tanh").folder / "input.csv").read_text("utf-8").splitlines()
    path = tmp_path / "input.csv"
    path.write_text("\n".join([*lines, *lines[1:]]) + "\n", "utf-8")
    rows = read_rows(mojo, path)
    drawn = background_of(mojo, rows)
    assert drawn is not None
    count = rows.count
    assert count > MOST
    assert drawn.words == f"100 rows drawn of the {count:,} of input.csv (seed 1)"
    np.testing.assert_array_equal(drawn.matrix, read_background(mojo, path).matrix)
    # The rows that contributions draw, so that Python has the page's numbers.
    same = mojo_reader.read_background(Scorer(mojo), path, background_rows=MOST, seed=1)
    np.testing.assert_array_equal(drawn.matrix, same.matrix)
    again = read_background(mojo, path, seed=2).matrix
    assert not np.array_equal(drawn.matrix, again, equal_nan=True)
    few = tmp_path / "few.csv"
    few.write_text("\n".join(lines[:4]) + "\n", "utf-8")
    assert read_background(mojo, few).words == "the 3 rows of few.csv"


def test_without_rows_the_background_is_the_training_means() -> None:
    means = background_of(golden("regression_tanh").mojo(), None)
    assert means is not None
    assert means.matrix.shape[0] == 1
    assert background_of(golden("not_standardized").mojo(), None) is None


def test_the_worst_rows_are_those_that_the_response_contradicts() -> None:
    mojo, rows = given("binomial_tanh")
    scorer = Scorer(mojo)
    predicted = scorer.score_matrix(rows.matrix)
    response = predicted.argmax(axis=1).astype(float)
    wrong = int(np.argmax(predicted[:, 1]))
    response[wrong] = 0.0
    response[0] = np.nan
    found = rows_of(scorer, rows.matrix, response)
    assert found.worst[0] == wrong
    assert 0 not in found.worst
    assert found.worst_words == "smallest probability of the actual class"
    unknown = rows_of(scorer, rows.matrix)
    assert unknown.worst_words == "most unusual prediction"
    apart = np.abs(predicted[:, 1] - np.median(predicted[:, 1]))
    np.testing.assert_array_equal(apart[list(unknown.worst)], -np.sort(-apart)[:20])
    numbers, more = given("regression_tanh")
    actual = Scorer(numbers).score_matrix(more.matrix)[:, 0]
    actual[7] += 100.0
    assert rows_of(Scorer(numbers), more.matrix, actual).worst[0] == 7


def test_cells_are_shown_as_they_were_given(tmp_path: Path) -> None:
    for name in ("binomial_tanh", "encoding_eigen"):
        mojo = golden(name).mojo()
        path = tmp_path / "rows.csv"
        path.write_text("city,age\nCork,29\nHull,3.5\n,\nnowhere,1e9\n")
        rows = read_rows(mojo, path)
        by_name = {column.name: column for column in mojo.inputs}
        shown = [[rows.sample.text(row, by_name[column]) for row in range(4)] for column in by_name]
        found = dict(zip(by_name, shown, strict=True))
        assert found["city"] == ["Cork", "Hull", "missing", "nowhere"]
        assert found["age"] == ["29", "3.5", "missing", "1e+09"]
        assert found["shape"] == ["missing"] * 4


def test_a_few_far_dots_stand_at_the_edge_of_a_swarm() -> None:
    mojo, rows = given("regression_tanh")
    found = Mover(Scorer(mojo), background(rows.matrix[:9])).moves(rows, np.arange(50))
    assert found is not None
    assert move_charts.swarm(found, 0)[1] == 0
    values = found.values.copy()
    values[3, 0] = 1e9
    _, beyond = move_charts.swarm(dataclasses.replace(found, values=values), 0)
    assert beyond == 1


# --------------------------------------------------------------------------- the page


@pytest.mark.long
@pytest.mark.parametrize("name", ["multinomial", "autoencoder_tanh", "hashed"])
def test_every_kind_of_model_has_the_section(name: str) -> None:
    mojo = golden(name).mojo()
    rows = read_rows(mojo, golden(name).folder / "input.csv")
    page = report_page(mojo, title=name, rows=rows, shown_rows=[1])
    assert "<p>There are no contributions" not in page
    assert "How far each column moves a prediction on average" in page
    assert "Row 2, chosen: " in page
    assert page.count("Each dot is a row") == (3 if name == "multinomial" else 1)
    assert ("<h3>Partial dependence</h3>" in page) == (name != "autoencoder_tanh")
    identities = re.findall(r'\bid="([^"]*)"', page)
    assert len(identities) == len(set(identities))
    assert len(page.encode()) < 3_000_000


@pytest.mark.long
def test_hostile_names_are_text_in_the_charts(tmp_path: Path) -> None:
    from test_report import HOSTILE, with_hostile_names

    mojo = with_hostile_names(tmp_path)
    rows = read_rows(mojo, golden("binomial_tanh").folder / "input.csv")
    page = report_page(mojo, title="x", rows=rows, shown_rows=[0])
    assert HOSTILE not in page
    assert "<b onclick" not in page


def run(*words: object) -> object:
    return CliRunner().invoke(program(), ["report", *map(str, words)])


def test_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    case = golden("regression_tanh")
    done = run(case.path, "--row", "1", "-o", tmp_path / "x.html")
    assert (done.exit_code, "needs --rows ROWS" in done.output) == (2, True)
    rows = ("--rows", case.folder / "input.csv")
    count = read_rows(case.mojo(), rows[1]).count
    done = run(case.path, *rows, "--row", count + 1, "-o", tmp_path / "x.html")
    assert done.exit_code == 2
    assert f"expected a row from 1 to {count}, found {count + 1}" in re.sub(
        r"[\s│]+", " ", done.output
    )


def test_the_background_is_no_output(tmp_path: Path) -> None:
    case = golden("regression_tanh")
    target = tmp_path / "background.html"
    target.write_text("age\n1\n")
    done = run(case.path, "--background", target, "-o", target)
    assert done.exit_code == 2
    assert target.read_text() == "age\n1\n"
