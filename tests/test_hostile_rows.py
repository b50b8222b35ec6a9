"""Rows from strangers: bytes that are hardly a table end in a sentence and a code, or in scores."""

import contextlib
import gzip
import io
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from child_process import in_child
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import examples, golden

from mojo_reader.cli import main

MIXED = golden("binomial_tanh")
TABLE = (MIXED.folder / "input.csv").read_bytes()
HEADER, *ROWS = TABLE.splitlines()[:6]
GOOD_CODES = {0, 4}
quick = settings(
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CELLS = st.sampled_from(
    [
        b"", b"1", b"1.5", b"-0.0", b"1e400", b"NaN", b"Infinity", b"0x1p3", b"1_0", b"NA", b"-",
        b"2020-01-01", b"2020-13-45 99:99", b"true", b'"', b'""', b'"a,b"', b'"a\nb"', b"'", b"\\",
        b"\\,", b'\\"', b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x92\xa9",
        b"a" * 1_000, b" ", b"\t", b";", b"=1+1", b"\r",
    ]
)  # fmt: skip
SEPARATORS = st.sampled_from([b",", b",", b",", b";", b"\t", b""])
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r", b"\n\n", b""])


@st.composite
def odd_tables(draw: st.DrawFn) -> bytes:
    """Bytes that look like CSV in places."""
    parts = [draw(st.sampled_from([HEADER, b"", b"\xef\xbb\xbf" + HEADER, HEADER[:40], b"x,x"]))]
    for _ in range(draw(st.integers(0, 4))):
        parts.append(draw(ENDS))
        parts.append(draw(st.sampled_from(ROWS)) if draw(st.booleans()) else b"")
        parts.append(draw(SEPARATORS).join(draw(st.lists(CELLS, max_size=9))))
    return b"".join(parts) + draw(ENDS)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Bytes of a real file, some of them others, cut or doubled."""
    positions = st.integers(0, len(content) - 1)
    edits = st.lists(st.tuples(positions, st.binary(max_size=3)), max_size=4)

    def edited(parts: tuple[list[tuple[int, bytes]], int]) -> bytes:
        changes, stop = parts
        made = content[:stop]
        for position, replacement in changes:
            made = made[:position] + replacement + made[position + 1 :]
        return made

    return st.tuples(edits, positions | st.just(len(content))).map(edited)


def parquet_bytes() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa_csv.read_csv(io.BytesIO(TABLE)), sink)
    return sink.getvalue()


def predict(
    content: bytes, name: str, folder: Path, *options: str, code: int | None = None
) -> None:
    """Score a file and hold the program to its contract, and to a code if one is given."""
    rows, target = folder / name, folder / "o.csv"
    rows.write_bytes(content)
    target.unlink(missing_ok=True)
    said = io.StringIO()
    words = ["predict", str(MIXED.path), str(rows), "-o", str(target), "--quiet", *options]
    with contextlib.redirect_stderr(said), pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code in GOOD_CODES, said.getvalue()
    assert code in {None, ended.value.code}
    assert target.exists() == (ended.value.code == 0)
    if ended.value.code:
        assert said.getvalue().startswith("mojo2keras: ")
        assert said.getvalue().count("\n") == 1
        assert said.getvalue().rstrip("\n").isprintable()
    assert {path.name for path in folder.iterdir()} <= {name, "o.csv"}


def test_a_name_in_parquet_that_is_no_text(tmp_path: Path) -> None:
    content = parquet_bytes()
    name = HEADER.split(b",")[0]
    predict(content.replace(name, b"\x80" * len(name)), "rows.parquet", tmp_path, code=4)


@pytest.mark.long
@settings(quick, max_examples=examples(60))
@given(content=odd_tables(), invalid=st.sampled_from(["error", "missing"]))
@example(content=b"", invalid="error")
@example(content=b"\x00" * 100, invalid="error")
@example(content=b"\xff\xfe" + HEADER, invalid="error")
@example(content=HEADER + b"\n" + b'"' * 999, invalid="error")
def test_odd_tables(content: bytes, invalid: str, tmp_path: Path) -> None:
    in_child(predict, content, "rows.csv", tmp_path, "--on-invalid", invalid)


@pytest.mark.long
@settings(quick, max_examples=examples(30))
@given(content=damaged(TABLE))
def test_damaged_tables(content: bytes, tmp_path: Path) -> None:
    in_child(predict, content, "rows.csv", tmp_path)


@pytest.mark.long
@settings(quick, max_examples=examples(30))
@given(content=damaged(gzip.compress(TABLE, mtime=0)))
def test_damaged_gzip(content: bytes, tmp_path: Path) -> None:
    in_child(predict, content, "rows.csv.gz", tmp_path)


@settings(quick, max_examples=examples(30))
@given(content=damaged(parquet_bytes()))
def test_damaged_parquet(content: bytes, tmp_path: Path) -> None:
    in_child(predict, content, "rows.parquet", tmp_path)
