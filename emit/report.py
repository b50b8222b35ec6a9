"""``report``: one page with the model, the proof, the rows, and a panel to try it."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mojo_reader.errors import MojoDataError
from mojo_reader.files.tables import TableRules
from mojo_reader.files.tables import read_rows as files_of_rows
from mojo_reader.model import Mojo, Reconstruction, Regression
from mojo_reader.scoring.columns import AbsentColumnError, named_columns
from mojo_reader.scoring.encoding import Encoder, Strictness
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.responses import response_values

from .made_rows import check_rows
from .reporting.page import render
from .reporting.proofs import Proof, emitted_proof, h2o_proof
from .reporting.rows import Rows

__all__ = ["emitted_proof", "h2o_proof", "read_rows", "report_page"]

#: Rows that are made to find dead units, where no rows are given.
_LOOKED_AT: Final = 2000


def report_page(
    mojo: Mojo,
    *,
    title: str,
    proofs: Sequence[Proof] = (),
    proof_notes: Sequence[str] = (),
    rows: Rows | None = None,
) -> str:
    """Make the page.

    Args:
        mojo: the model.
        title: of the page.
        proofs: comparisons to show.
        proof_notes: sentences above them, such as why one is absent.
        rows: rows to look at, as ``read_rows`` returns them.

    Returns:
        HTML that needs no other file and no network.
    """
    looked_at = check_rows(mojo, rows=_LOOKED_AT) if rows is None else rows.matrix
    return render(
        mojo, title=title, looked_at=looked_at, proofs=proofs, proof_notes=proof_notes, rows=rows
    )


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
        table = files_of_rows(path, mojo, rules, notices)
    except AbsentColumnError as error:
        if response is not None:
            message = f"the rows lack the response column {response!r}"
            raise MojoDataError(message, file=error.file) from error
        notices, name = Notices(), None
        table = files_of_rows(path, mojo, replace(rules, keep=(), numbers=frozenset()), notices)
    if not table.num_rows:
        raise MojoDataError("the file has no rows", file=str(path))
    columns, count = named_columns(table)
    strictness = Strictness(invalid_is_missing=rules.invalid_is_missing)
    return Rows(
        name=Path(path).name,
        table=table,
        matrix=Encoder(mojo).encode(columns, count, notices, strictness),
        missing={column: cells.null_count for column, cells in columns.items()},
        notices=notices,
        response=None if name is None else response_values(mojo, columns, name),
    )
