"""How a program of this project fails: one plain sentence, and an exit code."""

import os
import tempfile
from typing import Final

from mojo_reader.errors import (
    MissingExtraError,
    MojoDataError,
    MojoError,
    MojoFormatError,
    MojoOutputError,
    MojoUnsupportedError,
    OutputNameError,
    ParityError,
    TrainingError,
    printable,
)
from mojo_reader.files.standard_streams import NO_ROOM

COMPARISON_FAILED: Final = 1
TRAINING_FAILED: Final = 1
USAGE: Final = 2
CANNOT_READ_OR_WRITE: Final = 6
INTERRUPTED: Final = 130
HUNG_UP: Final = 129
TERMINATED: Final = 143
SIGNAL_CODES: Final = frozenset({INTERRUPTED, HUNG_UP, TERMINATED})


class EndedBySignal(BaseException):
    """A signal asked the program to end; no error of its own, and nothing else catches it."""


class EndedByTermination(EndedBySignal):
    """SIGTERM, as ``kill``, ``timeout`` and a system that shuts down send it."""


class EndedByHangUp(EndedBySignal):
    """SIGHUP: the terminal has gone."""


EXIT_CODES: Final[dict[type[BaseException], int]] = {
    ParityError: COMPARISON_FAILED,
    TrainingError: TRAINING_FAILED,
    MojoFormatError: 3,
    MojoUnsupportedError: 3,
    MojoDataError: 4,
    MissingExtraError: 5,
    MojoOutputError: CANNOT_READ_OR_WRITE,
    OutputNameError: USAGE,
    FileNotFoundError: USAGE,
    NotADirectoryError: USAGE,
    OSError: CANNOT_READ_OR_WRITE,
    MemoryError: CANNOT_READ_OR_WRITE,
    KeyboardInterrupt: INTERRUPTED,
    EndedByHangUp: HUNG_UP,
    EndedByTermination: TERMINATED,
}
"""Error class to exit code; a subclass has its nearest base's."""


def exit_code(error: BaseException) -> int:
    """Return the program's exit code for an error."""
    for kind in type(error).__mro__:
        if kind in EXIT_CODES:
            return EXIT_CODES[kind]
    return 1


def sentence(error: BaseException) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, MojoError):
        text = str(error)
    elif isinstance(error, (FileNotFoundError, NotADirectoryError)) and error.filename:
        text = f"{os.fsdecode(error.filename)}: no such file or folder"
    elif isinstance(error, OSError) and error.filename is None and error.errno in NO_ROOM:
        # Who writes a target names it; what has no name is written for a while only.
        text = f"{tempfile.gettempdir()}, the folder for temporary files: {error.strerror}"
    elif isinstance(error, OSError):
        named = isinstance(error.filename, (str, bytes, os.PathLike)) and error.filename
        place = f"{os.fsdecode(error.filename)}: " if named else ""
        text = f"{place}{error.strerror or error}"
    elif isinstance(error, KeyboardInterrupt):
        text = "interrupted"
    elif isinstance(error, EndedByTermination):
        text = "ended by SIGTERM"
    elif isinstance(error, EndedByHangUp):
        text = "ended by SIGHUP"
    elif isinstance(error, MemoryError):
        text = "not enough memory"
    else:
        text = str(error)
    return printable(" ".join(text.split()))
