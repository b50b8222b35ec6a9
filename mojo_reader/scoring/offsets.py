"""The offset column: H2O's server adds it to the network's output, the Java scorer does not.

Source: ``hex.deeplearning.DeepLearningTask.fpropMiniBatch``, which adds an offset only where it
is above 0, so that a negative one, such as the log of an exposure below 1, and a missing one are
dropped.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.formulas import FLOAT64, offset_shift
from mojo_reader.model import InputColumn, Mojo, NumericInput, Regression
from mojo_reader.scoring.column_values import number_values
from mojo_reader.scoring.columns import Columns
from mojo_reader.scoring.invalid import invalid_handler
from mojo_reader.scoring.near_names import with_near_names
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import OFFSET_RULES, OffsetRule, one_of

Array = NDArray[np.float64]


def offset_column(mojo: Mojo, rule: OffsetRule) -> str | None:
    """Return the name of the offset column that the rule reads; None where it reads none.

    Raises:
        ValueError: there is no such rule.
        MojoUnsupportedError: the model has no offset, or is no regression.
    """
    one_of("offset", rule, OFFSET_RULES)
    if rule == "java":
        return None
    if not isinstance(mojo.output, Regression):
        message = f"only a regression has an offset, and this is a {mojo.info.category} model"
        raise MojoUnsupportedError(message)
    if mojo.info.offset_column is None:
        message = f"the model was trained without an offset column, so offset={rule!r} adds nothing"
        raise MojoUnsupportedError(message)
    return mojo.info.offset_column


def unused_offset(mojo: Mojo, rule: OffsetRule) -> str | None:
    """Return the name of an offset column that the model has and the rule does not use."""
    return mojo.info.offset_column if rule == "java" else None


def row_columns(mojo: Mojo, rule: OffsetRule) -> tuple[InputColumn, ...]:
    """Return what a row carries: the model's raw columns, then the offset where it is used.

    The offset is no feature; its index there is past the last one.
    """
    name = offset_column(mojo, rule)
    if name is None:
        return mojo.inputs
    return (*mojo.inputs, NumericInput(name=name, feature=len(mojo.features.names)))


def offset_values(
    columns: Columns,
    name: str,
    notices: Notices,
    *,
    known: Iterable[str],
    invalid_is_missing: bool = False,
) -> Array:
    """Read the offset of each row.

    Args:
        columns: the rows' columns by name.
        name: of the offset column.
        notices: cells without a meaning are counted here, where they are read as missing.
        known: the model's other columns; none of them is meant where the name is absent.
        invalid_is_missing: read such a cell as missing instead of raising.

    Returns:
        ``(rows,)`` float64, NaN where it is missing.

    Raises:
        MojoDataError: the column is absent, or a cell has no meaning there.
    """
    if name not in columns:
        others = set(columns).difference(known)
        message = f"the rows lack the offset column {with_near_names((name,), sorted(others))}"
        raise MojoDataError(message)
    values: Any = columns[name]
    return number_values(
        values, invalid_handler(name, notices, invalid_is_missing=invalid_is_missing)
    )


def note_dropped(offsets: Array, rule: OffsetRule, notices: Notices) -> None:
    """Count the rows of ``(rows,)`` offsets that the server drops though they are not 0."""
    if rule == "server":
        notices.dropped_offsets += int(np.count_nonzero(offsets < 0))


def shift(offsets: Array, output: Regression, rule: OffsetRule) -> Array:
    """Return what is added to the network's output, before the response gets its units.

    Args:
        offsets: ``(rows,)`` float64, as the rows carry them; NaN for missing.
        output: the model's output.
        rule: ``server`` or ``always``.

    Returns:
        ``(rows, 1)`` float64, 0 where nothing is added.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = offset_shift(
            np, offsets[:, np.newaxis], output, FLOAT64, only_positive=rule == "server"
        )
    return np.asarray(found)


def checked_shift(offsets: Array | None, rows: int, mojo: Mojo, rule: OffsetRule) -> Array | None:
    """Return what is added to the outputs of some rows, ``(rows, 1)``; None for nothing.

    Raises:
        ValueError: offsets are needed and not given, or given and not used.
    """
    if rule == "java" or not isinstance(mojo.output, Regression):
        if offsets is not None:
            raise ValueError("the scorer was made without an offset, so it takes none")
        return None
    if offsets is None or np.shape(offsets) != (rows,):
        message = (
            f"the scorer was made with offset={rule!r}, so it needs the offset of each of the "
            f"{rows:,} rows, as encode_rows returns it beside the matrix"
        )
        raise ValueError(message)
    return shift(offsets, mojo.output, rule)
