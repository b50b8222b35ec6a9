"""Write a deep-learning MOJO: the resolved ``Mojo`` back through layout and archive.

Member order and compression are those of ``hex.genmodel.AbstractMojoWriter``; the bytes of equal
models are equal, because members carry no date.
"""

import io
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

import construct

from mojo_reader.comparing.sameness import Difference, differences
from mojo_reader.errors import MojoError, MojoOutputError
from mojo_reader.files.atomic import replacing
from mojo_reader.files.outputs import model_input, separate
from mojo_reader.formats.limits import NO_LIMITS
from mojo_reader.formats.mojo import layout
from mojo_reader.formats.mojo.archive import MODEL_INI
from mojo_reader.making.rebuilding import wire_info
from mojo_reader.model import Kept, Mojo
from mojo_reader.reader import read_mojo
from mojo_reader.resolving.parsed import Keys

MojoTarget = str | os.PathLike[str] | BinaryIO

_LAST: Final = "experimental/"
_NOT_FOLLOWING: Final = "the model does not follow from its keys"
_BUFFER_BYTES: Final = 1 << 18
# Digits hardly compress: level 6, Java's, takes five times as long for files an eighth smaller.
_COMPRESSION_LEVEL: Final = 1
# Longest text of a float32 and of a float64 with its separator, over the number's own bytes.
_TEXT_BYTES_PER_BYTE: Final = 5


def write_mojo(mojo: Mojo, target: MojoTarget) -> None:
    """Write a model as the zip that H2O writes, for h2o-genmodel and ``read_model``.

    What the model holds is written and nothing else: its uuid, its unknown keys, its members. The
    file is read back, and takes the target's place only when it holds the very same model.

    Args:
        mojo: what ``read_model``, ``rebuilt`` or ``from_keras`` returned. A base model of a
            stacked ensemble becomes a MOJO of its own.
        target: path of the zip, replaced as a whole or not at all; or a binary file, which gets
            the bytes once they are proved.

    Raises:
        OutputNameError: it is the file that the model was read from.
        MojoOutputError: it cannot be written there, or the model's parts do not follow from its
            keys, so that no file can hold it (change a model with ``rebuilding.rebuilt``).
    """
    name = os.fspath(target) if isinstance(target, (str, os.PathLike)) else None
    if name is not None:
        separate([("the MOJO", name)], model_input(mojo))
    try:
        if name is None:
            _write_stream(mojo, cast("BinaryIO", target))
        else:
            with replacing(Path(name)) as partial, partial.open("w+b") as file:
                _write_proved(mojo, file)
    except OSError as error:
        message = f"the MOJO cannot be written: {error.strerror or error}"
        raise MojoOutputError(message, file=name) from error
    except MojoOutputError as error:
        raise error.locate(file=name) from error.__cause__


def _write_stream(mojo: Mojo, target: BinaryIO) -> None:
    with tempfile.TemporaryFile() as file:
        _write_proved(mojo, file)
        shutil.copyfileobj(file, target, _BUFFER_BYTES)


def _write_proved(mojo: Mojo, file: IO[bytes]) -> None:
    """Write the zip, and leave the file at its start once it is proved."""
    for member, reason in mojo.kept.left_out.items():
        message = (
            f"the member was not kept when the model was read ({reason}), so that it cannot be "
            "written back; read the model with a higher limit, or drop the member with rebuilt"
        )
        raise MojoOutputError(message, member=member)
    try:
        _write_zip(mojo, file)
        file.seek(0)
        found = read_mojo(cast("BinaryIO", file), limits=NO_LIMITS)
    except MojoError as error:
        message = f"{_NOT_FOLLOWING}, so that no MOJO can hold it: {error.reason}"
        raise MojoOutputError(message, member=error.member, key=error.key) from error
    except (construct.ConstructError, UnicodeEncodeError) as error:
        # construct's first line is its own path.
        message = f"{_NOT_FOLLOWING}, so that no MOJO can hold it: {str(error).splitlines()[-1]}"
        raise MojoOutputError(message, member=MODEL_INI) from error
    difference = next(differences(mojo, found, ignore=()), None)
    if difference is not None:
        raise MojoOutputError(_unfaithful(difference))
    file.seek(0)


def _unfaithful(difference: Difference) -> str:
    wanted, found = (_shown(value) for value in (difference.first, difference.second))
    return (
        f"{_NOT_FOLLOWING}: {difference.name} is {wanted} in the model and "
        f"would be {found} in the MOJO; change a model with mojo_reader.making.rebuilding.rebuilt"
    )


def _shown(value: Any, limit: int = 60) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= limit else text[:limit] + "..."


# --------------------------------------------------------------------------- members


def _write_zip(mojo: Mojo, file: IO[bytes]) -> None:
    kept = mojo.kept
    with zipfile.ZipFile(
        file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL
    ) as container:
        # H2O writes what an algorithm adds (_orig_names) before model.ini, and its notes last.
        for name, content in kept.members.items():
            if not name.startswith(_LAST):
                _write_member(container, name, content)
        _write_model_ini(mojo, container)
        for name, content in _domain_members(kept).items():
            _write_member(container, name, content)
        for name, content in kept.members.items():
            if name.startswith(_LAST):
                _write_member(container, name, content)


def _write_member(container: zipfile.ZipFile, name: str, content: bytes) -> None:
    # Unlike writestr, open gives the member no date.
    with container.open(name, "w", force_zip64=len(content) > zipfile.ZIP64_LIMIT) as stream:
        stream.write(content)


def _write_model_ini(mojo: Mojo, container: zipfile.ZipFile) -> None:
    kept = mojo.kept
    info = wire_info(kept.keys, mojo.layers)
    numbers = sum(value.nbytes for value in info.values() if not isinstance(value, str))
    long = numbers * _TEXT_BYTES_PER_BYTE > zipfile.ZIP64_LIMIT
    entries = {index: (len(levels), file) for index, (file, levels) in kept.domains.items()}
    with (
        container.open(MODEL_INI, "w", force_zip64=long) as stream,
        io.BufferedWriter(cast("io.RawIOBase", stream), _BUFFER_BYTES) as buffered,
    ):
        layout.MODEL_INI.build_stream(
            {"info": info, "columns": kept.columns, "domains": entries}, buffered
        )


def _domain_members(kept: Kept) -> dict[str, bytes]:
    escaped = Keys(kept.keys).optional("escape_domain_values") is True
    lines = layout.level_lines(escaped=escaped)
    return {f"domains/{file}": lines.build(levels) for file, levels in kept.domains.values()}
