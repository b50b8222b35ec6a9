"""The one model in a folder, as servers mount one."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from mojo_reader.errors import MojoFormatError, listed
from mojo_reader.formats.kinds import form_of_folder, form_of_head
from mojo_reader.formats.mojo.archive import MODEL_INI
from mojo_reader.formats.opening import SNIFFED_BYTES


def find_mojo(folder: Path) -> Path:
    """Return the one model in a model folder, as servers mount one.

    Args:
        folder: holds exactly one MOJO's zip, or else exactly one POJO or binary model; or is
            itself an unpacked MOJO (what KServe's storage initializer makes of a zip) or exported
            weights. The path of a file itself will do, too.

    Raises:
        FileNotFoundError: there is no such folder.
        MojoFormatError: it holds no model, or more than one.
    """
    if not folder.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    if folder.is_file() or (folder / MODEL_INI).is_file() or form_of_folder(folder) is not None:
        return folder
    files = sorted(_files(folder))
    zips = [path.name for path in files if path.suffix.lower() == ".zip"]
    names = zips or [path.name for path in files if _is_model(path)]
    if len(names) == 1:
        return folder / names[0]
    found = f"{len(names)}: {listed(names)}" if names else "none"
    message = (
        "expected one model (a MOJO's zip, or its content with model.ini; a POJO; a binary model; "
        f"exported weights), found {found}"
    )
    raise MojoFormatError(message, file=str(folder))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        # A mounted volume has hidden entries of its own.
        if not path.name.startswith("."):
            yield path


def _is_model(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return form_of_head(file.read(SNIFFED_BYTES)) is not None
