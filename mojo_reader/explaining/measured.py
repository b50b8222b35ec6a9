"""H2O's ``model_performance`` of rows with their response, without H2O."""

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.metrics import Performance, performance
from mojo_reader.details import read_details
from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.expectations import response_name
from mojo_reader.explaining.grid import blocks
from mojo_reader.explaining.labelled import LabelledRows, labelled_rows
from mojo_reader.model import Classification, Mojo, Reconstruction, Regression
from mojo_reader.scoring.columns import named_columns
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.rows import EncodedRows

__all__ = ["measure"]

Array = NDArray[np.float64]


def measure(
    scorer: EncodedScorer,
    rows: object,
    response: str | None = None,
    *,
    weights: str | None = None,
    unweighted: bool = False,
) -> Performance:
    """Return H2O's metrics of the model on rows with their response.

    They are those of H2O's ``model_performance`` (to 1e-6; beyond 400 distinct scores ``AUC``,
    ``pr_auc`` and what follows are exact, and H2O's of 400 thresholds stand beside them). H2O adds
    the offset: ``Scorer(mojo, offset="server")`` does.

    Args:
        scorer: the model's scorer; its rule for the offset holds.
        rows: rows with their response, any table that the scorer takes. Those without a response
            are not measured. An autoencoder needs none.
        response: its column; None for the model's.
        weights: the rows' column with their weights; None for the one that the model was trained
            with, which the rows then have to have, as in H2O.
        unweighted: all rows weigh 1, whatever the model was trained with.

    Raises:
        MojoDataError: the rows lack the response or the weights, a cell has no meaning, or no row
            can be measured.
    """
    name = measured_response(scorer.mojo, response)
    chosen = chosen_weights(scorer.mojo, weights, unweighted=unweighted)
    if not isinstance(rows, EncodedRows):
        columns, _ = named_columns(rows)
        rows = dict(columns)
        if chosen is not None and chosen not in columns:
            raise lacking_weights(chosen, told=weights is not None)
    read = labelled_rows(scorer, rows, response=name, weights=chosen)
    return measured(scorer, read)


def measured_response(mojo: Mojo, response: str | None) -> str | None:
    """Return the column of the response; None for an autoencoder, which has none.

    Raises:
        MojoDataError: a response is named, and the model is an autoencoder.
    """
    if isinstance(mojo.output, Reconstruction) and response is None:
        return None
    return response_name(mojo, response)


def chosen_weights(mojo: Mojo, weights: str | None, *, unweighted: bool) -> str | None:
    """Return the column with the weights: the one named, or else that of training; None for none.

    Raises:
        ValueError: a column is named, and all rows are to weigh 1.
    """
    if unweighted:
        if weights is not None:
            message = f"expected weights={weights!r} or unweighted=True, found both"
            raise ValueError(message)
        return None
    return own_weights(mojo) if weights is None else weights


def has_offset(mojo: Mojo) -> bool:
    """Whether H2O's server adds an offset to the model's predictions."""
    return isinstance(mojo.output, Regression) and mojo.info.offset_column is not None


def own_weights(mojo: Mojo) -> str | None:
    """Return the column of weights that the model was trained with; None where none is told."""
    told = read_details(mojo).parameters.get("weights_column")
    return told if isinstance(told, str) else None


def lacking_weights(name: str, *, told: bool) -> MojoDataError:
    """Return what to raise where the rows lack their weights.

    Args:
        name: of the column.
        told: it was named, and does not come from the model.
    """
    whose = (
        ""
        if told
        else " that the model was trained with (--unweighted, in Python unweighted=True, measures "
        "without)"
    )
    return MojoDataError(f"the rows lack the weights column {name!r}{whose}")


def measured(
    scorer: EncodedScorer, rows: LabelledRows, *, nan_is_missing: bool = False
) -> Performance:
    """Return H2O's metrics of rows that are read.

    Args:
        scorer: the model's scorer.
        rows: with their response, but for an autoencoder.
        nan_is_missing: rows whose prediction is NaN are not measured; else they are refused.

    Raises:
        MojoDataError: no row can be measured, or a prediction is NaN.
    """
    values, labels = _predicted(scorer, rows.encoded, nan_is_missing=nan_is_missing)
    groups = read_details(scorer.mojo).parameters.get("gainslift_bins")
    found = performance(
        scorer.mojo,
        values,
        labels,
        rows.response,
        rows.weights,
        groups=groups if isinstance(groups, int) and groups > 0 else -1,
    )
    if found is None:
        raise MojoDataError("no row has a response, a weight and a prediction to measure")
    return found


def _predicted(
    scorer: EncodedScorer, rows: EncodedRows, *, nan_is_missing: bool
) -> tuple[Array, NDArray[np.int64] | None]:
    """Return predictions ``(rows, outputs)``, an autoencoder's errors, and classes' labels."""
    output, values, labels = scorer.mojo.output, [], []
    predict = scorer.score_matrix if nan_is_missing else scorer.defined_matrix
    for cut in blocks(len(rows.matrix)):
        part = np.asarray(rows.matrix[cut])
        if isinstance(output, Reconstruction):
            values.append(scorer.anomaly_matrix(part, missing="server")[:, None])
            continue
        offset = None if rows.offset is None else rows.offset[cut]
        try:
            values.append(predict(part, offset=offset))
        except RowError as error:
            raise error.moved(cut.start) from error
        if isinstance(output, Classification):
            labels.append(scorer.label_indices(values[-1], part))
    if not values:
        raise MojoDataError("the rows are none")
    return np.concatenate(values), np.concatenate(labels) if labels else None
