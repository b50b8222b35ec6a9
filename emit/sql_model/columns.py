"""Names that come from the model: raw columns, kept columns, outputs, in a database's rules."""

from collections.abc import Iterable, Sequence

from sqlglot import exp

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import CategoricalInput, Mojo

from .dialects import Dialect

_NUL = "\0"


def raw_column(name: str, dialect: Dialect) -> exp.Column:
    """Name a column of the raw rows."""
    return exp.Column(this=exp.Identifier(this=spelled(name, dialect), quoted=True))


def spelled(name: str, dialect: Dialect) -> str:
    """Return a name as the database can have it: what it bars becomes an underscore."""
    return name.translate(dict.fromkeys(map(ord, dialect.barred), "_"))


def kept_columns(
    mojo: Mojo, keep: Sequence[str] | None, outputs: Sequence[str], dialect: Dialect
) -> tuple[str, ...]:
    """Return the columns that stand before the prediction.

    Args:
        mojo: the model.
        keep: their names; None for the model's own raw columns, but for those with the name of an
            output.
        outputs: the prediction's columns.
        dialect: the database's.

    Raises:
        MojoUnsupportedError: one has the name of an output, or stands twice.
    """
    taken = {folded(name, dialect): name for name in outputs}
    if keep is None:
        names = [column.name for column in mojo.inputs]
        return tuple(name for name in names if folded(name, dialect) not in taken)
    for name in keep:
        other = taken.get(folded(name, dialect))
        if other is not None:
            message = (
                f"the column to keep {name!r} and the output {other!r} have one name in "
                f"{dialect.title}; keep others"
            )
            raise MojoUnsupportedError(message)
    return tuple(keep)


def check_names(names: Iterable[str], what: str, dialect: Dialect) -> None:
    """Require names that the database takes, and tells apart.

    Args:
        names: of columns that stand beside each other.
        what: they are, in the singular.
        dialect: the database's.

    Raises:
        MojoUnsupportedError: one is empty, too long or no text, or two are one to the database.
    """
    seen: dict[str, str] = {}
    for name in names:
        _check_text(name, what)
        if not name:
            message = f"{dialect.title} has no {what} without a name"
            raise MojoUnsupportedError(message)
        size = len(name.encode())
        if dialect.name_bytes is not None and size > dialect.name_bytes:
            message = (
                f"the name of the {what} {name!r} has {size} bytes, and {dialect.title} allows "
                f"{dialect.name_bytes}"
            )
            raise MojoUnsupportedError(message)
        other = seen.setdefault(folded(name, dialect), name)
        if other is not name:
            message = f"{dialect.title} takes the names {other!r} and {name!r} for one {what}"
            raise MojoUnsupportedError(message)


def check_levels(mojo: Mojo) -> None:
    """Require texts that a statement can hold.

    Raises:
        MojoUnsupportedError: a level has a NUL, or is no text that UTF-8 can write.
    """
    for column in mojo.inputs:
        if isinstance(column, CategoricalInput):
            for level in column.levels:
                _check_text(level, f"level of {column.name!r}")
    for label in getattr(mojo.output, "labels", ()):
        _check_text(label, "label")


def folded(name: str, dialect: Dialect) -> str:
    """Return what the database knows a name by."""
    found = spelled(name, dialect)
    return found if dialect.cased else found.lower()


def _check_text(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"the {what} {text!r} is no text that a statement can hold"
        raise MojoUnsupportedError(message) from error
    if _NUL in text:
        message = f"the {what} {text!r} has a NUL, which no statement can hold"
        raise MojoUnsupportedError(message)
