"""What the report keeps of a file of rows that goes by."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import golden

from emit.proving.proof import compared
from emit.report import emitted_proof, read_rows, reading
from emit.report.kept_rows import DrawnRows, TopRows
from emit.report.tallies import RESPONSE, LevelTally, NumberTally, Span
from mojo_reader import Scorer
from mojo_reader.cli.report import _counting
from mojo_reader.explaining.drawing import drawn_places
from mojo_reader.files.counting import RowsDone

Parts = st.lists(st.integers(0, 30), min_size=1, max_size=12)


@settings(max_examples=15)
@given(Parts, st.integers(1, 40))
def test_rows_are_drawn_as_everywhere_however_they_come(parts: list[int], most: int) -> None:
    count = sum(parts)
    keys, drawn, start = np.random.default_rng(1).random(count), DrawnRows(most), 0
    for rows in parts:
        places = np.arange(start, start + rows)
        drawn.add(keys[places], places, pa.table({"place": places}), None)
        start += rows
    if not count:
        assert drawn.rows() == ()
        return
    places, table, nothing = drawn.rows()
    np.testing.assert_array_equal(places, drawn_places(count, most, 1))
    assert table["place"].to_pylist() == places.tolist()
    assert nothing is None


@settings(max_examples=15)
@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.5, np.nan, np.inf]), max_size=9)))
def test_the_largest_are_kept_and_of_equal_ones_the_first(parts: list[list[float]]) -> None:
    top, start = TopRows(4), 0
    for part in parts:
        scores = np.array(part, float)
        top.add(scores, np.arange(start, start + len(scores)))
        start += len(scores)
    every = [score for part in parts for score in part]
    order = sorted((-score, place) for place, score in enumerate(every) if np.isfinite(score))
    found = top.rows()[1].tolist() if top.rows() else []
    assert found == [place for _, place in order[:4]]


@settings(max_examples=15)
@given(st.lists(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan)), min_size=1))
def test_numbers_are_counted_in_parts_as_in_one(parts: list[list[float]]) -> None:
    span = Span(low=-10.0, high=10.0, edges=np.array([0.0, 5.0]))
    tally = NumberTally(span=span)
    for part in parts:
        tally.add(np.array(part, float))
    values = np.concatenate([np.array(part, float) for part in parts])
    numbers = values[~np.isnan(values)]
    assert (tally.rows, tally.missing) == (len(values), len(values) - len(numbers))
    assert tally.outside == np.sum(np.abs(numbers) > 10)
    bins = [np.sum(numbers <= 0), np.sum((numbers > 0) & (numbers <= 5)), np.sum(numbers > 5)]
    assert tally.bins.tolist() == bins
    if len(numbers) > 1:
        assert tally.mean == pytest.approx(numbers.mean(), rel=1e-9, abs=1e-9)
        assert tally.deviation == pytest.approx(numbers.std(ddof=1), rel=1e-9, abs=1e-6)
        assert (tally.least, tally.most) == (numbers.min(), numbers.max())


def test_the_ends_of_a_span_are_inside() -> None:
    tally = NumberTally(span=Span(low=1.0, high=3.0))
    tally.add(np.array([1.0, 3.0, np.nextafter(1.0, 0.0), np.inf, np.nan]))
    assert (tally.outside, tally.inside.count, tally.inside.mean) == (2, 2, 2.0)


def test_the_worst_rows_of_a_proof_have_their_numbers_in_the_file() -> None:
    mojo = golden("iris_tanh").mojo()
    matrix = Scorer(mojo).encode(golden("iris_tanh").columns())[:8]
    values = Scorer(mojo).score_matrix(matrix)
    values[5] = values[5, ::-1]
    found = compared(lambda rows: values[rows], mojo, matrix, dtype="float64", batch=4)
    assert found.worst[0].row == 5
    places = np.arange(100, 108)
    proof = emitted_proof("JAX", "rows.csv", found, places=places, count=1_000)
    assert proof.result.worst[0].row == 105
    assert proof.title.endswith("on 8 rows drawn of the 1,000 of rows.csv")
    assert emitted_proof("JAX", "rows.csv", found).result.worst[0].row == 5


def test_levels_that_the_model_does_not_know_are_named() -> None:
    tally = LevelTally(levels=2)
    cells = pa.array(["a", "x", "b", None, "y", "x"])
    tally.add(np.array([0, 3, 1, 2, 3, 3]), cells)
    tally.add(np.array([1, 1]))
    assert (tally.rows, tally.missing, tally.unseen) == (8, 1, 3)
    assert tally.counts.tolist() == [1, 3]
    assert tally.strangers.most_common() == [("x", 2), ("y", 1)]


def test_the_share_of_the_rows_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    clock = iter([100.0, 102.0, 104.0])
    monkeypatch.setattr("mojo_reader.cli.report.time.monotonic", lambda: next(clock))
    told = _counting("reading the rows", said.append)
    told(RowsDone.of(1_000, 0.25))
    told(RowsDone.of(2_000, None))
    assert said == ["reading the rows: 1,000, 25%, 6 s left", "reading the rows: 2,000"]


def large(tmp_path: Path, times: int) -> Path:
    """Write a golden's rows many times over, with a response."""
    lines = (golden("binomial_tanh").folder / "input.csv").read_text("utf-8").splitlines()
    labels = list(golden("binomial_tanh").mojo().output.labels)  # type: ignore[union-attr]
    many = [f"{line},{labels[place % 2]}" for place, line in enumerate(lines[1:] * times)]
    path = tmp_path / "many.csv"
    response = golden("binomial_tanh").mojo().output.response  # type: ignore[union-attr]
    path.write_text("\n".join([f"{lines[0]},{response}", *many]) + "\n", "utf-8")
    return path


def test_of_many_rows_some_are_kept_cell_by_cell_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mojo = golden("binomial_tanh").mojo()
    path = large(tmp_path, 5)
    whole = read_rows(mojo, path)
    monkeypatch.setattr(reading, "MOST_ROWS", 50)
    some = read_rows(mojo, path, chosen=[3, whole.count - 1])
    assert (len(whole.sample), len(some.sample)) == (whole.count, 50)
    places = drawn_places(whole.count, 50, 1)
    np.testing.assert_array_equal(some.sample.places, places)
    np.testing.assert_array_equal(some.sample.matrix, whole.sample.matrix[places])
    assert some.sample.table.to_pylist() == whole.sample.table.take(places).to_pylist()
    np.testing.assert_array_equal(some.predicted, whole.predicted)
    np.testing.assert_array_equal(some.predicted[some.sampled], whole.predicted[places])
    assert some.worst == whole.worst
    for place in (*some.worst, 3, whole.count - 1):
        cells, index = some.cells_with(place)
        np.testing.assert_array_equal(cells.matrix[index], whole.sample.matrix[place])
        assert cells.table.slice(index, 1).equals(whole.sample.table.slice(place, 1))
    for name, tally in whole.tallies.items():
        assert repr(tally) == repr(some.tallies[name])


def test_the_tallies_are_of_the_columns_and_the_response(tmp_path: Path) -> None:
    mojo = golden("binomial_tanh").mojo()
    read = read_rows(mojo, large(tmp_path, 1))
    response, city = read.tallies[RESPONSE], read.tallies["city"]
    assert isinstance(response, LevelTally)
    assert isinstance(city, LevelTally)
    assert response.counts.sum() == read.count
    assert (city.unseen, sum(city.strangers.values())) == (2, 2)
    assert read.tallies["size"].missing == 12
    np.testing.assert_array_equal(read.predicted, Scorer(mojo).score_matrix(read.sample.matrix))
