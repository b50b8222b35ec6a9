"""The report's groups of rows: each is measured as its rows alone would be."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import golden
from typer.testing import CliRunner

from emit.report import read_rows, reading, report_page, segments
from mojo_reader import Scorer
from mojo_reader.cli.app import program
from mojo_reader.comparing.metrics import of_predictions
from mojo_reader.errors import MojoDataError

MOJO = golden("binomial_tanh").mojo()
LABELS = MOJO.output.labels  # type: ignore[union-attr]
RESPONSE = MOJO.output.response  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Rows with a region, a number and a response of their own."""
    source, count = np.random.default_rng(5), 400
    region = source.choice(["north", "south", "east"], count, p=[0.6, 0.35, 0.05]).tolist()
    region[:3] = ["", "NA", None]
    return pa.table(
        {
            "age": source.normal(50, 10, count).round(3),
            "city": source.choice(["Athens", "Bergen", "Cork"], count),
            "size": source.normal(170, 10, count),
            "region": pa.array(region),
            "visits": source.integers(0, 5, count),
            "premium": source.normal(0, 1e-6, count),
            RESPONSE: source.choice(LABELS, count),
        }
    )


def written(table: pa.Table, path: Path) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        columns = [["" if cell is None else str(cell) for cell in c.to_pylist()] for c in table]
        rows = [",".join(row) for row in zip(*columns, strict=True)]
        path.write_text("\n".join([",".join(table.column_names), *rows]) + "\n", "utf-8")
    return path


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning")
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_group_is_measured_as_its_rows_alone(
    tmp_path: Path, table: pa.Table, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 50)
    by = ["region", "visits", "premium", "age", "city"]
    rows = read_rows(MOJO, written(table, tmp_path / f"rows{suffix}"), by=by)
    scorer = Scorer(MOJO)
    for name in by:
        whole, *found = segments.groups(MOJO, rows, name)
        assert whole.rows == sum(one.rows for one in found) == 400
        for one in found:
            own = dict(rows.segments[name])[one.name]
            some = table.filter(pa.array(own))
            matrix = scorer.encode(some)
            values = scorer.score_matrix(matrix)
            actual = np.array([LABELS.index(label) for label in some[RESPONSE].to_pylist()], float)
            expected = of_predictions(MOJO, values, scorer.label_indices(values, matrix), actual)
            assert set(one.figures) == set(expected)
            for figure, value in expected.items():
                assert one.figures[figure] == pytest.approx(value, rel=1e-9, nan_ok=True)
            assert one.observed == pytest.approx(actual.mean())
    names = {name: [label for label, _ in rows.segments[name]] for name in by}
    assert names["region"] == ["north", "south", "east", "missing"]
    assert names["visits"] == ["0", "1", "2", "3", "4"]
    assert set(names["city"]) == {"Athens", "Bergen", "Cork"}
    assert [label.startswith("over ") for label in names["age"]] == [False, True, True, True]
    assert len(names["premium"]) == 4
    small = {one.name: one.small for one in segments.groups(MOJO, rows, "region")}
    assert (small["north"], small["east"], small["missing"]) == (False, True, True)


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning")
def test_a_group_with_few_of_a_class_is_small(tmp_path: Path, table: pa.Table) -> None:
    cork = [place for place, city in enumerate(table["city"].to_pylist()) if city == "Cork"]
    for few, small in ((0, False), (4, True), (5, False)):
        labels = table[RESPONSE].to_pylist()
        for number, place in enumerate(cork):
            labels[place] = LABELS[int(number < few)]
        place = table.column_names.index(RESPONSE)
        rows = read_rows(
            MOJO,
            written(table.set_column(place, RESPONSE, pa.array(labels)), tmp_path / "rows.csv"),
            by=["city"],
        )
        found = {one.name: one.small for one in segments.groups(MOJO, rows, "city")}
        assert found == {"all rows": False, "Athens": False, "Bergen": False, "Cork": small}


def test_quarters_hold_as_many_numbers_and_texts_stay_levels() -> None:
    codes = segments.ColumnCodes(MOJO, "age")
    found = codes.segments(*codes.add(None, np.array([np.nan, *range(100), np.inf])))
    assert [int(own.sum()) for _, own in found] == [25, 25, 25, 26, 1]
    assert [label for label, _ in found][::4] == ["0 to 24.75", "missing"]
    texts = segments.ColumnCodes(MOJO, "other")
    parts = [pa.array([str(one) for one in range(30)]), pa.array(["x", None, "0"])]
    added = [texts.add(part) for part in parts]
    found = texts.segments(*(np.concatenate(both) for both in zip(*added, strict=True)))
    assert (found[0][0], int(found[0][1].sum())) == ("0", 2)
    assert [label for label, _ in found][-2:] == ["11 other levels", "missing"]
    assert sum(int(own.sum()) for _, own in found) == 33


def test_further_texts_are_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_MOST_TEXTS", 25)
    codes = segments.ColumnCodes(MOJO, "other")
    found = codes.segments(*codes.add(pa.array([f"t{one}" for one in range(40)])))
    assert len(found) == 21
    assert (found[-1][0], int(found[-1][1].sum())) == ("many other levels", 20)


@pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning")
@pytest.mark.parametrize("name", ["multinomial", "regression_tanh", "autoencoder_tanh"])
def test_other_models_have_groups_without_a_response(name: str) -> None:
    mojo = golden(name).mojo()
    rows = read_rows(mojo, golden(name).folder / "input.csv", by=["city"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emit.report.data_charts.groups", lambda *_: "<svg>")
        (shown,) = segments.section(mojo, rows)
    assert shown["groups"][0]["rows"] == rows.count
    if name == "autoencoder_tanh":
        assert shown["figures"] == ["MSE", "RMSE"]
    else:
        assert shown["said"] == "Without a response, what is predicted stands alone."


def test_a_column_to_group_by_has_to_be_there(tmp_path: Path, table: pa.Table) -> None:
    path = written(table, tmp_path / "rows.csv")
    with pytest.raises(MojoDataError) as caught:
        read_rows(MOJO, path, by=["branch"])
    assert caught.value.reason == (
        "the rows lack the column 'branch', which they were to be grouped by (--by)"
    )
    words = ["report", str(golden("binomial_tanh").path), "--by", "city"]
    done = CliRunner().invoke(program(), [*words, "-o", str(tmp_path / "x.html")])
    assert (done.exit_code, "needs --rows ROWS" in done.output) == (2, True)
    unlabelled = written(table.drop_columns([RESPONSE]), tmp_path / "unlabelled.csv")
    assert read_rows(MOJO, unlabelled, by=["region"]).response is None


@pytest.mark.long
def test_the_page_shows_the_groups(tmp_path: Path, table: pa.Table) -> None:
    hostile = table.rename_columns(
        ["<i>r</i>" if name == "region" else name for name in table.column_names]
    )
    rows = read_rows(MOJO, written(hostile, tmp_path / "rows.csv"), by=["<i>r</i>", "age"])
    page = report_page(MOJO, rows=rows)
    assert "<i>r</i>" not in page
    assert "By &lt;i&gt;r&lt;/i&gt;" in page
    assert '<a href="#segments">' in page
    section = page.split('id="segments"')[1].split("</section>")[0]
    assert len(re.findall(r"\(small\)", section)) == 2
