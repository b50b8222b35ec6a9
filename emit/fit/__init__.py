"""Train a model on in Keras: rows, loop, metrics, curves."""

from mojo_reader.making.retraining import FitOptions

from .curves import Epoch, plot, text_curve
from .metrics import RISING
from .rows import read_training_rows, row_columns
from .run import FitResult, fit

__all__ = [
    "RISING",
    "Epoch",
    "FitOptions",
    "FitResult",
    "fit",
    "plot",
    "read_training_rows",
    "row_columns",
    "text_curve",
]
