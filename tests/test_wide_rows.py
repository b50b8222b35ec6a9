"""Many columns: only those of the model are read, and the work grows with their number alone."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from attacks.large import Network, detailed
from attacks.rows import columns
from rows_support import run
from support import golden

from mojo_reader import Mojo, Scorer, read_mojo
from mojo_reader.files import csv_rows, parquet_rows
from mojo_reader.files.sinks import CsvSink
from mojo_reader.files.tables import TableRules, read_rows
from mojo_reader.java import text as java
from mojo_reader.scoring.arrow import float_array
from mojo_reader.scoring.gather import Gathers

MIXED = golden("binomial_tanh")
MOJO = MIXED.mojo()
ROWS = 3
MIXED_NAMES = columns(ROWS).column_names
# Twice the columns take twice the work, and what does not depend on them.
MOST_GROWTH = 2.2


def steps(work: Callable[[], object]) -> int:
    """Count the calls of functions, of Python and of C, that some work takes."""
    count = 0

    def called(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def wide_table(width: int) -> pa.Table:
    """Return the model's columns among many others."""
    others = {f"other{place}": pa.array([1.0] * ROWS) for place in range(width)}
    return pa.table({**others, **dict(zip(MIXED_NAMES, columns(ROWS).columns, strict=True))})


def write(table: pa.Table, path: Path) -> Path:
    """Write a table in the format of its name."""
    match path.suffix:
        case ".csv":
            pa_csv.write_csv(table, path)
        case ".parquet":
            pq.write_table(table, path)
        case ".feather":
            pyarrow.feather.write_feather(table, path)
        case _:
            lines = table.to_pandas().to_json(orient="records", lines=True)
            path.write_text(lines, "utf-8")
    return path


FORMATS = [".csv", ".parquet", ".feather", ".jsonl"]


@pytest.mark.parametrize("ending", FORMATS)
def test_columns_of_others_take_linear_time(ending: str, tmp_path: Path) -> None:
    paths = [write(wide_table(width), tmp_path / f"{width}{ending}") for width in (400, 800)]
    read_rows(paths[0], MOJO)  # what is made once
    narrow, wide = (steps(lambda path=path: read_rows(path, MOJO)) for path in paths)
    assert narrow < wide + 100 < MOST_GROWTH * narrow + 100


@pytest.mark.parametrize("ending", FORMATS)
def test_columns_to_keep_take_linear_time(ending: str, tmp_path: Path) -> None:
    found = []
    for width in (400, 800):
        path = write(wide_table(width), tmp_path / f"{width}{ending}")
        rules = TableRules(keep=tuple(f"other{place}" for place in range(width)))
        read = read_rows(path, MOJO, rules)
        assert read.num_columns == width + len(MIXED_NAMES)
        found.append(steps(lambda path=path, rules=rules: read_rows(path, MOJO, rules)))
    assert found[1] < MOST_GROWTH * found[0]


def wide_mojo(width: int, folder: Path) -> Mojo:
    """Return a model of many numbers."""
    folder.mkdir()
    return read_mojo(Network(numbers=width).build(folder))


@pytest.mark.parametrize("ending", FORMATS)
def test_columns_of_the_model_take_linear_time(ending: str, tmp_path: Path) -> None:
    found = []
    for width in (400, 800):
        mojo = wide_mojo(width, tmp_path / str(width))
        table = pa.table({column.name: pa.array([1.0] * ROWS) for column in mojo.inputs})
        path = write(table, tmp_path / f"{width}{ending}")
        scorer = Scorer(mojo)

        def work(path: Path = path, mojo: Mojo = mojo, scorer: Scorer = scorer) -> None:
            scorer.score(read_rows(path, mojo))

        work()
        found.append(steps(work))
    assert found[1] < MOST_GROWTH * found[0]


def test_a_wide_model_is_read_in_linear_time(tmp_path: Path) -> None:
    found = []
    for width in (400, 800):
        path = Network(numbers=width, levels=[3] * width).build(tmp_path)
        read_mojo(path)
        found.append(steps(lambda path=path: Scorer(read_mojo(path))))
    assert found[1] < MOST_GROWTH * found[0]


def test_inspect_shows_the_first_of_many_columns(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = Network(numbers=1_500).build(tmp_path)
    shown = run(capfd, "inspect", path)
    assert (shown.code, "c499 " in shown.out, "c500" in shown.out) == (0, True, False)
    assert "and 1,000 more columns; --json gives all." in shown.out
    assert len(json.loads(run(capfd, "inspect", path, "--json").out)["columns"]) == 1_500


def test_inspect_shows_the_first_of_many_layers_and_parameters(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    layers = Network(hidden=[1] * 600).build(tmp_path)
    shown = run(capfd, "inspect", layers)
    assert ("hidden 500 " in shown.out, "hidden 501" in shown.out) == (True, False)
    assert "and 101 more layers; --json gives all." in shown.out
    one = b'{"name": "p%d", "actual_value": 1}'
    parameters = detailed(b",".join(one % number for number in range(600))).build(tmp_path)
    shown = run(capfd, "inspect", parameters)
    assert ("p499 " in shown.out, "p500" in shown.out) == (True, False)
    assert "and 100 more parameters; --json gives all." in shown.out


def test_many_predictions_are_written_together() -> None:
    """A column at a time, each takes a hundred calls."""
    width = 1_000
    values = np.linspace(-1.5, 2.5, 2 * width).reshape(2, width)
    values[1, 3] = np.nan
    names = [f"p{place}" for place in range(width)]
    batch = pa.RecordBatch.from_arrays(list(map(float_array, values.T)), names=names)
    stream = io.BytesIO()
    sink = CsvSink(stream, None, names, 0)
    sink.render(batch)
    assert steps(lambda: sink.write(sink.render(batch))) < 15 * width
    _, *lines = stream.getvalue().decode().splitlines()
    assert lines == [
        ",".join("NA" if np.isnan(value) else java.double_text(value) for value in row)
        for row in values
    ]


def test_tables_of_combinations_take_bounded_memory() -> None:
    width, levels, units = 6_000, 9, 4
    slots = [np.arange(start, start + levels) for start in range(0, width * levels, levels)]
    kernel = np.ones((width * levels, units), np.float32)
    gathers = Gathers([kernel], [np.append(one, -1) for one in slots], np.dtype(np.float64), units)
    tables = {id(table): table.nbytes for table in arrays_of(gathers)}
    assert sum(tables.values()) < 3 * kernel.size * 8 + (40 << 20)
    sums = np.ones((2, units))
    codes = np.array([[0.0, np.nan]] * width)
    gathers.add([sums], gathers.rows(codes), np.empty_like(sums))
    assert sums.tolist() == [[1.0 + width] * units, [1.0] * units]


def arrays_of(gathers: Gathers) -> Iterator[np.ndarray[Any, Any]]:
    yield from gathers.tables
    for group in gathers.groups:
        yield from group.tables


def test_only_the_models_columns_of_csv_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    plain = pa_csv.read_csv

    def spied(*given: Any, convert_options: Any, **options: Any) -> Any:
        read.append(len(convert_options.include_columns))
        return plain(*given, convert_options=convert_options, **options)

    path = write(wide_table(500), tmp_path / "rows.csv")
    monkeypatch.setattr(csv_rows.pa_csv, "read_csv", spied)
    read_rows(path, MOJO)
    assert read == [len(MIXED_NAMES)]


def test_only_the_models_columns_of_parquet_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    plain = parquet_rows.chunk_size

    def spied(stream: Any, chunk: Any) -> Any:
        looked.append(chunk.path_in_schema)
        return plain(stream, chunk)

    path = write(wide_table(500), tmp_path / "rows.parquet")
    content = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(0)
    for place in range(500):
        # Whoever reads a page of another column finds nothing there.
        chunk = group.column(place)
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        content[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    path.write_bytes(content)
    monkeypatch.setattr(parquet_rows, "chunk_size", spied)
    assert read_rows(path, MOJO).num_rows == ROWS
    assert sorted(looked) == sorted(MIXED_NAMES)
