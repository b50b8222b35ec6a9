"""What moves each prediction, beside it: a struct of contributions in each row.

Sparkling Water has the same field for tree models (``setWithContributions``): H2O's names of
contributions, then ``BiasTerm``.
"""

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import ExplainOptions, Rules
from mojo_reader.model import Classification
from mojo_reader.scoring.arrow import float_array
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.options import values_of
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
            MojoDataError: the background has an offset and the scorer takes none, or the other
                way round.
            MojoUnsupportedError: H2O's server has no such contributions, or two of them have one
                name.
        """
        if (self.background.offset is None) != (scorer.rules.offset == "java"):
            message = (
                "the background was encoded with another rule for the offset than the rows are: "
                f"encode it with offset={scorer.rules.offset!r}"
            )
            raise MojoDataError(message)
        options = ExplainOptions(**values_of(Rules, self.rules))
        found = Explainer(scorer, self.background, options, workers=1)
        require_distinct(found.names, "a struct", "take output='compact'")
        return found


def contribution_structs(explainer: Explainer, scorer: Scorer, rows: EncodedRows) -> Any:
    """Return contributions as an Arrow array of structs.

    Args:
        explainer: what explains.
        scorer: the model's scorer.
        rows: the rows.

    Returns:
        A struct for each row: H2O's names of contributions to ``double``, ``BiasTerm`` last. Of
        more than two classes, a struct of these for each class by its label.

    Raises:
        RowError: a row cannot be explained.
    """
    values = explainer.explain(rows).values
    structs = [
        pa.StructArray.from_arrays(
            [float_array(np.ascontiguousarray(column)) for column in values[:, :, output].T],
            names=list(explainer.names),
        )
        for output in range(explainer.outputs)
    ]
    model = scorer.mojo.output
    if explainer.outputs > 1 and isinstance(model, Classification):
        return pa.StructArray.from_arrays(structs, names=list(model.labels))
    return structs[0]


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
