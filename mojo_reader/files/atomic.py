"""Outputs that appear whole or not at all; pipes and devices are written through."""

import errno
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from mojo_reader.errors import NO_ROOM, MojoOutputError
from mojo_reader.files.outputs import SAVED_MODEL, is_written_through, own_descriptor
from mojo_reader.files.standard_streams import standard_output

_PERMISSIONS: Final = 0o777
_STANDARD_OUTPUT: Final = 1
_ASIDE: Final = ".old"
#: What this project leaves where it is killed, with the process that wrote it.
_PARTIAL: Final = re.compile(r"\..*\.(?:([0-9a-f]{8}))?[0-9a-f]{8}\.partial(\..*)?", re.DOTALL)

_OF_WRITING: Final = NO_ROOM | {errno.EBADF}

#: What is being written in this process.
_unfinished: set[Path] = set()


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path beside the target to write to; it replaces the target when the block ends well.

    A pipe or a device gets the bytes instead, once they are whole.

    Args:
        target: the file, or the folder of a SavedModel, to make; its folder has to exist.

    Raises:
        MojoOutputError: the folder does not exist, or the target is a folder that is no model.
        OSError: it cannot be written; the error names the target.
    """
    if is_written_through(target):
        with _bytes_through(target) as partial:
            yield partial
        return
    if not target.parent.is_dir():
        message = f"the folder {target.parent} does not exist"
        raise MojoOutputError(message, file=str(target))
    if target.is_dir() and not (target / SAVED_MODEL).is_file():
        message = "expected a file or a SavedModel to replace, found a folder of something else"
        raise MojoOutputError(message, file=str(target))
    # Through a link, so that what it points to is replaced and the link stays.
    place = Path(os.path.realpath(target))
    partial = _partial(place)
    _unfinished.add(partial)
    try:
        with _naming(target, partial):
            yield partial
            _replace(partial, place)
    finally:
        _remove(partial)
        _unfinished.discard(partial)


def remove_unfinished() -> None:
    """Remove what is half written in this process, where an end by a signal left it."""
    for partial in tuple(_unfinished):
        _remove(partial)
        _unfinished.discard(partial)


def left_behind(folders: Iterable[Path]) -> list[Path]:
    """Return what killed runs left in folders: half an output, or an old model set aside."""
    found: list[Path] = []
    for folder in dict.fromkeys(folders):
        try:
            names = sorted(path.name for path in folder.iterdir())
        except OSError:
            continue  # who writes there says so
        for name in names:
            match = _PARTIAL.fullmatch(name)
            if match and not _is_written_now(folder / name, match[1]):
                found.append(folder / name)
    return found


def _is_written_now(partial: Path, process: str | None) -> bool:
    """Say whether a process that lives writes a file whose name tells the process."""
    if process is None or os.name != "posix":
        return False
    number = int(process, 16)
    if number == os.getpid():
        return Path(os.path.realpath(partial)) in _unfinished
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it lives, and is another user's
    return True


# --------------------------------------------------------------------------- written through


@contextmanager
def opened_through(target: Path) -> Iterator[BinaryIO]:
    """Open a pipe, a device or an open file of this process, and write on where it stands.

    Raises:
        OSError: it cannot be written; the error names the target.
    """
    number = own_descriptor(target)
    with _naming(target, target):
        if number == _STANDARD_OUTPUT:
            with standard_output() as stream:
                yield stream
        elif number is not None:
            # The same open file: a second one would begin at its start, and empty it.
            with os.fdopen(os.dup(number), "wb") as stream:
                yield stream
        else:
            with target.open("wb") as stream:
                yield stream


@contextmanager
def _bytes_through(target: Path) -> Iterator[Path]:
    from tempfile import TemporaryDirectory  # of use to devices and pipes alone

    with TemporaryDirectory() as folder:
        whole = Path(folder) / (target.name or "output")
        yield whole
        if whole.is_dir():
            message = "expected a place for a folder, found a pipe or a device"
            raise MojoOutputError(message, file=str(target))
        with whole.open("rb") as made, opened_through(target) as stream:
            shutil.copyfileobj(made, stream)


# --------------------------------------------------------------------------- beside the target


def _partial(target: Path) -> Path:
    mark = f"{os.getpid():08x}{os.urandom(4).hex()}"
    return target.with_name(f".{target.stem}.{mark}.partial{target.suffix}")


@contextmanager
def _naming(target: Path, partial: Path) -> Iterator[None]:
    """Name the target in the errors of writing it, which know no name or another one."""
    try:
        yield
    except OSError as error:
        unnamed = error.filename is None and error.errno in _OF_WRITING
        if unnamed or error.filename in {partial, str(partial)}:
            error.filename = str(target)
        raise


def _replace(partial: Path, target: Path) -> None:
    if not (partial.is_dir() and target.exists()):
        if target.is_file():
            partial.chmod(target.stat().st_mode & _PERMISSIONS)
        partial.replace(target)
        return
    # No call swaps folders: the old one steps aside, and back if the new one cannot come.
    aside = partial.with_suffix(_ASIDE)
    target.replace(aside)
    try:
        partial.replace(target)
    except BaseException:
        aside.replace(target)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
