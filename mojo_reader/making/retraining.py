"""What a person may choose of training a model on; ``emit.fit`` trains."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mojo_reader.scoring.options import Invalids, described, option

#: ``balanced``, or a factor for each class by its level.
ClassWeights = Mapping[str, float] | Literal["balanced"]
Threshold = Literal["keep", "max-f1"]

#: H2O trains on one row at a time, which takes a framework ten times as long as this many.
MOST_ROWS_OF_A_STEP: Final = 32
#: H2O's own default.
_EPOCHS: Final = 10
_HELD_OUT: Final = 0.2


def _rate_problem(rate: float) -> str | None:
    if 0.0 < rate < math.inf:
        return None
    return f"expected a learning_rate above 0, found {rate}"


def _share_problem(share: float) -> str | None:
    if 0.0 <= share < 1.0:
        return None
    return f"expected a validation_split from 0 to less than 1, found {share}"


@described
@dataclass(frozen=True, kw_only=True)
class FitOptions(Invalids):
    """How to train.

    A model that was trained with ADADELTA, which has no rate, is trained with Adam where a rate is
    given. The threshold of the largest F1 is that of the rows held out, of all rows where none are.

    Raises:
        ValueError: there is no such threshold or rule for what is invalid.
    """

    response: str | None = option(
        None, "The rows' column with the response; by default the model's.", sign="COL"
    )
    weights: str | None = option(None, "The rows' column with the weight of each row.", sign="COL")
    class_weights: ClassWeights | None = option(
        None, "Factors of the classes' rows; ``balanced`` gives each class the same sum."
    )
    epochs: int = option(
        _EPOCHS,
        "How often to go over the rows; with many rows a step, one learns less than H2O's.",
        least=1,
    )
    batch_size: int | None = option(
        None,
        "Rows for each step of training: H2O has 1; by default as few as fit an epoch of a second, "
        f"{MOST_ROWS_OF_A_STEP} at most.",
        sign="ROWS",
        least=1,
    )
    learning_rate: float | None = option(
        None,
        "A learning rate instead of the model's; ADADELTA has none, and Adam takes its place.",
        sign="RATE",
        problem=_rate_problem,
    )
    validation_split: float = option(
        _HELD_OUT, "Share of the rows to hold out; 0 for none.", problem=_share_problem
    )
    early_stopping: int | None = option(
        None, "Stop after N epochs without a better one.", sign="N", least=1
    )
    seed: int = option(0, "Random seed; the same seed makes the same model.", least=0)
    freeze: int = option(0, "Keep the first N layers as they are.", sign="N", least=0)
    distribution: str | None = option(
        None, "The distribution of a model whose file does not say it (a POJO).", sign="NAME"
    )
    threshold: Threshold = option(
        "keep",
        "The threshold of two classes: the model's own, or chosen anew on the rows held out.",
        words=get_args(Threshold),
    )

    @property
    def judged(self) -> str:
        """Which rows' deviance decides the best epoch, as a person reads it."""
        return "held out" if self.validation_split else "after the epoch"
