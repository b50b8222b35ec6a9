"""What H2O's networks minimize: a deviance for each distribution, and H2O's gradient of it.

The deviances stand in ``mojo_reader.formulas``, the gradients here. Both are written once, for
NumPy and for Keras, whose ``numpy`` and ``keras.ops`` share the names used here. All take the
target and the raw output, the linear predictor before the inverse link; both are standardized
where the response is. The gradient is with respect to the raw output. It is H2O's own
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
from mojo_reader.formulas import DEVIANCES, DISTRIBUTION_OF_LOSS, DevianceNumbers
from mojo_reader.formulas import bounded_exp as _exp

from ..training_parameters import TrainingParameters

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
    value, gradient = DEVIANCES[distribution], GRADIENTS[distribution]
    numbers = DevianceNumbers(
        quantile_alpha=parameters.quantile_alpha,
        tweedie_power=parameters.tweedie_power,
        huber_delta=huber_delta,
    )
    return Deviance(
        value=lambda ops, target, raw: value(ops, target, raw, numbers),
        gradient=lambda ops, target, raw: gradient(ops, target, raw, numbers),
    )


# --------------------------------------------------------------------------- gradients


def _toward_target(_ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    return 2.0 * (raw - target)


def _sign(ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    return _chosen(ops, raw > target, raw, 1.0, -1.0)


def _quantile(ops: Any, target: Any, raw: Any, numbers: DevianceNumbers) -> Any:
    alpha = numbers.quantile_alpha
    return _chosen(ops, target > raw, raw, -alpha, 1.0 - alpha)


def _huber(ops: Any, target: Any, raw: Any, numbers: DevianceNumbers) -> Any:
    delta = numbers.huber_delta
    return 2.0 * ops.minimum(ops.maximum(raw - target, -delta), delta)


def _poisson(ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    return 2.0 * (_exp(ops, raw) - target)


def _gamma(ops: Any, target: Any, raw: Any, _numbers: DevianceNumbers) -> Any:
    return 2.0 * (1.0 - target * _exp(ops, -raw))


def _tweedie(ops: Any, target: Any, raw: Any, numbers: DevianceNumbers) -> Any:
    one, two = 1.0 - numbers.tweedie_power, 2.0 - numbers.tweedie_power
    return 2.0 * (_exp(ops, raw * two) - target * _exp(ops, raw * one))


def _chosen(ops: Any, condition: Any, like: Any, then: float, otherwise: float) -> Any:
    """Two constants by a condition, in the type of ``like``."""
    return ops.where(condition, ops.full_like(like, then), ops.full_like(like, otherwise))


GRADIENTS: Final[Mapping[str, Callable[[Any, Any, Any, DevianceNumbers], Any]]] = {
    "gaussian": _toward_target,
    "laplace": _sign,
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
