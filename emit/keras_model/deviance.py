"""What H2O's networks minimize: a deviance for each distribution, and H2O's gradient of it.

Written once for NumPy and for Keras, whose ``numpy`` and ``keras.ops`` share the names used here.
All take the target and the raw output, the linear predictor before the inverse link; both are
standardized where the response is. The gradient is with respect to the raw output. It is H2O's own
formula, which is not always the derivative of the deviance: see ``quadratic_gradient``.

Sources: ``hex.DistributionFactory`` (``deviance``, ``negHalfGradient``, ``LogExpUtil``),
``hex.deeplearning.Neurons`` (``Linear`` and ``Softmax.setOutputLayerGradient``,
``autoEncoderGradient``), ``DeepLearningParameters.Sanity.modifyParms`` (which distribution a
loss stands for).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.formulas import bounded_exp as _exp

from ..training_parameters import TrainingParameters

#: ``LogExpUtil``: smallest logarithm.
SMALLEST_LOG: Final = -19.0

#: ``numpy`` or ``keras.ops``, target, raw output.
Formula = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviance:
    """A deviance of one output.

    Attributes:
        value: never below 0 but for rounding; 0 where the prediction is the target.
        gradient: H2O's, ``-2 * negHalfGradient(target, raw)``.
    """

    value: Formula
    gradient: Formula


def distribution_of(named: str, parameters: TrainingParameters) -> str:
    """Return the distribution that a regression or an autoencoder is trained with.

    Args:
        named: the MOJO's distribution; ``AUTO`` leaves it to the loss.
        parameters: H2O's training parameters.
    """
    return DISTRIBUTION_OF_LOSS.get(parameters.loss, "gaussian") if named == "AUTO" else named


def deviance_of(
    distribution: str, parameters: TrainingParameters, *, huber_delta: float = 1.0
) -> Deviance:
    """Return the deviance of a regression or an autoencoder.

    Args:
        distribution: H2O's name, as ``distribution_of`` returns it.
        parameters: H2O's training parameters.
        huber_delta: where Huber's loss turns linear. It is 1, in standardized units, all through
            H2O's training: each pass makes its neurons' distribution anew.

    Raises:
        MojoUnsupportedError: H2O trains no network with it.
    """
    if distribution not in DEVIANCES:
        message = f"nothing is known of how H2O trains a {distribution} distribution"
        raise MojoUnsupportedError(message)
    return DEVIANCES[distribution](parameters, huber_delta)


def _log_ratio(ops: Any, numerator: Any, denominator: Any) -> Any:
    """``LogExpUtil.log`` of a quotient, from the two logarithms: no quotient overflows."""
    return ops.maximum(numerator - denominator, SMALLEST_LOG)


def _log(ops: Any, values: Any) -> Any:
    """``LogExpUtil.log``; what is not above 0 never reaches the logarithm."""
    positive = ops.where(values > 0, values, ops.ones_like(values))
    return ops.where(values > 0, ops.log(positive), ops.full_like(values, SMALLEST_LOG))


def _gaussian(_parameters: TrainingParameters, _delta: float) -> Deviance:
    return Deviance(
        value=lambda _ops, target, raw: (target - raw) * (target - raw),
        gradient=lambda _ops, target, raw: 2.0 * (raw - target),
    )


def _laplace(_parameters: TrainingParameters, _delta: float) -> Deviance:
    return Deviance(
        value=lambda ops, target, raw: ops.abs(target - raw),
        gradient=lambda ops, target, raw: _chosen(ops, raw > target, raw, 1.0, -1.0),
    )


def _quantile(parameters: TrainingParameters, _delta: float) -> Deviance:
    alpha = parameters.quantile_alpha
    return Deviance(
        value=lambda ops, target, raw: ops.maximum(
            alpha * (target - raw), (1.0 - alpha) * (raw - target)
        ),
        gradient=lambda ops, target, raw: _chosen(ops, target > raw, raw, -alpha, 1.0 - alpha),
    )


def _huber(_parameters: TrainingParameters, delta: float) -> Deviance:
    def value(ops: Any, target: Any, raw: Any) -> Any:
        size = ops.abs(target - raw)
        return ops.where(size <= delta, size * size, (2.0 * size - delta) * delta)

    def gradient(ops: Any, target: Any, raw: Any) -> Any:
        return 2.0 * ops.minimum(ops.maximum(raw - target, -delta), delta)

    return Deviance(value=value, gradient=gradient)


def _poisson(_parameters: TrainingParameters, _delta: float) -> Deviance:
    def value(ops: Any, target: Any, raw: Any) -> Any:
        log_ratio = _log_ratio(ops, _log(ops, target), raw)
        return 2.0 * (target * log_ratio - target + _exp(ops, raw))

    return Deviance(value=value, gradient=lambda ops, target, raw: 2.0 * (_exp(ops, raw) - target))


def _gamma(_parameters: TrainingParameters, _delta: float) -> Deviance:
    def value(ops: Any, target: Any, raw: Any) -> Any:
        log_ratio = _log_ratio(ops, raw, _log(ops, target))
        return 2.0 * (log_ratio + target * _exp(ops, -raw) - 1.0)

    return Deviance(
        value=value, gradient=lambda ops, target, raw: 2.0 * (1.0 - target * _exp(ops, -raw))
    )


def _tweedie(parameters: TrainingParameters, _delta: float) -> Deviance:
    power = parameters.tweedie_power
    one, two = 1.0 - power, 2.0 - power

    def value(ops: Any, target: Any, raw: Any) -> Any:
        rising, falling = _exp(ops, raw * two) / two, target * _exp(ops, raw * one) / one
        return 2.0 * (ops.power(target, two) / (one * two) - falling + rising)

    def gradient(ops: Any, target: Any, raw: Any) -> Any:
        return 2.0 * (_exp(ops, raw * two) - target * _exp(ops, raw * one))

    return Deviance(value=value, gradient=gradient)


def _chosen(ops: Any, condition: Any, like: Any, then: float, otherwise: float) -> Any:
    """Two constants by a condition, in the type of ``like``."""
    return ops.where(condition, ops.full_like(like, then), ops.full_like(like, otherwise))


#: ``modifyParms``: what ``AUTO`` is with each loss; the gradient follows the distribution alone.
DISTRIBUTION_OF_LOSS: Final[Mapping[str, str]] = {
    "Automatic": "gaussian",
    "Quadratic": "gaussian",
    "Absolute": "laplace",
    "Quantile": "quantile",
    "Huber": "huber",
}

DEVIANCES: Final[Mapping[str, Callable[[TrainingParameters, float], Deviance]]] = {
    "gaussian": _gaussian,
    "laplace": _laplace,
    "quantile": _quantile,
    "huber": _huber,
    "poisson": _poisson,
    "gamma": _gamma,
    "tweedie": _tweedie,
}


# --------------------------------------------------------------------------- classes


def quadratic_gradient(probabilities: Any, hot: Any) -> Any:
    """H2O's gradient of the Quadratic loss with respect to what enters the softmax.

    H2O multiplies each class's difference with the derivative of that class's own probability and
    leaves out how the softmax ties the classes to each other. With two classes that is half the
    derivative of ``sum((p - t)^2) / 2``; with more it is the derivative of nothing.

    Args:
        probabilities: ``(rows, n_classes)``, the softmax.
        hot: ``(rows, n_classes)``, 1 for the row's class.
    """
    return (probabilities - hot) * (1.0 - probabilities) * probabilities
