"""How the parts of this room refuse a file: with the key that is wrong."""

from typing import Any, NoReturn

from numpy.typing import NDArray

from mojo_reader.archive import MODEL_INI
from mojo_reader.errors import MojoFormatError, MojoUnsupportedError


def fail(message: str, key: str) -> NoReturn:
    """Say that the file contradicts itself.

    Raises:
        MojoFormatError: always.
    """
    raise MojoFormatError(message, member=MODEL_INI, key=key)


def refuse(message: str, key: str) -> NoReturn:
    """Say that the file is sound but cannot be scored.

    Raises:
        MojoUnsupportedError: always.
    """
    raise MojoUnsupportedError(message, member=MODEL_INI, key=key)


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array read-only and return it."""
    array.flags.writeable = False
    return array
