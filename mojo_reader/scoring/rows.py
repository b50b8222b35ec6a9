"""Rows as the model reads them: the row matrix, the offset beside it, and what is refused."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import InputColumn, Mojo
from mojo_reader.scoring.columns import Columns, arrow_columns, is_no_rows, named_columns
from mojo_reader.scoring.encoding import Encoder
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.offsets import (
    note_dropped,
    offset_column,
    offset_values,
    row_columns,
    unused_offset,
)
from mojo_reader.scoring.options import RowRules, Strictness, Unknowns, values_of
from mojo_reader.scoring.row_warnings import warn_of


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EncodedRows:
    """Rows as the model reads them.

    Attributes:
        matrix: ``(rows, n_features)`` float64: codes and numbers, NaN for missing.
        offset: ``(rows,)`` float64, NaN for missing; None where the offset is not used.
    """

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64] | None


class RowReader:
    """Reads rows of any table for one model.

    Args:
        mojo: the model.
        rules: how rows are taken.

    Attributes:
        rules: as given.
        columns: what a row carries: the model's raw columns, and the offset where it is used.
        offset_column: name of the offset column, where it is used.

    Raises:
        ValueError: there is no such rule for the offset.
        MojoUnsupportedError: the model has no offset to add.
    """

    def __init__(self, mojo: Mojo, rules: RowRules) -> None:
        self.rules = rules
        self._strictness = Strictness(**values_of(Unknowns, rules))
        self.offset_column = offset_column(mojo, rules.offset)
        self.columns: tuple[InputColumn, ...] = row_columns(mojo, rules.offset)
        self._names = frozenset(column.name for column in self.columns)
        self._unused_offset = unused_offset(mojo, rules.offset)
        self._encoder = Encoder(mojo)
        self._no_rows = EncodedRows(
            matrix=np.empty((0, len(mojo.features.names))),
            offset=None if self.offset_column is None else np.empty(0),
        )

    def matrix(self, table: object) -> NDArray[np.float64]:
        """Return a table's row matrix ``(rows, n_features)``, without its offset."""
        if is_no_rows(table):
            return self._no_rows.matrix
        notices = Notices()
        columns, rows = named_columns(table, self._names)
        matrix = self._encoder.encode(columns, rows, notices, self._strictness)
        warn_of(notices)
        return matrix

    def table(self, table: object, notices: Notices | None) -> EncodedRows:
        """Return a table's rows; warn of what was seen where no notices are given."""
        if is_no_rows(table):
            return self._no_rows
        seen = Notices() if notices is None else notices
        row = self._encoder.one_row(table) if self.offset_column is None else None
        if row is None:
            columns, rows = named_columns(table, self._names)
            encoded = self._encoded(columns, rows, seen, self._strictness)
        else:
            seen.unused_offset = self._unused_offset
            encoded = EncodedRows(matrix=row, offset=None)
        if notices is None:
            warn_of(seen)
        return encoded

    def batch(self, batch: Any, notices: Notices, strictness: Strictness | None) -> EncodedRows:
        """Return the rows of an Arrow record batch."""
        columns, rows = arrow_columns(batch, self._names)
        return self._encoded(columns, rows, notices, strictness or self._strictness)

    def _encoded(
        self, columns: Columns, rows: int, notices: Notices, strictness: Strictness
    ) -> EncodedRows:
        matrix = self._encoder.encode(columns, rows, notices, strictness)
        notices.unused_offset = self._unused_offset
        if self.offset_column is None:
            return EncodedRows(matrix=matrix, offset=None)
        offsets = offset_values(
            columns,
            self.offset_column,
            notices,
            known=self._encoder.names,
            invalid_is_missing=strictness.invalid_is_missing,
        )
        note_dropped(offsets, self.rules.offset, notices)
        return EncodedRows(matrix=matrix, offset=offsets)
