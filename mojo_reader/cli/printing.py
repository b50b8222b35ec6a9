"""What the program prints: text from files is escaped, and any terminal can show it."""

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mojo_reader.errors import printable


def say(sentence: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(f"mojo2keras: {printable(sentence)}\n")
    sys.stderr.flush()


@contextmanager
def own_warnings_said() -> Iterator[None]:
    """Say this project's warnings as sentences in the block; others stay as Python shows them."""
    others = warnings.showwarning

    def show_warning(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if category.__module__.partition(".")[0] == "mojo_reader":
            say(str(message))
        else:
            others(message, category, *place)

    with warnings.catch_warnings():
        warnings.showwarning = show_warning  # type: ignore[assignment]
        yield


def echo(text: str) -> None:
    """Print lines on standard output."""
    sys.stdout.write(f"{_lines(text)}\n")
    sys.stdout.flush()


def print_json(value: Any) -> None:
    """Print JSON on standard output, characters that a terminal would obey as escapes."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if text != _lines(text) or not _encodes(text):
        text = json.dumps(value, indent=2)
    echo(text)


def _lines(text: str) -> str:
    """Escape what a terminal would obey, except line ends."""
    return "\n".join(map(printable, text.split("\n")))


def _encodes(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def show(shown: Any) -> None:
    """Print a sentence, or a table that ``tables`` made, on standard output; nothing is wrapped."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)
    console.print(_lines(shown) if isinstance(shown, str) else shown)
