"""A ``Mojo`` as StableHLO, for any batch, on CPU, CUDA and TPU; JAX alone makes and runs it.

The file is what ``jax.export`` serializes: ``jax.export.deserialize(bytes).call(matrix)`` runs it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import Comparison
from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import (
    Activation,
    Classification,
    Features,
    InverseLink,
    Layer,
    Mojo,
    Reconstruction,
    Regression,
)

from .formulas import constant, standardized
from .proving import proof
from .proving.made_rows import MadeRows, make_rows

PLATFORMS: Final = ("cpu", "cuda", "tpu")
DTYPES: Final = ("float32", "float64")
#: Largest exponential, as in ``LogExpUtil.exp``.
_LARGEST_EXP: Final = 1e19


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
        numbers = _numbers(matrix, mojo.features, dtype)
        sums = _first_sums(matrix, numbers, mojo, dtype)
        values = _activated(sums, mojo.layers[0])
        for layer in mojo.layers[1:]:
            kernels = zip(layer.kernels, layer.biases, strict=True)
            sums = [_product(values, k.astype(dtype)) + b.astype(dtype) for k, b in kernels]
            values = _activated(sums, layer)
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


def _numbers(matrix: Any, features: Features, dtype: str) -> Any:
    """Standardized numbers ``(rows, nums)``, a missing one 0."""
    numbers = matrix[:, len(features.categorical) :]
    if features.standardize:
        numbers = standardized(numbers, features.norm_sub, features.norm_mul, dtype)
    return jnp.where(jnp.isnan(numbers), jnp.zeros_like(numbers), numbers)


def _slots(matrix: Any, features: Features) -> list[Any]:
    """Row of the first kernel that each code adds, ``(rows,)``; one past the block for none."""
    slots = []
    for index, feature in enumerate(features.categorical):
        codes, levels = matrix[:, index], len(feature.levels)
        known = (codes >= 0) & (codes < levels)
        positions = jnp.where(known, codes, levels).astype(np.int32)
        table = np.where(feature.slots < 0, features.one_hot_width, feature.slots)
        slots.append(jnp.asarray(table.astype(np.int32))[positions])
    return slots


# --------------------------------------------------------------------------- network


def _first_sums(matrix: Any, numbers: Any, mojo: Mojo, dtype: str) -> list[Any]:
    """Sums ``(rows, units)`` of each kernel of the first layer; the one-hot block is gathered."""
    first, width = mojo.layers[0], mojo.features.one_hot_width
    slots = _slots(matrix, mojo.features)
    sums = []
    for kernel, bias in zip(first.kernels, first.biases, strict=True):
        total = _product(numbers, kernel[width:].astype(dtype)) + bias.astype(dtype)
        table = np.vstack([kernel[:width], np.zeros_like(kernel[:1])]).astype(dtype)
        for slot in slots:
            total = total + jnp.asarray(table)[slot]
        sums.append(total)
    return sums


def _product(values: Any, kernel: NDArray[Any]) -> Any:
    # CUDA and TPU would round float32 factors to fewer bits.
    return jnp.matmul(values, kernel, precision=jax.lax.Precision.HIGHEST)


def _activated(sums: list[Any], layer: Layer) -> Any:
    # The second where the comparison fails, on NaN too, as H2O takes it.
    values = jnp.where(sums[0] > sums[1], sums[0], sums[1]) if len(sums) > 1 else sums[0]
    values = ACTIVATIONS[layer.activation](values)
    return values * layer.scale if layer.scale != 1 else values


def _same(sums: Any) -> Any:
    return sums


def _softmax(sums: Any) -> Any:
    return jax.nn.softmax(sums, axis=1)


def _exp_rectifier(sums: Any) -> Any:
    negative = jnp.minimum(sums, 0)
    # H2O's own difference in float64; float32 would lose too much in it.
    below = jnp.exp(negative) - 1 if sums.dtype == np.float64 else jnp.expm1(negative)
    return jnp.where(sums >= 0, sums, below)


def _rectifier(sums: Any) -> Any:
    """H2O's ``0.5 * (x + |x|)``, which is NaN for -Infinity."""
    if sums.dtype == np.float64:
        return 0.5 * (sums + jnp.abs(sums))
    # As in H2O's formula, without the infinity that its sum would be in float32's upper half.
    return jnp.where(sums == -jnp.inf, jnp.nan, jnp.maximum(sums, 0))


ACTIVATIONS: Final[Mapping[Activation, Callable[[Any], Any]]] = {
    Activation.LINEAR: _same,
    Activation.SOFTMAX: _softmax,
    Activation.RECTIFIER: _rectifier,
    Activation.TANH: jnp.tanh,
    Activation.EXP_RECTIFIER: _exp_rectifier,
    # The larger candidate is taken before; nothing is left to do.
    Activation.MAXOUT: _same,
}


# --------------------------------------------------------------------------- prediction


def _predicted(values: Any, mojo: Mojo, dtype: str) -> Any:
    match mojo.output:
        case Classification() as classes:
            return _prior_correction(values, classes, dtype)
        case Regression() as regression:
            return _response(values, regression, dtype)
        case Reconstruction():
            return _column_units(values, mojo.features, dtype)


def _prior_correction(values: Any, output: Classification, dtype: str) -> Any:
    """Probabilities under the data's own class shares (``GenModel.correctProbabilities``)."""
    if output.prior_factors is None:
        return values
    weighted = values * constant(output.prior_factors, dtype)
    total = weighted.sum(axis=1, keepdims=True)
    return weighted / jnp.where(total > 0, total, jnp.ones_like(total))


def _response(values: Any, output: Regression, dtype: str) -> Any:
    """The response in its own units (``DeeplearningMojoModel.score0``)."""
    if output.standardize:
        scale = constant(output.norm_resp_mul, dtype)
        values = values / scale + constant(output.norm_resp_sub, dtype)
    return INVERSE_LINKS[output.inverse_link](values)


def _column_units(values: Any, features: Features, dtype: str) -> Any:
    """An autoencoder's numbers in their columns' units; the one-hot block as it is."""
    if not features.standardize:
        return values
    start = features.one_hot_width
    numbers = values[:, start:] / constant(features.norm_mul, dtype)
    numbers = numbers + constant(features.norm_sub, dtype)
    return jnp.concatenate([values[:, :start], numbers], axis=1)


def _bounded_exp(values: Any) -> Any:
    return jnp.minimum(jnp.exp(values), _LARGEST_EXP)


def _logistic(values: Any) -> Any:
    return 1.0 / (1.0 + _bounded_exp(-values))


INVERSE_LINKS: Final[Mapping[InverseLink, Callable[[Any], Any]]] = {
    InverseLink.IDENTITY: _same,
    InverseLink.EXP: _bounded_exp,
    InverseLink.LOGISTIC: _logistic,
}
