"""What there is to choose of contributions."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from mojo_reader.explaining.columns import SHARES, Shares
from mojo_reader.scoring.options import Options, described, option

Method = Literal["margin", "h2o"]
"""``margin``: sound, of the linear predictor. ``h2o``: the numbers of H2O's server."""
Space = Literal["margin", "response"]
"""``margin``: before the link. ``response``: each pair rescaled to the prediction's own units."""


@described
@dataclass(frozen=True, kw_only=True)
class Rules(Options):
    """By which rules rows are explained."""

    method: Method = option(
        "margin",
        "The rules: sound and additive, or H2O's server to the rounding.",
        words=get_args(Method),
    )
    output: Shares = option(
        "original", "One column for each level and number, or for each column.", words=SHARES
    )
    space: Space = option(
        "margin",
        "What is explained: the linear predictor, or the prediction in its own units.",
        words=get_args(Space),
    )


@described
@dataclass(frozen=True, kw_only=True)
class ExplainOptions(Rules):
    """How rows are explained."""

    per_reference: bool = option(
        False,
        "Give each pair of a row and a background row, instead of the mean over the background.",
    )


@described
@dataclass(frozen=True, kw_only=True)
class Drawing(Options):
    """How many of the background rows are taken."""

    background_rows: int | None = option(
        None, "Draw so many of the background's rows; by default all are taken.", sign="N", least=1
    )
    seed: int = option(1, "Random seed of the rows that are drawn.", sign="N", least=0)


@described
@dataclass(frozen=True, kw_only=True)
class TableOptions(Drawing, ExplainOptions):
    """How contributions become a table."""

    top: int | None = option(
        None, "Give only the N columns that move a row most, with their names.", sign="N", least=1
    )
    keep: tuple[str, ...] = option((), "Columns to carry through, before the contributions.")


ALL_ROWS: Final = Drawing()
#: Columns that tell the rows of a pair, counted from 0 as H2O counts them.
PAIR_COLUMNS: Final = ("RowIdx", "BackgroundRowIdx")
