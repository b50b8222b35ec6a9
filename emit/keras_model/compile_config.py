"""Optimizer, loss, metrics and penalties, from H2O's training parameters.

H2O's loss lives in the response's standardized units, Keras' in the response's own. The loss
weight makes up for it: the gradient with respect to the network's raw output is H2O's
(``Neurons.setOutputLayerGradient``, ``DistributionFactory``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mojo_reader.details import read_details
from mojo_reader.model import Activation, Classification, Mojo, Reconstruction, Regression

from ..backend import keras
from ..training_parameters import TrainingParameters, training_parameters
from .deviance import distribution_of
from .encoding import is_gathered
from .network import Regularization
from .tensors import UncompiledZeros


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
        loss_notes: those of them that are about the compiled loss alone.
    """

    parameters: TrainingParameters
    regularization: Regularization
    loss: Loss | None
    notes: tuple[str, ...]
    loss_notes: tuple[str, ...]


def plan(mojo: Mojo, training: Mapping[str, Any] | None = None) -> Plan:
    """Decide how the Keras model trains.

    Args:
        mojo: the model.
        training: H2O's training parameters by name; None takes those in the MOJO.
    """
    details = read_details(mojo)
    parameters = training_parameters(details.parameters if training is None else training)
    loss = _loss(mojo, parameters)
    loss_notes = tuple(_loss_notes(mojo, parameters, loss))
    notes = [
        *_defaults_notes(parameters, details.warning if training is None else None),
        *loss_notes,
        *_rate_notes(parameters),
        *_layer_notes(mojo),
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
        loss_notes=loss_notes,
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
    _build(model.optimizer, model.trainable_variables)


def _build(optimizer: Any, variables: Any) -> None:
    """Build an optimizer, whose sums start from zeros that JAX need not compile by shape."""
    add = optimizer.add_variable_from_reference

    def added(reference: Any, name: Any = None, initializer: Any = "zeros") -> Any:
        start = UncompiledZeros() if initializer == "zeros" else initializer
        return add(reference, name=name, initializer=start)

    optimizer.add_variable_from_reference = added
    try:
        optimizer.build(variables)
    finally:
        del optimizer.add_variable_from_reference


def optimizer(
    parameters: TrainingParameters, *, rows_per_step: int = 1, rate: float | None = None
) -> Any:
    """The Keras optimizer that steps as H2O does, as nearly as there is one.

    ADADELTA is the same algorithm. H2O's accelerated gradient is ``v = m v - g; w += rate v``
    with ``rate (1 - m)`` as the rate, which Keras calls momentum without Nesterov. Without it H2O
    adds ``m`` times the last step alone, which no Keras optimizer does; a rate larger by
    ``1 + m`` moves as far.

    Args:
        parameters: H2O's training parameters.
        rows_per_step: rows of a batch; H2O anneals its rate by the row.
        rate: a learning rate instead of H2O's. ADADELTA has none, so that Adam takes its place.
    """
    if parameters.adaptive_rate:
        if rate is not None:
            return keras.optimizers.Adam(rate)
        return keras.optimizers.Adadelta(
            learning_rate=1.0, rho=parameters.rho, epsilon=parameters.epsilon
        )
    momentum = parameters.momentum_start
    scaled = (parameters.rate if rate is None else rate) * (1.0 - momentum)
    decay = parameters.rate_annealing * rows_per_step
    if parameters.nesterov:
        return keras.optimizers.SGD(_annealed(scaled, decay), momentum=momentum)
    return keras.optimizers.SGD(_annealed(scaled * (1.0 + momentum), decay))


def _annealed(rate: float, decay: float) -> Any:
    """``rate / (1 + decay * steps)``."""
    if not decay:
        return rate
    return keras.optimizers.schedules.InverseTimeDecay(rate, decay_steps=1, decay_rate=decay)


def _loss(mojo: Mojo, parameters: TrainingParameters) -> Loss | None:
    match mojo.output:
        case Classification():
            return _classification_loss(mojo.output, parameters)
        case Regression():
            distribution = distribution_of(mojo.output.distribution, parameters)
            make = REGRESSION_LOSSES.get(distribution)
            return None if make is None else make(mojo.output.norm_resp_mul)
        case Reconstruction():
            # H2O's squares are of standardized columns, and its gradient leaves out the derivative
            # of the output's activation (`Neurons.bpropOutputLayer`).
            return None


def _classification_loss(output: Classification, parameters: TrainingParameters) -> Loss | None:
    """Cross entropy over class positions; Quadratic over one-hot labels.

    H2O's gradient of the Quadratic loss (``deviance.quadratic_gradient``) is a quarter of that of
    the sum of squares where there are two classes, and of no loss where there are more.
    """
    if parameters.loss != "Quadratic":
        return Loss(
            function=keras.losses.SparseCategoricalCrossentropy(),
            weight=1.0,
            metrics=(keras.metrics.SparseCategoricalAccuracy(name="accuracy"),),
        )
    if output.threshold is None:
        return None
    accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    # Keras takes the squares' mean, which is half their sum.
    return Loss(function=keras.losses.MeanSquaredError(), weight=0.5, metrics=(accuracy,))


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
    """Huber's loss; H2O's is twice Keras', with delta 1 in standardized units."""
    return Loss(
        function=keras.losses.Huber(delta=1.0 / scale),
        weight=2.0 * scale**2,
        metrics=_regression_metrics(),
    )


def _poisson(_scale: float) -> Loss:
    return Loss(function=keras.losses.Poisson(), weight=2.0, metrics=_regression_metrics())


#: By H2O's distribution: from ``norm_resp_mul`` to the loss; None where Keras has none.
REGRESSION_LOSSES: Final[Mapping[str, Callable[[float], Loss] | None]] = {
    "gaussian": _squared,
    "laplace": _absolute,
    "huber": _huber,
    "poisson": _poisson,
    "gamma": None,
    "tweedie": None,
    "quantile": None,
}


def _defaults_notes(parameters: TrainingParameters, warning: str | None) -> list[str]:
    if warning is not None:
        return [f"{warning}; H2O's defaults were taken (ADADELTA, no penalties)"]
    if parameters.defaulted:
        return [f"H2O's defaults were taken for {', '.join(parameters.defaulted)}"]
    return []


def _loss_notes(mojo: Mojo, parameters: TrainingParameters, loss: Loss | None) -> list[str]:
    notes = []
    if loss is None:
        name = _loss_name(mojo, parameters)
        notes.append(f"not compiled: Keras has no loss like H2O's {name}; training_model has it")
    if isinstance(mojo.output, Classification):
        if loss is not None and parameters.loss == "Quadratic":
            notes.append("Quadratic loss: train with one-hot labels")
        if mojo.output.prior_factors is not None:
            notes.append(
                "balance_classes: the compiled loss sees the corrected probabilities; H2O's, and "
                "training_model's, the others"
            )
    return notes


def _loss_name(mojo: Mojo, parameters: TrainingParameters) -> str:
    match mojo.output:
        case Reconstruction():
            return "reconstruction error"
        case Classification():
            return "Quadratic loss of more than two classes"
        case Regression() as output:
            return f"{distribution_of(output.distribution, parameters)} deviance"


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


def _layer_notes(mojo: Mojo) -> list[str]:
    """What H2O's own back-propagation does otherwise inside the layers (``Neurons.bprop``)."""
    notes = []
    hidden = {layer.activation for layer in mojo.layers[:-1]}
    if Activation.EXP_RECTIFIER in hidden:
        notes.append(
            "ExpRectifier: below 0 H2O takes the slope at the unit's output, Keras at its input"
        )
    dropped = any(layer.dropout for layer in mojo.layers)
    if dropped and hidden - {Activation.RECTIFIER}:
        notes.append("hidden_dropout_ratios: H2O goes on training the units that it drops")
    return notes


def _penalty_notes(mojo: Mojo, parameters: TrainingParameters) -> list[str]:
    notes = []
    penalized = bool(parameters.l1 or parameters.l2)
    maxout = any(layer.activation is Activation.MAXOUT for layer in mojo.layers)
    if penalized and parameters.fast_mode:
        notes.append(
            "fast_mode: H2O spares weights whose input or whose unit's gradient is 0 from l1 and "
            "l2; Keras shrinks all in each step"
        )
    if penalized and maxout:
        notes.append("Maxout: H2O takes l1 and l2 from the larger candidate alone, Keras from both")
    if parameters.max_w2 is not None and is_gathered(mojo.features):
        notes.append("max_w2: bounds the categorical and the numeric weights of hidden_1 apart")
    if parameters.max_w2 is not None and maxout:
        notes.append("max_w2: H2O bounds both candidates of a Maxout together, Keras each")
    if parameters.sparsity_beta:
        notes.append("sparsity_beta: Keras has no such term")
    if parameters.elastic_averaging:
        notes.append("elastic_averaging: Keras has no such term")
    return notes
