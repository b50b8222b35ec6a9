"""What a person may choose, checked on the driver and sent to the workers."""

import hashlib
import pickle
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mojo_reader import Mojo
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.encoding import Strictness
from mojo_reader.scoring.offsets import OffsetRule, offset_column
from mojo_reader.scoring.prediction import MissingNumber
from mojo_reader.scoring.rows import OnOdd, RowRules
from mojo_reader.scoring.scorer import DType

from .forms import Form
from .job import Carried, Job, Shipped

OnInvalid = Literal["error", "missing"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How rows are scored.

    Attributes:
        columns: names of the predictions: ``h2o``, or ``sparkling-water`` for ``prediction`` and
            the struct ``detailed_prediction``.
        dtype: ``float64`` or ``float32``.
        on_invalid: fail at a cell without a meaning and at a prediction that is NaN (``error``),
            or take the cell as missing and give null (``missing``).
        on_unseen: take a level that the model does not know as ``missing``, or fail (``error``).
        on_absent: take a column that the data frame lacks as ``missing``, or fail (``error``).
        offset: what the offset column does, as in ``Scorer``.
        reconstruction_error: an autoencoder's ``Reconstruction.MSE`` instead of its
            reconstruction.
        per_feature: an autoencoder's error in each column instead.
        missing: what a missing number does to an autoencoder's error, as in ``Choice``.
        layer: a hidden layer's outputs instead, 0 for the first.

    Raises:
        ValueError: something else was chosen.
    """

    columns: str = Form.H2O
    dtype: DType = "float64"
    on_invalid: OnInvalid = "error"
    on_unseen: OnOdd = "missing"
    on_absent: OnOdd = "missing"
    offset: OffsetRule = "java"
    reconstruction_error: bool = False
    per_feature: bool = False
    missing: MissingNumber | None = None
    layer: int | None = None

    def __post_init__(self) -> None:
        _check("columns", self.columns, tuple(Form))
        _check("dtype", self.dtype, get_args(DType))
        _check("on_invalid", self.on_invalid, get_args(OnInvalid))
        _check("on_unseen", self.on_unseen, get_args(OnOdd))
        _check("on_absent", self.on_absent, get_args(OnOdd))
        _check("offset", self.offset, get_args(OffsetRule))
        if self.missing is not None:
            _check("missing", self.missing, get_args(MissingNumber))
        if self.form is Form.SPARKLING_WATER and self.choice != Choice(
            nan_is_missing=self.choice.nan_is_missing
        ):
            raise ValueError(
                "columns='sparkling-water' has columns of its own; leave out reconstruction_error, "
                "per_feature, missing and layer"
            )

    @property
    def form(self) -> Form:
        """How predictions are named."""
        return Form(self.columns)

    @property
    def choice(self) -> Choice:
        """What is given."""
        return Choice(
            reconstruction_error=self.reconstruction_error,
            per_feature=self.per_feature,
            missing=self.missing,
            layer=self.layer,
            nan_is_missing=self.on_invalid == "missing",
        )

    @property
    def strictness(self) -> Strictness:
        """What is refused."""
        return Strictness(
            invalid_is_missing=self.on_invalid == "missing",
            unseen_is_error=self.on_unseen == "error",
            absent_is_error=self.on_absent == "error",
        )

    @property
    def row_rules(self) -> RowRules:
        """How rows are taken."""
        return RowRules(offset=self.offset, on_unseen=self.on_unseen, on_absent=self.on_absent)


def _check(name: str, found: str, expected: tuple[str, ...]) -> None:
    if found not in expected:
        choice = " or ".join(repr(str(text)) for text in expected)
        message = f"expected {name}={choice}, found {found!r}"
        raise ValueError(message)


def make_job(spark: Any, mojo: Mojo, options: Options) -> Job:
    """Ship a model to a session's workers.

    Args:
        spark: a ``SparkSession``.
        mojo: the model.
        options: how rows are scored.

    Raises:
        MojoUnsupportedError: the model has not what is chosen.
    """
    options.choice.check(mojo)
    offset_column(mojo, options.offset)
    content = pickle.dumps(mojo, pickle.HIGHEST_PROTOCOL)
    return Job(
        key=hashlib.sha256(content).hexdigest(),
        model=_shipped(spark, content),
        dtype=options.dtype,
        rules=options.row_rules,
        form=options.form,
        choice=options.choice,
        strictness=options.strictness,
        case_sensitive=spark.conf.get("spark.sql.caseSensitive") == "true",
    )


def _shipped(spark: Any, content: bytes) -> Shipped:
    # Spark Connect has no broadcasts; there the bytes are in the function, once in each query.
    if not hasattr(spark, "sparkContext"):
        return Carried(value=content)
    shipped: Shipped = spark.sparkContext.broadcast(content)
    return shipped
