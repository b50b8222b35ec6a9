"""Whether how to train fits the model."""

import numpy as np

from mojo_reader.errors import MojoUnsupportedError, listed
from mojo_reader.making.retraining import FitOptions
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.options import checked


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
