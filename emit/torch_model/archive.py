"""The ``.pt2`` file: the exported program, with weights as plain numbers and nothing pickled.

``torch.export.save`` pickles the inputs that a program was traced with, and weights of unusual
types; the program here is saved without such inputs and has no such weights. ``torch.export.load``
unpickles what a file has of either, so that a file is looked into first.
"""

import json
import re
import zipfile
from pathlib import Path
from typing import Any, Final

import torch

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Mojo

from .module import COLUMNS, model_dtype

#: Rows that the program is traced with: what has one row could be taken to have always one.
_TRACED_ROWS: Final = 2
#: Members of a file in which nothing is pickled, below its one folder.
_PLAIN: Final = re.compile(
    r"(data/(weights|constants)/(weight|tensor)_\d+|models/\w+\.json"
    r"|data/(weights|constants)/\w+_config\.json"
    r"|archive_format|archive_version|\.data/(version|serialization_id)|byteorder)"
)
_SAMPLES: Final = re.compile(r"data/sample_inputs/\w+\.pt")
_CONFIG: Final = "_config.json"
_LARGEST_CONFIG: Final = 1 << 26


def exported(module: Any, mojo: Mojo) -> Any:
    """Return the module as a ``torch.export.ExportedProgram`` for any number of rows.

    Args:
        module: what ``to_torch`` made.
        mojo: what it was made from.
    """
    matrix = torch.zeros(
        (_TRACED_ROWS, len(mojo.features.names)), dtype=getattr(torch, model_dtype(module))
    )
    rows = torch.export.Dim("rows", min=0)
    program = torch.export.export(
        module.eval(), (matrix,), dynamic_shapes={COLUMNS: {0: rows}}, strict=False
    )
    program.example_inputs = None  # they would be pickled
    for node in program.graph.nodes:
        # Paths of this machine, line by line.
        node.meta.pop("stack_trace", None)
    return program


def save(module: Any, mojo: Mojo, path: Path) -> None:
    """Write the ``.pt2`` of a module."""
    # What is given a path is named after it inside.
    with path.open("wb") as file:
        torch.export.save(exported(module, mojo), file)


def load(path: Path) -> Any:
    """Load a ``.pt2`` in which nothing is pickled or compiled.

    Raises:
        MojoUnsupportedError: something is, and loading it would run it; or it is no ``.pt2``.
    """
    found = _unsafe(path)
    if found is not None:
        message = (
            "expected a .pt2 that convert wrote, in which nothing is pickled; found "
            f"{found}, which torch.export.load could run: load it yourself if you trust it"
        )
        raise MojoUnsupportedError(message, file=str(path))
    return torch.export.load(path)


def _unsafe(path: Path) -> str | None:
    """Return what of a file could be unpickled or run; None for nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if len({name.partition("/")[2].lower() for name in names}) < len(names):
                return "two members of one name"
            return next((m.filename for m in members if not _is_plain(archive, m)), None)
    except zipfile.BadZipFile:
        return "no zip archive"


def _is_plain(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether a member is neither a pickle, nor compiled, nor a list that says of a pickle."""
    name = member.filename.partition("/")[2]
    if _SAMPLES.fullmatch(name):
        return not member.file_size
    if not _PLAIN.fullmatch(name):
        return False
    return not name.endswith(_CONFIG) or _lists_numbers(archive, member)


def _lists_numbers(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether all that a list of tensors names are plain numbers."""
    if member.file_size > _LARGEST_CONFIG:
        return False
    try:
        listed = json.loads(archive.read(member))["config"].values()
        return all(one["use_pickle"] is False and one["tensor_meta"] for one in listed)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
