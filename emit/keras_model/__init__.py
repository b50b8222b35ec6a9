"""A ``Mojo`` as a Keras model of built-in layers, which loads wherever Keras is."""

from collections.abc import Mapping
from typing import Any, Final

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Mojo
from mojo_reader.scoring.offsets import offset_column
from mojo_reader.scoring.options import OffsetRule

from .. import layer_names as names
from ..backend import keras
from . import compile_config, encoding, network, prediction
from .tensors import model_dtype

__all__ = ["DTYPES", "model_dtype", "to_keras"]

#: Types that a model can be made in.
DTYPES: Final = ("float32", "float64")


def to_keras(
    mojo: Mojo,
    *,
    dtype: str = "float32",
    training: Mapping[str, Any] | None = None,
    offset: OffsetRule = "java",
) -> Any:
    """Make the Keras model that predicts H2O's numbers.

    Args:
        mojo: the model to translate.
        dtype: ``float32``, or ``float64`` to get H2O's numbers to 1e-9; under JAX that needs
            ``JAX_ENABLE_X64=1``.
        training: H2O's training parameters by name; None takes those in the MOJO.
        offset: ``java``: the offset column is not used, as in H2O's Java scorer; ``server``: a
            second input ``(rows, 1)`` is added where it is above 0, as H2O's server does;
            ``always``: wherever it is not NaN. Training does not know it.

    Returns:
        A ``keras.Model`` from the row matrix ``(rows, n_features)``, codes before numbers and NaN
        for missing, to class probabilities ``(rows, n_classes)``, the response ``(rows, 1)`` or the
        reconstruction ``(rows, width)``. Compiled, but for losses that Keras lacks.

    Raises:
        MojoUnsupportedError: float64 is asked for and JAX would silently compute in float32, or
            an offset of a model that has none.
    """
    _check_dtype(dtype)
    has_offset = offset_column(mojo, offset) is not None
    plan = compile_config.plan(mojo, training)
    columns = keras.Input((len(mojo.features.names),), dtype=dtype, name=names.COLUMNS)
    inputs = encoding.encode(columns, mojo.features, dtype)
    outputs = network.apply(inputs, mojo.layers, plan.regularization, dtype)
    inputs_of_model = [columns]
    if has_offset:
        inputs_of_model.append(keras.Input((1,), dtype=dtype, name=names.OFFSET))
        outputs = prediction.with_offset(outputs, inputs_of_model[1], mojo, offset, dtype)
    predictions = prediction.predict(outputs, mojo, dtype)
    suffix = names.FLOAT64_SUFFIX if dtype == "float64" else ""
    taken = inputs_of_model if has_offset else columns
    model = keras.Model(taken, predictions, name=f"h2o_deep_learning{suffix}")
    compile_config.apply(model, plan)
    return model


def _check_dtype(dtype: str) -> None:
    if dtype not in DTYPES:
        message = f"dtype must be float32 or float64, not {dtype}"
        raise MojoUnsupportedError(message)
    if dtype == "float64" and keras.backend.backend() == "jax" and not _jax_keeps_64_bits():
        message = (
            "JAX would compute a float64 model in float32: set the environment variable "
            "JAX_ENABLE_X64=1 before Python starts"
        )
        raise MojoUnsupportedError(message)


def _jax_keeps_64_bits() -> bool:
    import jax

    return bool(getattr(jax.config, "jax_enable_x64"))  # noqa: B009 - not in its type
