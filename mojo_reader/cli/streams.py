"""The program's standard streams: what a shell can do to them ends in a sentence, or in nothing.

What reads them may leave early (``| head``): the text for it is dropped, and the command goes on to
its own end and exit code. They may be closed (``>&-``), full, or know ASCII alone.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from mojo_reader.files.standard_streams import closed

_STANDARD_FILES = 3


@contextmanager
def program_streams() -> Iterator[None]:
    """Put streams in the place of Python's own while the program runs; leave others alone."""
    was = sys.stdout, sys.stderr
    _fill_closed_files()
    if sys.stdout is sys.__stdout__:
        sys.stdout = _stream(sys.stdout, 1, "standard output")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(sys.stderr, 2, "standard error")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = was


def _fill_closed_files() -> None:
    """Keep the next file that is opened from becoming standard output, which libraries print to."""
    for number in range(_STANDARD_FILES):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - os's signature


def _stream(was: TextIO | None, number: int, name: str) -> TextIO:
    if was is None:
        # Nobody can read what standard error would say.
        raw: io.RawIOBase = _Closed(name) if number == 1 else _Output(number, name)
        return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace")
    was.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(number, name)),
        was.encoding,
        "backslashreplace",
        line_buffering=number != 1 or was.isatty(),
    )


class _Output(io.RawIOBase):
    """A standard stream that drops what is written when nobody can read it any more."""

    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._name = name
        self._gone = False

    def fileno(self) -> int:
        """Return the open file's number."""
        return self._number

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
        return os.isatty(self._number)

    def writable(self) -> bool:
        """Say that it takes writes."""
        return True

    def write(self, data: Any, /) -> int | None:
        """Write, until the reader has gone or there was an error, which is told once."""
        if self._gone:
            return memoryview(data).nbytes
        try:
            return os.write(self._number, data)
        except BrokenPipeError:
            self._gone = True
            return memoryview(data).nbytes
        except OSError as error:
            self._gone = True
            error.filename = self._name
            raise


class _Closed(io.RawIOBase):
    """A standard stream that the shell closed; the first text for it is an error."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = False

    def writable(self) -> bool:
        """Say that it takes writes, to refuse them by a sentence."""
        return True

    def write(self, data: Any, /) -> int | None:
        """Refuse the first text."""
        if not self._told:
            self._told = True
            raise closed(self._name)
        return memoryview(data).nbytes
