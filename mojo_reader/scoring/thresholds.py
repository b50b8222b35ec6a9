"""The probability from which on a row is of the second class, where a person chooses another."""

import dataclasses
from numbers import Real
from typing import cast

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import Classification, Mojo


def threshold_problem(threshold: float) -> str | None:
    """Say what is wrong with a threshold of the second class, None where nothing is."""
    number = isinstance(threshold, Real)
    if number and 0 <= threshold <= 1:
        return None
    found = f"{threshold:g}" if number else repr(threshold)
    return f"expected a threshold from 0 to 1, which is a probability, found {found}"


def check_threshold(mojo: Mojo, threshold: float) -> None:
    """Require a model with a threshold, and one that it can have.

    Raises:
        MojoUnsupportedError: the model has not two classes, or the threshold is no probability.
    """
    if not isinstance(mojo.output, Classification) or mojo.output.threshold is None:
        message = f"a {mojo.info.category} model has no threshold"
        raise MojoUnsupportedError(message)
    problem = threshold_problem(threshold)
    if problem is not None:
        raise MojoUnsupportedError(problem)


def labelled_at(mojo: Mojo, threshold: float) -> Mojo:
    """Return the model with another threshold for its labels, to score with and not to write.

    The model's keys stay as they are; ``making.threshold.with_threshold`` changes them, too.

    Raises:
        MojoUnsupportedError: the model has not two classes, or the threshold is no probability.
    """
    check_threshold(mojo, threshold)
    output = cast("Classification", mojo.output)
    return dataclasses.replace(mojo, output=dataclasses.replace(output, threshold=threshold))
