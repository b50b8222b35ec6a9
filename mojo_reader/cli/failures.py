"""How a command fails: one plain sentence on standard error, and a code."""

import functools
import sys
import warnings
from collections.abc import Callable
from typing import ParamSpec

import typer

from mojo_reader.errors import COMPARISON_FAILED, EndedBySignal, MojoError, exit_code, sentence
from mojo_reader.scoring.row_warnings import ROW_WARNINGS

__all__ = ["COMPARISON_FAILED", "code_of", "plain_failures"]

_Parameters = ParamSpec("_Parameters")


def plain_failures(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Turn the errors of a command into a sentence and an exit code."""

    @functools.wraps(command)
    def run(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        def call() -> int:
            with warnings.catch_warnings():
                # The program says in a line of its own what is odd in the rows.
                for kind in ROW_WARNINGS:
                    warnings.simplefilter("ignore", kind)
                command(*args, **kwargs)
            return 0

        if code := code_of(call):
            raise typer.Exit(code)

    return run


def code_of(run: Callable[[], int]) -> int:
    """Run something and return its exit code; an error is said in a sentence.

    What reads the output may leave when it has seen enough, which is no error.
    """
    try:
        return run()
    except BrokenPipeError:
        return 0
    except (MojoError, OSError, MemoryError, KeyboardInterrupt, EndedBySignal) as error:
        sys.stderr.write(f"mojo2keras: {sentence(error)}\n")
        sys.stderr.flush()
        return exit_code(error)
