"""Contributions as Arrow batches: the columns of files and of streams."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import PAIR_COLUMNS, TableOptions
from mojo_reader.explaining.parts import Part
from mojo_reader.model import Classification, Mojo
from mojo_reader.scoring.arrow import chosen_texts, float_array, int_array

#: Of more than two classes, the column that names the class of a line.
_CLASS_COLUMN: Final = "Class"
Array = NDArray[np.float64]


class Layout:
    """The columns of a table of contributions.

    Those to keep; H2O's names of contributions and ``BiasTerm``, or the names and values of the
    columns that move a row most; ``RowIdx`` and ``BackgroundRowIdx`` where each pair has a line;
    ``RowIdx`` and ``Class`` where each class has one, which is so for more than two.

    Args:
        explainer: what explains.
        mojo: the model.
        options: what to give.

    Raises:
        MojoDataError: a column to keep has the name of one of contributions.
    """

    def __init__(self, explainer: Explainer, mojo: Mojo, options: TableOptions) -> None:
        self._options = options
        self._names = explainer.names
        self._pairs = explainer.pairs
        output = mojo.output
        self._classes: tuple[str, ...] = ()
        if explainer.outputs > 1 and isinstance(output, Classification):
            self._classes = output.labels
        self._indices: tuple[str, ...] = ()
        if options.per_reference:
            self._indices = PAIR_COLUMNS
        elif self._classes:
            self._indices = PAIR_COLUMNS[:1]
        for name in options.keep:
            if name in self._own():
                message = f"the column to keep {name!r} has the name of a column of contributions"
                raise MojoDataError(message)

    def _own(self) -> tuple[str, ...]:
        top = self._options.top
        names = self._names
        if top is not None:
            pairs = ((f"top_feature_{i}", f"top_value_{i}") for i in range(1, self._top + 1))
            names = (*(name for pair in pairs for name in pair), self._names[-1])
        return (*names, *self._indices, *((_CLASS_COLUMN,) if self._classes else ()))

    @property
    def _top(self) -> int:
        return min(self._options.top or 0, len(self._names) - 1)

    def schema(self, kept: Sequence[Any]) -> Any:
        """Return the Arrow schema.

        Args:
            kept: the Arrow types of the columns to keep.
        """
        empty = np.empty((0, len(self._names), max(1, len(self._classes))))
        nothing = [pa.nulls(0, kind) for kind in kept]
        return self.batch(Part(values=empty, rows=0, error=0.0, kept=nothing), 0).schema

    def batch(self, part: Part, before: int) -> Any:
        """Return contributions as an Arrow record batch.

        Args:
            part: the contributions.
            before: number of rows before them.
        """
        outputs = max(1, len(self._classes))
        pairs = len(part.values)
        # A line for each pair, and of each for each class.
        values = part.values.transpose(0, 2, 1).reshape(pairs * outputs, len(self._names))
        arrays = self._top_arrays(values) if self._options.top else list(map(float_array, values.T))
        line = np.arange(pairs).repeat(outputs)
        row = line // self._pairs
        indices = (row + before, line % self._pairs)
        arrays += [int_array(index) for index in indices[: len(self._indices)]]
        if self._classes:
            arrays.append(chosen_texts(self._classes, np.tile(np.arange(outputs), pairs)))
        places = int_array(row)
        kept = [column.take(places) for column in part.kept]
        return pa.RecordBatch.from_arrays(
            [*kept, *arrays], names=[*self._options.keep, *self._own()]
        )

    def _top_arrays(self, values: Array) -> list[Any]:
        order = np.argsort(-np.abs(values[:, :-1]), axis=1, kind="stable")[:, : self._top]
        chosen = np.take_along_axis(values, order, axis=1)
        arrays = []
        for place in range(self._top):
            arrays.append(chosen_texts(self._names, order[:, place]))
            arrays.append(float_array(chosen[:, place]))
        return [*arrays, float_array(values[:, -1])]
