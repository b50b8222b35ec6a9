"""The program ``mojo2keras``, also ``python -m mojo_reader``.

The composition root: the only part of ``mojo_reader`` that reaches into ``emit`` (through
``emitters.py``), and only when a command needs it.
"""

import sys
from collections.abc import Sequence
from typing import Final

_DEFAULT_COMMAND: Final = "convert"
_COMMANDS: Final = ("convert", "inspect", "diff", "encode", "predict", "verify", "fit", "report")
_GLOBAL_OPTIONS: Final = ("--help", "-h", "--version", "--install-completion", "--show-completion")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its code.

    Args:
        arguments: the words after the program's name; ``sys.argv`` where None.
    """
    from mojo_reader.cli.app import app  # noqa: PLC0415 - importing this package stays cheap

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] not in (*_COMMANDS, *_GLOBAL_OPTIONS):
        words.insert(0, _DEFAULT_COMMAND)
    app(words, prog_name="mojo2keras")
