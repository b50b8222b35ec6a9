"""How files of rows are read, and what every format requires of their columns."""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mojo_reader.errors import MojoDataError
from mojo_reader.files.formats import FORMATS, Format
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.model import Mojo
from mojo_reader.scoring.columns import AbsentColumnError
from mojo_reader.scoring.near_names import near_names, shown_names
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import Invalids, described, option, problems_of
from mojo_reader.scoring.times import UTC, zone_of

Decimal = Literal[".", ","]
DECIMAL_POINT: Final = "."
DECIMALS: Final[tuple[Decimal, ...]] = get_args(Decimal)
_SHOWN_NAMES: Final = 5
_TAB_NAMES: Final = ("\\t", "tab")


def separator_problem(separator: str | None) -> str | None:
    """Say what is wrong with a separator, None where nothing is."""
    if separator is None or (
        len(separator) == 1 and separator not in '"\r\n' and separator.isascii()
    ):
        return None
    return f"expected a separator of one character, no quote and no line end, found {separator!r}"


def decimal_problem(decimal: str) -> str | None:
    """Say what is wrong with a decimal mark, None where nothing is."""
    return None if decimal in DECIMALS else f"expected the decimal mark . or , found {decimal!r}"


def time_zone_problem(name: str) -> str | None:
    """Say what is wrong with a time zone's name, None where nothing is."""
    try:
        zone_of(name)
    except (KeyError, ValueError, OSError):
        return f"expected a time zone such as Europe/Berlin, found {name!r}"
    return None


def separator_of(text: str) -> str:
    """Return the separator that a person names."""
    return "\t" if text in _TAB_NAMES else text


@described
@dataclass(frozen=True, kw_only=True)
class Reading(Invalids):
    """How files of rows are read."""

    format: Format | None = option(
        None, "The format of the rows, where the file's name does not end in it.", words=FORMATS
    )
    separator: str | None = option(
        None,
        "The character between the cells of a CSV row, such as ';' or 'tab'; by default the one "
        "that gives the model's column names.",
        sign="CHAR",
        problem=separator_problem,
        read=separator_of,
    )
    decimal: Decimal = option(
        DECIMAL_POINT,
        "The decimal mark of numbers in CSV files.",
        sign="|".join(DECIMALS),
        problem=decimal_problem,
    )
    time_zone: str = option(
        UTC,
        "The time zone of times that are written without one.",
        sign="ZONE",
        problem=time_zone_problem,
    )
    limits: Limits = option(DEFAULT_LIMITS, "How much a file may ask for.")

    def check(self) -> None:
        """Require a separator, a decimal mark and a time zone that there are.

        Raises:
            MojoDataError: it is none.
        """
        for problem in problems_of(self):
            raise MojoDataError(problem)


@described
@dataclass(frozen=True, kw_only=True)
class TableRules(Reading):
    """How files of rows are read for one purpose."""

    keep: tuple[str, ...] = option((), "Columns that are carried through, CSV cells as text.")
    required: tuple[str, ...] = option(
        (), "Columns of the model without which the rows are refused."
    )
    numbers: frozenset[str] = option(
        frozenset(), "Those of the columns to keep whose CSV cells are read as numbers."
    )


def known_names(mojo: Mojo, rules: TableRules) -> set[str]:
    """Return the names that a file's columns may have for a reason."""
    return {column.name for column in mojo.inputs} | set(mojo.kept.columns) | set(rules.keep)


def check_columns(names: tuple[str, ...], mojo: Mojo, rules: TableRules, notices: Notices) -> None:
    """Require the columns that are needed of a file.

    Args:
        names: of the file's columns.
        mojo: the model.
        rules: how the file is read.
        notices: columns that are absent, and those that the model does not know, are added here.

    Raises:
        AbsentColumnError: a column to keep is absent.
        MojoDataError: no column of the model is there, one that is required is not, or one stands
            twice.
    """
    rules.limits.check_rows("row_columns", len(names), f"the rows have {len(names):,} columns")
    known = known_names(mojo, rules)
    counts = Counter(names)
    if known.isdisjoint(counts):
        wanted = ", ".join(repr(column.name) for column in mojo.inputs[:_SHOWN_NAMES])
        hint = _separator_hint(names)
        message = f"the rows have none of the model's columns ({wanted}, ...){hint}"
        raise MojoDataError(message)
    twice = [name for name in known if counts[name] > 1]
    if twice:
        message = f"the column {min(twice)!r} stands twice in the header"
        raise MojoDataError(message)
    for name in rules.keep:
        if name not in counts:
            raise AbsentColumnError(name)
    strangers = [name for name in counts if name not in known]
    lacking = near_names((c.name for c in mojo.inputs if c.name not in counts), strangers)
    needed = {name: near for name, near in lacking.items() if name in rules.required}
    if needed:
        message = f"the rows lack columns of the model: {shown_names(needed)}"
        raise MojoDataError(message)
    notices.absent.update(lacking)
    notices.extra.update(dict.fromkeys(strangers))


def _separator_hint(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        for separator, named in ((";", "';'"), ("\t", "'\\t'"), ("|", "'|'")):
            if separator in names[0]:
                return f"; is the separator {named}? (--separator)"
    return ""
