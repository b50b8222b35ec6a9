"""Frames with odd levels, names and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from frames import DAY, Cell, Column, Frame, Kind, enum, mixed, numeric, stream
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

ODD_LEVELS: Final = (
    "plain",
    "a,b",
    'say "hi"',
    "two\nlines",
    "ends with blank ",
    " starts with blank",
    "naïve Größe",
    "日本",
    "😀",
    "007",
    "12",
    "-3.5",
    "<script>alert('x')</script>",
    "tab\there",
    "=1+1",
    "#comment",
    "[domains]",
    "a = b",
    "it's",
    "other",
)
ODD_LEVELS_IN_ONE_LINE: Final = tuple(level for level in ODD_LEVELS if "\n" not in level)
BACKSLASH_LEVELS: Final = (
    "C:\\temp",
    "\\",
    "ends with \\",
    "no\\new line",
    "a\nb",
    "cr\rhere",
    "plain",
)
MISSING_MARKS: Final = ("-", "N/A", "NA", "null", "?", "present")
COMMA_LEVELS: Final = ("a,b", "c", "d, e, f")
RESPONSE_LEVELS: Final = ("<b>bold</b>", "two words", "naïve", "日本")
MISSING_SHARE: Final = 0.1
RANKED: Final = tuple(f"level {letter}" for letter in "ABCDEFGHIJKLMN")


def _with_levels(response: str, levels: Sequence[str], *, seed: int, name: str = "label") -> Frame:
    """A small mixed frame with a column that has exactly these levels."""
    frame = mixed(response, seed=seed).without("city", "size", "income")
    source = stream(seed)
    cells = [*levels, *source.choices(levels, k=frame.rows - len(levels))]
    return frame.with_column(enum(name, cells))


def odd_levels() -> Frame:
    """Levels that need quoting, escaping or care."""
    return _with_levels("binary", ODD_LEVELS, seed=51)


def odd_levels_in_one_line() -> Frame:
    """The same without line breaks, which the oldest MOJOs cannot hold."""
    return _with_levels("binary", ODD_LEVELS_IN_ONE_LINE, seed=51)


def backslash_levels() -> Frame:
    """Levels that a MOJO escapes."""
    return _with_levels("binary", BACKSLASH_LEVELS, seed=52)


def backslash_rows(frame: Frame) -> Frame:
    """The usual rows; the carriage return is left out, which no CSV line can bring to Java."""
    rows = Rows(sample=None).make(frame, "y")
    cells = rows["label"].cells
    return rows.take(row for row, cell in enumerate(cells) if "\r" not in str(cell))


def missing_mark_levels() -> Frame:
    """Levels that stand for a missing cell elsewhere."""
    return _with_levels("binary", MISSING_MARKS, seed=53)


def comma_levels() -> Frame:
    """Levels with commas."""
    return _with_levels("number", COMMA_LEVELS, seed=54)


def integer_levels() -> Frame:
    """Levels that are integers as text, and some that only look like them."""
    return _with_levels("binary", ("03", "+5", "-2", "7", "12"), seed=55, name="code")


def half_integer_levels() -> Frame:
    """Levels of which the first is no integer, so the server takes every level's number."""
    levels = ("(none)", "03", "+5", "3000000000", "-2", "7", "x7", "1.5")
    return _with_levels("binary", levels, seed=50, name="code")


def unreadable_names() -> Frame:
    """Column names at which the Java reader of ``model.ini`` breaks."""
    frame = mixed("binary", seed=49)
    return frame.renamed({"age": "#age", "size": "[domains]", "color": "# color = 1"})


def far_means() -> Frame:
    """Numbers whose means are many deviations from 0, and levels."""
    source = stream(47)
    rows = range(150)
    billions = [
        None if source.random() < MISSING_SHARE else 1.2e10 + source.randint(-9, 9) for _ in rows
    ]
    return Frame(
        (
            numeric("billions", billions),
            numeric("plain", [round(source.gauss(0, 1), 4) for _ in rows]),
            enum("color", [source.choice(("red", "green", "blue")) for _ in rows]),
        )
    )


def blank_names() -> Frame:
    """Column names with a blank at their end, one of them beside the same without."""
    return mixed("binary", seed=48, missing=0).renamed(
        {"age": "size ", "color": "color ", "y": "y "}
    )


def blank_ranked_levels() -> Frame:
    """The ranked levels, every second one with a blank at its end."""
    return _with_blanks(ranked_levels())


def blank_ranked_rows(frame: Frame) -> Frame:
    """The ranked rows with the same levels."""
    return _with_blanks(ranked_rows(frame))


def _with_blanks(frame: Frame) -> Frame:
    cells = [f"{cell} " if cell in RANKED[::2] else cell for cell in frame["ranked"].cells]
    changed = enum("ranked", cells)
    return Frame(tuple(changed if c.name == "ranked" else c for c in frame.columns))


def odd_response() -> Frame:
    """A response of four odd levels."""
    frame = mixed("number", seed=56)
    answers = [RESPONSE_LEVELS[int(float(cell or 0) / 25) % 4] for cell in frame["y"].cells]
    return frame.with_column(enum("y", answers))


def renamed_response(response: str, levels: Sequence[str], *, seed: int) -> Frame:
    """A small mixed frame whose response has these levels instead of its own."""
    frame = mixed(response, seed=seed, rows=100).without("city", "shape", "income", "size")
    own = sorted({str(cell) for cell in frame["y"].cells})
    names = dict(zip(own, levels, strict=True))
    return frame.with_column(enum("y", [names[str(cell)] for cell in frame["y"].cells]))


def missing_level() -> Frame:
    """Levels and a column whose outputs in an autoencoder have the names of others."""
    frame = _with_levels("number", ("missing(NA)", "x", "plain"), seed=60)
    return frame.without("color", "shape").renamed({"age": "label.x"})


def powers_of_two() -> Frame:
    """The binary frame with columns of 4 and 8 levels."""
    frame = mixed("binary", seed=57)
    source = stream(57)
    for name, count in (("grade", 4), ("octet", 8)):
        cells = [f"{name} {source.randrange(count)}" for _ in range(frame.rows)]
        frame = frame.with_column(enum(name, cells))
    return frame


def ranked_levels(response: str = "binary") -> Frame:
    """A column of 14 levels, each less frequent than the one before, and one of three."""
    rows = [level for rank, level in enumerate(RANKED) for _ in range(15 - rank)]
    frame = mixed(response, seed=58, rows=len(rows), missing=0).without("city", "color")
    stream(58).shuffle(rows)
    return frame.with_column(enum("ranked", rows))


def ranked_rows(frame: Frame) -> Frame:
    """New rows with the same ranks, some unseen and missing cells among them."""
    base = ranked_levels().without("y")
    ages = stream(59)
    base = base.with_column(numeric("age", [ages.randint(18, 90) for _ in range(base.rows)]))
    hostile = Rows(sample=3, extremes=(), extra=False, reorder=False, seed=60)
    more = hostile.make(base, None)
    cells = [RANKED[0] if cell in RANKED else cell for cell in more["ranked"].cells]
    made = base.stacked(more.with_column(enum("ranked", cells)))
    return made.reordered(frame.without("y").names[::-1])


def prefixed_levels() -> Frame:
    """Levels some of which begin with the column's name."""
    levels = ("kind.a", "kind.b", "b", "c", "kind.kind.d")
    return _with_levels("binary", levels, seed=61, name="kind")


def prefixed_rows(frame: Frame) -> Frame:
    """Rows whose cells leave the prefix out."""
    made = Rows(sample=40, extra=False, reorder=False).make(frame, "y")
    cells: list[Cell] = list(made["kind"].cells)
    cells[:12] = [
        "a",
        "b",
        "c",
        "d",
        "kind.a",
        "kind.b",
        "kind.c",
        "kind.d",
        "kind.kind.d",
        "A",
        " a",
        "",
    ]
    return made.with_column(enum("kind", [cell or None for cell in cells]))


def thousand_levels() -> Frame:
    """A column of a thousand levels."""
    frame = mixed("binary", seed=62, rows=2000).without("city", "color")
    source = stream(62)
    names = [f"id{number:04d}" for number in range(1000)]
    return frame.with_column(enum("identity", [*names, *source.choices(names, k=1000)]))


def odd_names() -> Frame:
    """Column names with signs that mean something in ``model.ini``."""
    return mixed("binary", seed=63).renamed(
        {
            "age": "age = years",
            "color": "color: main",
            "size": "0: 5 d000.txt",
            "city": "Größe, Ort",
            "shape": "shape.flat",
            "income": "日本",
            "ratio": "[ratio]",
        }
    )


def constant_columns() -> Frame:
    """A numeric and a categorical column that never change."""
    frame = mixed("binary", seed=64)
    frame = frame.with_column(numeric("always 7", [7] * frame.rows))
    return frame.with_column(enum("always x", ["x"] * frame.rows))


def tiny_deviation() -> Frame:
    """A numeric column that hardly changes."""
    frame = mixed("number", seed=65)
    source = stream(65)
    tiny = [float(f"{source.gauss(3e-9, 1e-9):.4e}") for _ in range(frame.rows)]
    return frame.with_column(numeric("tiny", tiny))


def with_time() -> Frame:
    """A column of whole seconds in the years around 2020."""
    frame = mixed("binary", seed=66)
    source = stream(66)
    start = 18_000 * DAY
    times = [start + source.randrange(700 * DAY) // 1000 * 1000 for _ in range(frame.rows)]
    return frame.with_column(Column("seen", Kind.TIME, tuple(times)))


def without_levels(response: str) -> Frame:
    """The mixed frame's numbers."""
    return mixed(response, seed=67).without("color", "city", "shape")


def four_classes() -> Frame:
    """Four classes of unequal size behind two numbers and a level."""
    frame = mixed("number", seed=68).without("city", "size", "income", "color")
    answers = ["abcd"[min(int(float(cell or 0) / 15) % 6, 3)] for cell in frame["y"].cells]
    return frame.with_column(enum("y", answers))


def one_number() -> Frame:
    """Four classes behind one number, which is sometimes 0."""
    source = stream(69)
    numbers = [round(source.uniform(-2, 2), 1) for _ in range(160)]
    answers = source.choices("abcd", (4, 1, 3, 2), k=160)
    return Frame((numeric("x", numbers), enum("y", answers)))
