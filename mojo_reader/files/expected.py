"""A file of scores that H2O made, read in order: Parquet, or CSV of PredictCsv or the server.

Numbers may be hexadecimal (PredictCsv without ``--decimal``). PredictCsv does not quote its
header, so that a level with a comma splits it; then columns are taken by position.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError, listed
from mojo_reader.files.sources import OpenSource, Source
from mojo_reader.java import text as java
from mojo_reader.model import Mojo
from mojo_reader.scoring.options import MissingNumber
from mojo_reader.scoring.outputs import output_of

_MISSING: Final = ("", "NA", "NaN", "nan")
_READ_BYTES: Final = 1 << 16
_BOM: Final = "\ufeff"


class ExpectedScores:
    """Scores of one file, and which of the model's output columns they are.

    Args:
        source: path of the file.
        mojo: the model.
        missing: what a missing number does to an autoencoder's error, as in ``Choice``.

    Attributes:
        output: what the file holds: predictions, errors of rows or columns, or a hidden layer.
        compared: positions of the compared columns among the model's output columns.
        labelled: the first of them is the label.
        notes: what a person should know about the reading, one sentence each.

    Raises:
        FileNotFoundError: there is no such file.
        MojoDataError: the file holds none of the model's output columns.
    """

    def __init__(self, source: Source, mojo: Mojo, *, missing: MissingNumber | None = None) -> None:
        self._missing = missing
        self._opened = OpenSource(str(source), None)
        try:
            self._read_header(mojo)
        except BaseException:
            self.close()
            raise

    def _read_header(self, mojo: Mojo) -> None:
        self.file = self._opened.name
        if self._opened.format not in {"csv", "parquet"}:
            raise MojoDataError(
                "expected scores as CSV or Parquet, as H2O writes them", file=self.file
            )
        self._rows = _parquet_rows(self._opened) if self._parquet else _csv_rows(self._opened)
        header = [str(cell) for cell in next(self._rows, [])]
        first = next(self._rows, None)
        self._pending = [] if first is None else [first]
        self.output = output_of(header, mojo, missing=self._missing)
        names = self.output.columns(mojo)
        self.notes: list[str] = []
        self._places = self._found_places(header, names, first)
        self.compared = tuple(index for index, _ in self._places)
        self.labelled = self.output.labelled(mojo) and self.compared[0] == 0
        self._taken = 0

    @property
    def _parquet(self) -> bool:
        return self._opened.format == "parquet"

    def _found_places(
        self, header: list[str], names: Sequence[str], first: Sequence[Any] | None
    ) -> list[tuple[int, int]]:
        """Return the index of each output column that is there, and its place in the file."""
        cells = len(names) if first is None else len(first)
        if header != list(names) and ",".join(header) == ",".join(names) and cells == len(names):
            self.notes.append(
                "the header is misaligned, because a level has a comma that PredictCsv does not "
                "quote; columns were compared by position"
            )
            return [(index, index) for index in range(len(names))]
        places = _matched(header, names)
        if not places:
            message = (
                f"expected columns such as {listed(names)}, found {listed(header)}"
                if header
                else "the file is empty, expected a line of column names"
            )
            raise MojoDataError(message, file=self.file)
        self._note_others(header, names, [index for index, _ in places])
        return places

    def _note_others(self, header: list[str], names: Sequence[str], found: Sequence[int]) -> None:
        unclear = {name for name in names if name in header} - {names[index] for index in found}
        if unclear:
            self.notes.append(
                "not compared, because H2O gives several columns the name and the file has another "
                f"number of them: {listed(sorted(unclear))}"
            )
        lacking = [name for name in names if name not in header]
        if lacking:
            self.notes.append(f"not compared, because the file lacks them: {listed(lacking)}")
        others = [name for name in header if name not in names]
        if others:
            self.notes.append(f"not compared, because they are no predictions: {listed(others)}")

    def take(self, rows: int) -> tuple[list[str] | None, NDArray[np.float64]]:
        """Return the scores of the next rows.

        Args:
            rows: how many.

        Returns:
            Labels where they are compared, and ``(rows, columns)`` float64.

        Raises:
            MojoDataError: there are fewer rows, or a score is no number.
        """
        found = [*self._pending[:rows], *islice(self._rows, max(0, rows - len(self._pending)))]
        self._pending = self._pending[rows:]
        start, self._taken = self._taken, self._taken + len(found)
        if len(found) < rows:
            message = f"expected a score for each row, found {self._taken:,} scores and more rows"
            raise MojoDataError(message, file=self.file)
        labels = [self._cell(row, self._places[0][1]) for row in found] if self.labelled else None
        places = [place for _, place in self._places[1 if self.labelled else 0 :]]
        values = np.empty((rows, len(places)))
        for position, row in enumerate(found):
            for column, place in enumerate(places):
                values[position, column] = self._number(row, place, start + position)
        return labels, values

    def require_end(self) -> None:
        """Require that no scores are left.

        Raises:
            MojoDataError: there are more.
        """
        if self._pending or next(self._rows, None) is not None:
            message = f"expected a score for each of {self._taken:,} rows, found more scores"
            raise MojoDataError(message, file=self.file)

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    @staticmethod
    def _cell(row: Sequence[Any], place: int) -> str:
        return str(row[place]) if place < len(row) else ""

    def _number(self, row: Sequence[Any], place: int, position: int) -> float:
        cell = row[place] if place < len(row) else ""
        if cell is None or isinstance(cell, float):
            return float("nan") if cell is None else cell
        if cell in _MISSING:
            return float("nan")
        try:
            return java.parse_double(str(cell))
        except ValueError as error:
            message = f"row {position + 1:,}: expected a number, found {cell!r:.80}"
            raise MojoDataError(message, file=self.file) from error


def _matched(header: Sequence[str], names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the position of each output column that a header has, and its place there.

    Of columns with one name (a level ``predict``) the first is the first; where the header has
    another number of them they cannot be told apart, labels or probabilities alone excepted.
    """
    for start, stop in ((1, len(names)), (0, 1)):
        if list(header) == list(names[start:stop]):
            return list(zip(range(start, stop), range(len(header)), strict=True))
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        places.setdefault(name, []).append(place)
    counts = Counter(names)
    taken: Counter[str] = Counter()
    matched = []
    for index, name in enumerate(names):
        found = places.get(name, [])
        if counts[name] == 1 and found:
            matched.append((index, found[0]))
        elif len(found) == counts[name]:
            matched.append((index, found[taken[name]]))
            taken[name] += 1
    return matched


def _csv_rows(opened: OpenSource) -> Iterator[list[Any]]:
    with closing(
        io.TextIOWrapper(cast("Any", _Buffered(opened.stream)), "utf-8", newline="")
    ) as text:
        try:
            for number, row in enumerate(csv.reader(text, strict=True)):
                if number == 0 and row:
                    row[0] = row[0].removeprefix(_BOM)
                yield row
        except (UnicodeDecodeError, csv.Error) as error:
            message = f"the scores cannot be read: {error}"
            raise MojoDataError(message, file=opened.name) from error


class _Buffered(io.BufferedIOBase):
    """Any stream with ``read`` as a file for ``io.TextIOWrapper``."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        return bytes(self._stream.read(size if size >= 0 else _READ_BYTES))

    def read(self, size: int | None = -1, /) -> bytes:
        return self.read1(-1 if size is None else size)


def _parquet_rows(opened: OpenSource) -> Iterator[list[Any]]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(opened.stream)
    yield list(file.schema_arrow.names)
    for batch in file.iter_batches():
        yield from (list(row) for row in zip(*map(_cells, batch.columns), strict=True))


def _cells(column: Any) -> list[Any]:
    return list(column.to_pylist())
