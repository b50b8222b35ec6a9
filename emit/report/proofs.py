"""Comparisons as the page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mojo_reader.comparing.comparison import Comparison
from mojo_reader.files.verification import Verification


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Proof:
    """One comparison.

    Attributes:
        title: what was compared with what, on which rows.
        sides: what was compared with what.
        subject: what was compared, for a card.
        rows: what rows they were, for a card.
        by_h2o: it was compared with H2O's own scores.
        result: the verdict: ``passed``, ``worst`` and ``decades`` are shown as they are.
        figures: what else is shown, by its name.
        condition: when the claim of equality holds, to stand behind it; empty for always.
        note: what a person should know; empty for nothing.
    """

    title: str
    sides: str
    subject: str
    rows: str
    by_h2o: bool
    result: Comparison | Verification
    figures: Mapping[str, float | int]
    condition: str = ""
    note: str = ""


def emitted_proof(
    runtime: str,
    rows: str,
    found: Comparison,
    *,
    places: NDArray[np.int64] | None = None,
    count: int = 0,
) -> Proof:
    """Show an emitted model beside the float64 scorer.

    Args:
        runtime: what the model ran in.
        rows: what rows they were.
        found: the comparison.
        places: ``(rows,)`` positions in their file of the rows that were compared; None where they
            are of no file.
        count: rows of their file.
    """
    if places is not None:
        worst = tuple(replace(row, row=int(places[row.row])) for row in found.worst)
        found = replace(found, worst=worst)
    figures: dict[str, float | int] = {
        "rows": found.rows,
        "largest absolute difference": found.max_abs,
        "largest relative difference": found.max_rel,
        "rows off": found.off,
        **{f"rows off in {other.name}": other.rows for other in found.outputs_off},
    }
    if found.labels_equal or found.labels_off:
        figures |= {
            "labels equal": found.labels_equal,
            "labels off": found.labels_off,
            "labels undecided": found.undecided,
        }
    figures |= {
        f"rows beyond {found.dtype}": found.beyond,
        "rows that H2O cannot score": found.undefined,
    }
    words = rows
    if found.rows < count:
        rows = f"drawn of the {count:,} of {rows}"
        words = f"{found.rows:,} rows {rows}"
    sides = f"{runtime} ({found.dtype}) and the float64 scorer"
    unscaled = found.unscaled
    if unscaled is not None:
        figures["numbers stay within the tolerance up to"] = unscaled.holds_to
    return Proof(
        title=f"{sides}, on {words}",
        sides=sides,
        subject=f"{runtime} ({found.dtype})",
        rows=rows,
        by_h2o=False,
        result=found,
        figures=figures,
        condition="" if unscaled is None else f" {unscaled.condition}",
        note="" if unscaled is None else unscaled.note,
    )


def h2o_proof(scores: str, found: Verification) -> Proof:
    """Show the scorer beside H2O's own scores.

    Args:
        scores: name of H2O's file.
        found: the comparison.
    """
    figures: dict[str, float | int] = {
        "rows": found.rows,
        "largest relative difference": max((c.max_rel for c in found.columns), default=0.0),
        "rows off": found.rows_off,
    }
    if found.labels_compared:
        figures["labels off"] = found.labels_off
    sides = "The float64 scorer and H2O's own scores"
    return Proof(
        title=f"{sides} ({scores})",
        sides=sides,
        subject="H2O's own scores",
        rows=scores,
        by_h2o=True,
        result=found,
        figures=figures,
    )
