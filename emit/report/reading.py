"""The rows that a report looks at, read with their response."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.files.tables import TableRules
from mojo_reader.files.tables import read_rows as files_of_rows
from mojo_reader.model import Mojo, Reconstruction, Regression
from mojo_reader.scoring.columns import AbsentColumnError, Columns, named_columns
from mojo_reader.scoring.encoding import Encoder
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import Strictness
from mojo_reader.scoring.responses import response_values

from .rows import Rows


def read_rows(
    mojo: Mojo,
    path: str | os.PathLike[str],
    *,
    response: str | None = None,
    rules: TableRules | None = None,
) -> Rows:
    """Read rows to look at, with their response where the file has it.

    Args:
        mojo: the model.
        path: file of rows.
        response: its column; None takes the model's, which may be absent.
        rules: how the file is read; what to keep is set here.

    Raises:
        FileNotFoundError: there is no such file.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: the file is no table, has no rows, a cell has no meaning in its column, or
            the response that was named is absent.
    """
    notices = Notices()
    name = response
    if name is None and not isinstance(mojo.output, Reconstruction):
        name = mojo.output.response
    rules = replace(TableRules() if rules is None else rules, keep=(name,) if name else ())
    if name and isinstance(mojo.output, Regression):
        rules = replace(rules, numbers=frozenset({name}))
    try:
        table, columns, matrix = encoded_file(mojo, path, rules, notices)
    except AbsentColumnError as error:
        if response is not None:
            message = f"the rows lack the response column {response!r}"
            raise MojoDataError(message, file=error.file) from error
        notices, name = Notices(), None
        rules = replace(rules, keep=(), numbers=frozenset())
        table, columns, matrix = encoded_file(mojo, path, rules, notices)
    return Rows(
        name=Path(path).name,
        table=table,
        matrix=matrix,
        missing={column: cells.null_count for column, cells in columns.items()},
        notices=notices,
        response=None if name is None else response_values(mojo, columns, name),
    )


def encoded_file(
    mojo: Mojo, path: str | os.PathLike[str], rules: TableRules, notices: Notices
) -> tuple[Any, Columns, NDArray[np.float64]]:
    """Read a file of rows, and encode it.

    Returns:
        The table, its columns, and ``(rows, n_features)`` float64.

    Raises:
        AbsentColumnError: the file lacks a column to keep.
        MojoDataError: the file is no table, has no rows, or a cell has no meaning in its column.
    """
    table = files_of_rows(path, mojo, rules, notices)
    if not table.num_rows:
        raise MojoDataError("the file has no rows", file=str(path))
    columns, count = named_columns(table)
    strictness = Strictness(on_invalid=rules.on_invalid)
    return table, columns, Encoder(mojo).encode(columns, count, notices, strictness)
