"""What moves each prediction, beside it: a struct of contributions in each row.

Sparkling Water has the same field for tree models (``setWithContributions``): H2O's names of
contributions, then ``BiasTerm``.
"""

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader import Scorer
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import ExplainOptions, Rules
from mojo_reader.explaining.refusals import check_unseen
from mojo_reader.model import Classification
from mojo_reader.scoring.arrow import bool_array, float_array
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import Strictness, values_of
from mojo_reader.scoring.rows import EncodedRows

#: Of the column, and of the field of ``detailed_prediction``.
CONTRIBUTIONS: Final = "contributions"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Explaining:
    """How predictions are explained.

    Attributes:
        background: the rows that they are compared with.
        rules: by which rules.
    """

    background: EncodedRows
    rules: Rules

    def explainer(self, scorer: Scorer) -> Explainer:
        """Return what explains, on one thread as all that a worker does.

        Raises:
            MojoUnsupportedError: H2O's server has no such contributions, or two of them have one
                name.
        """
        options = ExplainOptions(**values_of(Rules, self.rules))
        found = Explainer(scorer, self.background, options, workers=1)
        require_distinct(found.names, "a struct", "take output='compact'")
        return found


def contribution_structs(
    explainer: Explainer, scorer: Scorer, batch: Any, *, odd_is_null: bool
) -> Any:
    """Return contributions as an Arrow array of structs.

    Args:
        explainer: what explains.
        scorer: the model's scorer.
        batch: record batch of the model's columns, whose predictions have been made.
        odd_is_null: give null for a row that cannot be explained, instead of raising.

    Returns:
        A struct for each row: H2O's names of contributions to ``double``, ``BiasTerm`` last. Of
        more than two classes, a struct of these for each class by its label.

    Raises:
        RowError: a row cannot be explained.
        MojoDataError: H2O's server explains a level that the model does not know by other rows.
    """
    notices = Notices()
    # What is to be refused in these rows has been refused when they were scored.
    rows = scorer.encode_batch(batch, notices, Strictness(on_invalid="missing"))
    if explainer.options.method == "h2o":
        check_unseen(scorer.mojo, notices.unseen)
    values, odd = _values(explainer, rows, odd_is_null=odd_is_null)
    names = list(explainer.names)
    structs = [
        pa.StructArray.from_arrays(
            [float_array(column) for column in values[:, :, output].T], names=names
        )
        for output in range(explainer.outputs)
    ]
    model = scorer.mojo.output
    if explainer.outputs > 1 and isinstance(model, Classification):
        names = list(model.labels)
    else:
        structs = structs[0].flatten()
    return pa.StructArray.from_arrays(structs, names=names, mask=bool_array(odd))


def _values(
    explainer: Explainer, rows: EncodedRows, *, odd_is_null: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return contributions ``(rows, columns, outputs)``, and which rows have none."""
    count = len(rows.matrix)
    values = np.zeros((count, len(explainer.names), explainer.outputs))
    odd = np.zeros(count, np.bool_)
    waiting = [(0, count)]
    while waiting:
        start, stop = waiting.pop()
        offset = None if rows.offset is None else rows.offset[start:stop]
        try:
            part = EncodedRows(matrix=rows.matrix[start:stop], offset=offset)
            values[start:stop] = explainer.explain(part).values
        except RowError as error:
            if not odd_is_null:
                raise error.moved(start) from error
            row = start + error.row
            odd[row] = True
            waiting += [(row + 1, stop), (start, row)]
    return values, odd


def packed(rows: EncodedRows) -> bytes:
    """Return background rows as bytes to keep beside a pipeline's stage."""
    content = io.BytesIO()
    if rows.offset is None:
        np.savez(content, matrix=rows.matrix)
    else:
        np.savez(content, matrix=rows.matrix, offset=rows.offset)
    return content.getvalue()


def unpacked(content: bytes) -> EncodedRows:
    """Return the background rows of ``packed``."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return EncodedRows(matrix=arrays["matrix"], offset=arrays.get("offset"))
