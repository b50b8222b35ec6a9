"""The fields of H2O's classes, release by release, which a binary model does not name.

``layouts.json`` keeps them as differences::

    {"releases": [[VERSION, ...], ...],                 the releases of each layout
     "classes": {CLASS: [[LAYOUT, EDIT, ...], ...]}}    what changes in a class from a layout on

An edit ``[START, STOP, LINE, ...]`` replaces lines of the class as the layout before had it. The
lines of a class are its superclass (empty for none), then ``KIND NAME`` for each field: the
descriptor of a class file for numbers, ``T`` for a text, ``OCLASS`` for an object, ``ECLASS`` for
an enum and ``X`` for what Java serializes, after a ``[`` for each dimension. ``!SUPERCLASS`` alone
is a class that writes itself; ``=`` is an enum, whose constants follow. A program beside the
golden MOJOs, ``class_tables.py``, makes the file.

Releases from ``RESERVED`` on have no table: their vendor reserves the export of scoring artifacts.
"""

import difflib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

Lines = tuple[str, ...]
Table = dict[str, Lines]
Version = tuple[int, ...]

ENUM: Final = "="
OWN: Final = "!"
#: The first release whose vendor reserves the export of scoring artifacts.
RESERVED: Final = (3, 46, 0, 12)
PATH: Final[Traversable] = resources.files(__package__) / "layouts.json"

_VERSION: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){3}")


def version_key(text: str | None) -> Version | None:
    """Return a release as numbers, such as ``(3, 46, 0, 7)``; None where it is none."""
    if text is None or not _VERSION.fullmatch(text):
        return None
    return tuple(map(int, text.split(".")))


def is_reserved(version: Version) -> bool:
    """Say whether the vendor of a release reserves the export of scoring artifacts."""
    return version >= RESERVED


# --------------------------------------------------------------------------- differences


def pack(releases: Mapping[str, Table]) -> str:
    """Write the tables of releases as the text of ``layouts.json``."""
    versions = sorted(releases, key=_sort_key)
    tables: list[Table] = []
    for version in versions:
        if releases[version] not in tables:
            tables.append(releases[version])
    names = sorted(set().union(*tables))
    document = {
        "releases": [[v for v in versions if releases[v] == table] for table in tables],
        "classes": {
            name: list(_changes([table.get(name, ()) for table in tables])) for name in names
        },
    }
    return _text(document)


def _sort_key(version: str) -> Version:
    return version_key(version) or ()


def _changes(versions: list[Lines]) -> Iterator[list[Any]]:
    for number, (before, after) in enumerate(itertools.pairwise([(), *versions])):
        if before != after:
            matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
            edits = [
                [start, stop, *after[first:last]]
                for tag, start, stop, first, last in matcher.get_opcodes()
                if tag != "equal"
            ]
            yield [number, *edits]


def _text(document: Mapping[str, Any]) -> str:
    """Write one line for each layout and for each change, so that what is new can be seen."""

    def compact(value: object) -> str:
        return json.dumps(value, separators=(",", ":"))

    releases = ",\n".join(map(compact, document["releases"]))
    classes = ",\n".join(
        f"{compact(name)}:[\n" + ",\n".join(map(compact, changes)) + "]"
        for name, changes in document["classes"].items()
    )
    return f'{{"releases":[\n{releases}],\n"classes":{{\n{classes}}}}}\n'


def unpack(text: str) -> dict[str, Table]:
    """Return the table of each release in the text of ``layouts.json``."""
    layouts = Layouts(text)
    return {
        version: layouts.table(number)
        for number, versions in enumerate(layouts.releases)
        for version in versions
    }


class Layouts:
    """What ``layouts.json`` holds.

    Args:
        text: of the file.

    Attributes:
        releases: by number of the layout, the releases that have it.
    """

    def __init__(self, text: str) -> None:
        document = json.loads(text)
        self.releases: list[list[str]] = document["releases"]
        self._classes: dict[str, list[list[Any]]] = document["classes"]

    def number(self, version: str) -> int | None:
        """Return the layout of a release; None where it is not known."""
        for number, versions in enumerate(self.releases):
            if version in versions:
                return number
        return None

    def nearest(self, version: Version) -> list[int]:
        """Return all layouts, those of the nearest releases first."""
        known = sorted(
            (_sort_key(release), number)
            for number, versions in enumerate(self.releases)
            for release in versions
        )
        before = [number for key, number in known if key < version][::-1]
        after = [number for key, number in known if key >= version]
        turns = itertools.zip_longest(before, after)
        return list(dict.fromkeys(n for turn in turns for n in turn if n is not None))

    def table(self, number: int) -> Table:
        """Return the lines of each class in a layout."""
        found = {name: _lines(changes, number) for name, changes in self._classes.items()}
        return {name: lines for name, lines in found.items() if lines}


def _lines(changes: list[list[Any]], number: int) -> Lines:
    lines: list[str] = []
    for layout, *edits in changes:
        if layout > number:
            break
        for start, stop, *new in reversed(edits):
            lines[start:stop] = new
    return tuple(lines)


@cache
def known_layouts() -> Layouts:
    """Return the layouts of the package, read when first asked for."""
    return Layouts(PATH.read_text("utf-8"))
