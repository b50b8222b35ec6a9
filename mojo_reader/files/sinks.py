"""Where predictions go: a file that appears whole or not at all, or a stream, in any format."""

import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

import pyarrow as pa

from mojo_reader.errors import MojoDataError, MojoOutputError, OutputNameError
from mojo_reader.files.atomic import opened_through, replacing
from mojo_reader.files.csv_text import column_texts, csv_lines, few_lines, filled, quoted
from mojo_reader.files.formats import (
    Format,
    compression_of,
    ending,
    format_of,
    is_spreadsheet,
)
from mojo_reader.files.outputs import STANDARD_STREAM, is_written_through
from mojo_reader.files.sources import Source
from mojo_reader.files.standard_streams import standard_output
from mojo_reader.scoring.arrow import decoded
from mojo_reader.scoring.equal_names import require_distinct

WRITTEN: Final = ".csv, .csv.gz, .csv.zst, .parquet, .arrow, .feather, .jsonl or .jsonl.gz"
"""The endings of what is written, for a sentence."""
SEEKING: Final[frozenset[Format]] = frozenset({"parquet"})
"""Formats that need a file of their own to be written to."""
_TABS: Final = ".tsv"
# Cells that Python has written before Arrow's functions are imported.
_FEW_CELLS: Final = 500


@contextmanager
def output_stream(target: Source, *, seeks: bool = False) -> Iterator[BinaryIO]:
    """Open a target to write to; a file is written beside its place and moved there at the end.

    A pipe, a device and standard output are written through; what a format has to wind back for is
    made elsewhere and follows whole.

    Args:
        target: path, or ``-`` for standard output.
        seeks: the format winds back.

    Raises:
        MojoOutputError: the folder does not exist, or the target is a folder.
        OSError: the file cannot be written.
    """
    path = Path(target)
    standard = os.fspath(target) == STANDARD_STREAM
    if not standard and not is_written_through(path):
        if path.is_dir():
            raise MojoOutputError("this is a folder, expected a file to write", file=str(path))
        with replacing(path) as partial, partial.open("w+b") as stream:
            yield stream
        return
    with standard_output() if standard else opened_through(path) as stream:
        if not seeks:
            yield stream
            return
        from tempfile import TemporaryFile

        with TemporaryFile() as whole:
            yield cast("BinaryIO", whole)
            whole.seek(0)
            shutil.copyfileobj(whole, stream)


def output_format(target: Source, chosen: Format | None) -> Format:
    """Return the format in which a target is written: what its name says, else the chosen one.

    Args:
        target: path, or ``-`` for standard output.
        chosen: the format where the name does not tell; None for CSV.

    Raises:
        OutputNameError: the name says what is not written.
    """
    name = os.fspath(target)
    said = format_of(name, None)
    if said is not None and not (said == "csv" and ending(name) == _TABS):
        if said in {"parquet", "arrow"} and compression_of(name):
            message = f"expected a name that ends in {ending(name)}, which is compressed inside"
            raise OutputNameError(message, file=name)
        return said
    if is_spreadsheet(name):
        message = "Excel's files are not written; write a .csv, which Excel opens"
        raise OutputNameError(message, file=name)
    told = ending(name) or compression_of(name)
    if said is None and (chosen or not told or name == STANDARD_STREAM or is_written_through(name)):
        return chosen or "csv"
    message = f"expected a name that ends in {WRITTEN}"
    raise OutputNameError(message, file=name)


class Sink(Protocol):
    """Takes record batches of kept columns and predictions."""

    def render(self, batch: Any) -> Any:
        """Return a batch as ``write`` takes it; may run beside anything else."""

    def write(self, rendered: Any) -> None:
        """Write rows after those before."""

    def close(self) -> None:
        """Write what is left; the stream stays open."""


def open_sink(
    stream: BinaryIO, target: Source, chosen: Format | None, schema: Any, kept: int
) -> Sink:
    """Return the sink that a target's name asks for, else the chosen format, else CSV.

    Args:
        stream: where the bytes go.
        target: the name.
        chosen: the format where the name does not tell.
        schema: Arrow schema of the columns, should there be no rows.
        kept: number of columns, the first ones, that are no predictions.
    """
    name = os.fspath(target)
    form = output_format(name, chosen)
    if form == "parquet":
        return ParquetSink(stream, schema)
    if form == "arrow":
        return ArrowSink(stream, schema)
    if form == "jsonl":
        return JsonSink(stream, compression_of(name), schema.names)
    return CsvSink(stream, compression_of(name), schema.names, kept)


class _TextSink:
    """Lines of text, packed where that is asked for."""

    def __init__(self, stream: BinaryIO, compression: str | None) -> None:
        self._compressed = _compressed(stream, compression)
        self._stream = cast("BinaryIO", self._compressed) if compression else stream

    def write(self, rendered: Any) -> None:
        """Write rows after those before."""
        self._stream.write(rendered)

    def close(self) -> None:
        """Finish the compression."""
        if self._compressed is not None:
            self._compressed.close()


class CsvSink(_TextSink):
    """CSV with H2O's number texts; a header or text is quoted only where it has to be.

    A prediction that is null is ``NA``, any other null an empty cell.
    """

    def __init__(
        self, stream: BinaryIO, compression: str | None, names: list[str], kept: int
    ) -> None:
        super().__init__(stream, compression)
        self._kept = kept
        self._header = (",".join(map(quoted, names)) + "\n").encode()

    def render(self, batch: Any) -> Any:
        """Return the rows as bytes."""
        columns = batch.columns
        if batch.num_rows * len(columns) <= _FEW_CELLS:
            return few_lines(columns, self._kept)
        texts = column_texts(columns)
        texts[self._kept :] = [filled(array) for array in texts[self._kept :]]
        return csv_lines(texts)

    def write(self, rendered: Any) -> None:
        """Write rows after those before."""
        self._write_header()
        super().write(rendered)

    def _write_header(self) -> None:
        """Write the header once, when the first rows were scored: an error leaves a pipe empty."""
        if self._header:
            self._stream.write(self._header)
            self._header = b""

    def close(self) -> None:
        """Write a header without rows, and finish the compression."""
        self._write_header()
        super().close()


class _Guarded(io.RawIOBase):
    """Takes nothing after an error: Arrow, which writes on, prints what it cannot write."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._failed = False

    def writable(self) -> bool:
        """Say that it takes writes."""
        return True

    def write(self, data: Any, /) -> int:
        """Write, until that failed or the stream was closed by an error."""
        if not self._failed and not self._stream.closed:
            self._failed = True
            self._stream.write(data)
            self._stream.flush()
            self._failed = False
        return memoryview(data).nbytes


class ParquetSink:
    """One Parquet file; kept columns have the types that they have in the first rows.

    Raises:
        MojoUnsupportedError: two columns have one name; most readers refuse such a file.
    """

    _medium = "Parquet"

    def __init__(self, stream: BinaryIO, schema: Any) -> None:
        require_distinct(schema.names, self._medium, "write CSV, as PredictCsv does")
        self._stream = stream
        self._schema = schema
        self._writer: Any = None

    def render(self, batch: Any) -> Any:
        """Return the rows as they are."""
        return batch

    def write(self, rendered: Any) -> None:
        """Write rows after those before.

        Raises:
            MojoDataError: a kept column has another type than before.
        """
        self._open(rendered.schema).write_batch(self._same_types(rendered))

    def close(self) -> None:
        """Write the file's end."""
        self._open(self._schema).close()

    def _open(self, schema: Any) -> Any:
        if self._writer is None:
            self._schema = schema
            self._writer = self._new_writer(schema)
        return self._writer

    def _new_writer(self, schema: Any) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetWriter(self._stream, schema)

    def _same_types(self, batch: Any) -> Any:
        if batch.schema.equals(self._schema):
            return batch
        try:
            return batch.cast(self._schema)
        except pa.ArrowInvalid as error:
            message = f"a column to keep changes its type from file to file: {error}"
            raise MojoDataError(message) from error


class ArrowSink(ParquetSink):
    """One Arrow file, which is Feather's version 2; text is no dictionary."""

    _medium = "Feather"

    def render(self, batch: Any) -> Any:
        """Return the rows without dictionaries, of which a file holds one for all its batches."""
        columns = [decoded(column) for column in batch.columns]
        return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)

    def _new_writer(self, schema: Any) -> Any:
        return pa.ipc.new_file(self._stream, schema)


class JsonSink(_TextSink):
    """JSON lines, an object for each row; what is missing is null.

    Raises:
        MojoUnsupportedError: two columns have one name.
    """

    def __init__(self, stream: BinaryIO, compression: str | None, names: list[str]) -> None:
        require_distinct(names, "JSON", "write CSV, as PredictCsv does")
        super().__init__(stream, compression)

    def render(self, batch: Any) -> Any:
        """Return the rows as bytes."""
        names = batch.schema.names
        rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        return "".join(
            json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str) + "\n"
            for row in rows
        ).encode()


def _compressed(stream: BinaryIO, compression: str | None) -> Any:
    """Return a stream that compresses, None where nothing is."""
    if compression is None:
        return None
    return pa.CompressedOutputStream(pa.PythonFile(_Guarded(stream), "w"), compression)
