"""Seeded data frames: what the golden models are trained on and what they score.

Everything is made with ``random.Random``, whose streams do not change between Python versions.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import math
import random
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Cell = str | float | None

#: A day in milliseconds.
DAY: Final = 86_400_000


class Kind(StrEnum):
    """H2O's column types, as the parser names them."""

    ENUM = "Enum"
    NUMERIC = "Numeric"
    TIME = "Time"


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """One named column; None is a missing cell, a time is milliseconds since 1970 in UTC."""

    name: str
    kind: Kind
    cells: tuple[Cell, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """Columns of one length."""

    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0].cells)

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    @property
    def types(self) -> dict[str, str]:
        """H2O's column types by name."""
        return {column.name: column.kind.value for column in self.columns}

    def __getitem__(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def take(self, rows: Iterable[int]) -> Frame:
        """These rows, in this order."""
        index = list(rows)
        return Frame(
            tuple(
                dataclasses.replace(column, cells=tuple(column.cells[row] for row in index))
                for column in self.columns
            )
        )

    def without(self, *names: str) -> Frame:
        """The frame less these columns."""
        return Frame(tuple(column for column in self.columns if column.name not in names))

    def with_column(self, column: Column) -> Frame:
        """The frame with one more column at its end, in place of any of the same name."""
        return Frame((*self.without(column.name).columns, column))

    def with_codes(self, name: str, levels: Sequence[str]) -> Frame:
        """The frame with a column's levels replaced by plain names that sort as ``levels`` do."""
        column = self[name]
        cells = (None if c is None else f"L{levels.index(str(c)):04d}" for c in column.cells)
        coded = enum(name, cells)
        return Frame(tuple(coded if c.name == name else c for c in self.columns))

    def renamed(self, names: dict[str, str]) -> Frame:
        """The frame with some columns called otherwise."""
        return Frame(
            tuple(dataclasses.replace(c, name=names.get(c.name, c.name)) for c in self.columns)
        )

    def reordered(self, names: Sequence[str]) -> Frame:
        """The frame's columns in this order."""
        return Frame(tuple(self[name] for name in names))

    def stacked(self, other: Frame) -> Frame:
        """This frame's rows, then the other's."""
        return Frame(
            tuple(
                dataclasses.replace(column, cells=column.cells + other[column.name].cells)
                for column in self.columns
            )
        )

    def write_for_java(self, path: Path) -> None:
        """Writes what the Java scorer reads; a time is a number there."""
        with path.open("w", encoding="utf-8", newline="") as sink:
            sink.write(",".join(_java_text(name) for name in self.names) + "\n")
            for row in zip(*(column.cells for column in self.columns), strict=True):
                sink.write(",".join(_java_text(cell) for cell in row) + "\n")

    def write_for_server(self, path: Path) -> None:
        """Writes what H2O's own parser reads: text quoted, times as dates."""
        with path.open("w", encoding="utf-8", newline="") as sink:
            sink.write(",".join(_quoted(name) for name in self.names) + "\n")
            for row in range(self.rows):
                cells = (_server_text(column, column.cells[row]) for column in self.columns)
                sink.write(",".join(cells) + "\n")


def _java_text(cell: Cell) -> str:
    r"""A cell as the Java scorer's CSV reader takes it: ``\`` is an escape inside quotes."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return _number(cell)
    if any(sign in cell for sign in ',"\n\\'):
        return _quoted(cell.replace("\\", "\\\\"))
    return cell


def _server_text(column: Column, cell: Cell) -> str:
    """A cell as H2O's parser takes it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return _quoted(cell)
    if column.kind is Kind.TIME:
        moment = dt.datetime.fromtimestamp(cell / 1000, tz=dt.UTC)
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    return _number(cell)


def _number(cell: float) -> str:
    """A number's shortest text as Java reads it; whole numbers without a point."""
    if math.isinf(cell):
        return "Infinity" if cell > 0 else "-Infinity"
    return str(int(cell)) if float(cell).is_integer() and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004


def _quoted(text: str) -> str:
    """A cell in double quotes."""
    return '"' + text.replace('"', '""') + '"'


def stream(seed: int) -> random.Random:
    """A seeded source of random numbers."""
    return random.Random(seed)  # noqa: S311 - test data


def enum(name: str, cells: Iterable[Cell]) -> Column:
    """A categorical column."""
    return Column(name, Kind.ENUM, tuple(cells))


def numeric(name: str, cells: Iterable[Cell]) -> Column:
    """A numeric column."""
    return Column(name, Kind.NUMERIC, tuple(cells))


def iris() -> Frame:
    """Fisher's irises: 150 rows, four numbers, three species."""
    path = Path(__file__).with_name("iris.csv")
    with path.open(encoding="utf-8", newline="") as source:
        names, *rows = csv.reader(source)
    cells = list(zip(*rows, strict=True))
    numbers = [numeric(names[i], [float(c) for c in cells[i]]) for i in range(4)]
    return Frame((*numbers, enum(names[4], cells[4])))


# -- the frame that most cases use ---------------------------------------------------------

COLORS: Final = ("red", "green", "blue", "black", "white")
SHAPES: Final = ("round", "square", "flat")
CITIES: Final = (
    "Athens",
    "Bergen",
    "Cork",
    "Delft",
    "Essen",
    "Faro",
    "Ghent",
    "Hull",
    "Izmir",
    "Jena",
    "Kiel",
)


def mixed(
    response: str = "number",
    *,
    seed: int = 1,
    rows: int = 160,
    missing: float = 0.04,
    imbalance: float = 0.0,
) -> Frame:
    """Three categorical and four numeric columns, interleaved, and a response called ``y``.

    Args:
        response: One of the keys of ``RESPONSES``.
        seed: Seed of the stream.
        rows: Number of rows.
        missing: Share of missing cells in ``color``, ``city``, ``age`` and ``size``.
        imbalance: Shift of the latent score; at 3 the first class of ``binary`` is rare.
    """
    source = stream(seed)
    table: dict[str, list[Cell]] = {name: [] for name in MIXED_KINDS}
    answers: list[Cell] = []
    for _ in range(rows):
        row = _mixed_row(source)
        score = _latent_score(row) + imbalance + source.gauss(0, 0.4)
        answers.append(RESPONSES[response](score))
        for name, cell in row.items():
            gone = name in MAY_BE_MISSING and source.random() < missing
            table[name].append(None if gone else cell)
    columns = [Column(name, kind, tuple(table[name])) for name, kind in MIXED_KINDS.items()]
    kind = Kind.ENUM if isinstance(answers[0], str) else Kind.NUMERIC
    return Frame((*columns, Column("y", kind, tuple(answers))))


MIXED_KINDS: Final = {
    "age": Kind.NUMERIC,
    "color": Kind.ENUM,
    "size": Kind.NUMERIC,
    "city": Kind.ENUM,
    "shape": Kind.ENUM,
    "income": Kind.NUMERIC,
    "ratio": Kind.NUMERIC,
}
MAY_BE_MISSING: Final = frozenset({"color", "city", "age", "size"})


def _thirds(low: str, middle: str, high: str) -> Callable[[float], Cell]:
    """Three classes of about equal size."""
    return lambda score: low if score < -LATENT_THIRD else high if score > LATENT_THIRD else middle


def _skewed(score: float) -> Cell:
    """Three classes, two of them rare."""
    if score > RARE_ABOVE:
        return "rare"
    return "odd" if score < ODD_BELOW else "usual"


LATENT_THIRD: Final = 0.7
RARE_ABOVE: Final = 2
ODD_BELOW: Final = -2.2

#: From the latent score, about -3 to 3, to a response.
RESPONSES: Final[dict[str, Callable[[float], Cell]]] = {
    "number": lambda score: round(40 + 12.5 * score, 3),
    "positive": lambda score: round(math.exp(0.5 * score) + 0.05, 4),
    "count": lambda score: int(math.exp(0.6 * score) * 1.5),
    "zero_or_positive": lambda score: 0 if score < 0 else round(score * 20, 2),
    "binary": lambda score: "yes" if score > 0 else "no",
    "classes": _thirds("low", "middle", "high"),
    "skewed_classes": _skewed,
    "zero_one": lambda score: "1" if score > 0 else "0",
    "integers": _thirds("-1", "2", "10"),
    "padded": _thirds("03", "3000000000", "+5"),
    "decimals": lambda score: "1.0" if score > 0 else "0.5",
}


def _mixed_row(source: random.Random) -> dict[str, Cell]:
    """One row of ``mixed``, before any cell goes missing."""
    city = min(int(source.expovariate(0.35)), len(CITIES) - 1)
    return {
        "age": source.randint(18, 90),
        "color": source.choice(COLORS),
        "size": round(source.gauss(170, 12), 1),
        "city": CITIES[city],
        "shape": source.choices(SHAPES, (5, 3, 2))[0],
        "income": round(source.lognormvariate(10, 0.7), 2),
        "ratio": round(source.uniform(-1, 1), 4),
    }


def _latent_score(row: dict[str, Cell]) -> float:
    """What the response depends on: a nonlinear mix of all columns."""
    age, size, ratio = (float(row[name] or 0) for name in ("age", "size", "ratio"))
    color = COLORS.index(str(row["color"])) - 2
    city = CITIES.index(str(row["city"])) - 3
    shape = SHAPES.index(str(row["shape"])) - 1
    income = math.log(float(row["income"] or 1)) - 10
    return (
        0.03 * (age - 54)
        + 0.03 * (size - 170) * ratio
        + 0.35 * color * (1 if shape >= 0 else -1)
        + 0.18 * city
        + 0.6 * income
        + 1.1 * ratio
    )
