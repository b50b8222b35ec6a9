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
    from mojo_reader.cli.failures import code_of  # noqa: PLC0415 - importing this package is cheap
    from mojo_reader.cli.streams import program_streams  # noqa: PLC0415

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] not in (*_COMMANDS, *_GLOBAL_OPTIONS):
        words.insert(0, _DEFAULT_COMMAND)
    with program_streams():
        code = code_of(lambda: _run(words))
    raise SystemExit(code)


def _run(words: list[str]) -> int:
    from mojo_reader.cli.printing import own_warnings_said  # noqa: PLC0415
    from mojo_reader.cli.signals import ending_by_signals  # noqa: PLC0415

    with ending_by_signals(), own_warnings_said():
        from mojo_reader.cli.app import app  # noqa: PLC0415

        try:
            app(words, prog_name="mojo2keras")
        except SystemExit as done:
            return int(done.code or 0)
        finally:
            # Here, where a full disk or a closed stream is still told.
            sys.stdout.flush()
    return 0
