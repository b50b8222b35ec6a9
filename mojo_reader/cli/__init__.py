"""The program ``mojo2keras``, also ``python -m mojo_reader``.

The composition root: the only part of ``mojo_reader`` that reaches into ``emit`` (through
``emitters.py``), and only when a command needs it.
"""

import os
import sys
from collections.abc import Sequence
from typing import Final

from mojo_reader.cli.commands import COMMANDS, DEFAULT_COMMAND
from mojo_reader.errors import SIGNAL_CODES, USAGE

_HELP: Final = "help"
#: Likeness from which on a word is taken for a command that was mistyped.
_NEAR: Final = 0.7
_GLOBAL_OPTIONS: Final = ("--help", "-h", "--version", "--install-completion", "--show-completion")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its code.

    Args:
        arguments: the words after the program's name; ``sys.argv`` where None.
    """
    from mojo_reader.cli.failures import code_of
    from mojo_reader.cli.streams import program_streams

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == [_HELP]:
        words = [*words[1:2], "--help"]
    bare = bool(words) and words[0] not in (*COMMANDS, *_GLOBAL_OPTIONS)
    with program_streams():
        code = code_of(lambda: _run(words, bare=bare))
    if arguments is None and code in SIGNAL_CODES:
        # All is said and cleaned up. JAX's threads may still compute, and Python's own end would
        # crash under them.
        os._exit(code)
    raise SystemExit(code)


def _run(words: list[str], *, bare: bool) -> int:
    from mojo_reader.cli.printing import own_warnings_said
    from mojo_reader.cli.signals import ending_by_signals

    with ending_by_signals(), own_warnings_said():
        from mojo_reader.cli.app import program

        try:
            if bare:
                _refuse_mistyped(words[0])
                words.insert(0, DEFAULT_COMMAND)
            program(_needed(words))(words, prog_name="mojo2keras")
        except SystemExit as done:
            return int(done.code or 0)
        finally:
            # Here, where a full disk or a closed stream is still told.
            sys.stdout.flush()
    return 0


def _needed(words: list[str]) -> tuple[str, ...]:
    """Return the commands to import: the one that is asked for, else all."""
    if words[:1] == ["--version"]:
        return ()
    return (words[0],) if words and words[0] in COMMANDS else tuple(COMMANDS)


def _refuse_mistyped(word: str) -> None:
    """Stop where the first word is nearly a command and is no model.

    Raises:
        SystemExit: it is.
    """
    import difflib

    near = difflib.get_close_matches(word, (*COMMANDS, _HELP), n=1, cutoff=_NEAR)
    if near and not os.path.lexists(word):
        message = f"there is no command and no file {word!r}; did you mean {near[0]}?"
        sys.stderr.write(f"mojo2keras: {message}\n")
        raise SystemExit(USAGE)
