"""Standard input and output as bytes, and a sentence where the shell closed them."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from mojo_reader.errors import NO_ROOM

_OUTPUT: Final = "standard output"


def closed(name: str) -> OSError:
    """Return the error of a standard stream that is closed."""
    return OSError(errno.EBADF, "it is closed", name)


def standard_input() -> BinaryIO:
    """Return standard input.

    Raises:
        OSError: it is closed.
    """
    if sys.stdin is None:
        raise closed("standard input")
    return sys.stdin.buffer


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Give standard output for data, whose reader's end is an error here.

    Raises:
        OSError: it is closed.
        BrokenPipeError: what reads it has gone.
    """
    if sys.stdout is None:
        raise closed(_OUTPUT)
    sys.stdout.flush()
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        # A notebook's or a test's own.
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with open(number, "wb", closefd=False) as stream:
            yield stream
    except OSError as error:
        if error.filename is None and error.errno in NO_ROOM:
            error.filename = _OUTPUT
        raise
