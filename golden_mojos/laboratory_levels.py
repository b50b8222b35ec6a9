"""Levels and names that a random frame draws from: ordinary ones and those that go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

#: Families of levels, by what is odd about them. None holds a line's end.
FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "plain": ("red", "green", "blue", "black", "white", "grey"),
    "integers": ("0", "1", "2", "10", "-3", "007", "+5", "3000000000", "2147483647"),
    "decimals": ("0.5", "1.0", "1.5", "2.0", "-0.25", "1e3", "1E-5", "0x1p1"),
    "booleans": ("True", "False"),
    "lower_booleans": ("true", "false"),
    "upper_booleans": ("TRUE", "FALSE", "T", "F"),
    "bits": ("0", "1"),
    "answers": ("yes", "no", "Yes", "YES"),
    "blanks": ("spaced ", " spaced", "spaced", "in side", "two  blanks", "\ttab", "nbsp\u00a0"),
    "missing_like": ("NA", "N/A", "-", "null", "nan", "NaN", "None", "?", "missing", "missing(NA)"),
    "unicode": ("größe", "日本", "😀", "e\u0301", "é", "İ", "ß", "Ω", "\U0001d4b3"),
    "digits": ("\u0661\u0662", "\uff17", "\U0001d7d9\U0001d7da", "१", "①", "x²"),
    "quoted": ('say "hi"', "it's", "a,b", "C:\\temp", "\\", "a;b", "[x]", "a=b", "#c", "{}"),
    "long": ("x" * 300, "y" * 2000, "z" * 40, "x" * 299),
    "outputs": ("predict", "p0", "p1", "0", "1", "missing(NA)", "other"),
    "dates": ("2020-01-01", "2020-01-01 00:00:00", "01/02/2020", "12:30"),
}
#: Families without characters that need care, most often drawn.
_ORDINARY: Final = ("plain", "plain", "integers", "answers", "many", "many")

NAMES: Final = (
    "A", "a", "age", "Age", "AGE", "x", "x ", "x.1", "income", "größe", "日本", "my column", "a,b",
    'q"q', "it's", "a=b", "a:b", "#hash", "[domains]", "1", "0", "predict", "p1", "row", "y ",
    "missing(NA)", "C1", "c1", "λ", "tab\tname", "x:0", "x.Eigen", "col\\umn", "_", "e\u0301",
    "n" * 120,
)  # fmt: skip


def draw_levels(source: random.Random, name: str) -> tuple[str, ...]:
    """Draws the levels of one categorical column, in the order of their codes."""
    odd = source.random() < 0.5  # noqa: PLR2004 - half of the columns
    family = source.choice((*FAMILIES, "prefixed", "single")) if odd else source.choice(_ORDINARY)
    if family == "many":
        return tuple(f"level {number:02d}" for number in range(source.randint(7, 40)))
    if family == "prefixed":
        return (f"{name}.a", f"{name}.b", "a", "c", f"{name}.")
    if family == "single":
        return ("only",)
    pool = list(FAMILIES[family])
    count = source.randint(min(2, len(pool)), len(pool))
    levels = source.sample(pool, count)
    if source.random() < 0.3:  # noqa: PLR2004 - some are mixed with plain ones
        levels += [level for level in FAMILIES["plain"][:2] if level not in levels]
    return tuple(sorted(levels)) if source.random() < 0.7 else tuple(levels)  # noqa: PLR2004


def draw_names(source: random.Random, count: int) -> list[str]:
    """Draws different names, most of them ordinary."""
    odd_share = source.choice((0.0, 0.0, 0.3, 0.8))
    pool = source.sample(NAMES, len(NAMES))
    return [
        pool[number] if source.random() < odd_share else f"column_{number}"
        for number in range(count)
    ]
