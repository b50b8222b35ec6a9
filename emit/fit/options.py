"""How to train, and whether that fits the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mojo_reader.errors import MojoUnsupportedError, listed
from mojo_reader.model import Classification, Mojo

#: H2O trains on one row at a time, which no framework does well.
BATCH_SIZE: Final = 32
#: H2O's own default.
EPOCHS: Final = 10
HELD_OUT: Final = 0.2

#: ``balanced``, or a factor for each class by its level.
ClassWeights = Mapping[str, float] | Literal["balanced"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FitOptions:
    """How to train.

    Attributes:
        response: column of the response; None takes the model's.
        weights: column of row weights; None weighs all rows alike.
        class_weights: factors of the classes' rows; ``balanced`` gives each class the same sum.
        epochs: passes over the rows, at most.
        batch_size: rows of a step.
        learning_rate: instead of the model's own ``rate``; a model that was trained with
            ADADELTA, which has none, is trained with Adam at this rate.
        validation_split: share of the rows held out, 0 for none.
        early_stopping: stop after so many epochs without a better one; None never does.
        seed: of the split, the order of the rows and dropout.
        freeze: layers that keep their weights, from the first on.
        threshold: ``keep`` the model's, or take that with the largest F1 on the rows held out
            (on all rows where none are).
        on_invalid: raise at a cell without a meaning in a feature's column (``error``), or take
            it as ``missing``.
    """

    response: str | None = None
    weights: str | None = None
    class_weights: ClassWeights | None = None
    epochs: int = EPOCHS
    batch_size: int = BATCH_SIZE
    learning_rate: float | None = None
    validation_split: float = HELD_OUT
    early_stopping: int | None = None
    seed: int = 0
    freeze: int = 0
    threshold: Literal["keep", "max-f1"] = "keep"
    on_invalid: Literal["missing", "error"] = "error"

    @property
    def judged(self) -> str:
        """Which rows' deviance decides the best epoch, as a person reads it."""
        return "held out" if self.validation_split else "after the epoch"


def check_options(mojo: Mojo, options: FitOptions) -> None:
    """Require that the options make sense and fit the model.

    Raises:
        ValueError: a number is out of its range.
        MojoUnsupportedError: the model has not what is asked for.
    """
    for name, value in (
        ("epochs", options.epochs),
        ("batch_size", options.batch_size),
        ("early_stopping", options.early_stopping),
    ):
        if value is not None and value < 1:
            message = f"expected {name} of 1 or more, found {value}"
            raise ValueError(message)
    if options.learning_rate is not None and not 0.0 < options.learning_rate < np.inf:
        message = f"expected a learning_rate above 0, found {options.learning_rate}"
        raise ValueError(message)
    if not 0.0 <= options.validation_split < 1.0:
        message = (
            f"expected a validation_split from 0 to less than 1, found {options.validation_split}"
        )
        raise ValueError(message)
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
