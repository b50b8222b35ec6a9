"""What the tests of training share: rows with a response for the golden models."""

import functools
import sys
from collections.abc import Callable
from typing import Any

from support import GOLDEN_FOLDER

# The frames that the golden models were trained on, made by the same code.
sys.path.append(str(GOLDEN_FOLDER))

from frames import Frame, iris, mixed

Columns = dict[str, list[Any]]


def _seen(response: str) -> Callable[..., Frame]:
    return functools.partial(mixed, response)


#: By golden case: how rows like those that the model was trained on are made.
FRAMES: dict[str, Callable[..., Frame]] = {
    "gaussian": _seen("number"),
    "laplace": _seen("number"),
    "quantile": _seen("number"),
    "huber": _seen("number"),
    "poisson": _seen("count"),
    "gamma": _seen("positive"),
    "tweedie": _seen("zero_or_positive"),
    "binomial_tanh": _seen("binary"),
    "balance_classes_binomial": _seen("binary"),
    "autoencoder_tanh": _seen("number"),
    "autoencoder_rectifier": _seen("number"),
    "levels_thousand": _seen("binary"),
}


def training_frame(name: str, *, rows: int = 300, seed: int = 977) -> Frame:
    """Return rows with a response that no golden model has seen; all irises for an iris model."""
    return iris() if name.startswith("iris") else FRAMES[name](rows=rows, seed=seed)


def training_columns(name: str, *, rows: int = 300, seed: int = 977) -> Columns:
    frame = training_frame(name, rows=rows, seed=seed)
    return {column.name: list(column.cells) for column in frame.columns}
