"""A model's file for reading, from a path, bytes or a stream, and what its first bytes tell."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from mojo_reader.errors import MojoError
from mojo_reader.formats.limits import Limits

ModelSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

SNIFFED_BYTES: Final = 1 << 16
_BUFFER_BYTES: Final = 1 << 18


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedFile:
    """A model's file.

    Attributes:
        stream: its bytes, at their start; seekable.
        size: number of bytes.
        name: for messages.
        source: its path without links; None for bytes and streams without a path.
    """

    stream: BinaryIO
    size: int
    name: str
    source: str | None

    def head(self) -> bytes:
        """Return the first bytes, and leave the stream at its start."""
        head = self.stream.read(SNIFFED_BYTES)
        self.stream.seek(0)
        return head


@contextmanager
def open_file(source: ModelSource, limits: Limits) -> Iterator[OpenedFile]:
    """Open a file; a ``MojoError`` that leaves the block gets its name.

    Args:
        source: its path, its bytes, or a binary file, which stays open.
        limits: of its size.

    Raises:
        OSError: it cannot be opened.
        MojoLimitError: it is larger than the limits allow.
    """
    name = display_name(source)
    try:
        if isinstance(source, (bytes, bytearray, memoryview)):
            yield _opened(io.BytesIO(source), name, None, limits)
        elif isinstance(source, (str, os.PathLike)):
            with Path(source).open("rb") as file:
                yield _opened(file, name, os.path.realpath(source), limits)
        else:
            yield _opened(source, name, _path_of(source), limits)
    except MojoError as error:
        raise error.locate(file=name) from error.__cause__


def display_name(source: ModelSource) -> str:
    """Return what messages call a source."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "<bytes>"
    return str(getattr(source, "name", "<stream>"))


def is_folder(source: ModelSource) -> bool:
    """Say whether a source is the path of a folder."""
    return isinstance(source, (str, os.PathLike)) and Path(source).is_dir()


def _opened(stream: BinaryIO, name: str, path: str | None, limits: Limits) -> OpenedFile:
    stream = _seekable(stream, limits)
    size = stream.seek(0, os.SEEK_END)
    _check_file_size(size, limits)
    stream.seek(0)
    return OpenedFile(stream=stream, size=size, name=name, source=path)


def _path_of(stream: BinaryIO) -> str | None:
    """Return the path of a file that was opened by it."""
    name = getattr(stream, "name", None)
    if isinstance(name, (str, os.PathLike)) and os.path.exists(name):  # noqa: PTH110 - any text
        return os.path.realpath(name)
    return None


def _seekable(stream: BinaryIO, limits: Limits) -> BinaryIO:
    """Return the stream, or one over its bytes in memory where it cannot be wound back."""
    if stream.seekable():
        return stream
    content = io.BytesIO()
    while piece := stream.read(_BUFFER_BYTES):
        content.write(piece)
        _check_file_size(content.tell(), limits)
    return content


def _check_file_size(size: int, limits: Limits) -> None:
    limits.check("file_bytes", size, f"the file has {size:,} bytes or more")
