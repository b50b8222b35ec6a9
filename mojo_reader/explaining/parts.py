"""Contributions of many rows, a part at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.rows import EncodedRows

Array = NDArray[np.float64]
#: Numbers that one call returns at most: 800 MB.
LARGEST: Final = 100_000_000
#: Numbers that one part holds at most.
_PART: Final = 2_000_000


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Part:
    """Contributions of some rows, and what is carried through with them.

    Attributes:
        values: ``(rows * pairs, columns, outputs)``.
        rows: number of rows.
        error: how far they are from adding up.
        kept: Arrow arrays of the columns to keep, ``(rows,)``.
    """

    values: Array
    rows: int
    error: float
    kept: Sequence[Any]


def explained_parts(
    explainer: Explainer,
    rows: EncodedRows,
    kept: Sequence[Any],
    progress: Callable[[int], None] | None = None,
) -> Iterator[Part]:
    """Explain rows a part at a time, as many as fit into memory.

    Args:
        explainer: what explains.
        rows: the rows.
        kept: Arrow arrays of the columns to keep, ``(rows,)``.
        progress: called with the number of rows done since it was called before.

    Raises:
        RowError: a row cannot be explained.
        MojoDataError: the contributions of a single row do not fit into memory.
    """
    check_size(explainer, 1)
    most = max(1, _PART // _of_a_row(explainer))
    for start in range(0, len(rows.matrix), most):
        cut = slice(start, start + most)
        offset = None if rows.offset is None else rows.offset[cut]
        some = EncodedRows(matrix=rows.matrix[cut], offset=offset)
        try:
            found = explainer.explain(some, progress=progress)
        except RowError as error:
            raise error.moved(start) from error
        count = len(some.matrix)
        carried = [column.slice(start, count) for column in kept]
        yield Part(values=found.values, rows=count, error=found.error, kept=carried)


def check_size(explainer: Explainer, rows: int) -> None:
    """Require that the contributions of some rows fit into memory.

    Raises:
        MojoDataError: they do not.
    """
    numbers = rows * _of_a_row(explainer)
    if numbers <= LARGEST:
        return
    one = rows == 1
    whose = "one row has" if one else f"{rows:,} rows have"
    if explainer.options.per_reference:
        some = "one row" if one else f"{rows:,} rows"
        whose = f"the pairs of {some} with {explainer.pairs:,} background rows have"
    fewer = "take fewer background rows" if one else "explain fewer rows at once"
    message = (
        f"{whose} {numbers:,} contributions, and {LARGEST:,} are the most for one call: {fewer}, "
        "or take output='compact'"
    )
    raise MojoDataError(message)


def _of_a_row(explainer: Explainer) -> int:
    return explainer.pairs * len(explainer.names) * explainer.outputs
