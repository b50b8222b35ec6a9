"""How the program fails: one plain sentence on standard error, and a code."""

import functools
import os
import sys
from collections.abc import Callable
from typing import Final, ParamSpec

import typer

from mojo_reader.errors import (
    MissingExtraError,
    MojoDataError,
    MojoError,
    MojoFormatError,
    MojoOutputError,
    MojoUnsupportedError,
    ParityError,
)

_Parameters = ParamSpec("_Parameters")

COMPARISON_FAILED: Final = 1
USAGE: Final = 2
CANNOT_READ_OR_WRITE: Final = 6
INTERRUPTED: Final = 130

EXIT_CODES: Final[dict[type[BaseException], int]] = {
    ParityError: COMPARISON_FAILED,
    MojoFormatError: 3,
    MojoUnsupportedError: 3,
    MojoDataError: 4,
    MissingExtraError: 5,
    MojoOutputError: CANNOT_READ_OR_WRITE,
    FileNotFoundError: USAGE,
    OSError: CANNOT_READ_OR_WRITE,
    MemoryError: CANNOT_READ_OR_WRITE,
    KeyboardInterrupt: INTERRUPTED,
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
    elif isinstance(error, FileNotFoundError) and error.filename:
        text = f"{os.fsdecode(error.filename)}: no such file or folder"
    elif isinstance(error, OSError):
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        text = f"{place}{error.strerror or error}"
    elif isinstance(error, KeyboardInterrupt):
        text = "interrupted"
    elif isinstance(error, MemoryError):
        text = "not enough memory"
    else:
        text = str(error)
    return " ".join(text.split())


def plain_failures(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Turn the errors of a command into a sentence and an exit code."""

    @functools.wraps(command)
    def run(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BrokenPipeError:
            # The reader of a pipe has gone; keep Python from complaining at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(CANNOT_READ_OR_WRITE) from None
        except (MojoError, OSError, MemoryError, KeyboardInterrupt) as error:
            typer.echo(f"mojo2keras: {sentence(error)}", err=True)
            raise typer.Exit(exit_code(error)) from error

    return run
