"""The columns that predictions come as: by H2O's names, or by Sparkling Water's.

Sources for Sparkling Water: ``ai.h2o.sparkling.ml.models.H2OMOJOPredictionBinomial``,
``H2OMOJOPredictionMultinomial``, ``H2OMOJOPredictionRegression``, the former
``H2OMOJOPredictionAutoEncoder``, and ``EasyPredictModelWrapper.expandRawData``.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader import Scorer
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.formulas import one_hot_block
from mojo_reader.model import Classification, Output, Reconstruction, Regression
from mojo_reader.scoring.arrow import float_array, float_values
from mojo_reader.scoring.batches import output_schema
from mojo_reader.scoring.choices import Choice
from mojo_reader.scoring.encoding import one_hot_slots
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import Strictness
from mojo_reader.scoring.prediction import reconstruction_error

from .contributions import CONTRIBUTIONS, contribution_structs

Columns = dict[str, Any]
"""Column name to Arrow array, all of one length."""


class Form(StrEnum):
    """How predictions are named (the argument ``columns``)."""

    H2O = "h2o"
    SPARKLING_WATER = "sparkling-water"


def predictions_schema(
    scorer: Scorer, form: Form, choice: Choice, explainer: Explainer | None = None
) -> Any:
    """Return the Arrow schema of a form.

    Raises:
        MojoUnsupportedError: H2O gives two columns one name, which Spark cannot tell apart.
    """
    if form is Form.H2O:
        instead = "take columns='sparkling-water', which has columns of its own"
        more = () if explainer is None else (CONTRIBUTIONS,)
        require_distinct((*choice.columns(scorer.mojo), *more), "a Spark data frame", instead)
    part = _empty(output_schema(scorer.mojo, choice.output))
    names = [column.name for column in scorer.row_columns]
    rows = _empty(pa.schema([pa.field(name, pa.null()) for name in names]))
    return formed(part, rows, scorer, form, explainer).schema


def formed(  # noqa: PLR0913 - the last two are options
    part: Any,
    rows: Any,
    scorer: Scorer,
    form: Form,
    explainer: Explainer | None = None,
    *,
    odd_is_null: bool = False,
) -> Any:
    """Return predictions in a form.

    Args:
        part: record batch of H2O's columns.
        rows: record batch of the model's columns of the same rows.
        scorer: the model's scorer.
        form: how predictions are named.
        explainer: gives what moves them; None where nobody asks.
        odd_is_null: a row that cannot be explained has null there.

    Returns:
        A record batch, as many rows.

    Raises:
        RowError: a row cannot be explained.
    """
    moved: Columns = {}
    if explainer is not None:
        structs = contribution_structs(explainer, scorer, rows, odd_is_null=odd_is_null)
        moved = {CONTRIBUTIONS: structs}
    if form is Form.H2O:
        names = [*part.schema.names, *moved]
        return pa.RecordBatch.from_arrays([*part.columns, *moved.values()], names=names)
    prediction, details = _DETAILS[type(scorer.mojo.output)](part, rows, scorer)
    details |= moved
    return pa.RecordBatch.from_arrays(
        [prediction, _struct(details)], names=["prediction", "detailed_prediction"]
    )


def _empty(schema: Any) -> Any:
    return pa.RecordBatch.from_pylist([], schema)


# --------------------------------------------------------------------------- details


def _class_details(part: Any, _rows: Any, scorer: Scorer) -> tuple[Any, Columns]:
    label, *probabilities = part.columns
    # By the labels themselves, where H2O's columns may be called p0 and p1.
    labels = cast("Classification", scorer.mojo.output).labels
    by_class = _struct(dict(zip(labels, probabilities, strict=True)))
    return label, {"label": label, "probabilities": by_class}


def _value_details(part: Any, _rows: Any, _scorer: Scorer) -> tuple[Any, Columns]:
    (value,) = part.columns
    return value, {"value": value}


def _reconstruction_details(part: Any, rows: Any, scorer: Scorer) -> tuple[Any, Columns]:
    features = scorer.mojo.features
    # What is to be refused in these rows has been refused when they were scored.
    matrix = scorer.encode_batch(rows, Notices(), Strictness(on_invalid="missing")).matrix
    slots = one_hot_slots(matrix, features)
    numbers = np.array([float_values(column) for column in part.columns], np.float64).T
    error = reconstruction_error(numbers, slots, matrix, features, missing="java")
    reconstructed = _lists(numbers)
    return reconstructed, {
        "original": _lists(_original(slots, matrix, features.one_hot_width)),
        "reconstructed": reconstructed,
        "mse": float_array(error),
    }


_DETAILS: Final[Mapping[type[Output], Callable[[Any, Any, Scorer], tuple[Any, Columns]]]] = {
    Classification: _class_details,
    Regression: _value_details,
    Reconstruction: _reconstruction_details,
}


def _original(
    slots: NDArray[np.int64], matrix: NDArray[np.float64], one_hot_width: int
) -> NDArray[np.float64]:
    """Return the network's inputs before they are standardized, ``(rows, width)`` float64."""
    return np.hstack([one_hot_block(slots, one_hot_width), matrix[:, slots.shape[1] :]])


def _struct(columns: Columns) -> Any:
    return pa.StructArray.from_arrays(list(columns.values()), names=list(columns))


def _lists(values: NDArray[np.float64]) -> Any:
    """Return ``(rows, width)`` float64 as a list array."""
    rows, width = values.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    numbers = float_array(np.ascontiguousarray(values).reshape(-1))
    return pa.ListArray.from_arrays(pa.array(offsets), numbers)
