"""Raw outputs to what H2O predicts: probabilities, a number, or a reconstructed row."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from mojo_reader.model import (
    Classification,
    Features,
    InverseLink,
    Mojo,
    Reconstruction,
    Regression,
)
from mojo_reader.scoring.options import OffsetRule

from ..backend import keras
from ..formulas import constant, standardized
from . import names
from .tensors import step

#: Largest exponential, as in ``LogExpUtil.exp``.
LARGEST_EXP: Final = 1e19


def predict(outputs: Any, mojo: Mojo, dtype: str) -> Any:
    """Turn the network's outputs into predictions.

    Args:
        outputs: symbolic ``(rows, units)``.
        mojo: the model.
        dtype: ``float32`` or ``float64``.

    Returns:
        Symbolic class probabilities ``(rows, n_classes)``, the response ``(rows, 1)``, or the
        reconstruction ``(rows, width)``.
    """
    match mojo.output:
        case Classification():
            return _prior_correction(outputs, mojo.output, dtype)
        case Regression():
            return _response(outputs, mojo.output, dtype)
        case Reconstruction():
            return _column_units(outputs, mojo.features, dtype)


def with_offset(outputs: Any, offset: Any, mojo: Mojo, rule: OffsetRule, dtype: str) -> Any:
    """Add the offset to the raw output, in the units that the network was trained in.

    Args:
        outputs: symbolic ``(rows, 1)``.
        offset: symbolic ``(rows, 1)``, NaN for missing.
        mojo: the model, a regression.
        rule: ``server`` or ``always``.
        dtype: ``float32`` or ``float64``.
    """
    if not isinstance(mojo.output, Regression):
        return outputs
    sub, mul = np.array([mojo.output.norm_resp_sub]), np.array([mojo.output.norm_resp_mul])
    with step(names.OFFSET_ADDED, offset, dtype) as shift:
        units = standardized(shift.input, sub, mul, dtype)
        added = keras.ops.logical_not(keras.ops.isnan(shift.input))
        if rule == "server":
            added = keras.ops.greater(shift.input, 0.0)
        shift.output = keras.ops.where(added, units, keras.ops.zeros_like(units))
    return keras.layers.Add(name=f"{names.OUTPUT}_with_offset", dtype=dtype)(
        [outputs, shift.result]
    )


def _prior_correction(outputs: Any, output: Classification, dtype: str) -> Any:
    """Probabilities under the data's own class shares (``GenModel.correctProbabilities``)."""
    if output.prior_factors is None:
        return outputs
    with step(names.PRIOR_CORRECTION, outputs, dtype) as correction:
        factors = constant(output.prior_factors, dtype)
        weighted = keras.ops.multiply(correction.input, factors)
        total = keras.ops.sum(weighted, axis=-1, keepdims=True)
        positive = keras.ops.greater(total, 0.0)
        divisor = keras.ops.where(positive, total, keras.ops.ones_like(total))
        correction.output = keras.ops.divide(weighted, divisor)
    return correction.result


def _response(outputs: Any, output: Regression, dtype: str) -> Any:
    """The response in its own units (``DeeplearningMojoModel.score0``)."""
    response = outputs
    if output.standardize:
        with step(names.RESPONSE_UNITS, response, dtype) as units:
            scale = constant(np.array([output.norm_resp_mul]), dtype)
            shift = constant(np.array([output.norm_resp_sub]), dtype)
            units.output = keras.ops.add(keras.ops.divide(units.input, scale), shift)
        response = units.result
    link = INVERSE_LINKS[output.inverse_link]
    if link is None:
        return response
    with step(names.INVERSE_LINK, response, dtype) as inverse:
        inverse.output = link(inverse.input)
    return inverse.result


def _column_units(outputs: Any, features: Features, dtype: str) -> Any:
    """An autoencoder's numeric outputs in their columns' units; the one-hot block as it is."""
    if not (features.standardize and features.numeric):
        return outputs
    scale = np.concatenate([np.ones(features.one_hot_width), features.norm_mul])
    shift = np.concatenate([np.zeros(features.one_hot_width), features.norm_sub])
    with step(names.COLUMN_UNITS, outputs, dtype) as units:
        unscaled = keras.ops.divide(units.input, constant(scale, dtype))
        units.output = keras.ops.add(unscaled, constant(shift, dtype))
    return units.result


def _bounded_exp(values: Any) -> Any:
    return keras.ops.minimum(keras.ops.exp(values), LARGEST_EXP)


def _logistic(values: Any) -> Any:
    return 1.0 / (1.0 + _bounded_exp(-values))


INVERSE_LINKS: Final[Mapping[InverseLink, Callable[[Any], Any] | None]] = {
    InverseLink.IDENTITY: None,
    InverseLink.EXP: _bounded_exp,
    InverseLink.LOGISTIC: _logistic,
}
