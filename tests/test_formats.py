"""Arrow files and JSON lines in and out: the same predictions as of CSV and Parquet."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather
import pytest
from attacks.rows import columns
from rows_support import numbers_of, rows_file, run, table_of
from support import golden

from mojo_reader import Limits
from mojo_reader.errors import MojoDataError
from mojo_reader.files.tables import TableRules, read_rows
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices

IRIS = golden("iris_tanh")
MIXED = golden("binomial_tanh")
MOJO = MIXED.mojo()


def scored(capfd: pytest.CaptureFixture[str], rows: Path, *words: object) -> str:
    done = run(capfd, "predict", IRIS.path, rows, "-q", *words)
    assert done.code == 0, done.err
    return done.out


def assert_same(found: str, expected: str) -> None:
    (header, rows), (expected_header, expected_rows) = table_of(found), table_of(expected)
    assert header == expected_header
    assert [row[0] for row in rows] == [row[0] for row in expected_rows]
    np.testing.assert_allclose(numbers_of(rows, 1), numbers_of(expected_rows, 1), atol=1e-12)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_feather_rows_score_as_their_csv(
    compression: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = rows_file(IRIS, tmp_path)
    table = pa_csv.read_csv(rows)
    path = tmp_path / "rows.feather"
    pyarrow.feather.write_feather(table, path, compression=compression, chunksize=7)
    assert_same(scored(capfd, path), scored(capfd, rows))
    stream = tmp_path / "rows"
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    assert_same(scored(capfd, stream), scored(capfd, rows))


def test_json_lines_score_as_their_csv(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = rows_file(IRIS, tmp_path)
    lines = [json.dumps(row) for row in pa_csv.read_csv(rows).to_pylist()]
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress("\n\n".join(lines).encode()))
    assert_same(scored(capfd, path), scored(capfd, rows))


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    for cell in ('1, "age": 2', '1, "age": 1', '1, "x": {"a": 1, "b": 2, "a": 3}'):
        path.write_text(f'{{"age": 1}}\n{{"age": {cell}}}\n', "utf-8")
        key = "a" if "x" in cell else "age"
        with pytest.raises(MojoDataError) as caught:
            read_rows(path, MOJO)
        assert str(caught.value) == (
            f"{path}: row 2: expected a JSON object on a line of its own: the key {key!r} stands "
            "twice"
        )


@pytest.mark.parametrize("name", ["o.arrow", "o.feather", "o.jsonl", "o.ndjson.gz", "o.parquet"])
def test_predictions_in_every_format(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = rows_file(MIXED, tmp_path)
    target = tmp_path / name
    words = ["predict", MIXED.path, rows, "-q", "--keep", "color", "--keep", "age"]
    expected = pa_csv.read_csv(io.BytesIO(run(capfd, *words).out.encode()))
    done = run(capfd, *words, "-o", target)
    assert done.code == 0, done.err
    if name.endswith((".arrow", ".feather")):
        found = pyarrow.feather.read_table(target)
        assert str(found.schema.types[-1]) == "double"
    elif "json" in name:
        content = target.read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        found = pa.Table.from_pylist([json.loads(line) for line in content.splitlines()])
    else:
        return
    assert found.column_names == expected.column_names
    np.testing.assert_allclose(found["yes"].to_numpy(), expected["yes"].to_numpy(), rtol=1e-15)
    assert found["predict"].to_pylist() == expected["predict"].to_pylist()


def json_rows(folder: Path, *lines: str, **rules: object) -> tuple[pa.Table, Notices]:
    path = folder / "rows.ndjson"
    path.write_text("\n".join(lines), "utf-8")
    notices = Notices()
    return read_rows(path, MOJO, TableRules(**rules), notices), notices  # type: ignore[arg-type]


def test_json_cells_mean_what_they_mean_in_memory(tmp_path: Path) -> None:
    table, notices = json_rows(
        tmp_path,
        '{"color": "red", "age": 1, "x": 9}',
        '{"age": "0x1p1", "color": null}',
        '{"color": "NA", "age": true}',
        '{"color": 3, "age": NaN, "zz": {"a": [1]}}',
        keep=("x",),
    )
    assert table["color"].to_pylist() == ["red", None, "NA", "3"]
    np.testing.assert_array_equal(table["age"].to_numpy(), [1, 2, 1, np.nan])
    assert table["x"].to_pylist() == ["9", None, None, None]
    assert notices.extra == {"zz": None}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "row 2: expected a JSON object on a line of its own"),
        ("[1]", r"row 2: expected a JSON object on a line of its own, found b'\[1\]'"),
        ("[" * 100_000, "row 2: expected a JSON object"),
        ('{"age": [1]}', r"row 2, column 'age': expected a number"),
        ('{"color": {"a": 1}}', "row 2, column 'color': expected a level's text"),
        ('{"age": "1,5"}', "row 2, column 'age': expected a number"),
        ("\xff", "row 2: expected a JSON object"),
    ],
)
def test_what_is_no_row_is_refused(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(RowError, match=said):
        json_rows(tmp_path, '{"color": "red", "age": 1}', "", line)


def test_a_json_line_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(MojoDataError, match=r"a line has more than .* the limit record_bytes is"):
        json_rows(tmp_path, "1" * 3_000_000, limits=Limits(record_bytes=1 << 20))


# --------------------------------------------------------------------------- what asks too much


def test_an_arrow_batch_that_its_file_does_not_warrant(tmp_path: Path) -> None:
    path = tmp_path / "rows.feather"
    zeros = pa.array(np.zeros(2_500_000))
    table = pa.table(dict.fromkeys(("age", *"abcdefg"), zeros))
    pyarrow.feather.write_feather(table, path, compression="zstd", chunksize=2_500_000)
    with pytest.raises(MojoDataError, match="a batch of rows needs 160,000,000 bytes in memory"):
        read_rows(path, MOJO)


def test_rows_of_nothing_in_an_arrow_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    with pa.ipc.new_file(path, pa.schema({"age": pa.null()})) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([pa.nulls(10_000)], names=["age"]))
    with pytest.raises(MojoDataError, match="10,000 rows or more of"):
        read_rows(path, MOJO, TableRules(limits=Limits(row_bytes=10_000, rows_free=1)))


def test_damaged_arrow_files(tmp_path: Path) -> None:
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    table = columns(1_000).append_column("more", pa.array(["a", "b"] * 500).dictionary_encode())
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    content = sink.getvalue()
    path = tmp_path / "rows.arrow"
    source = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(content[: source.integers(9, len(content))])
        for place in source.integers(8, len(damaged), 3):
            damaged[place] = source.integers(0, 256)
        path.write_bytes(damaged)
        try:
            read_rows(path, MOJO)
        except MojoDataError:
            continue


def test_an_old_feather_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.feather"
    path.write_bytes(b"FEA1" + bytes(100) + b"FEA1")
    with pytest.raises(MojoDataError, match="a Feather file of version 1 is not read"):
        read_rows(path, MOJO)
