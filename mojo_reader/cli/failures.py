"""How a command fails: one plain sentence on standard error, and a code."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from mojo_reader.errors import MojoError
from mojo_reader.failures import CANNOT_READ_OR_WRITE, COMPARISON_FAILED, exit_code, sentence

__all__ = ["COMPARISON_FAILED", "plain_failures"]

_Parameters = ParamSpec("_Parameters")


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
