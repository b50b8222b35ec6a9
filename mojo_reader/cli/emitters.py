"""The only door from ``mojo_reader`` to ``emit``; frameworks are loaded behind it."""

import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import mojo_reader
from mojo_reader.errors import MissingExtraError

_NEEDS_KERAS: Final = (
    "convert needs Keras and JAX; install them with: pip install 'mojo2keras[keras]'"
)


def keras_emitter(*, dtype: str) -> ModuleType:
    """Return the package ``emit``, with Keras on JAX ready for a type.

    Args:
        dtype: ``float32`` or ``float64``; the latter has JAX keep 64 bits.

    Raises:
        MissingExtraError: Keras or JAX is not installed, or another package is called ``emit``.
    """
    # Keras and JAX read these once, when they are imported.
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if dtype == "float64":
        os.environ["JAX_ENABLE_X64"] = "1"
    try:
        jax: Any = importlib.import_module("jax")
        importlib.import_module("keras")
    except ImportError as error:
        raise MissingExtraError(_NEEDS_KERAS) from error
    if dtype == "float64":
        jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - jax's signature
    return _emit()


def _emit() -> ModuleType:
    emit = importlib.import_module("emit")
    home = Path(mojo_reader.__file__ or "").parent.parent
    found = Path(emit.__file__ or "nowhere").parent
    if found.parent != home:
        message = f"'emit' was loaded from {found}, not from mojo2keras"
        raise MissingExtraError(message)
    return emit
