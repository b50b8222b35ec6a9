"""How a file is refused while it is resolved: with the key that is wrong."""

from collections.abc import Sequence
from typing import Any, Final, NoReturn

from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.mojo.archive import MODEL_INI

_SHOWN: Final = 8


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


def quoted(numbers: Sequence[object]) -> str:
    """Write the first of many numbers for a message."""
    text = ", ".join(map(str, numbers[:_SHOWN]))
    more = f", and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
    return f"[{text}{more}]"


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array of any shape ``(...)`` read-only and return it."""
    array.flags.writeable = False
    return array
