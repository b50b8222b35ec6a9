"""Frames in, frames of the same kind out: pandas, polars, Arrow."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError

Columns = Mapping[str, NDArray[Any]]
_FRAMES: Final = "a pandas or polars frame, or an Arrow table"


def framed(table: Any, score: Callable[[Any], Columns], names: Sequence[str], labels: int) -> Any:
    """Score a frame, and give the scores as a frame of the same library.

    Args:
        table: a pandas frame, a polars frame or lazy frame, or an Arrow table or record batch.
        score: gives a frame's columns, ``(rows,)`` each: objects for labels, else float64.
        names: of the columns.
        labels: how many of them, the first ones, are labels.

    Raises:
        MojoDataError: it is none of these.
    """
    for kind in type(table).__mro__:
        library = kind.__module__.partition(".")[0]
        make = _MAKERS.get((library, kind.__name__))
        if make is not None:
            # A frame of it is here, so it is loaded; nothing here needs it else.
            module = sys.modules[library]
            return make(module, table, score, names[:labels], names[labels:])
    message = f"expected {_FRAMES}, found {type(table).__name__}; score() takes other tables"
    raise MojoDataError(message)


def _pandas(
    pandas: Any,
    table: Any,
    score: Callable[[Any], Columns],
    labels: Sequence[str],
    _numbers: object,
) -> Any:
    # From pandas 3 on texts have a type of their own, which it cannot tell where there are no rows.
    texts = pandas.Series([""]).dtype
    frame = pandas.DataFrame(dict(score(table)), index=table.index)
    return frame.astype(dict.fromkeys(labels, texts))


def _polars(
    polars: Any,
    table: Any,
    score: Callable[[Any], Columns],
    labels: Sequence[str],
    numbers: Sequence[str],
) -> Any:
    kinds = dict.fromkeys(labels, polars.String) | dict.fromkeys(numbers, polars.Float64)

    def scored(frame: Any) -> Any:
        # Polars makes its own texts of a list of them, and objects of NumPy's.
        columns = {
            name: list(values) if values.dtype == np.object_ else values
            for name, values in score(frame).items()
        }
        return polars.DataFrame(columns, schema=kinds)

    if not isinstance(table, polars.LazyFrame):
        return scored(table)
    # What is done with the scores cannot be done with the rows before: they are other columns.
    return table.map_batches(
        scored, schema=kinds, predicate_pushdown=False, projection_pushdown=False
    )


def _arrow(
    arrow: Any,
    table: Any,
    score: Callable[[Any], Columns],
    labels: Sequence[str],
    numbers: Sequence[str],
) -> Any:
    kinds = dict.fromkeys(labels, arrow.string()) | dict.fromkeys(numbers, arrow.float64())
    arrays = [
        arrow.array(values, kinds[name], from_pandas=True)  # null for NaN, as in every batch
        for name, values in score(table).items()
    ]
    return type(table).from_arrays(arrays, names=list(kinds))


#: By library and class.
_MAKERS: Final[Mapping[tuple[str, str], Callable[..., Any]]] = {
    ("pandas", "DataFrame"): _pandas,
    ("polars", "DataFrame"): _polars,
    ("polars", "LazyFrame"): _polars,
    ("pyarrow", "Table"): _arrow,
    ("pyarrow", "RecordBatch"): _arrow,
}
