"""Small files of rows that ask for too much are refused by name, or scored in bounded memory."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attacks.rows import NAMES, PARQUET, TEXT, RowAttack, columns, packed_text
from support import golden

from mojo_reader import Limits
from mojo_reader.errors import MojoDataError
from mojo_reader.files.parquet_pages import chunk_size
from mojo_reader.files.score import ScoreOptions, score_file
from mojo_reader.files.tables import TableRules, pieces, read_rows
from mojo_reader.scoring.notices import Notices

MIXED = golden("binomial_tanh")
MOJO = MIXED.mojo()
MOST_ARROW_BYTES = 600 << 20


@pytest.mark.parametrize("attack", PARQUET, ids=lambda attack: attack.name)
def test_rows_that_ask_for_too_much(attack: RowAttack, tmp_path: Path) -> None:
    source = attack.build(tmp_path)
    pool = pa.default_memory_pool()
    before = pool.max_memory()
    options = ScoreOptions(keep=attack.keep, only="label")
    if attack.message is None:
        score_file(MOJO, source, tmp_path / "o.csv", options)
    else:
        with pytest.raises(MojoDataError) as caught:
            score_file(MOJO, source, tmp_path / "o.csv", options)
        assert str(caught.value).startswith(f"{source}: {attack.message}")
    # Making the file may have taken more than reading it does.
    assert pool.max_memory() <= max(before, MOST_ARROW_BYTES)


@pytest.mark.parametrize("attack", TEXT, ids=lambda attack: attack.name)
def test_text_that_unpacks_to_too_much(attack: RowAttack, tmp_path: Path) -> None:
    source = attack.build(tmp_path)
    with pytest.raises(MojoDataError) as caught:
        for _ in pieces(source, MOJO, TableRules(), Notices()):
            pass
    said = str(caught.value)
    assert said.startswith(f"{source}: ")
    assert said.endswith(f" bytes in the file, {attack.message}")


def test_a_raised_limit_lets_the_rows_through(tmp_path: Path) -> None:
    source = packed_text("rows.csv.gz", NAMES, b"\n", 10_000)(tmp_path)
    rules = TableRules(limits=Limits(rows_free=9_999))
    with pytest.raises(MojoDataError, match="the limit rows_free is 9,999; to raise it: --limit"):
        read_rows(source, MOJO, rules)
    assert read_rows(source, MOJO, TableRules(limits=Limits(rows_free=10_000))).num_rows == 10_000


def test_plain_rows_are_warranted_by_the_whole_file(tmp_path: Path) -> None:
    """The rows that take little may come first."""
    source = tmp_path / "rows.csv"
    source.write_bytes(NAMES + b"\n" * 10_000 + b"a,b,c,1,2,3,4\n" * 10_000)
    limits = Limits(rows_free=1, row_bytes=7)
    assert read_rows(source, MOJO, TableRules(limits=limits)).num_rows == 20_000
    with pytest.raises(MojoDataError, match="rows_free"):
        read_rows(source, MOJO, TableRules(limits=Limits(rows_free=1, row_bytes=8)))


def test_line_ends_in_quotes_are_no_rows(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_bytes(NAMES + b'"' + b"\n" * 1_000 + b'",b,c,1,2,3,4\n')
    limits = Limits(rows_free=1, row_bytes=1_000_000)
    assert read_rows(source, MOJO, TableRules(limits=limits)).num_rows == 1


def test_what_a_chunk_takes_is_what_arrow_wrote(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = pa.table({"a": pa.array(["x", "y"] * 5_000), "b": pa.array(range(10_000), pa.int64())})
    pq.write_table(table, path, compression="gzip", use_dictionary=["a"], data_page_version="2.0")
    group = pq.ParquetFile(path).metadata.row_group(0)
    with path.open("rb") as stream:
        texts, numbers = (chunk_size(stream, group.column(place)) for place in (0, 1))
    assert texts.dictionary == len("x") + len("y") + 8
    assert numbers.dictionary == 0
    # A header may take some bytes of the sums that the directory states.
    assert 80_000 <= numbers.page <= group.column(1).total_uncompressed_size <= 80_100
    assert not texts.shares_prefixes


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_texts_that_are_written_as_differences(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    cities = pa.array(["Athens"] * 50 + ["a" * 10_000] * 150)
    table = columns(200, city=cities)
    pq.write_table(table, path, use_dictionary=False, column_encoding={"city": encoding})
    read = read_rows(path, MOJO)
    assert read["city"].to_pylist() == cities.to_pylist()


def test_texts_that_share_prefixes_are_read_few_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    encoding = {"city": "DELTA_BYTE_ARRAY"}
    table = columns(200, city=pa.array(["a" * 10_000] * 200))
    pq.write_table(table, path, use_dictionary=False, column_encoding=encoding)
    read = read_rows(path, MOJO, TableRules(limits=Limits(batch_bytes=300_000)))
    assert max(map(len, read["city"].chunks)) <= 10


def test_long_texts_in_pages_of_their_own_are_read_few_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = columns(200, city=pa.array([f"{row:010,}" * 1_000 for row in range(200)]))
    options = {"use_dictionary": False, "data_page_size": 1, "write_batch_size": 1}
    pq.write_table(table, path, compression="zstd", **options)
    read = read_rows(path, MOJO, TableRules(limits=Limits(batch_bytes=300_000)))
    assert read["city"].to_pylist() == table["city"].to_pylist()
    assert max(map(len, read["city"].chunks)) <= 10


def test_the_file_warrants_what_it_has(tmp_path: Path) -> None:
    """A large page is refused only where the file itself is small."""
    path = tmp_path / "rows.parquet"
    pq.write_table(columns(1_000), path, use_dictionary=False, compression="none")
    assert read_rows(path, MOJO, TableRules(limits=Limits(batch_bytes=1))).num_rows == 1_000
    pq.write_table(columns(1_000), path, use_dictionary=False, compression="zstd")
    with pytest.raises(MojoDataError, match="the limit batch_bytes is 1;"):
        read_rows(path, MOJO, TableRules(limits=Limits(batch_bytes=1)))


def test_a_page_header_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(columns(1_000), path)
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36
    path.write_bytes(content)
    with pytest.raises(MojoDataError, match="the file cannot be read: a page's header is damaged"):
        read_rows(path, MOJO)
