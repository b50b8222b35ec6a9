"""The one model in a folder, as servers mount one."""

import errno
import os
from pathlib import Path

from mojo_reader.errors import MojoFormatError, listed
from mojo_reader.formats.kinds import form_of_folder
from mojo_reader.formats.mojo.archive import MODEL_INI


def find_mojo(folder: Path) -> Path:
    """Return the one MOJO in a model folder, as servers mount one.

    Args:
        folder: holds exactly one zip, or is an unpacked MOJO (what KServe's storage initializer
            makes of a zip); the path of a zip itself will do, too.

    Raises:
        FileNotFoundError: there is no such folder.
        MojoFormatError: it holds no MOJO, or more than one.
    """
    if not folder.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    if folder.is_file() or (folder / MODEL_INI).is_file() or form_of_folder(folder) is not None:
        return folder
    # A mounted volume has hidden entries of its own.
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() == ".zip" and not path.name.startswith(".")
    )
    if len(names) == 1:
        return folder / names[0]
    found = f"{len(names)}: {listed(names)}" if names else "none"
    message = f"expected one MOJO (a zip, or a zip's content with model.ini), found {found}"
    raise MojoFormatError(message, file=str(folder))
