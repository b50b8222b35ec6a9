"""What the commands that read rows share: arguments, progress, and what is said at the end."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final, TypeVar

import typer

from mojo_reader.cli.printing import say
from mojo_reader.files.formats import FORMAT_NAMES
from mojo_reader.files.outputs import STANDARD_STREAM
from mojo_reader.scoring.notices import Notices

#: Clears the line of a terminal on which it is written.
CLEARED: Final = "\x1b[K"
_SECONDS_BETWEEN: Final = 0.2
_MINUTE: Final = 60

RowsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="ROWS...",
        help=f"{FORMAT_NAMES} files or patterns; '-' for standard input.",
        show_default=False,
    ),
]
ResponseOption = Annotated[
    str | None,
    typer.Option(
        "--response",
        metavar="COL",
        help="The rows' column with the response; by default the model's.",
    ),
]
Word = TypeVar("Word", bound=str)


def one_of(value: str, known: tuple[Word, ...], option: str) -> Word:
    """Return the value of an option that takes one of some words.

    Raises:
        typer.BadParameter: it is another one.
    """
    for word in known:
        if value == word:
            return word
    message = f"expected {' or '.join(known)}, found {value!r}"
    raise typer.BadParameter(message, param_hint=f"'{option}'")


@contextmanager
def status_line(*, quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """Give a function that writes on one line of a terminal, which goes away at the end.

    None where there is no terminal, or all is quiet.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return

    def write(text: str) -> None:
        sys.stderr.write(f"\r{text}")
        sys.stderr.flush()

    try:
        yield write
    finally:
        write(CLEARED)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """Give a function that shows the rows done on a terminal, None where there is none.

    Where their share is known (``RowsDone``), it is shown with the time that the others will take.
    """
    with status_line(quiet=quiet) as write:
        if write is None:
            yield None
            return
        started = shown = time.monotonic()

        def show(rows: int) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown >= _SECONDS_BETWEEN:
                shown = now
                took = now - started
                rest = time_left(getattr(rows, "share", None), took)
                write(f"{rows:,} rows, {rows / took:,.0f} rows/s{rest} {CLEARED}")

        yield show


def time_left(share: float | None, took: float) -> str:
    """Say what share is done and how long the others take; nothing where the share is unknown."""
    if not share:
        return ""
    left = max(0, round(took * (1 / share - 1)))
    minutes, seconds = divmod(left, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    said = f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
    return f", {min(share, 1.0):.0%}, {said if left >= _MINUTE else f'{left} s'} left"


def say_written(rows: int, target: str) -> None:
    """Say on standard error how many rows were written to which file; standard output shows it."""
    if target != STANDARD_STREAM:
        say(f"{target}: {rows:,} {'row' if rows == 1 else 'rows'} written")


def say_notices(notices: Notices) -> None:
    """Print what was seen in the rows on standard error, a line each; also where all is quiet."""
    for sentence in notices.sentences():
        say(sentence)
