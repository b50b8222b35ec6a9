"""Files of rows for ``binomial_tanh`` that are small and ask for too much."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class RowAttack:
    """One attempt.

    Attributes:
        name: what is tried.
        build: writes it below a folder, and returns the file.
        message: what is said, without the path before it; None where the rows are scored.
        keep: columns that are carried through.
    """

    name: str
    build: Callable[[Path], Path]
    message: str | None
    keep: tuple[str, ...] = ()


def raise_it(name: str, limit: int) -> str:
    return f"the limit {name} is {limit:,}; to raise it: --limit {name}=N, or Limits({name}=N)"


def columns(rows: int, **others: Any) -> pa.Table:
    """Return the model's columns, all cells of each the same, and others instead."""
    plain = {"city": "Athens", "color": "red", "shape": "round", "age": 30.0, "size": 1.5,
             "income": 2.5, "ratio": 0.5}  # fmt: skip
    made: dict[str, Any] = {name: _repeated(pa.array([cell]), rows) for name, cell in plain.items()}
    return pa.table({**made, **others})


def _repeated(one: Any, rows: int) -> Any:
    return one.take(pa.array(np.zeros(rows, np.int64)))


def dictionary(cell: Any, rows: int) -> Any:
    """Return an array of one cell, which is in memory once."""
    indices = pa.array(np.zeros(rows, np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array([cell]))


def _parquet(make: Callable[[], pa.Table], **options: Any) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        path = folder / "rows.parquet"
        options.setdefault("compression", "zstd")
        sink = io.BytesIO()
        pq.write_table(make(), sink, **options)
        path.write_bytes(sink.getvalue())
        assert path.stat().st_size < MEBIBYTE
        return path

    return build


def _long_text() -> str:
    return "1" * (700 * 1024)


# What follows a page of numbers that is not dictionary-encoded.
# Older releases of Arrow bound no page by its rows.
_ROWS_OF_A_PAGE = (
    {"max_rows_per_page": 1 << 30} if int(pa.__version__.partition(".")[0]) >= 22 else {}
)
_ONE_PAGE = {"data_page_size": 1 << 30, "row_group_size": 1 << 30, **_ROWS_OF_A_PAGE}


def _texts(rows: int) -> pa.Table:
    return pa.table({"city": _repeated(pa.array(["a" * 96]), rows)})


PARQUET = [
    RowAttack(
        "a long text in every row of a column of numbers",
        _parquet(lambda: columns(16_000, age=dictionary(_long_text(), 16_000))),
        "row 1, column 'age': expected a number, found '" + "1" * 79,
    ),
    RowAttack(
        "a long text in every row of a column of levels",
        _parquet(lambda: columns(16_000, city=dictionary(_long_text(), 16_000))),
        None,
    ),
    RowAttack(
        "a long text in every row of a column to keep",
        _parquet(lambda: columns(60, id=dictionary(_long_text(), 60))),
        None,
        keep=("id",),
    ),
    RowAttack(
        "a page of 200 MB",
        _parquet(lambda: _texts(2_000_000), use_dictionary=False, **_ONE_PAGE),
        "the pages of row group 1 need 200,000,009 bytes in memory, "
        + raise_it("batch_bytes", 128 << 20),
    ),
    RowAttack(
        "lists",
        _parquet(lambda: columns(2, age=pa.array([[0.0] * 1_000_000, None]))),
        "column 'age': expected text or numbers, found the type list<element: double>",
    ),
    RowAttack(
        "bytes of a fixed size",
        _parquet(lambda: columns(1, age=pa.array([b"a" * 1_000_000], pa.binary(1_000_000)))),
        "column 'age': expected text or numbers, found the type fixed_size_binary[1000000]",
    ),
    RowAttack(
        "150 million rows in a few kilobytes",
        _parquet(lambda: pa.table({"age": pa.nulls(150_000_000, pa.bool_())}), **_ONE_PAGE),
        "150,000,000 rows or more of ",
    ),
]


def packed_text(
    name: str, start: bytes, row: bytes, rows: int, end: bytes = b""
) -> Callable[[Path], Path]:
    """Return what writes the same row many times to a compressed file of text."""
    compression = "zstd" if name.endswith(".zst") else "gzip"

    def build(folder: Path) -> Path:
        path = folder / name
        at_once = row * min(rows, MEBIBYTE // len(row))
        with pa.output_stream(path, compression=compression) as stream:
            stream.write(start)
            left = rows * len(row)
            while left > 0:
                stream.write(at_once[:left])
                left -= len(at_once)
            stream.write(end)
        assert path.stat().st_size < MEBIBYTE
        return path

    return build


TOO_MANY = raise_it("rows_free", 2_500_000)
NAMES = b"city,color,shape,age,size,income,ratio\n"

TEXT = [
    RowAttack(
        "100 million blank lines in 13 kilobytes",
        packed_text("rows.csv.zst", NAMES, b"\n", 100_000_000),
        TOO_MANY,
    ),
    RowAttack(
        "100 million short rows",
        packed_text("rows.csv.zst", NAMES, b"a\n", 100_000_000),
        TOO_MANY,
    ),
    RowAttack(
        "3 million rows in gzip",
        packed_text("rows.csv.gz", b'"age"\n', b'"1"\n', 3_000_000),
        TOO_MANY,
    ),
    RowAttack(
        "4 million empty objects",
        packed_text("rows.jsonl.zst", b'{"age": 1}\n', b"{}\n", 4_000_000),
        TOO_MANY,
    ),
    RowAttack(
        "long rows, 200 MB of text",
        packed_text("rows.csv.zst", b"age,x\n", b"1," + b"x" * 10_000 + b"\n", 20_000),
        raise_it("text_free_bytes", 128 << 20),
    ),
]
