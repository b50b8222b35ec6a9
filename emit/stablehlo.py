"""A ``Mojo`` as StableHLO, for any batch, on CPU, CUDA and TPU; JAX alone makes and runs it.

The file is what ``jax.export`` serializes: ``jax.export.deserialize(bytes).call(matrix)`` runs it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mojo_reader import formulas
from mojo_reader.comparing.comparison import Comparison
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import (
    Classification,
    Features,
    Layer,
    Mojo,
    Reconstruction,
    Regression,
)

from .proving import proof
from .proving.made_rows import MadeRows, make_rows

PLATFORMS: Final = ("cpu", "cuda", "tpu")
DTYPES: Final = ("float32", "float64")


def to_stablehlo(mojo: Mojo, *, dtype: str = "float32") -> jax.export.Exported:
    """Make the StableHLO program that predicts H2O's numbers.

    Args:
        mojo: the model to translate.
        dtype: ``float32``, or ``float64``, which needs ``JAX_ENABLE_X64=1``, to run too.

    Returns:
        A program from the row matrix ``(rows, n_features)``, codes before numbers and NaN for
        missing, to class probabilities ``(rows, n_classes)``, the response ``(rows, 1)`` or the
        reconstruction ``(rows, width)``. ``serialize()`` gives the file's bytes.

    Raises:
        MojoUnsupportedError: an unknown dtype, or float64 where JAX computes in float32.
    """
    if dtype not in DTYPES:
        message = f"dtype must be float32 or float64, not {dtype}"
        raise MojoUnsupportedError(message)
    if dtype == "float64" and jnp.asarray(0.0).dtype != np.float64:
        message = (
            "JAX would compute a float64 model in float32: set the environment variable "
            "JAX_ENABLE_X64=1 before Python starts"
        )
        raise MojoUnsupportedError(message)
    (rows,) = jax.export.symbolic_shape("rows")
    shape: Any = jax.ShapeDtypeStruct  # has no types
    matrix = shape((rows, len(mojo.features.names)), np.dtype(dtype))
    return jax.export.export(jax.jit(predictor(mojo, dtype)), platforms=PLATFORMS)(matrix)


def predictor(mojo: Mojo, dtype: str) -> Callable[[Any], Any]:
    """Return the traceable function from the row matrix to predictions."""

    def predict(matrix: Any) -> Any:
        numbers = matrix[:, len(mojo.features.categorical) :]
        numbers = formulas.network_numbers(jnp, numbers, mojo.features, dtype)
        sums = _first_sums(matrix, numbers, mojo, dtype)
        values = _activated(sums, mojo.layers[0], dtype)
        for layer in mojo.layers[1:]:
            kernels = zip(layer.kernels, layer.biases, strict=True)
            sums = [_product(values, k.astype(dtype)) + b.astype(dtype) for k, b in kernels]
            values = _activated(sums, layer, dtype)
        return _predicted(values, mojo, dtype)

    return predict


def check_stablehlo(
    model: Any,
    mojo: Mojo,
    matrix: NDArray[np.float64] | None = None,
    *,
    seed: int = 0,
    progress: proof.Progress | None = None,
) -> Comparison:
    """Compare a StableHLO program, run by JAX, with the float64 scorer.

    Args:
        model: made by ``to_stablehlo``, or the path of its file.
        mojo: what it was made from.
        matrix: ``(rows, n_features)`` float64, as ``Scorer.encode`` returns it; None makes rows.
        seed: of the rows that are made.
        progress: called with the number of rows done after each batch.

    Returns:
        Differences and verdict. A failed comparison is returned, not raised.
    """
    if not isinstance(model, jax.export.Exported):
        model = jax.export.deserialize(bytearray(Path(model).read_bytes()))
    rows = make_rows(mojo, seed=seed) if matrix is None else matrix
    values = rows.matrix if isinstance(rows, MadeRows) else rows
    dtype = str(model.in_avals[0].dtype)
    call = jax.jit(model.call)

    def predict(chosen: slice) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            return np.asarray(call(values[chosen].astype(dtype)))

    return proof.compared(
        predict,
        mojo,
        rows,
        dtype=dtype,
        batch=proof.batch_rows(mojo),
        progress=progress,
    )


# --------------------------------------------------------------------------- encoding


def _slots(matrix: Any, features: Features) -> list[Any]:
    """Slot that each code sets, ``(rows,)``, -1 for none."""
    slots = []
    for index, feature in enumerate(features.categorical):
        places = formulas.code_places(jnp, matrix[:, index], len(feature.levels))
        slots.append(jnp.asarray(feature.slots.astype(np.int32))[places.astype(np.int32)])
    return slots


# --------------------------------------------------------------------------- network


def _first_sums(matrix: Any, numbers: Any, mojo: Mojo, dtype: str) -> list[Any]:
    """Sums ``(rows, units)`` of each kernel of the first layer; the one-hot block is gathered."""
    first, width = mojo.layers[0], mojo.features.one_hot_width
    slots = _slots(matrix, mojo.features)
    sums = []
    for kernel, bias in zip(first.kernels, first.biases, strict=True):
        total = _product(numbers, kernel[width:].astype(dtype)) + bias.astype(dtype)
        table = jnp.asarray(formulas.with_empty_row(kernel[:width], dtype))
        for slot in slots:
            total = total + table[slot]
        sums.append(total)
    return sums


def _product(values: Any, kernel: NDArray[Any]) -> Any:
    # CUDA and TPU would round float32 factors to fewer bits.
    return jnp.matmul(values, kernel, precision=jax.lax.Precision.HIGHEST)


def _activated(sums: list[Any], layer: Layer, dtype: str) -> Any:
    values = formulas.ACTIVATIONS[layer.activation](jnp, dtype, *sums)
    return values * layer.scale if layer.scale != 1 else values


# --------------------------------------------------------------------------- prediction


def _predicted(values: Any, mojo: Mojo, dtype: str) -> Any:
    match mojo.output:
        case Classification() as classes:
            return formulas.prior_correction(jnp, values, classes, dtype)
        case Regression() as regression:
            link = formulas.INVERSE_LINKS[regression.inverse_link]
            return link(jnp, formulas.response_units(values, regression, dtype))
        case Reconstruction():
            return formulas.column_units(values, mojo.features, dtype)
