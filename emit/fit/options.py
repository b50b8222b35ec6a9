"""Whether how to train fits the model."""

from typing import Final

import numpy as np

from mojo_reader.errors import MojoUnsupportedError, listed
from mojo_reader.making.retraining import MOST_ROWS_OF_A_STEP, FitOptions
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.options import checked

#: That the steps of an epoch may move: about a second on one core.
_WEIGHTS_OF_AN_EPOCH: Final = 500_000_000
#: What a step takes beside its weights, in weights.
_WEIGHTS_OF_NO_STEP: Final = 2_500


def check_options(mojo: Mojo, options: FitOptions) -> None:
    """Require that the options make sense and fit the model.

    Raises:
        ValueError: a number is out of its range.
        MojoUnsupportedError: the model has not what is asked for.
    """
    checked(options)
    if not 0 <= options.freeze < len(mojo.layers):
        message = (
            f"expected 0 to {len(mojo.layers) - 1} layers to freeze, found {options.freeze}: the "
            "output layer has to train"
        )
        raise MojoUnsupportedError(message)
    _check_class_options(mojo, options)


def rows_of_a_step(mojo: Mojo, options: FitOptions, rows: int) -> int:
    """Return the batch size: what is chosen, else as few rows as cost little time.

    A step takes about as long for few rows as for one, and moves the weights as far, so that steps
    of one row train as H2O does. The rule counts and measures nothing, so that the same rows and
    the same seed make the same model anywhere. A learning rate was chosen for batches.

    Args:
        mojo: the model.
        options: how to train.
        rows: that are trained on.
    """
    if options.batch_size is not None:
        return options.batch_size
    if options.learning_rate is not None:
        return MOST_ROWS_OF_A_STEP
    weights = mojo.weight_count
    steps = _WEIGHTS_OF_AN_EPOCH // (weights + _WEIGHTS_OF_NO_STEP)
    size = 1
    while size < MOST_ROWS_OF_A_STEP and rows > steps * size:
        size *= 2
    return size


def _check_class_options(mojo: Mojo, options: FitOptions) -> None:
    output, chosen = mojo.output, options.class_weights
    if options.threshold == "max-f1" and getattr(output, "threshold", None) is None:
        message = f"a {mojo.info.category} model has no threshold"
        raise MojoUnsupportedError(message)
    if chosen is None:
        return
    if not isinstance(output, Classification):
        message = f"a {mojo.info.category} model has no classes to weigh"
        raise MojoUnsupportedError(message)
    if chosen == "balanced":
        return
    for label, weight in chosen.items():
        if label not in output.labels:
            message = f"expected a weight of one of {listed(output.labels)}, found one of {label!r}"
            raise MojoUnsupportedError(message)
        if not 0.0 <= weight < np.inf:
            message = f"expected a class weight of 0 or more, found {weight} for {label!r}"
            raise ValueError(message)
