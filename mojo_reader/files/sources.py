"""Where rows come from: files, globs, standard input; plain, gzip or zstd; in any format."""

import glob
import io
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from mojo_reader.errors import MojoDataError
from mojo_reader.files.formats import FORMAT_NAMES, Format, format_of, is_spreadsheet
from mojo_reader.files.outputs import STANDARD_STREAM
from mojo_reader.files.records import ByteStream
from mojo_reader.files.standard_streams import standard_input
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits

Source = str | os.PathLike[str]

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_PARQUET_MAGIC: Final = b"PAR1"
# An Arrow file, and a stream without a file around it.
_ARROW_MAGICS: Final = (b"ARRO", b"\xff\xff\xff\xff")
_OLD_FEATHER_MAGIC: Final = b"FEA1"
_SEEKING: Final[tuple[Format, ...]] = ("parquet", "arrow")
# A zip, which a workbook is, and the files of Excel before 2007.
_WORKBOOK_MAGICS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_PEEKED: Final = 4


def listed_sources(sources: Source | Sequence[Source]) -> list[str]:
    """Return the files that paths and patterns name, in order.

    Args:
        sources: paths, patterns such as ``part-*.csv`` (sorted by name), ``-``.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if isinstance(sources, (str, os.PathLike)):
        sources = [sources]
    found: list[str] = []
    for path in sources:
        source = os.fspath(path)
        if source == STANDARD_STREAM or Path(source).exists():
            found.append(source)
        elif matches := sorted(glob.glob(source, recursive=True)):  # noqa: PTH207 - a whole pattern
            found += matches
        else:
            raise FileNotFoundError(None, "no such file", source)
    return found


def file_size(source: str) -> int | None:
    """Return how many bytes a file has; None for what is no file: standard input, a pipe."""
    try:
        status = None if source == STANDARD_STREAM else os.stat(source)  # noqa: PTH116 - may be text
    except OSError:
        return None  # who opens it says what is wrong with it
    return status.st_size if status is not None and stat.S_ISREG(status.st_mode) else None


class OpenSource:
    """One opened source; its content tells compression and, without an ending, the format.

    Attributes:
        name: for messages.
        format: of the rows.
        stream: the bytes, decompressed.

    Raises:
        OSError: the file cannot be read.
        MojoDataError: it is neither.
    """

    def __init__(self, source: str, chosen: Format | None, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        standard = source == STANDARD_STREAM
        self.name = "standard input" if standard else source
        self._raw: BinaryIO = standard_input() if standard else _opened(source)
        self._owned = not standard
        self._file_bytes = file_size(source) or 0
        self._rows = 0
        self._row_share: float | None = None
        try:
            self._look(source, chosen)
        except BaseException:
            self.close()
            raise

    def _look(self, source: str, chosen: Format | None) -> None:
        """Tell the format and the compression by the name and by the content."""
        start = _read_start(self._raw)
        if is_spreadsheet(source) or start in _WORKBOOK_MAGICS:
            message = (
                f"expected {FORMAT_NAMES}, found an Excel workbook or a zip file: save the sheet "
                "as CSV in UTF-8, or unpack the zip"
            )
            raise MojoDataError(message, file=self.name)
        self.format: Format = _format_by_content(start) or format_of(source, chosen) or "csv"
        if self.format in _SEEKING and _format_by_content(start) is None:
            what = "a Parquet file" if self.format == "parquet" else "an Arrow file"
            message = f"expected {what}, found other content"
            if start == _OLD_FEATHER_MAGIC:
                message = "a Feather file of version 1 is not read: write it again as version 2"
            raise MojoDataError(message, file=self.name)
        if start[:2] in _UTF16_MARKS and self.format not in _SEEKING:
            raise MojoDataError("expected UTF-8 text, found UTF-16", file=self.name)
        raw = self._seekable(start)
        if self.format in _SEEKING:
            self.stream: ByteStream = raw
            return
        self._counted = _Counted(raw)
        self.stream = _decompressed(self._counted, start, self._limits)

    def _seekable(self, start: bytes) -> BinaryIO:
        """Return a file that stands at its start; a pipe's Parquet or Arrow is read into memory."""
        if self.format in _SEEKING and not self._raw.seekable():
            return io.BytesIO(start + self._raw.read())
        if self._raw.seekable():
            self._raw.seek(-len(start), io.SEEK_CUR)
            return self._raw
        return cast("BinaryIO", _Chained(start, self._raw))

    @property
    def size(self) -> int:
        """Bytes of a file that can seek."""
        stream: Any = self.stream
        at = stream.tell()
        size: int = stream.seek(0, io.SEEK_END)
        stream.seek(at)
        return size

    @property
    def bytes_read(self) -> float | None:
        """Bytes of the file that are read, as told by its rows where these were counted.

        None for what has no size: standard input, a pipe.
        """
        if not self._file_bytes:
            return None
        if self._row_share is not None:
            return self._row_share * self._file_bytes
        return self._counted.count if self.format not in _SEEKING else self._raw.tell()

    def count_share(self, rows: int, all_rows: int) -> None:
        """Say which rows of a file are read, where its bytes do not stand in the rows' order."""
        self._row_share = rows / all_rows if all_rows else 1.0

    def count_rows(self, rows: int) -> None:
        """Count some rows of text.

        Raises:
            MojoDataError: the file has more than its size warrants.
        """
        self._rows += rows
        self._limits.check_row_count(self._rows, max(self._file_bytes, self._counted.count))

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._owned:
            self._raw.close()


class _Chained(io.RawIOBase):
    """Bytes that were read already, and the rest of a pipe."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._start:
            taken = self._start if size < 0 else self._start[:size]
            self._start = self._start[len(taken) :]
            return taken
        return self._rest.read(size)


def _opened(source: str) -> BinaryIO:
    if Path(source).is_dir():
        raise MojoDataError("this is a folder, expected a file of rows; a pattern names many files")
    return Path(source).open("rb")


def _read_start(raw: BinaryIO) -> bytes:
    start = b""
    while len(start) < _PEEKED and (more := raw.read(_PEEKED - len(start))):
        start += more
    return start


def _format_by_content(start: bytes) -> Format | None:
    """Return the format of a file that says it itself."""
    if start == _PARQUET_MAGIC:
        return "parquet"
    return "arrow" if start in _ARROW_MAGICS else None


def _decompressed(raw: "_Counted", start: bytes, limits: Limits) -> ByteStream:
    for magic, name in ((_GZIP_MAGIC, "gzip"), (_ZSTD_MAGIC, "zstd")):
        if start.startswith(magic):
            return _Unpacked(raw, name, limits)
    return raw


class _Unpacked:
    """The content of a compressed stream, which has to have a size that its bytes warrant."""

    def __init__(self, packed: "_Counted", compression: str, limits: Limits) -> None:
        import pyarrow as pa

        self._packed = packed
        self._stream = pa.CompressedInputStream(pa.PythonFile(self._packed, "r"), compression)
        self._limits = limits
        self._unpacked = 0

    def read(self, size: int, /) -> bytes:
        part: bytes = self._stream.read(size)
        self._unpacked += len(part)
        self._limits.check_text(self._unpacked, self._packed.count)
        return part


class _Counted(io.RawIOBase):
    """A stream that counts what was read of it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        part = self._raw.read(size)
        self.count += len(part)
        return part
