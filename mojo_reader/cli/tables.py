"""Tables that commands print, plain and without markup."""

from collections.abc import Sized
from typing import Any, Final

from mojo_reader.cli.printing import show
from mojo_reader.errors import printable

#: Drawing a row of a table takes a terminal's library as long as scoring thousands.
SHOWN_ROWS: Final = 500
_SHOWN_ITEMS: Final = 4


def table(title: str, *headings: str) -> Any:
    """Return an empty table; headings that are all empty are not shown."""
    from rich import box
    from rich.table import Table

    made = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_header=any(headings),
        highlight=False,
    )
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def cell(text: object) -> Any:
    """Return plain text: what comes from the file is no markup, and nothing a terminal obeys."""
    from rich.text import Text

    return Text(printable(str(text)))


def say_more(rows: Sized, what: str) -> None:
    """Say how many rows a table does not show."""
    more = len(rows) - SHOWN_ROWS
    if more > 0:
        show(f"and {more:,} more {what}; --json gives all.")


def first_ones(value: object) -> str:
    """Return a list's first items and how many more there are; anything else as text."""
    if not isinstance(value, list):
        return str(value)
    shown = ", ".join(map(str, value[:_SHOWN_ITEMS]))
    more = len(value) - _SHOWN_ITEMS
    return f"{shown}, and {more} more" if more > 0 else shown
