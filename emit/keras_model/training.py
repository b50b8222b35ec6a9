"""The training model: ``[x, y]`` to each row's deviance, whose gradient is H2O's.

It shares its layers with the model that predicts. Fitted with zeros as targets and the mean
absolute error as loss, it trains that model as H2O does, for every distribution, and both load with
Keras alone: what the deviance is made of are built-in operations.
"""

from collections.abc import Mapping
from typing import Any, Final

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.formulas import ACTIVATIONS, standardized_response
from mojo_reader.model import (
    Classification,
    Features,
    Mojo,
    Reconstruction,
    Regression,
)

from .. import layer_names as names
from ..backend import keras
from ..training_parameters import TrainingParameters
from . import compile_config, to_keras
from .deviance import deviance_of, distribution_of, quadratic_gradient
from .encoding import DenseInputs, encode
from .tensors import model_dtype

#: Smallest deviance that is given, so that its absolute value has a slope of 1.
_SMALLEST: Final = 1e-30

#: Values and gradients by output, ``(rows, units)`` each.
_Deviances = tuple[Any, Any]


def training_model(
    mojo: Mojo, model: Any | None = None, *, training: Mapping[str, Any] | None = None
) -> Any:
    """Make the Keras model that trains a MOJO's network.

    Fit it with zeros: ``made.fit([x, y], zeros)``. What it learns is at once in ``model``, whose
    layers it shares.

    Args:
        mojo: the model.
        model: what ``to_keras`` made of it; None makes it, and ``from_keras`` finds its layers in
            what is returned.
        training: H2O's training parameters by name; None takes those in the MOJO.

    Returns:
        A compiled ``keras.Model`` from ``[x, y]`` to deviances ``(rows, 1)``, in H2O's units: those
        of the standardized response. ``x`` is the row matrix; ``y`` is ``(rows, 1)``, class
        positions or the response in its own units, and never missing. For an autoencoder it is the
        row matrix to be reconstructed, ``x`` itself. A row's gradient with respect to the raw
        outputs is H2O's; for a classifier the loss is taken before the correction of class priors.

    Raises:
        MojoUnsupportedError: the model has not the layers of ``to_keras``, or float64 is asked for
            and JAX would silently compute in float32.
    """
    plan = compile_config.plan(mojo, training)
    if model is None:
        model = to_keras(mojo, training=training)
    dtype = model_dtype(model)
    raw = _raw_outputs(model)
    width = len(mojo.features.names) if isinstance(mojo.output, Reconstruction) else 1
    targets = keras.Input((width,), dtype=dtype, name=names.TARGETS)
    rows = _deviance_model(mojo, plan.parameters, raw.shape[1], width, dtype)([raw, targets])
    made = keras.Model([model.inputs[0], targets], rows, name=f"{model.name}_training")
    made.compile(
        optimizer=compile_config.optimizer(plan.parameters),
        loss=keras.losses.MeanAbsoluteError(dtype=dtype),
    )
    made.optimizer.build(made.trainable_variables)
    return made


def _raw_outputs(model: Any) -> Any:
    """The sums of the output layer, before its activation."""
    layers = {layer.name: layer for layer in model.layers}
    for name in (names.sum_name(names.OUTPUT), names.OUTPUT):
        if name in layers:
            return layers[name].output
    message = f"expected a model that to_keras made, found one without a layer {names.OUTPUT!r}"
    raise MojoUnsupportedError(message)


def _deviance_model(
    mojo: Mojo, parameters: TrainingParameters, units: int, width: int, dtype: str
) -> Any:
    """From raw outputs ``(rows, units)`` and targets ``(rows, width)`` to deviances ``(rows, 1)``.

    The value is H2O's deviance and the slope H2O's gradient, each by its own formula: the product
    of a fixed gradient and of a difference that is always 0 adds the one to the other. So a clipped
    exponential, a kink or rounding below 0 never bends the gradient.
    """
    raw = keras.Input((units,), dtype=dtype, name=f"{names.DEVIANCE}_raw")
    targets = keras.Input((width,), dtype=dtype, name=f"{names.DEVIANCE}_{names.TARGETS}")
    fixed = keras.ops.stop_gradient(raw)
    values, gradients = _deviances(mojo, parameters, fixed, targets, dtype)
    value = keras.ops.maximum(keras.ops.sum(values, axis=-1, keepdims=True), _SMALLEST)
    slope = keras.ops.stop_gradient(gradients) * (raw - fixed)
    rows = keras.ops.stop_gradient(value) + keras.ops.sum(slope, axis=-1, keepdims=True)
    return keras.Model([raw, targets], rows, name=names.DEVIANCE)


def _deviances(
    mojo: Mojo, parameters: TrainingParameters, raw: Any, targets: Any, dtype: str
) -> _Deviances:
    """H2O's deviance and gradient of each output."""
    match mojo.output:
        case Classification():
            return _of_classes(parameters, raw, targets, dtype)
        case Regression() as output:
            distribution, found = output.distribution, raw
            wanted = standardized_response(targets, output, dtype)
        case Reconstruction():
            # H2O takes the gradient at the activated outputs for that at the raw ones:
            # `bpropOutputLayer` multiplies with no derivative of the activation.
            distribution = mojo.info.distribution
            wanted = network_inputs(mojo.features, targets, dtype)
            # A Maxout's raw output is the larger candidate already.
            found = ACTIVATIONS[mojo.layers[-1].activation](keras.ops, dtype, raw)
    deviance = deviance_of(distribution_of(distribution, parameters), parameters)
    return deviance.value(keras.ops, wanted, found), deviance.gradient(keras.ops, wanted, found)


def _of_classes(parameters: TrainingParameters, raw: Any, targets: Any, dtype: str) -> _Deviances:
    """Cross entropy, or Quadratic loss (``Neurons.Softmax.setOutputLayerGradient``)."""
    positions = keras.ops.cast(targets[:, 0], "int32")
    hot = keras.ops.one_hot(positions, raw.shape[1], dtype=dtype)
    probabilities = keras.ops.softmax(raw, axis=-1)
    if parameters.loss == "Quadratic":
        differences = probabilities - hot
        return 0.5 * differences * differences, quadratic_gradient(probabilities, hot)
    return -hot * keras.ops.log_softmax(raw, axis=-1), probabilities - hot


def network_inputs(features: Features, columns: Any, dtype: str) -> Any:
    """Return the expanded, standardized row ``(rows, width)``; its one-hot block is always made.

    Args:
        features: what the columns mean.
        columns: symbolic ``(rows, n_features)``.
        dtype: ``float32`` or ``float64``.
    """
    inputs = encode(columns, features, dtype)
    if isinstance(inputs, DenseInputs):
        return inputs.inputs
    hot = keras.ops.one_hot(inputs.slots, inputs.width, dtype=dtype)
    # Hashed levels can share a slot, which then holds their number.
    block = keras.ops.sum(hot, axis=1)
    parts = [block] if inputs.numbers is None else [block, inputs.numbers]
    return keras.ops.concatenate(parts, axis=-1)
