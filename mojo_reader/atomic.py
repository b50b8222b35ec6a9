"""Outputs that appear whole or not at all."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mojo_reader.errors import MojoOutputError

#: A folder that holds it is a model that may be replaced; any other is somebody's.
_SAVED_MODEL: Final = "saved_model.pb"
_PERMISSIONS: Final = 0o777


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path beside the target to write to; it replaces the target when the block ends well.

    Args:
        target: the file, or the folder of a SavedModel, to make; its folder has to exist.

    Raises:
        MojoOutputError: the folder does not exist, or the target is a folder that is no model, a
            device or a pipe.
    """
    if not target.parent.is_dir():
        message = f"the folder {target.parent} does not exist"
        raise MojoOutputError(message, file=str(target))
    if target.is_dir() and not (target / _SAVED_MODEL).is_file():
        message = "expected a file or a SavedModel to replace, found a folder of something else"
        raise MojoOutputError(message, file=str(target))
    if target.exists() and not (target.is_file() or target.is_dir()):
        message = "expected a file to replace, found a device or a pipe"
        raise MojoOutputError(message, file=str(target))
    # Through a link, so that what it points to is replaced and the link stays.
    target = target.resolve()
    partial = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.partial{target.suffix}")
    try:
        yield partial
        _replace(partial, target)
    finally:
        _remove(partial)


def _replace(partial: Path, target: Path) -> None:
    if not (partial.is_dir() and target.exists()):
        if target.is_file():
            partial.chmod(target.stat().st_mode & _PERMISSIONS)
        partial.replace(target)
        return
    # No call swaps folders: the old one steps aside, and back if the new one cannot come.
    aside = partial.with_suffix(".old")
    target.replace(aside)
    try:
        partial.replace(target)
    except OSError:
        aside.replace(target)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
