"""What a person may choose, checked on the driver and sent to the workers."""

import hashlib
import pickle
from dataclasses import dataclass
from typing import Any

from mojo_reader import Mojo
from mojo_reader.explaining.options import Rules
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.offsets import offset_column
from mojo_reader.scoring.options import (
    Chosen,
    ScorerOptions,
    Strictness,
    defaults_of,
    described,
    option,
    part_of,
    values_of,
)

from .contributions import Explaining
from .forms import Form
from .job import Carried, Job, Shipped


@described
@dataclass(frozen=True, kw_only=True)
class Options(Strictness, ScorerOptions, Chosen, Rules):
    """How rows are scored.

    Raises:
        ValueError: something else was chosen.
    """

    columns: str = option(
        Form.H2O,
        "Names of the predictions, H2O's or prediction and detailed_prediction.",
        words=tuple(Form),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form is Form.SPARKLING_WATER and part_of(Chosen, self) != Chosen():
            *others, last = defaults_of(Chosen)
            message = (
                "columns='sparkling-water' has columns of its own; leave out "
                f"{', '.join(others)} and {last}"
            )
            raise ValueError(message)

    @property
    def form(self) -> Form:
        """How predictions are named."""
        return Form(self.columns)

    @property
    def choice(self) -> Choice:
        """What is given."""
        return Choice(**values_of(Chosen, self), nan_is_missing=self.invalid_is_missing)


def make_job(spark: Any, mojo: Mojo, options: Options, explaining: Explaining | None = None) -> Job:
    """Ship a model to a session's workers.

    Args:
        spark: a ``SparkSession``.
        mojo: the model.
        options: how rows are scored.
        explaining: how predictions are explained; None where nobody asks.

    Raises:
        MojoUnsupportedError: the model has not what is chosen.
    """
    options.choice.check(mojo)
    offset_column(mojo, options.offset)
    key, model = _packed(spark, mojo)
    return Job(
        key=key,
        model=model,
        scorer_options=part_of(ScorerOptions, options),
        form=options.form,
        choice=options.choice,
        strictness=part_of(Strictness, options),
        case_sensitive=spark.conf.get("spark.sql.caseSensitive") == "true",
        explaining=None if explaining is None else _packed(spark, explaining),
    )


def _packed(spark: Any, what: object) -> tuple[str, Shipped]:
    content = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    return hashlib.sha256(content).hexdigest(), _shipped(spark, content)


def _shipped(spark: Any, content: bytes) -> Shipped:
    # Spark Connect has no broadcasts; there the bytes are in the function, once in each query.
    if not hasattr(spark, "sparkContext"):
        return Carried(value=content)
    shipped: Shipped = spark.sparkContext.broadcast(content)
    return shipped
