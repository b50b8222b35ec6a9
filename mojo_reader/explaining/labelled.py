"""Rows as the model reads them, with their response and weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.model import Mojo, Reconstruction
from mojo_reader.scoring.column_values import number_values
from mojo_reader.scoring.columns import named_columns
from mojo_reader.scoring.encoded import EncodedScorer
from mojo_reader.scoring.invalid import Invalid
from mojo_reader.scoring.near_names import near_names, shown_names
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.responses import raising, response_values
from mojo_reader.scoring.row_warnings import warn_of
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelledRows:
    """Rows as the model reads them, with what stands beside them.

    Attributes:
        encoded: the rows.
        response: ``(rows,)`` float64: positions of the classes, or numbers; NaN where it is
            missing. None where it is not asked for.
        weights: ``(rows,)`` float64, 0 where one is missing; None where all weigh 1.
    """

    encoded: EncodedRows
    response: Array | None = None
    weights: Array | None = None

    def take(self, rows: NDArray[np.int64]) -> "LabelledRows":
        """Return some of the rows, by their ``(chosen,)`` positions."""
        offset = self.encoded.offset
        return LabelledRows(
            encoded=EncodedRows(
                matrix=np.asarray(self.encoded.matrix[rows]),
                offset=None if offset is None else offset[rows],
            ),
            response=None if self.response is None else self.response[rows],
            weights=None if self.weights is None else self.weights[rows],
        )


def labelled_rows(
    scorer: EncodedScorer,
    table: object,
    *,
    response: str | None = None,
    weights: str | None = None,
) -> LabelledRows:
    """Read a table, with its response and weights where they are asked for; warn of what is odd.

    Raises:
        MojoDataError: a cell has no meaning in its column, or a column is absent.
    """
    beside = [name for name in (response, weights) if name is not None]
    if isinstance(table, EncodedRows):
        if beside:
            raise absent(beside[0], {})
        return LabelledRows(encoded=table)
    if not beside:
        return LabelledRows(encoded=scorer.encode_rows(table))
    # Read once: a stream is gone afterwards.
    columns, _ = named_columns(table)
    for name in beside:
        if name not in columns:
            raise absent(name, columns)
    notices = Notices()
    encoded = scorer.encode_rows(dict(columns), notices)
    for name in beside:
        notices.extra.pop(name, None)
    warn_of(notices)
    return LabelledRows(
        encoded=encoded,
        response=None
        if response is None
        else response_of(scorer.mojo, columns[response], response),
        weights=None if weights is None else weights_of(columns[weights], weights),
    )


def absent(name: str, there: Mapping[str, Any]) -> MojoDataError:
    """Return what to raise where the rows lack a column that was named."""
    return MojoDataError(f"the rows lack the column {shown_names(near_names([name], there))}")


def response_of(mojo: Mojo, values: Any, name: str) -> Array:
    """Return the response of each row, as ``response_values`` does.

    Raises:
        MojoDataError: a cell has no meaning there, is none of the classes, or the model is an
            autoencoder.
    """
    if isinstance(mojo.output, Reconstruction):
        message = f"an autoencoder has no response {name!r} to compare its predictions with"
        raise MojoDataError(message)
    return response_values(mojo, {name: values}, name)


def weights_of(values: Any, name: str) -> Array:
    """Return weights, ``(rows,)`` float64, 0 for a missing one, as H2O takes it.

    Raises:
        RowError: a cell is no number, or below 0.
    """
    weights = number_values(values, raising(name))
    wrong = (weights < 0) | np.isinf(weights)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise Invalid(row=row, cell=float(weights[row]), expected="a weight of 0 or more").error(
            name
        )
    return np.nan_to_num(weights)
