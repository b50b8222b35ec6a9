"""Optimizer, loss, metrics and penalties, from H2O's training parameters.

H2O's loss lives in the response's standardized units, Keras' in the response's own. The loss
weight makes up for it: the gradient with respect to the network's raw output is H2O's
(``Neurons.setOutputLayerGradient``, ``DistributionFactory``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import keras

from mojo_reader.details import read_details
from mojo_reader.model import Classification, Mojo, Reconstruction, Regression

from .encoding import is_gathered
from .network import Regularization
from .parameters import TrainingParameters, training_parameters


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Loss:
    """A loss that Keras has.

    Attributes:
        function: a Keras loss.
        weight: factor that makes its gradient H2O's.
        metrics: what ``evaluate`` reports beside it.
    """

    function: Any
    weight: float
    metrics: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Plan:
    """How a model is to be trained.

    Attributes:
        parameters: H2O's training parameters.
        regularization: what goes into the layers.
        loss: None where Keras has none; the model stays uncompiled then.
        notes: one sentence for each thing that a person should know: defaults that were taken,
            and what Keras cannot do as H2O does.
    """

    parameters: TrainingParameters
    regularization: Regularization
    loss: Loss | None
    notes: tuple[str, ...]


def plan(mojo: Mojo, training: Mapping[str, Any] | None = None) -> Plan:
    """Decide how the Keras model trains.

    Args:
        mojo: the model.
        training: H2O's training parameters by name; None takes those in the MOJO.
    """
    details = read_details(mojo)
    parameters = training_parameters(details.parameters if training is None else training)
    loss = _loss(mojo, parameters)
    notes = [
        *_defaults_notes(parameters, details.warning if training is None else None),
        *_loss_notes(mojo, parameters, loss),
        *_rate_notes(parameters),
        *_penalty_notes(mojo, parameters),
    ]
    return Plan(
        parameters=parameters,
        regularization=Regularization(
            l1=parameters.l1,
            l2=parameters.l2,
            max_w2=parameters.max_w2,
            input_dropout=parameters.input_dropout_ratio,
        ),
        loss=loss,
        notes=tuple(notes),
    )


def apply(model: Any, chosen: Plan) -> None:
    """Compile the model, if Keras has its loss.

    The optimizer's state is made here: without it ``load_model`` warns about each file.
    """
    if chosen.loss is None:
        return
    model.compile(
        optimizer=optimizer(chosen.parameters),
        loss=chosen.loss.function,
        loss_weights=chosen.loss.weight,
        metrics=list(chosen.loss.metrics),
    )
    model.optimizer.build(model.trainable_variables)


def optimizer(parameters: TrainingParameters) -> Any:
    """The Keras optimizer that steps as H2O does, as nearly as there is one.

    ADADELTA is the same algorithm. H2O's accelerated gradient is ``v = m v - g; w += rate v``
    with ``rate (1 - m)`` as the rate, which Keras calls momentum without Nesterov. Without it H2O
    adds ``m`` times the last step alone, which no Keras optimizer does; a rate larger by
    ``1 + m`` moves as far.
    """
    if parameters.adaptive_rate:
        return keras.optimizers.Adadelta(
            learning_rate=1.0, rho=parameters.rho, epsilon=parameters.epsilon
        )
    momentum = parameters.momentum_start
    rate = parameters.rate * (1.0 - momentum)
    if parameters.nesterov:
        return keras.optimizers.SGD(_annealed(rate, parameters), momentum=momentum)
    return keras.optimizers.SGD(_annealed(rate * (1.0 + momentum), parameters))


def _annealed(rate: float, parameters: TrainingParameters) -> Any:
    """``rate / (1 + rate_annealing * rows)``, a row being a step (H2O's mini batch is one row)."""
    if not parameters.rate_annealing:
        return rate
    return keras.optimizers.schedules.InverseTimeDecay(
        rate, decay_steps=1, decay_rate=parameters.rate_annealing
    )


def _loss(mojo: Mojo, parameters: TrainingParameters) -> Loss | None:
    match mojo.output:
        case Classification():
            return _classification_loss(mojo.output, parameters)
        case Regression():
            make = REGRESSION_LOSSES.get(mojo.output.distribution)
            return None if make is None else make(mojo.output.norm_resp_mul)
        case Reconstruction():
            return _reconstruction_loss(mojo)


def _classification_loss(output: Classification, parameters: TrainingParameters) -> Loss:
    """Cross entropy over class positions; Quadratic over one-hot labels."""
    if parameters.loss == "Quadratic":
        accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
        # H2O sums half the squares over the classes, Keras takes their mean.
        weight = 0.5 * len(output.labels)
        return Loss(function=keras.losses.MeanSquaredError(), weight=weight, metrics=(accuracy,))
    return Loss(
        function=keras.losses.SparseCategoricalCrossentropy(),
        weight=1.0,
        metrics=(keras.metrics.SparseCategoricalAccuracy(name="accuracy"),),
    )


def _regression_metrics() -> tuple[Any, ...]:
    return (
        keras.metrics.RootMeanSquaredError(name="rmse"),
        keras.metrics.MeanAbsoluteError(name="mae"),
    )


def _squared(scale: float) -> Loss:
    return Loss(
        function=keras.losses.MeanSquaredError(), weight=scale**2, metrics=_regression_metrics()
    )


def _absolute(scale: float) -> Loss:
    return Loss(
        function=keras.losses.MeanAbsoluteError(), weight=scale, metrics=_regression_metrics()
    )


def _huber(scale: float) -> Loss:
    """Huber's loss; H2O's is twice Keras', with delta 1 (standardized) until it has scored."""
    return Loss(
        function=keras.losses.Huber(delta=1.0 / scale),
        weight=2.0 * scale**2,
        metrics=_regression_metrics(),
    )


def _poisson(_scale: float) -> Loss:
    return Loss(function=keras.losses.Poisson(), weight=2.0, metrics=_regression_metrics())


#: By H2O's distribution: from ``norm_resp_mul`` to the loss; None where Keras has none.
REGRESSION_LOSSES: Final[Mapping[str, Callable[[float], Loss] | None]] = {
    "AUTO": _squared,
    "gaussian": _squared,
    "laplace": _absolute,
    "huber": _huber,
    "poisson": _poisson,
    "gamma": None,
    "tweedie": None,
    "quantile": None,
}


def _reconstruction_loss(mojo: Mojo) -> Loss | None:
    """Squares summed over the outputs; None where the outputs differ in their scale.

    H2O adds the squares in standardized units. One factor undoes that only where all columns
    share it.
    """
    features = mojo.features
    scales = set(features.norm_mul.tolist() if features.standardize else ())
    if not features.standardize or features.one_hot_width:
        scales.add(1.0)
    if len(scales) != 1 or mojo.info.distribution not in {"AUTO", "gaussian"}:
        return None
    return Loss(
        function=keras.losses.MeanSquaredError(),
        weight=features.width * scales.pop() ** 2,
        metrics=(keras.metrics.RootMeanSquaredError(name="rmse"),),
    )


def _defaults_notes(parameters: TrainingParameters, warning: str | None) -> list[str]:
    if warning is not None:
        return [f"{warning}; H2O's defaults were taken (ADADELTA, no penalties)"]
    if parameters.defaulted:
        return [f"H2O's defaults were taken for {', '.join(parameters.defaulted)}"]
    return []


def _loss_notes(mojo: Mojo, parameters: TrainingParameters, loss: Loss | None) -> list[str]:
    notes = []
    if loss is None:
        notes.append(f"not compiled: Keras has no loss like H2O's {_loss_name(mojo)}")
    elif isinstance(mojo.output, Regression) and mojo.output.distribution == "huber":
        notes.append("H2O sets Huber's delta anew from the residuals; Keras keeps one")
    if isinstance(mojo.output, Classification):
        if parameters.loss == "Quadratic":
            notes.append("Quadratic loss: train with one-hot labels")
        if mojo.output.prior_factors is not None:
            notes.append(
                "balance_classes: the loss sees the corrected probabilities, H2O's the others"
            )
    return notes


def _loss_name(mojo: Mojo) -> str:
    if isinstance(mojo.output, Reconstruction):
        return "reconstruction error, which is taken over standardized columns"
    return f"{mojo.info.distribution} deviance"


def _rate_notes(parameters: TrainingParameters) -> list[str]:
    if parameters.adaptive_rate:
        return []
    notes = []
    if parameters.rate_decay != 1.0:
        notes.append("rate_decay: Keras has one learning rate for all layers")
    if parameters.momentum_stable != parameters.momentum_start:
        notes.append("momentum_start is taken: H2O's code never reaches momentum_stable")
    if parameters.momentum_start and not parameters.nesterov:
        notes.append("momentum without Nesterov: no Keras optimizer repeats only the last step")
    return notes


def _penalty_notes(mojo: Mojo, parameters: TrainingParameters) -> list[str]:
    notes = []
    if parameters.max_w2 is not None and is_gathered(mojo.features):
        notes.append("max_w2: bounds the categorical and the numeric weights of hidden_1 apart")
    if parameters.sparsity_beta:
        notes.append("sparsity_beta: Keras has no such term")
    if parameters.elastic_averaging:
        notes.append("elastic_averaging: Keras has no such term")
    return notes
