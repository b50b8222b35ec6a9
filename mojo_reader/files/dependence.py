"""Partial dependence of files of rows: tables, and curves of single rows, in bounded memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoDataError
from mojo_reader.explaining.dependence import FIGURES, columns_of, grids_of, one_row, points_of
from mojo_reader.explaining.expectations import Curves, check_curves, curve_rows, response_name
from mojo_reader.explaining.grid import (
    Grid,
    GridOptions,
    blocks,
    time_columns,
)
from mojo_reader.explaining.labelled import LabelledRows
from mojo_reader.explaining.moved_columns import MovedColumns, outputs_of
from mojo_reader.files.counting import Counter
from mojo_reader.files.dependence_tables import CurvesOf, TableOf, write_curves, write_tables
from mojo_reader.files.labelled import RowFiles, read_labelled
from mojo_reader.files.outputs import everything, model_input, separate
from mojo_reader.files.sources import Source
from mojo_reader.model import CategoricalInput, Classification, InputColumn, Mojo
from mojo_reader.scoring.extras import require_pyarrow
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.options import described, option, part_of
from mojo_reader.scoring.scorer import Scorer

__all__ = [
    "Dependence",
    "DependenceFile",
    "DependenceFileOptions",
    "Distribution",
    "dependence_file",
]

#: Bins of a number's distribution.
_BINS: Final = 40
#: Curves that a picture shows at most.
_DRAWN: Final = 200
Array = NDArray[np.float64]


@described
@dataclass(frozen=True, kw_only=True)
class DependenceFileOptions(RowFiles, GridOptions):
    """What is asked of files of rows.

    Raises:
        ValueError: an option has no such value.
    """

    columns: tuple[str, ...] = option((), "Columns of the rows that the model reads.")
    other: str | None = option(None, "A column with which each of them makes a pair.")
    values: Mapping[str, Sequence[Any]] | None = option(
        None, "Values to take in place of H2O's, by column."
    )
    targets: tuple[str, ...] | None = option(
        None, "Classes of a model of more than two; all by default."
    )
    weights: str | None = option(None, "The rows' column with their weights.", sign="COL")
    row_index: int | None = option(
        None, "Vary this row alone, counted from 0, over the values of all rows.", sign="N", least=0
    )
    curves: Curves | None = option(None, "The rows that have curves of their own.")
    response: str | None = option(None, "Of the rows, for curves at its deciles.")
    seed: int = option(1, "Random seed of the rows that are drawn.", sign="N", least=0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Distribution:
    """How the rows' cells are distributed.

    Attributes:
        counts: rows in each bin, or with each of the values.
        edges: ``(bins + 1,)``, of the bins; None for levels.
    """

    counts: NDArray[np.int64]
    edges: Array | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Dependence:
    """Partial dependence on one column, or on a pair.

    Attributes:
        points: a column's name to its value at each point, as ``partial_dependence`` has it.
        figures: H2O's names of the figures, each ``(points, outputs)``.
        targets: the classes that the outputs are; ``("",)`` for a single response or the second
            of two classes.
        sizes: number of values of each column.
        times: those of the columns that are times.
        distribution: of the rows' cells in the first column.
        curves: a few rows' curves, ``(rows, points, outputs)``; None where none are asked for.
    """

    points: dict[str, NDArray[Any]]
    figures: dict[str, Array]
    targets: tuple[str, ...]
    sizes: tuple[int, ...]
    times: frozenset[str]
    distribution: Distribution
    curves: Array | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column, or the pair."""
        return tuple(self.points)

    def tables(self) -> list[TableOf]:
        """Return H2O's table of each class."""
        return [
            TableOf(
                points=self.points,
                figures={name: values[:, place] for name, values in self.figures.items()},
                target=target,
            )
            for place, target in enumerate(self.targets)
        ]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DependenceFile:
    """What was done.

    Attributes:
        rows: number of rows read.
        found: of each column, or pair.
        curves: number of rows that have curves; 0 where none are asked for.
        notices: what was seen in the rows.
    """

    rows: int
    found: tuple[Dependence, ...]
    curves: int
    notices: Notices


def dependence_file(
    mojo: Mojo,
    source: Source | Sequence[Source],
    options: DependenceFileOptions,
    *,
    target: Source | None = None,
    progress: Callable[[int], None] | None = None,
) -> DependenceFile:
    """Compute partial dependence over files of rows.

    Args:
        mojo: the model.
        source: files of rows, as ``score_file`` takes them. They are read once.
        options: what is asked for.
        target: CSV, Parquet, Arrow or JSON lines, ``-`` for standard output; None for no file.
            Curves go there where they are asked for, a line for each row, value and class
            (``RowIdx``, counted from 0); else H2O's tables, one below the other.
        progress: called with the number of predictions made.

    Raises:
        FileNotFoundError: there is no such file of rows.
        MissingExtraError: pyarrow is not installed.
        MojoDataError: as ``partial_dependence``, or a cell has no meaning in its column.
        MojoUnsupportedError: an autoencoder predicts no response.
        OutputNameError: the target is an input, or its name says a format that is not written.
        MojoOutputError: the target cannot be written.
    """
    require_pyarrow("Files of rows")
    _check_target(mojo, source, target, options)
    outputs = outputs_of(mojo, options.targets)
    pairs = [columns_of(mojo, name, options.other) for name in options.columns]
    by = _response(mojo, options)
    notices = Notices()
    scorer = options.reading.scorer(mojo)
    read = read_labelled(
        scorer, source, options.reading, notices, response=by, weights=options.weights
    )
    grids = _all_grids(pairs, read, options)
    job = _Job(
        scorer=scorer,
        outputs=outputs,
        targets=_labels(mojo, outputs),
        read=read,
        options=options,
        shown=Counter(progress),
    )
    rows = np.empty(0, np.int64)
    if options.curves is not None:
        count = len(read.encoded.matrix)
        rows = curve_rows(count, read.response, options.curves, options.seed)
        if target is not None:
            curves = [CurvesOf(grid=some[0], make=job.curves(some)) for some in grids]
            write_curves(curves, rows, job.targets, target, options.format)
    found = tuple(job.dependence(some, rows) for some in grids)
    if target is not None and options.curves is None:
        write_tables([table for one in found for table in one.tables()], target, options.format)
    count = len(read.encoded.matrix)
    return DependenceFile(rows=count, found=found, curves=len(rows), notices=notices)


def _check_target(
    mojo: Mojo,
    source: Source | Sequence[Source],
    target: Source | None,
    options: DependenceFileOptions,
) -> None:
    if target is None:
        return
    from mojo_reader.files.sinks import output_format

    separate([("the output", target)], [*model_input(mojo), *everything("the rows", source)])
    output_format(target, options.format)


def _response(mojo: Mojo, options: DependenceFileOptions) -> str | None:
    if options.curves is None:
        return None
    check_curves(options.curves)
    if options.other is not None:
        raise MojoDataError("curves are of single columns, and a pair is asked for")
    return response_name(mojo, options.response) if options.curves == "deciles" else None


def _all_grids(
    pairs: Sequence[tuple[InputColumn, ...]], read: LabelledRows, options: DependenceFileOptions
) -> list[tuple[Grid, ...]]:
    """Return the grids of each column or pair; values are given for columns that are asked for."""
    given = options.values or {}
    names = {column.name for columns in pairs for column in columns}
    strange = next((name for name in given if name not in names), None)
    if strange is not None:
        message = f"values are given for the column {strange!r}, which is not asked for"
        raise MojoDataError(message)
    grid = part_of(GridOptions, options)
    return [
        grids_of(
            columns,
            read.encoded.matrix,
            grid,
            {column.name: given[column.name] for column in columns if column.name in given},
        )
        for columns in pairs
    ]


def _labels(mojo: Mojo, outputs: Sequence[int]) -> tuple[str, ...]:
    output = mojo.output
    if isinstance(output, Classification) and len(output.labels) > 2:  # noqa: PLR2004 - classes
        return tuple(output.labels[place] for place in outputs)
    return ("",)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Job:
    """What is computed of each column, or pair."""

    scorer: Scorer
    outputs: list[int]
    targets: tuple[str, ...]
    read: LabelledRows
    options: DependenceFileOptions
    shown: Counter

    def dependence(self, grids: tuple[Grid, ...], rows: NDArray[np.int64]) -> Dependence:
        """Return the figures, and the curves of a few of some rows."""
        chosen = self.options.row_index
        whole = self.read if chosen is None else one_row(self.read, chosen)
        figures = self._moved(grids).spread(whole.encoded, whole.weights, self.shown.add).figures()
        names = {grid.column.name for grid in grids}
        return Dependence(
            points=points_of(grids),
            figures=dict(zip(FIGURES, figures, strict=True)),
            targets=self.targets,
            sizes=tuple(map(len, grids)),
            times=time_columns(self.scorer.mojo) & names,
            distribution=_distribution(grids[0], self.read.encoded.matrix),
            curves=self.curves(grids)(_few(rows)) if len(rows) else None,
        )

    def curves(self, grids: tuple[Grid, ...]) -> Callable[[NDArray[np.int64]], Array]:
        """Return what makes the curves of rows."""
        moved = self._moved(grids)

        def make(rows: NDArray[np.int64]) -> Array:
            return moved.curves(self.read.take(rows).encoded, self.shown.add)

        return make

    def _moved(self, grids: tuple[Grid, ...]) -> MovedColumns:
        missing = self.options.invalid_is_missing
        return MovedColumns(self.scorer, grids, self.outputs, nan_is_missing=missing)


def _few(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return as many rows as a picture shows, at equal distances."""
    places = np.linspace(0, len(rows) - 1, min(_DRAWN, len(rows)))
    return rows[places.astype(np.int64)]


def _distribution(grid: Grid, matrix: Array) -> Distribution:
    """Count the rows' cells: of levels by value, of numbers in bins over the grid's values."""
    if isinstance(grid.column, CategoricalInput):
        counts = np.zeros(len(grid), np.int64)
        places: dict[bytes, list[int]] = {}
        for place, cells in enumerate(grid.cells + 0.0):
            places.setdefault(cells.tobytes(), []).append(place)
        for cut in blocks(len(matrix)):
            distinct, many = np.unique(
                np.array(matrix[cut, grid.features]) + 0.0,
                axis=0,
                return_counts=True,
                equal_nan=True,
            )
            for cells, count in zip(distinct, many.tolist(), strict=True):
                counts[places.get(cells.tobytes(), [])] += count
        return Distribution(counts=counts, edges=None)
    finite = grid.values[np.isfinite(grid.values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    if high == low:
        high = low + max(1.0, abs(low))
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, _BINS + 1)
    counts = np.zeros(_BINS, np.int64)
    for cut in blocks(len(matrix)):
        numbers = np.array(matrix[cut, grid.column.feature])
        counts += np.histogram(numbers[np.isfinite(numbers)], edges)[0]
    return Distribution(counts=counts, edges=edges)
