"""Which column of a data frame, or field of its structs, each column of the model reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mojo_reader.errors import MojoDataError, listed
from mojo_reader.model.levels import LEVEL_BLANKS

Fields = Mapping[str, Any]
"""Field name to the ``Fields`` of a struct; empty for anything else."""

Path = tuple[str, ...]
"""Names from a top-level column inwards."""


def find_columns(names: Iterable[str], fields: Fields, *, case_sensitive: bool) -> dict[str, Path]:
    """Find the model's columns among a data frame's.

    The exact name comes first, then the dotted name of a field inside structs, then one that
    differs in the blanks around it, then the same without regard to case, unless Spark is told to
    regard it.

    Args:
        names: the model's columns.
        fields: the data frame's columns.
        case_sensitive: Spark's ``spark.sql.caseSensitive``.

    Returns:
        Where each column stands; columns that are nowhere are left out.

    Raises:
        MojoDataError: several columns differ from the model's in case alone.
    """
    found = {}
    for name in names:
        path = _exact_path(name, fields) or _bare_path(name, fields)
        if path is None and not case_sensitive:
            path = _folded_path(name, fields)
        if path is not None:
            found[name] = path
    return found


def _exact_path(name: str, fields: Fields) -> Path | None:
    return min(_paths(name, fields, str), key=len, default=None)


def _bare_path(name: str, fields: Fields) -> Path | None:
    """Find the one column that differs from the model's in the blanks around it alone."""
    paths = list(_paths(name.strip(LEVEL_BLANKS), fields, lambda field: field.strip(LEVEL_BLANKS)))
    return paths[0] if len(paths) == 1 else None


def _folded_path(name: str, fields: Fields) -> Path | None:
    paths = list(_paths(name.lower(), fields, str.lower))
    if len(paths) > 1:
        have = listed([".".join(path) for path in paths])
        message = (
            f"the model's column {name!r} may be any of the data frame's columns {have}; rename "
            "the one that is meant to the model's name"
        )
        raise MojoDataError(message)
    return paths[0] if paths else None


def _paths(name: str, fields: Fields, fold: Callable[[str], str]) -> Iterator[Path]:
    for field, inner in fields.items():
        folded = fold(field)
        if folded == name:
            yield (field,)
        elif name.startswith(f"{folded}."):
            for path in _paths(name[len(folded) + 1 :], inner, fold):
                yield (field, *path)
