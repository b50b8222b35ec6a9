"""Verdicts: what a door says beside what H2O said.

A result is a dict: ``verdict``, ``rows``, ``worst`` (relative to ``1 + |value|``), ``off`` (rows),
``message``, and for float types ``beyond`` and ``undecided``. The verdicts:

* ``same``: within the door's tolerance, the labels too;
* ``differs``: a number is off;
* ``labels off``: the numbers are right and a label is not;
* ``we stop``, ``H2O stops``: one of the two has no number where the other has;
* ``refused``: the door raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from laboratory_scores import Scores
    from numpy.typing import NDArray

    from mojo_reader.comparing.comparison import Comparison

Result = dict[str, Any]

VERDICTS: Final = ("same", "differs", "labels off", "we stop", "H2O stops", "refused")
#: Longest message that is kept.
MESSAGE: Final = 400


def compared(
    values: NDArray[np.float64],
    labels: NDArray[np.object_] | None,
    expected: Scores,
    tolerance: float,
    rows: NDArray[np.bool_] | None = None,
) -> Result:
    """Compares numbers, labels, and where they are no numbers.

    Args:
        values: ``(rows, outputs)``.
        labels: ``(rows,)`` texts.
        expected: what H2O says of these rows, or of the first of them.
        tolerance: relative to ``1 + |value|``; 0 for equal.
        rows: which to compare; all by default.
    """
    chosen = np.arange(len(expected.values)) if rows is None else np.flatnonzero(rows)
    found, right = values[chosen], expected.values[chosen]
    difference = relative(found, right)
    ours, theirs = _broken(found) & ~_broken(right), _broken(right) & ~_broken(found)
    defined = ~(ours | theirs)
    off = defined & ~(difference <= tolerance).all(axis=1)
    wrong = np.zeros(len(chosen), bool)
    if labels is not None and expected.labels is not None:
        wrong = defined & ~_broken(right) & (labels[chosen] != expected.labels[chosen])
    worst = float(difference[defined].max(initial=0.0))
    result: Result = {"verdict": "same", "rows": len(chosen), "worst": worst}
    for verdict, mask in (("we stop", ours), ("H2O stops", theirs), ("differs", off),
                          ("labels off", wrong)):  # fmt: skip
        if mask.any():
            row = int(chosen[np.argmax(np.where(mask, difference.max(axis=1), -1.0))])
            message = _message(row, values, labels, expected)
            return {**result, "verdict": verdict, "off": int(mask.sum()), "message": message}
    return result


def relative(found: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences relative to ``1 + |right|``; two NaN are equal, one is infinitely far."""
    with np.errstate(all="ignore"):
        difference = np.abs(found - right) / (1 + np.abs(right))
    difference[(found == right) | (np.isnan(found) & np.isnan(right))] = 0
    difference[np.isnan(difference)] = np.inf
    return difference


def of_comparison(found: Comparison) -> Result:
    """A proof by the project's own contract as a result."""
    result: Result = {
        "verdict": "same",
        "rows": found.rows,
        "worst": found.max_rel,
        "beyond": found.beyond,
        "undecided": found.undecided,
    }
    if found.passed:
        return result
    verdict = "labels off" if found.labels_off and not found.off else "differs"
    counts = f"{found.off} rows off, {found.labels_off} labels off, {found.undefined} undefined"
    message = f"{counts}, worst {found.worst[:1]}"[:MESSAGE]
    return {**result, "verdict": verdict, "off": found.off + found.labels_off, "message": message}


def refused(error: Exception) -> Result:
    """A door that raised."""
    message = f"{type(error).__name__}: {error}"[:MESSAGE]
    return {"verdict": "refused", "rows": 0, "worst": 0.0, "message": message}


def _broken(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows without a number; an autoencoder's may lack some columns, which is compared."""
    return np.asarray(np.isnan(values).all(axis=1))


def _message(
    row: int,
    values: NDArray[np.float64],
    labels: NDArray[np.object_] | None,
    expected: Scores,
) -> str:
    ours = values[row].tolist()
    theirs: object = expected.stopped[row] or expected.values[row].tolist()
    if labels is not None and expected.labels is not None:
        ours, theirs = [labels[row], *ours], [expected.labels[row], theirs]
    return f"row {row + 1}: found {ours}, H2O {theirs}"[:MESSAGE]
