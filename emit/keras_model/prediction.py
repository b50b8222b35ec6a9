"""Raw outputs to what H2O predicts: probabilities, a number, or a reconstructed row."""

from typing import Any

from mojo_reader import formulas
from mojo_reader.model import (
    Classification,
    Features,
    InverseLink,
    Mojo,
    Reconstruction,
    Regression,
)
from mojo_reader.scoring.options import OffsetRule

from .. import layer_names as names
from ..backend import keras
from .tensors import step


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
    with step(names.OFFSET_ADDED, offset, dtype) as shift:
        shift.output = formulas.offset_shift(
            keras.ops, shift.input, mojo.output, dtype, only_positive=rule == "server"
        )
    return keras.layers.Add(name=f"{names.OUTPUT}_with_offset", dtype=dtype)(
        [outputs, shift.result]
    )


def _prior_correction(outputs: Any, output: Classification, dtype: str) -> Any:
    if output.prior_factors is None:
        return outputs
    with step(names.PRIOR_CORRECTION, outputs, dtype) as correction:
        correction.output = formulas.prior_correction(keras.ops, correction.input, output, dtype)
    return correction.result


def _response(response: Any, output: Regression, dtype: str) -> Any:
    if output.standardize:
        with step(names.RESPONSE_UNITS, response, dtype) as units:
            units.output = formulas.response_units(units.input, output, dtype)
        response = units.result
    if output.inverse_link is InverseLink.IDENTITY:
        return response
    with step(names.INVERSE_LINK, response, dtype) as inverse:
        inverse.output = formulas.INVERSE_LINKS[output.inverse_link](keras.ops, inverse.input)
    return inverse.result


def _column_units(outputs: Any, features: Features, dtype: str) -> Any:
    if not (features.standardize and features.numeric):
        return outputs
    with step(names.COLUMN_UNITS, outputs, dtype) as units:
        units.output = formulas.column_units(units.input, features, dtype)
    return units.result
