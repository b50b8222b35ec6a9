"""Draws the figures of README.md as bars, for the documentation.

    python benchmarks/charts.py [--docs docs]

Every number is read from a table of README.md, by its section, the first words of its row and its
column, so that a chart never says what no table says. Run it after each change of the tables.
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

README = Path(__file__).parent / "README.md"
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Cell:
    """Where a figure stands.

    Attributes:
        section: its heading.
        row: how the first cell of its row starts.
        column: its place in the row, 1 for the first figure.
    """

    section: str
    row: str
    column: int = 1


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars in groups.

    Attributes:
        name: of the file.
        title: what is measured.
        label: of the axis.
        groups: names of the groups.
        series: for each kind of bar its figure in each group; None where there is none.
        log: where a logarithmic axis starts; None for one that starts at 0.
    """

    name: str
    title: str
    label: str
    groups: tuple[str, ...]
    series: dict[str, tuple[Cell | tuple[Cell, Cell] | None, ...]]
    log: float | None = None


def _scoring(row: str) -> tuple[Cell, ...]:
    """Return a row's figures of networks S, L and W, which stand after the target."""
    return tuple(Cell("Scoring", row, column) for column in (2, 3, 4))


_S_L_W = ("S: 13 columns, 200-200", "L: 200 columns, 3 x 1,024", "W: 51,000 levels, 64-64")
_OURS_CSV = _scoring("CSV to CSV, float64")
_JAVA_CSV = _scoring("the same, `PredictCsv")
_MEMORY = _scoring("batch in memory")
_MEMORY_32 = _scoring("float32 against `score0`")


def _training(network: str) -> tuple[Cell, Cell]:
    return Cell("Training on", network, 2), Cell("Training on", network, 1)


CHARTS = (
    Chart(
        name="benchmark_main",
        title="Times as fast as what else does the same work",
        label="times, logarithmic",
        log=1.0,
        groups=(
            "A MOJO is read: H2O's reader",
            "CSV to CSV, S: PredictCsv",
            "CSV to CSV, L: PredictCsv",
            "CSV to CSV, W: PredictCsv",
            "Rows in memory, S: Java's score0",
            "Rows in memory, L: Java's score0",
            "Rows in memory, W: Java's score0",
            "An epoch of S: Keras's fit",
            "An epoch of 8-6 Tanh: Keras's",
            "Contributions: H2O's server",
        ),
        series={
            "": (
                (Cell("Reading", "H2O's `MojoModel.load`"), Cell("Reading", "`read_mojo`")),
                *zip(_JAVA_CSV, _OURS_CSV, strict=True),
                *_MEMORY,
                _training("S, 32")[::-1],
                _training("8-6 Tanh, 32")[::-1],
                (Cell("Contributions", "the server's"), Cell("Contributions", "`margin` (")),
            )
        },
    ),
    Chart(
        name="benchmark_files",
        title="Rows of a CSV file to scores in a CSV file, the whole process",
        label="seconds, less is better",
        groups=_S_L_W,
        series={"mojo2keras predict": _OURS_CSV, "H2O's PredictCsv": _JAVA_CSV},
    ),
    Chart(
        name="benchmark_memory",
        title="Encoded rows in memory, one core",
        label="times as fast as H2O's score0, logarithmic",
        log=1.0,
        groups=_S_L_W,
        series={"Scorer, float64": _MEMORY, "Scorer, float32": _MEMORY_32},
    ),
    Chart(
        name="benchmark_reading",
        title="A MOJO of 31 MB of text is read",
        label="seconds, less is better",
        groups=("zlib inflates the member", "read_mojo", "H2O's MojoModel.load"),
        series={
            "": (
                Cell("Reading", "zlib inflating"),
                Cell("Reading", "`read_mojo`"),
                Cell("Reading", "H2O's `MojoModel.load`"),
            )
        },
    ),
    Chart(
        name="benchmark_serving",
        title="Eight clients ask for scores over HTTP",
        label="answers a second, more is better",
        groups=("one row", "100 rows"),
        series={
            name: (Cell("Serving", row, 1), Cell("Serving", row, 4))
            for name, row in {
                "emit.serving": "`emit.serving` ",
                "emit.serving, two processes": "`emit.serving --workers 2`",
                "MLServer": "MLServer",
                "FastAPI": "FastAPI",
                "Java": "Java",
            }.items()
        },
    ),
    Chart(
        name="benchmark_training",
        title="One epoch of 200,000 rows",
        label="rows a second, logarithmic, more is better",
        log=10_000.0,
        groups=("S, batch 32", "S, batch 256", "8-6 Tanh, batch 32", "8-6 Tanh, batch 256"),
        series={
            name: tuple(
                Cell("Training on", row, column)
                for row in ("S, 32", "S, 256", "8-6 Tanh, 32", "8-6 Tanh, 256")
            )
            for column, name in ((1, "fit"), (2, "Keras's fit"))
        },
    ),
    Chart(
        name="benchmark_contributions",
        title="1,000 rows explained by 100 others",
        label="seconds, less is better",
        groups=("H2O's server", "margin", "margin, by JAX", "h2o"),
        series={
            "": (
                Cell("Contributions", "the server's"),
                Cell("Contributions", "`margin` ("),
                Cell("Contributions", "`margin` by JAX"),
                Cell("Contributions", "`h2o`"),
            )
        },
    ),
)


# --------------------------------------------------------------------------- figures


def tables(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of all tables below each heading, cell by cell."""
    found: dict[str, list[list[str]]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        rows = [line for line in body.splitlines() if line.startswith("|")]
        found[heading.strip()] = [[c.strip() for c in row.strip("|").split("|")] for row in rows]
    return found


def figure(cell: Cell, found: dict[str, list[list[str]]]) -> float:
    """Return the first number of a cell.

    Raises:
        LookupError: there is no such row, or no number in the cell.
    """
    start = cell.row.strip()
    for row in found.get(cell.section, []):
        # With a blank at its end, a row's name is all of it.
        whole = cell.row.endswith(" ")
        if (row[0] == start if whole else row[0].startswith(start)) and len(row) > cell.column:
            number = _NUMBER.search(row[cell.column])
            if number is not None:
                return float(number.group().replace(",", ""))
    message = f"{README.name}: no figure in column {cell.column} of {cell.row!r}, {cell.section}"
    raise LookupError(message)


def value(
    wanted: Cell | tuple[Cell, Cell] | None, found: dict[str, list[list[str]]]
) -> float | None:
    """Return a figure, or the ratio of two."""
    if wanted is None:
        return None
    if isinstance(wanted, Cell):
        return figure(wanted, found)
    return figure(wanted[0], found) / figure(wanted[1], found)


# --------------------------------------------------------------------------- drawing


def shown(number: float) -> str:
    """Return a figure as it stands beside its bar."""
    if number >= 100:  # noqa: PLR2004
        return f"{number:,.0f}"
    return f"{number:.2f}" if number < 1 else f"{number:.1f}".removesuffix(".0")


def plain_ticks(axis: Any) -> None:
    """Write an axis's numbers out: the style has no mathematics for powers of ten."""
    axis.set_major_formatter(lambda number, _: f"{number:,.10g}")
    axis.set_minor_formatter(lambda *_: "")


def draw(chart: Chart, found: dict[str, list[list[str]]], folder: Path) -> Path:
    """Draw one chart and return its path."""
    from emit.pictures.style import LINES, name_ticks, picture

    path = folder / f"{chart.name}.svg"
    bars, thick = len(chart.series), 0.8 / len(chart.series)
    height = 1.1 + (0.27 if bars == 1 else 0.2) * bars * len(chart.groups)
    with picture(path, width=7.0, height=height) as figure:
        axes = figure.subplots()
        largest = 0.0
        for place, (name, cells) in enumerate(chart.series.items()):
            numbers = [value(cell, found) for cell in cells]
            at = np.arange(len(numbers)) + (place - (bars - 1) / 2) * thick
            lengths = [number or 0.0 for number in numbers]
            drawn = axes.barh(at, lengths, thick, color=LINES[place], label=name or None)
            axes.bar_label(drawn, [shown(n) if n else "" for n in numbers], padding=3, fontsize=8)
            largest = max(largest, *lengths)
        if chart.log:
            axes.set_xscale("log")
            plain_ticks(axes.xaxis)
        axes.set_xlim(chart.log or 0.0, largest * (2.5 if chart.log else 1.12))
        name_ticks(axes.yaxis, list(chart.groups))
        axes.invert_yaxis()
        axes.set(xlabel=chart.label, title=chart.title)
        if bars > 1:
            figure.legend(loc="outside lower center", ncols=min(bars, 3))
    return path


def main() -> None:
    """Draw all charts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--docs", type=Path, default=README.parent.parent / "docs")
    folder = parser.parse_args().docs
    found = tables(README.read_text("utf-8"))
    for chart in CHARTS:
        print(draw(chart, found, folder))


if __name__ == "__main__":
    main()
