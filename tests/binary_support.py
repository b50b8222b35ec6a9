"""What the tests of binary models share: pieces of the stream, and real files."""

import functools
import io
import struct
from pathlib import Path

from support import FOREIGN_FOLDER, GOLDEN_FOLDER

from mojo_reader.errors import MojoError
from mojo_reader.formats.binary import read_binary
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits

#: A model of three classes, written by 3.46.0.7.
FOREIGN = FOREIGN_FOLDER / "deeplearning_binary.bin"
#: One of cross-validation, saved with ``export_cross_validation_predictions=True``.
PREDICTIONS = FOREIGN_FOLDER / "deeplearning_binary_predictions.bin"
#: A parameter that H2O showed up to 3.30 and never had.
NEVER_HAD = "max_hit_ratio_k"
#: Frames that a model of cross-validation was trained on, which H2O no longer finds.
GONE = ("training_frame", "validation_frame")


def golden_binaries() -> list[Path]:
    """Return every real binary model, each beside the MOJO of the same model."""
    return sorted(GOLDEN_FOLDER.glob("forms/*/model.bin"))


def case_of(path: Path) -> str:
    return path.parent.name


def number(value: int) -> bytes:
    """Write a small integer (``AutoBuffer.putInt``)."""
    if -1 <= value < 253:
        return bytes([value + 1])
    if -(1 << 15) <= value < 1 << 15:
        return b"\xff" + struct.pack("<h", value)
    return b"\xfe" + struct.pack("<i", value)


def text(value: str | None) -> bytes:
    """Write a text."""
    if value is None:
        return number(-1)
    content = value.encode()
    return number(len(content)) + content


def texts(*values: str) -> bytes:
    """Write an array of texts, none of them null."""
    tail = number(0) if values else b""
    return number(0) + number(len(values)) + tail + b"".join(map(text, values))


def header(version: str | None, *names: str) -> bytes:
    """Write what stands before the first object."""
    return b"\x1c\xed" + text(version) + texts(*names)


def read_bytes(content: bytes, limits: Limits = DEFAULT_LIMITS) -> ModelFacts:
    return read_binary(io.BytesIO(content), len(content), limits.warranted(len(content)))


def refusal(content: bytes, limits: Limits = DEFAULT_LIMITS) -> MojoError:
    """Return the error that reading ends with."""
    try:
        read_bytes(content, limits)
    except MojoError as error:
        return error
    message = "the file was read"
    raise AssertionError(message)


@functools.cache
def foreign() -> bytes:
    return FOREIGN.read_bytes()


def of_version(content: bytes, version: str) -> bytes:
    """Write a file's version anew."""
    start = 2
    length = content[start] - 1
    return content[:start] + text(version) + content[start + 1 + length :]
