"""H2O's formulas, each stated once, for NumPy, ``jax.numpy``, ``keras.ops`` and Java's arithmetic.

``ops`` is one of these (Java's is ``java.ops.JAVA``), and only what all of them have is used.
``==`` is not: on Keras's symbolic tensors it is identity. ``dtype`` is the type of the tensors,
``float32`` or ``float64``; where the two have different forms, the comment says why.

The scorer's fast path, ONNX and the page of the report are written out for speed or for want of
``ops``. ``tests/test_formulas.py`` holds them to what stands here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import (
    Activation,
    CategoricalInput,
    Classification,
    Features,
    InverseLink,
    Regression,
)

#: Largest exponential of an inverse link and of a deviance (``LogExpUtil.exp``).
LARGEST_EXP: Final = 1e19

FLOAT64: Final = "float64"


def constant(values: Any, dtype: str) -> NDArray[Any]:
    """Numbers, an array of float64 or one, in the model's type, beyond its range as its largest.

    A single number becomes ``(1,)``: Keras saves what has no dimension as a Python float, which
    TensorFlow may round to float32.
    """
    numbers = values if isinstance(values, np.ndarray) else np.array(values, np.float64, ndmin=1)
    if dtype == FLOAT64:
        return numbers
    limit = np.finfo(dtype).max
    return np.asarray(np.clip(numbers, -limit, limit).astype(dtype))


# --------------------------------------------------------------------------- encoding


def standardized(numbers: Any, norm_sub: Any, norm_mul: Any, dtype: str) -> Any:
    """``(x - norm_sub) * norm_mul``, with the mean in two parts where one would be rounded.

    float32 holds a mean of 1e6 to 0.03. The rest is taken off after the difference is multiplied,
    ``(x - high) * mul - low * mul``: compilers join ``(x - high) - low`` into one rounded
    constant where a single column makes them scalars, and nothing joins across a product.

    Args:
        numbers: ``(rows, columns)``, of any framework.
        norm_sub: ``(columns,)`` float64, or a number.
        norm_mul: ``(columns,)`` float64, or a number.
        dtype: ``float32`` or ``float64``.
    """
    return standardized_by(numbers, *standardization(norm_sub, norm_mul, dtype))


def standardization(norm_sub: Any, norm_mul: Any, dtype: str) -> tuple[NDArray[Any], ...]:
    """Return the constants that ``standardized_by`` takes; the last is left out where it is 0."""
    high, factor = constant(norm_sub, dtype), constant(norm_mul, dtype)
    if dtype == FLOAT64:
        return high, factor
    low = constant((norm_sub - high.astype(np.float64)) * norm_mul, dtype)
    return (high, factor, low) if low.any() else (high, factor)


def standardized_by(numbers: Any, high: Any, factor: Any, low: Any = None) -> Any:
    """Standardize with constants that are the framework's own already."""
    scaled = (numbers - high) * factor
    return scaled if low is None else scaled - low


def network_numbers(ops: Any, numbers: Any, features: Features, dtype: str) -> Any:
    """Return the numeric inputs ``(rows, nums)``: standardized, then 0 for NaN."""
    if features.standardize:
        numbers = standardized(numbers, features.norm_sub, features.norm_mul, dtype)
    return mean_for_missing(ops, numbers)


def mean_for_missing(ops: Any, numbers: Any) -> Any:
    """Return standardized numbers with 0 for NaN."""
    return ops.where(ops.isnan(numbers), 0.0, numbers)


def code_places(ops: Any, codes: Any, levels: Any) -> Any:
    """Return where codes stand in ``CategoricalFeature.slots``, in the type of the codes.

    Args:
        ops: the framework.
        codes: of one column, or of several beside each other; NaN is missing.
        levels: number of levels, of each column. What is no code of a level is missing.
    """
    # A comparison with NaN is false.
    known = ops.logical_and(codes >= 0, codes < levels)
    return ops.where(known, codes, levels)


def level_slots(column: CategoricalInput, features: Features) -> NDArray[np.int64] | None:
    """Return the slot of each row of ``column.table``, -1 for none: from a text in one step.

    None where the encoding makes numbers of the levels, ``column.table`` itself.
    """
    if column.feature >= len(features.categorical):
        return None
    feature = features.categorical[column.feature]
    places = code_places(np, column.table[:, 0], len(feature.levels))
    return np.asarray(feature.slots[places.astype(np.intp)])


# What a slot of -1 adds is the last of one more row, or of one more column, that holds nothing.


def with_empty_row(kernel: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return the kernel of the one-hot block with a row of zeros after it, which is slot -1's.

    Args:
        kernel: ``(one_hot_width, units)``.
        dtype: of the result ``(one_hot_width + 1, units)``.
    """
    table = np.zeros((len(kernel) + 1, kernel.shape[1]), dtype)
    table[:-1] = kernel
    return table


def one_hot_block(slots: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """Return how often each slot is set, ``(rows, width)``: hashed levels can share one.

    Args:
        slots: ``(rows, cats)``, -1 for none.
        width: of the block.
    """
    rows = np.arange(len(slots))
    block = np.zeros((len(slots), width + 1))
    for slot in slots.T:
        block[rows, slot] += 1.0
    return block[:, :width]


# --------------------------------------------------------------------------- network


def _linear(_ops: Any, _dtype: str, sums: Any) -> Any:
    return sums


def _rectifier(ops: Any, dtype: str, sums: Any) -> Any:
    """``0.5 * (x + |x|)``, which is NaN for -Infinity."""
    if dtype == FLOAT64:
        return 0.5 * (sums + ops.abs(sums))
    # H2O's sum is of doubles: in the upper half of float32 it would be infinite.
    half = 0.5 * sums
    return half + ops.abs(half)


def _tanh(ops: Any, dtype: str, sums: Any) -> Any:
    # float32 would lose numbers near 0 in H2O's formula; Keras's own narrows float64 on JAX.
    return 1.0 - 2.0 / (1.0 + ops.exp(2.0 * sums)) if dtype == FLOAT64 else ops.tanh(sums)


def _exp_rectifier(ops: Any, dtype: str, sums: Any) -> Any:
    negative = ops.minimum(sums, 0.0)
    # H2O rounds exp(x) before it subtracts, and weights that training has blown up make a
    # prediction of what is lost there; float32 would lose too much.
    below = ops.exp(negative) - 1.0 if dtype == FLOAT64 else ops.expm1(negative)
    return ops.where(sums >= 0, sums, below)


def _softmax(ops: Any, _dtype: str, sums: Any) -> Any:
    powers = ops.exp(sums - ops.max(sums, axis=-1, keepdims=True))
    return powers / ops.sum(powers, axis=-1, keepdims=True)


def _maxout(ops: Any, _dtype: str, *sums: Any) -> Any:
    """The larger candidate; the second where the comparison fails, on NaN too, as H2O takes it."""
    return reduce(lambda first, second: ops.where(first > second, first, second), sums)


#: ``(ops, dtype, sums)``, ``(rows, units)``; of ``Maxout`` the sums of each kernel
#: (``ActivationUtils``).
ACTIVATIONS: Final[Mapping[Activation, Callable[..., Any]]] = {
    Activation.LINEAR: _linear,
    Activation.SOFTMAX: _softmax,
    Activation.RECTIFIER: _rectifier,
    Activation.TANH: _tanh,
    Activation.EXP_RECTIFIER: _exp_rectifier,
    Activation.MAXOUT: _maxout,
}


# --------------------------------------------------------------------------- prediction


def prior_correction(ops: Any, probabilities: Any, output: Classification, dtype: str) -> Any:
    """Probabilities under the data's own class shares (``GenModel.correctProbabilities``).

    Args:
        ops: the framework.
        probabilities: ``(rows, n_classes)``.
        output: the classes.
        dtype: ``float32`` or ``float64``.
    """
    if output.prior_factors is None:
        return probabilities
    return corrected_by(ops, probabilities, constant(output.prior_factors, dtype))


def corrected_by(ops: Any, probabilities: Any, factors: Any) -> Any:
    """Correct probabilities with factors ``(n_classes,)`` that are the framework's own already."""
    weighted = probabilities * factors
    total = ops.sum(weighted, axis=-1, keepdims=True)
    return weighted / ops.where(total > 0, total, 1.0)


def in_units(values: Any, norm_mul: Any, norm_sub: Any, dtype: str) -> Any:
    """``x / norm_mul + norm_sub``: standardized numbers in their own units."""
    return in_units_by(values, constant(norm_mul, dtype), constant(norm_sub, dtype))


def in_units_by(values: Any, norm_mul: Any, norm_sub: Any) -> Any:
    """Return numbers in units with constants that are the framework's own already."""
    return values / norm_mul + norm_sub


def response_units(values: Any, output: Regression, dtype: str) -> Any:
    """The response ``(rows, 1)`` in its own units (``DeeplearningMojoModel.score0``)."""
    if not output.standardize:
        return values
    return in_units(values, output.norm_resp_mul, output.norm_resp_sub, dtype)


def column_units(values: Any, features: Features, dtype: str) -> Any:
    """An autoencoder's outputs ``(rows, width)``: the one-hot block as it is, numbers in units."""
    if not features.standardize:
        return values
    return in_units(values, *units_of_columns(features), dtype)


def units_of_columns(features: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``norm_mul`` and ``norm_sub`` of an autoencoder's outputs, ``(width,)`` each."""
    width = features.one_hot_width
    norm_mul = np.concatenate([np.ones(width), features.norm_mul])
    return norm_mul, np.concatenate([np.zeros(width), features.norm_sub])


def standardized_response(values: Any, output: Regression, dtype: str) -> Any:
    """The response ``(rows, 1)`` in the units that the network is trained in."""
    return standardized(values, output.norm_resp_sub, output.norm_resp_mul, dtype)


def offset_shift(
    ops: Any, offsets: Any, output: Regression, dtype: str, *, only_positive: bool
) -> Any:
    """What is added to the raw output, 0 for nothing (``DeepLearningTask.fpropMiniBatch``).

    Args:
        ops: the framework.
        offsets: ``(rows, 1)``, NaN for missing.
        output: the regression.
        dtype: ``float32`` or ``float64``.
        only_positive: as H2O's server, which drops an offset that is not above 0.
    """
    added = offsets > 0 if only_positive else ops.logical_not(ops.isnan(offsets))
    shift = standardized_response(offsets, output, dtype)
    return ops.where(added, shift, 0.0)


def bounded_exp(ops: Any, values: Any) -> Any:
    """``LogExpUtil.exp``."""
    return ops.minimum(ops.exp(values), LARGEST_EXP)


def _identity(_ops: Any, values: Any) -> Any:
    return values


def _logistic(ops: Any, values: Any) -> Any:
    return 1.0 / (1.0 + bounded_exp(ops, -values))


#: ``(ops, values)``, from the linear predictor to the response (``linkInv``).
INVERSE_LINKS: Final[Mapping[InverseLink, Callable[[Any, Any], Any]]] = {
    InverseLink.IDENTITY: _identity,
    InverseLink.EXP: bounded_exp,
    InverseLink.LOGISTIC: _logistic,
}


# --------------------------------------------------------------------------- deviances

#: ``LogExpUtil.log``: the smallest logarithm.
SMALLEST_LOG: Final = -19.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DevianceNumbers:
    """What a deviance has beside target and prediction; H2O's defaults.

    Attributes:
        quantile_alpha: the quantile that ``quantile`` aims at.
        tweedie_power: of ``tweedie``'s variance, between 1 and 2.
        huber_delta: where ``huber`` turns linear.
    """

    quantile_alpha: float = 0.5
    tweedie_power: float = 1.5
    huber_delta: float = 1.0


def _squared(_ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    return (target - raw) * (target - raw)


def _absolute(ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    return ops.abs(target - raw)


def _pinball(ops: Any, target: Any, raw: Any, numbers: DevianceNumbers) -> Any:
    alpha = numbers.quantile_alpha
    return ops.maximum(alpha * (target - raw), (1.0 - alpha) * (raw - target))


def _huber(ops: Any, target: Any, raw: Any, numbers: DevianceNumbers) -> Any:
    size, delta = ops.abs(target - raw), numbers.huber_delta
    return ops.where(size <= delta, size * size, (2.0 * size - delta) * delta)


def _poisson(ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    log_ratio = _log_ratio(ops, _log(ops, target), raw)
    return 2.0 * (target * log_ratio - target + bounded_exp(ops, raw))


def _gamma(ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    log_ratio = _log_ratio(ops, raw, _log(ops, target))
    return 2.0 * (log_ratio + target * bounded_exp(ops, -raw) - 1.0)


def _tweedie(ops: Any, target: Any, raw: Any, numbers: DevianceNumbers) -> Any:
    one, two = 1.0 - numbers.tweedie_power, 2.0 - numbers.tweedie_power
    rising = bounded_exp(ops, raw * two) / two
    falling = target * bounded_exp(ops, raw * one) / one
    return 2.0 * (ops.power(target, two) / (one * two) - falling + rising)


def _log_ratio(ops: Any, numerator: Any, denominator: Any) -> Any:
    """``LogExpUtil.log`` of a quotient, from the two logarithms: no quotient overflows."""
    return ops.maximum(numerator - denominator, SMALLEST_LOG)


def _log(ops: Any, values: Any) -> Any:
    """``LogExpUtil.log``; what is not above 0 never reaches the logarithm."""
    positive = ops.where(values > 0, values, ops.ones_like(values))
    return ops.where(values > 0, ops.log(positive), ops.full_like(values, SMALLEST_LOG))


#: ``(ops, target, raw, numbers)`` by distribution, ``raw`` the linear predictor before the inverse
#: link (``hex.DistributionFactory``); 0 where the prediction is the target, but for rounding.
DEVIANCES: Final[Mapping[str, Callable[[Any, Any, Any, DevianceNumbers], Any]]] = {
    "gaussian": _squared,
    "laplace": _absolute,
    "quantile": _pinball,
    "huber": _huber,
    "poisson": _poisson,
    "gamma": _gamma,
    "tweedie": _tweedie,
}
#: ``DeepLearningParameters.Sanity.modifyParms``: what ``AUTO`` is with each loss.
DISTRIBUTION_OF_LOSS: Final[Mapping[str, str]] = {
    "Automatic": "gaussian",
    "Quadratic": "gaussian",
    "Absolute": "laplace",
    "Quantile": "quantile",
    "Huber": "huber",
}
