"""A Parquet file to record batches, in bounded memory."""

from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq

from mojo_reader.files.parquet_pages import ChunkSize, chunk_size
from mojo_reader.files.rules import TableRules
from mojo_reader.files.sources import OpenSource
from mojo_reader.files.typed_rows import TypedColumns
from mojo_reader.formats.limits import Limits
from mojo_reader.model import Mojo
from mojo_reader.scoring.notices import Notices


def parquet_parts(
    opened: OpenSource, mojo: Mojo, rules: TableRules, notices: Notices
) -> Iterator[tuple[TypedColumns, Any]]:
    """Yield the rows of a file in order, as what reads a part of them, and that part.

    Raises:
        MojoDataError: columns do not fit, or unpacking takes more than the limits allow.
    """
    file = pq.ParquetFile(opened.stream)
    columns = TypedColumns(file.schema_arrow, mojo, rules, notices)
    groups = _RowGroups(opened, file, columns, rules.limits)
    before: list[str] | None = None
    done, all_rows = 0, file.metadata.num_rows
    for number in range(file.metadata.num_row_groups):
        rows, texts = groups.checked(number)
        if texts != before:
            # Texts as dictionaries: each level is looked up once.
            file = pq.ParquetFile(opened.stream, metadata=file.metadata, read_dictionary=texts)
        before = texts
        for batch in file.iter_batches(rows, row_groups=[number], columns=columns.names):
            done += batch.num_rows
            opened.count_share(done, all_rows)
            for part in columns.parts(batch):
                yield columns, part


class _RowGroups:
    """What the row groups of a file take, by their page headers."""

    def __init__(
        self, opened: OpenSource, file: pq.ParquetFile, columns: TypedColumns, limits: Limits
    ) -> None:
        self._stream: Any = opened.stream
        self._metadata = file.metadata
        self._limits = limits
        self._rows = columns.batch_rows
        rows = self._metadata.num_rows
        limits.check_row_count(rows, opened.size)
        self._places = _leaves(file, columns.names)
        self._texts = set(columns.texts)

    def checked(self, number: int) -> tuple[int, list[str]]:
        """Hold a row group to the limits.

        Returns:
            How many rows may be unpacked together, and the columns to read as dictionaries.

        Raises:
            MojoDataError: its pages take too much, or are damaged.
        """
        group = self._metadata.row_group(number)
        sizes = [
            (name, chunk_size(self._stream, group.column(place)))
            for place, name in self._places.items()
        ]
        self._check(number, [size for _, size in sizes])
        texts = {name: size for name, size in sizes if name in self._texts}
        most = self._limits.batch_bytes // max(1, len(texts))
        rows = min(
            (size.text_rows(self._rows, most) for size in texts.values()), default=self._rows
        )
        # Arrow makes no dictionary of these.
        return rows, [name for name, size in texts.items() if not size.deltas]

    def _check(self, number: int, sizes: list[ChunkSize]) -> None:
        self._limits.check_batch(
            sum(size.dictionary + size.page for size in sizes),
            sum(size.packed for size in sizes),
            f"the pages of row group {number + 1} need",
        )


def _leaves(file: pq.ParquetFile, names: list[str]) -> dict[int, str]:
    """Return the file's columns that are read for these names, by their places.

    A name takes all columns whose path starts with it.
    """
    wanted = set(names)
    found = {}
    for place in range(len(file.schema)):
        path = file.schema.column(place).path
        if path in wanted:
            found[place] = path
        elif "." in path:
            start = next((name for name in _starts(path) if name in wanted), None)
            if start is not None:
                found[place] = start
    return found


def _starts(path: str) -> Iterator[str]:
    end = path.find(".")
    while end >= 0:
        yield path[:end]
        end = path.find(".", end + 1)
