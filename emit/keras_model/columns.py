"""``columns.json`` of a Keras model."""

from typing import Any

from mojo_reader.model import Mojo

from ..backend import keras
from ..columns import columns_of, columns_text
from .tensors import model_dtype


def columns_document(mojo: Mojo, model: Any) -> dict[str, Any]:
    """Return the content of ``columns.json``, as ``columns.columns_of`` does.

    Args:
        mojo: the MOJO.
        model: the Keras model made from it.
    """
    dtype = model_dtype(model)
    notes = []
    if dtype == "float64":
        notes.append(
            "set JAX_ENABLE_X64=1 under JAX, and call keras.config.set_floatx('float64') before "
            "predict, which rounds its input to float32 otherwise"
        )
    versions = {"keras": keras.__version__, "backend": keras.backend.backend()}
    return columns_of(mojo, dtype=dtype, notes=notes, versions=versions)


def columns_json(mojo: Mojo, model: Any) -> str:
    """Return the text of ``columns.json``, one line for each key and for each column."""
    return columns_text(columns_document(mojo, model))
