"""Files of partial dependence: H2O's tables, one below the other, and curves of single rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.explaining.dependence import FIGURES
from mojo_reader.explaining.grid import MISSING_LEVEL, Grid
from mojo_reader.explaining.options import PAIR_COLUMNS
from mojo_reader.files.formats import Format
from mojo_reader.files.small_tables import batch_of, write_batches
from mojo_reader.files.sources import Source

Array = NDArray[np.float64]
_HEADS: Final = (("column", "value"), ("with", "with_value"))
#: Numbers of curves that are made at once.
_PART: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TableOf:
    """One of H2O's tables.

    Attributes:
        points: a column's name to its value at each point; of a pair both.
        figures: H2O's names of the figures, each ``(points,)``.
        target: the class; empty where there is nothing to choose of.
    """

    points: dict[str, NDArray[Any]]
    figures: dict[str, Array]
    target: str


def write_tables(tables: Sequence[TableOf], target: Source, chosen: Format | None) -> None:
    """Write tables of partial dependence, one below the other.

    The columns are ``column`` and ``value``, ``with`` and ``with_value`` for pairs, ``target`` for
    more than two classes, and H2O's figures. Values are numbers where all columns' are; else texts.

    Args:
        tables: all of columns, or all of pairs.
        target: CSV, Parquet, Arrow or JSON lines, ``-`` for standard output.
        chosen: which format, where the name does not tell.

    Raises:
        MojoOutputError: the target cannot be written.
    """
    from mojo_reader.scoring.arrow import float_array

    lines = [len(table.figures[FIGURES[0]]) for table in tables]
    columns: list[tuple[str, Any]] = []
    for place, (head, value) in enumerate(_HEADS[: len(tables[0].points)]):
        names = [list(table.points)[place] for table in tables]
        values = [table.points[name] for table, name in zip(tables, names, strict=True)]
        numeric = all(part.dtype != object for part in values)
        columns += [(head, _texts(names, lines)), (value, _values(values, numeric=numeric))]
    if tables[0].target:
        columns.append(("target", _texts([table.target for table in tables], lines)))
    for name in FIGURES:
        numbers = np.concatenate([table.figures[name] for table in tables])
        columns.append((name, float_array(numbers)))
    write_batches(target, chosen, batch_of(columns))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CurvesOf:
    """Curves of one column, to be made.

    Attributes:
        grid: the column's values.
        make: from rows, counted from 0, to their curves, ``(rows, points, outputs)``.
    """

    grid: Grid
    make: Callable[[NDArray[np.int64]], Array]


def write_curves(
    columns: Sequence[CurvesOf],
    rows: NDArray[np.int64],
    targets: tuple[str, ...],
    target: Source,
    chosen: Format | None,
) -> None:
    """Write a line for each row, value and class, column by column, some rows at a time.

    Args:
        columns: whose curves.
        rows: those that have curves, counted from 0.
        targets: the classes; an empty one where there is nothing to choose of.
        target: as ``write_tables`` has it.
        chosen: as there.

    Raises:
        MojoOutputError: the target cannot be written.
    """
    numeric = all(one.grid.values.dtype != object for one in columns)
    none = np.empty((0, 0, 0))
    first = _curve_batch(columns[0].grid, rows[:0], none, targets, numeric=numeric)

    def batches() -> Iterable[Any]:
        for one in columns:
            most = max(1, _PART // (len(one.grid) * len(targets)))
            for start in range(0, len(rows), most):
                some = rows[start : start + most]
                yield _curve_batch(one.grid, some, one.make(some), targets, numeric=numeric)

    write_batches(target, chosen, first, batches())


def _texts(texts: Sequence[str], lines: Sequence[int]) -> Any:
    from mojo_reader.scoring.arrow import chosen_texts

    return chosen_texts(texts, np.arange(len(texts)).repeat(lines))


def _values(values: Sequence[NDArray[Any]], *, numeric: bool) -> Any:
    """Return values as an Arrow array: numbers, null for missing; or texts, as H2O writes them."""
    from mojo_reader.scoring.arrow import float_array

    if numeric:
        return float_array(np.concatenate(values), nan_is_null=True)
    import pyarrow as pa

    return pa.concat_arrays([_value_texts(part) for part in values])


def _value_texts(values: NDArray[Any]) -> Any:
    from mojo_reader.files.number_text import number_texts
    from mojo_reader.scoring.arrow import text_array

    if values.dtype != object:
        return number_texts(values)
    return text_array([MISSING_LEVEL if level is None else level for level in values])


def _curve_batch(
    grid: Grid,
    rows: NDArray[np.int64],
    curves: Array,
    targets: tuple[str, ...],
    *,
    numeric: bool,
) -> Any:
    """Return curves as an Arrow record batch, the classes of a value together."""
    from mojo_reader.scoring.arrow import chosen_texts, float_array, int_array

    outputs = len(targets)
    lines = len(rows) * len(grid) * outputs
    place = np.arange(len(grid)).repeat(outputs)
    values = _values([grid.values], numeric=numeric).take(int_array(np.tile(place, len(rows))))
    columns = [
        (PAIR_COLUMNS[0], int_array(rows.repeat(len(grid) * outputs))),
        ("column", _texts([grid.column.name], [lines])),
        ("value", values),
    ]
    if targets[0]:
        places = np.tile(np.arange(outputs), len(rows) * len(grid))
        columns.append(("target", chosen_texts(targets, places)))
    columns.append(("response", float_array(curves.reshape(lines))))
    return batch_of(columns)
