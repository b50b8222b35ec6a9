"""The values that a column is given in every row, and its features for each of them.

Source: ``hex.PartialDependence`` (``extractColValues``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import read_details
from mojo_reader.errors import MojoDataError, listed
from mojo_reader.model import CategoricalInput, InputColumn, Mojo
from mojo_reader.scoring.column_values import column_positions, number_values
from mojo_reader.scoring.invalid import RowError
from mojo_reader.scoring.levels import LevelLookup
from mojo_reader.scoring.near_names import near_names, shown_names
from mojo_reader.scoring.options import Options, described, option
from mojo_reader.scoring.responses import raising

Array = NDArray[np.float64]
Levels = Literal["model", "rows"]
"""Which levels are taken."""
Values = Sequence[Any] | Mapping[str, Sequence[Any]]
"""Values of one's own: of the column, or by column."""

#: H2O's text for a missing level.
MISSING_LEVEL: Final = ".missing(NA)"
_TIME: Final = "Time"
#: Rows that are looked at together.
BLOCK: Final = 4096


@described
@dataclass(frozen=True, kw_only=True)
class GridOptions(Options):
    """Which values a column is given."""

    bins: int = option(
        20,
        "How many values of a numeric column to take, from its least to its largest.",
        sign="N",
        least=1,
    )
    missing: bool = option(False, "Also predict with the column missing; stands last.")
    levels: Levels = option(
        "model",
        "Which levels to take: all that the model knows, or those among the rows, as H2O does.",
        words=get_args(Levels),
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Grid:
    """The values of one column.

    Attributes:
        column: the rows' column.
        values: ``(points,)``: objects for levels, None for missing; float64 else.
        cells: ``(points, width)`` float64: the column's features for each.
    """

    column: InputColumn
    values: NDArray[Any]
    cells: Array

    def __len__(self) -> int:
        return len(self.values)

    @property
    def features(self) -> slice:
        """The features that the column fills."""
        return slice(self.column.feature, self.column.feature + self.cells.shape[1])


def time_columns(mojo: Mojo) -> frozenset[str]:
    """Return the columns that are times, milliseconds since 1970, where the file says so."""
    types = read_details(mojo).types
    return frozenset(name for name, kind in types.items() if kind == _TIME)


def column_of(mojo: Mojo, name: str) -> InputColumn:
    """Return the rows' column of a name.

    Raises:
        MojoDataError: the model reads none.
    """
    found = next((one for one in mojo.inputs if one.name == name), None)
    if found is None:
        names = [one.name for one in mojo.inputs]
        near = near_names([name], names)
        known = "" if near[name] else f"; it reads {listed(names)}"
        message = f"the model reads no column {shown_names(near)}{known}"
        raise MojoDataError(message)
    return found


def grid_of(
    column: InputColumn, matrix: Array, options: GridOptions, values: Sequence[Any] | None = None
) -> Grid:
    """Return a column's values and features.

    Args:
        column: the rows' column.
        matrix: ``(rows, n_features)`` float64, the rows as the model reads them.
        options: which values.
        values: values to take in place of H2O's; None for these.

    Raises:
        MojoDataError: a value has no meaning there, the model does not know a level, or no row has
            a finite number.
    """
    if isinstance(column, CategoricalInput):
        return _level_grid(column, matrix, options, values)
    points = _numbers(column, matrix, options.bins) if values is None else _given(column, values)
    if options.missing:
        points = np.append(points, np.nan)
    return Grid(column=column, values=points, cells=points[:, None])


def blocks(rows: int, size: int = BLOCK) -> Iterator[slice]:
    """Cut rows into blocks."""
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


# --------------------------------------------------------------------------- levels


def _level_grid(
    column: CategoricalInput,
    matrix: Array,
    options: GridOptions,
    values: Sequence[Any] | None,
) -> Grid:
    if values is not None:
        places = _given_levels(column, values)
    elif options.levels == "rows":
        places = _levels_there(column, matrix)
    else:
        places = list(range(len(column.levels)))
    if options.missing:
        places.append(column.missing)
    if not places:
        message = f"no row has a level of the model in the column {column.name!r}"
        raise MojoDataError(message)
    texts = [*column.levels, None]
    chosen = np.array([texts[place] for place in places], object)
    return Grid(column=column, values=chosen, cells=column.table[places])


def _given_levels(column: CategoricalInput, values: Sequence[Any]) -> list[int]:
    given = list(values)
    _require_some(column, given)
    try:
        found = column_positions(LevelLookup(column), given, raising(column.name))
    except RowError as error:
        raise _no_value(column, error) from error
    if (found == column.unseen).any():
        value = str(given[int(np.argmax(found == column.unseen))])
        near = shown_names(near_names([value], column.levels))
        message = f"the model knows no level {near} in the column {column.name!r}"
        raise MojoDataError(message)
    return [int(place) for place in found]


def _levels_there(column: CategoricalInput, matrix: Array) -> list[int]:
    """Return the levels whose features some row has."""
    features = slice(column.feature, column.feature + column.width)
    there: set[bytes] = set()
    for cut in blocks(len(matrix)):
        distinct = np.unique(np.array(matrix[cut, features]), axis=0, equal_nan=True)
        there.update(row.tobytes() for row in distinct + 0.0)
    levels = column.table[: len(column.levels)] + 0.0
    return [place for place, row in enumerate(levels) if row.tobytes() in there]


# --------------------------------------------------------------------------- numbers


def _numbers(column: InputColumn, matrix: Array, bins: int) -> Array:
    """Return numbers at equal distances, from the least of the rows to the largest.

    Of whole numbers there are no more than from the one to the other.
    """
    least, largest, whole = np.inf, -np.inf, True
    for cut in blocks(len(matrix)):
        numbers = np.array(matrix[cut, column.feature])
        numbers = numbers[np.isfinite(numbers)]
        if numbers.size:
            least, largest = min(least, numbers.min()), max(largest, numbers.max())
            whole = whole and bool((numbers == np.floor(numbers)).all())
    if least > largest:
        message = f"no row has a finite number in the column {column.name!r}"
        raise MojoDataError(message)
    if whole and largest - least + 1 < bins:
        bins = int(largest - least) + 1
    # Two numbers of float64 may be further apart than it holds.
    with np.errstate(over="ignore", invalid="ignore"):
        step = (largest - least) / max(bins - 1, 1)
        points = least + np.arange(bins, dtype=np.float64) * step
    if not np.isfinite(points).all():
        message = f"the numbers of the column {column.name!r} are too far apart for a grid"
        raise MojoDataError(message)
    return np.asarray(points)


def _given(column: InputColumn, values: Sequence[Any]) -> Array:
    given = list(values)
    _require_some(column, given)
    try:
        return number_values(given, raising(column.name))
    except RowError as error:
        raise _no_value(column, error) from error


def _require_some(column: InputColumn, values: list[Any]) -> None:
    if not values:
        message = f"expected at least one value of the column {column.name!r}, found none"
        raise MojoDataError(message)


def _no_value(column: InputColumn, error: RowError) -> MojoDataError:
    """Say of a value what is said of a cell, without its row."""
    problem = error.problem.removeprefix(f", column {column.name!r}: ")
    return MojoDataError(f"among the values of the column {column.name!r}: {problem}")
