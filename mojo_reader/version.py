"""This project's own version, for what is written into a model."""

from importlib import metadata


def own_version() -> str:
    """Return the installed version, ``unknown`` where the package runs uninstalled."""
    try:
        return metadata.version("mojo2keras")
    except metadata.PackageNotFoundError:
        return "unknown"
