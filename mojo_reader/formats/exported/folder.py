"""The files of exported weights, read one after the other."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, located
from mojo_reader.formats.exported.answer import read_answer
from mojo_reader.formats.exported.stated import StatedModel
from mojo_reader.formats.exported.table import Expected, read_table
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.kinds import EXPORTED_MODEL, EXPORTED_WEIGHTS
from mojo_reader.formats.limits import Limits

EXPORTED_BIASES: Final = "biases_{}.csv"


def read_exported(folder: Path, limits: Limits, *, release: str | None = None) -> ModelFacts:
    """Read a folder of exported weights.

    Args:
        folder: holds ``model.json``, and ``weights_I.csv`` and ``biases_I.csv`` of each layer.
        limits: what it may ask for.
        release: that trained, where the model does not say it.

    Raises:
        MojoFormatError: a file is missing or broken, or they contradict each other.
        MojoLimitError: it asks for more than the limits allow.
        MojoUnsupportedError: another algorithm, or what H2O's clients do not give.
    """
    with located(member=EXPORTED_MODEL):
        model = StatedModel(read_answer(_file(folder, EXPORTED_MODEL), limits), limits)
    shapes = model.shapes()
    _require_no_more(folder, len(shapes))
    weights: list[NDArray[np.float32]] = []
    biases: list[NDArray[np.float64]] = []
    for layer, (rows, inputs) in enumerate(shapes):
        lines = 1 if layer else model.columns.header_lines()
        expected = Expected(rows=rows, columns=inputs, dtype=np.float32, header_lines=lines)
        weights.append(_table(folder, EXPORTED_WEIGHTS.format(layer), expected, limits))
        expected = Expected(rows=rows, columns=1, dtype=np.float64)
        biases.append(_table(folder, EXPORTED_BIASES.format(layer), expected, limits)[:, 0])
    with located(member=EXPORTED_MODEL):
        return model.facts(weights, biases, release=release)


def frames_of(folder: Path, limits: Limits) -> dict[str, str]:
    """Return the frames on the server that hold the weights of the folder's model.

    Args:
        folder: holds ``model.json``; the rest comes of what this returns.
        limits: what the model may ask for.

    Returns:
        By the name of each file that is missing, the frame's key.

    Raises:
        MojoError: as for ``read_exported``, as far as the model itself says it.
    """
    with located(member=EXPORTED_MODEL):
        model = StatedModel(read_answer(_file(folder, EXPORTED_MODEL), limits), limits)
        weights, biases = model.frames()
    files = {EXPORTED_WEIGHTS.format(layer): key for layer, key in enumerate(weights)}
    return files | {EXPORTED_BIASES.format(layer): key for layer, key in enumerate(biases)}


def _table(folder: Path, name: str, expected: Expected, limits: Limits) -> NDArray[Any]:
    with located(member=name):
        return read_table(_file(folder, name), expected, limits)


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        message = f"expected the file {name}, found none; layers are counted from 0"
        raise MojoFormatError(message)
    return path


def _require_no_more(folder: Path, layers: int) -> None:
    """Require that no file is of a layer that the model does not have."""
    name = EXPORTED_WEIGHTS.format(layers)
    if (folder / name).exists():
        message = f"expected the weights of {layers} layers, counted from 0, found {name}, too"
        raise MojoFormatError(message)
