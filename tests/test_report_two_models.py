"""The report of two models side by side."""

import re
from pathlib import Path

import numpy as np
import pytest
from support import golden
from typer.testing import CliRunner

from emit.report import read_rows, two_models_page
from emit.report.two_models import _moved
from mojo_reader import Scorer, read_model
from mojo_reader.cli.app import program
from mojo_reader.errors import MojoUnsupportedError

pytestmark = [
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning"),
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.UnseenLevelWarning"),
]


def test_what_moves_is_what_the_scorers_say() -> None:
    a, b = golden("binomial_tanh"), golden("binomial_exprectifier")
    first, second = a.mojo(), b.mojo()
    path = a.folder / "input.csv"
    found = _moved(first, read_rows(first, path), read_rows(second, path))
    values = [Scorer(mojo).predict_proba(a.columns())[:, 1] for mojo in (first, second)]
    labels = [Scorer(mojo).predict(a.columns()) for mojo in (first, second)]
    moves = values[1] - values[0]
    assert found["count"] == len(moves)
    assert found["changed"] == int((labels[0] != labels[1]).sum()) > 0
    assert found["mean"] == pytest.approx(np.abs(moves).mean(), rel=1e-9)
    top = found["furthest"][0]
    assert abs(top["change"]) == pytest.approx(np.abs(moves).max())
    assert top["a"] == pytest.approx(values[0][top["row"] - 1])
    assert top["labels"] == [labels[0][top["row"] - 1], labels[1][top["row"] - 1]]
    assert sum(map(sum, found["labels"]["counts"])) == len(moves)


def run(*words: object) -> object:
    return CliRunner().invoke(program(), ["report", *map(str, words)])


def test_models_of_different_kinds_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "both.html"
    done = run(golden("iris_tanh").path, golden("poisson").path, "-o", target)
    assert done.exit_code == 3
    said = " ".join(done.output.split())
    assert "two models of one kind can be compared; A predicts the 3 classes" in said
    assert "B predicts a number" in said
    assert not target.exists()
    with pytest.raises(MojoUnsupportedError, match="of one kind"):
        two_models_page(golden("binomial_tanh").mojo(), golden("autoencoder_tanh").mojo())


def test_an_option_of_one_models_report_is_refused(tmp_path: Path) -> None:
    case = golden("iris_tanh")
    background = ("--background", case.folder / "input.csv")
    done = run(case.path, case.path, *background, "-o", tmp_path / "both.html")
    assert done.exit_code == 2
    assert "is of one model's report" in " ".join(done.output.replace("│", " ").split())


def test_a_model_beside_itself_differs_in_nothing() -> None:
    mojo = golden("regression_tanh").mojo()
    page = two_models_page(mojo, read_model(golden("regression_tanh").path))
    assert "The models are the same." in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.long
@pytest.mark.parametrize("name", ["multinomial", "autoencoder_tanh", "poisson"])
def test_the_command_sets_both_side_by_side(name: str, tmp_path: Path) -> None:
    other = {"multinomial": "multinomial_maxout", "autoencoder_tanh": "autoencoder_rectifier"}
    first, second = golden(name), golden(other.get(name, "poisson_maxout"))
    target = tmp_path / "both.html"
    rows = ("--rows", first.folder / "input.csv")
    done = run(first.path, second.path, *rows, "-o", target, "-q")
    assert done.exit_code == 0, done.output
    page = target.read_text("utf-8")
    assert "Rows that move most" in page
    assert f"<title>{name} and {second.name}</title>" in page
    assert len(page) < 3_000_000
