"""The page's section "How well it does": its figures are H2O's, its tables and groups add up."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import GOLDEN_FOLDER

from emit.report import performance, read_rows, report_page
from emit.report.leaning import leanings
from emit.report.performance_errors import inputs_of
from emit.report.performance_groups import bulk, equal_groups, grouped
from emit.report.rows import Rows
from mojo_reader import Mojo, Scorer, read_mojo
from mojo_reader.comparing import metrics

FOLDER = GOLDEN_FOLDER / "metrics"
NAMES = {"MAE": "mae", "RMSLE": "rmsle"}


def read(name: str) -> tuple[Mojo, Rows, dict[str, float]]:
    facts = json.loads((FOLDER / name / "metrics.json").read_text("utf-8"))
    mojo = read_mojo(FOLDER / name / "model.zip")
    return mojo, read_rows(mojo, FOLDER / facts["rows"]), facts["metrics"]


# --------------------------------------------------------------------------- figures


@pytest.mark.long
@pytest.mark.parametrize("name", ["binomial_many", "multinomial", "huber", "autoencoder"])
def test_the_pages_figures_are_those_of_h2os_server(name: str) -> None:
    mojo, rows, right = read(name)
    found = performance.findings(Scorer(mojo), rows, rows.predicted)
    assert found.binned == (name == "binomial_many")
    compared = 0
    for figure, value, binned, said in found.all_figures:
        assert said
        expected = right.get(NAMES.get(figure, figure))
        if isinstance(expected, float):
            assert (value if binned is None else binned) == pytest.approx(expected, rel=1e-9)
            compared += 1
    assert compared == {"binomial_many": 8, "multinomial": 7, "huber": 5, "autoencoder": 2}[name]
    assert set(found.figures) <= {figure for figure, *_ in found.all_figures}
    assert all(words for _, words in found.charts)


@pytest.mark.long
def test_a_page_shows_weights_classes_and_the_folded_tables() -> None:
    mojo, rows, _ = read("binomial_many")
    page = report_page(mojo, rows=rows)
    assert "Rows count by their weight (column parts), as in H2O." in page
    assert "20 of the rows have no response, no weight or no prediction" in page
    for words in ("the model&#39;s threshold", "Gains and lift", "cumulative lift", "absolute_mcc"):
        assert words in page or words.replace("&#39;", "'") in page
    assert "mathdefault" not in page


def test_rows_that_cannot_be_measured_say_so() -> None:
    mojo, rows, _ = read("huber")
    assert rows.weights is not None
    bare = replace(rows, weights=np.zeros_like(rows.weights))
    found = performance.findings(Scorer(mojo), bare, bare.predicted)
    assert found.figures == {}
    assert "could be measured" in found.notes[0]


def test_a_file_without_the_weights_of_training_is_measured_without(tmp_path: Path) -> None:
    mojo, rows, _ = read("gamma")
    lines = (FOLDER / "rows.csv").read_text("utf-8").splitlines()
    place = lines[0].split(",").index('"whole"')
    cut = [",".join(cells[:place] + cells[place + 1 :]) for cells in (x.split(",") for x in lines)]
    (tmp_path / "rows.csv").write_text("\n".join(cut) + "\n", "utf-8")
    found = read_rows(mojo, tmp_path / "rows.csv")
    assert rows.weights is not None
    assert found.weights is None
    assert found.response is not None
    figures = metrics.of_predictions(mojo, found.predicted, None, found.response)
    ones = np.ones(found.count)
    assert figures == metrics.of_predictions(mojo, rows.predicted, None, rows.response, ones)


# --------------------------------------------------------------------------- groups


def test_groups_hold_all_rows_and_equal_numbers_together() -> None:
    draws = np.random.default_rng(3)
    by, weights = draws.normal(size=500).round(1), draws.uniform(0.1, 2, 500)
    places = equal_groups(by, weights, 10)
    assert len(np.unique(places)) == 10
    for number in np.unique(by):
        assert len(np.unique(places[by == number])) == 1
    assert (np.diff(places[np.argsort(by, kind="stable")]) >= 0).all()
    found = grouped(by, by**2, weights, places)
    assert found.counts.sum() == 500
    sums = np.bincount(places, weights)
    assert found.y @ sums == pytest.approx(weights @ by**2)
    whole = bulk(by, by, weights, 10)
    assert (whole.low <= whole.middle).all()
    assert (whole.middle <= whole.high).all()


def test_residuals_lean_in_the_column_that_they_follow_and_in_no_other() -> None:
    mojo, rows, _ = read("huber")
    cells = rows.sample
    ratio = next(column for column in mojo.inputs if column.name == "ratio")
    noise = np.random.default_rng(4).normal(size=len(cells))
    residuals = 3 * cells.matrix[:, ratio.feature] + noise
    found = leanings(mojo, cells, residuals, np.ones(len(cells)))
    shares = {one.column: one.share for one in found}
    assert found[0].column == "ratio"
    assert shares["ratio"] == pytest.approx(0.75, abs=0.12)
    assert max(share for name, share in shares.items() if name != "ratio") < 0.05
    shape = np.array(cells.table.column("shape").to_pylist())
    by_shape = leanings(mojo, cells, np.where(shape == "flat", 5.0, 0.0), np.ones(len(cells)))
    assert by_shape[0].column == "shape"
    assert by_shape[0].worst() == ("flat", 5.0, int((shape == "flat").sum()))
    assert leanings(mojo, cells, np.full(len(cells), np.nan), np.ones(len(cells))) == []


def test_errors_by_column_add_up_to_the_rows_own() -> None:
    mojo, rows, _ = read("autoencoder")
    scorer, matrix = Scorer(mojo), rows.sample.matrix
    places = np.concatenate([inputs_of(mojo, column) for column in mojo.inputs])
    assert sorted(places.tolist()) == list(range(mojo.features.width))
    squared = scorer.squared_errors(matrix, missing="server")
    np.testing.assert_allclose(
        squared.sum(axis=1) / mojo.features.width, scorer.anomaly_matrix(matrix, missing="server")
    )
