"""What marks a model as this project's: a new identity, and a note of where it comes from."""

import secrets
from importlib import metadata

from mojo_reader.model import Mojo

_UUID_BYTES = 8


def new_uuid() -> str:
    """Return a new identity: a signed 64-bit integer, as H2O's checksum is (``Model.checksum``)."""
    return str(int.from_bytes(secrets.token_bytes(_UUID_BYTES), signed=True))


def origin_of(mojo: Mojo) -> str:
    """Return the note for a model that was made from another, one line."""
    return f"{own_name()}, from uuid {mojo.info.uuid or 'unknown'}"


def own_name() -> str:
    """Return this project's name and version."""
    return f"mojo2keras {own_version()}"


def own_version() -> str:
    """Return the installed version, ``unknown`` where the package runs uninstalled."""
    try:
        return metadata.version("mojo2keras")
    except metadata.PackageNotFoundError:
        return "unknown"
