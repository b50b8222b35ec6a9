"""The gate that every output's name passes: it is no input, and no other output, under any name.

Files are told apart by what they are (device and inode), so that a link does not hide one; a file
that does not exist yet by its path without links.
"""

import glob
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mojo_reader.errors import OutputNameError

if TYPE_CHECKING:
    # The program's start needs this file, and no NumPy.
    from mojo_reader.model import Mojo

Source = str | os.PathLike[str]
Named = tuple[str, Source]
"""What a person calls an input or output, such as ``--check``, and its path or ``-``."""

STANDARD_STREAM: Final = "-"
SAVED_MODEL: Final = "saved_model.pb"
"""A folder that holds it is a model that may be replaced; any other is somebody's."""
_STANDARD_INPUT: Final = 0
_STANDARD_OUTPUT: Final = 1
_MOST_LINKS: Final = 40
_DESCRIPTORS: Final = re.compile(r"/dev/fd|/proc/(\d+)(/task/\d+)?/fd")


def separate(outputs: Iterable[Named], inputs: Iterable[Named]) -> None:
    """Require outputs that are no inputs, lie in none, and are not each other.

    Args:
        outputs: what will be written, those whose names are derived too.
        inputs: everything that is read: files, folders, ``-`` for standard input.

    Raises:
        OutputNameError: one is.
    """
    read = [_place(what, path, standard=_STANDARD_INPUT) for what, path in inputs]
    written: list[_Place] = []
    for what, path in outputs:
        place = _place(what, path, standard=_STANDARD_OUTPUT)
        for other in (*read, *written):
            if not (place.is_in(other) or (place.is_model and other.is_in(place))):
                continue
            verb = "reads" if other in read else "writes"
            never = ", and an input is never changed" if other in read else ""
            message = (
                f"{_overlap(place, other)} the same run {verb} as {other.what}{never}; "
                f"choose another name for {what}"
            )
            raise OutputNameError(message, file=os.fspath(path))
        written.append(place)


def _overlap(place: "_Place", other: "_Place") -> str:
    if place.is_same(other):
        return "this is what"
    return "this is in the folder that" if place.is_in(other) else "this folder holds what"


def own_descriptor(path: Source) -> int | None:
    """Return N where a path leads to this process's own open file N, such as ``/dev/stdout``.

    Opening such a path would open the file behind it a second time, at its start.
    """
    place = Path(path)
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(place.parent)
        found = _DESCRIPTORS.fullmatch(folder)
        if found and place.name.isdigit() and found[1] in {None, str(os.getpid())}:
            return int(place.name)
        place = Path(folder, place.name)
        if not place.is_symlink():
            return None
        place = Path(folder, place.readlink())
    return None


def is_written_through(path: Source) -> bool:
    """Say whether a path is a pipe, a device or an open file, which nothing may replace."""
    if own_descriptor(path) is not None:
        return True
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where an input or an output stands.

    Attributes:
        what: a person's name for it.
        path: without links; None for an open file.
        identity: device and inode; None where nothing is there that could be destroyed.
        folders: device and inode of the folders around it.
    """

    what: str
    path: str | None
    identity: tuple[int, int] | None
    folders: frozenset[tuple[int, int]]

    @property
    def is_model(self) -> bool:
        """Whether it is a folder that may be replaced; another one is refused by who writes."""
        return self.path is not None and Path(self.path, SAVED_MODEL).is_file()

    def is_same(self, other: "_Place") -> bool:
        if self.identity is not None and self.identity == other.identity:
            return True
        return self.path is not None and self.path == other.path

    def is_in(self, other: "_Place") -> bool:
        """Say whether it is the other one, or stands in the folder that the other one is."""
        return self.is_same(other) or other.identity in self.folders


def _place(what: str, source: Source, *, standard: int) -> _Place:
    name = os.fspath(source)
    descriptor = standard if name == STANDARD_STREAM else own_descriptor(name)
    status = _status(name if descriptor is None else descriptor)
    if descriptor is not None:
        # Two open ends of a pipe or a terminal may well be the same.
        kept = status is not None and stat.S_ISREG(status.st_mode)
        return _Place(
            what=what, path=None, identity=_identity(status) if kept else None, folders=frozenset()
        )
    if status is not None and (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        return _Place(what=what, path=None, identity=None, folders=frozenset())
    path = os.path.realpath(name)
    around = (_identity(_status(str(folder))) for folder in Path(path).parents)
    return _Place(
        what=what,
        path=path,
        identity=_identity(status),
        folders=frozenset(found for found in around if found is not None),
    )


def _status(file: str | int) -> os.stat_result | None:
    try:
        return os.stat(file)  # noqa: PTH116 - an open file has no path
    except (OSError, ValueError):
        return None  # who opens it says what is wrong with it


def _identity(status: os.stat_result | None) -> tuple[int, int] | None:
    return None if status is None else (status.st_dev, status.st_ino)


def everything(what: str, sources: Source | Sequence[Source]) -> list[Named]:
    """Give one name to several sources, and to each file that a pattern among them names.

    A source that names no file stays as it is.
    """
    if isinstance(sources, (str, os.PathLike)):
        sources = [sources]
    found: list[Source] = []
    for source in sources:
        name = os.fspath(source)
        known = name == STANDARD_STREAM or os.path.lexists(name)
        matches = [] if known else glob.glob(name, recursive=True)  # noqa: PTH207 - a whole pattern
        found += matches or [name]
    return [(what, source) for source in found]


def model_input(mojo: "Mojo") -> list[Named]:
    """Return the file or folder that a model was read from, where there is one."""
    return [] if mojo.info.source is None else [("the model", mojo.info.source)]
