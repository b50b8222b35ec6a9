"""Reads a ``.keras`` file without drawing the weights that the file is about to replace.

``keras.saving.load_model`` has every initializer draw its weights before it reads the saved ones,
for which JAX compiles a program for each shape: most of the time that loading a small model takes.
"""

import json
import zipfile
from pathlib import Path
from typing import Any, Final

from ..backend import keras
from .tensors import UncompiledZeros

_CONFIG: Final = "config.json"
_INITIALIZER: Final = "_initializer"
_ZEROS: Final = UncompiledZeros.__name__


def saved_model(path: Path) -> Any:
    """Return the model in a ``.keras`` file, not compiled.

    It is what ``keras.saving.load_model(path, compile=False)`` returns, made by Keras of the same
    parts of the file, but for the initializers: each is made, as the file has it, and zeros stand
    in for what it would draw. A weight that the file lacked would be zero.

    Args:
        path: of a file that this package wrote, whose name ends in ``.keras``.

    Raises:
        ValueError: Keras cannot make a part of it, or a weight is missing.
    """
    with zipfile.ZipFile(path) as file:
        config = json.loads(file.read(_CONFIG))
    config["compile_config"] = None
    _start_from_zeros(config)
    model = keras.saving.deserialize_keras_object(config, {_ZEROS: UncompiledZeros})
    model.load_weights(path)
    return model


def _start_from_zeros(part: Any) -> None:
    """Replace every initializer in a part of a config, once Keras has made it."""
    if isinstance(part, list):
        for inner in part:
            _start_from_zeros(inner)
    elif isinstance(part, dict):
        for name, inner in part.items():
            if name.endswith(_INITIALIZER) and isinstance(inner, dict):
                keras.saving.deserialize_keras_object(inner)
                part[name] = {"class_name": _ZEROS, "config": {}, "registered_name": _ZEROS}
            else:
                _start_from_zeros(inner)
