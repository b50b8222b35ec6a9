"""The rows themselves: missing and unseen cells, and how far they are from training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import (
    CategoricalInput,
    Classification,
    InputColumn,
    Mojo,
    Reconstruction,
)
from mojo_reader.scoring.scorer import Scorer

from . import data_charts, data_missing, facts
from .data_drift import (
    MISSING,
    MISSING_UNKNOWN,
    ODD,
    PSI_DRIFTED,
    PSI_MOVED,
    SHIFT,
    SHIFT_OF_RANGE,
    SPREAD,
    Drift,
    drift_of,
    percent,
)
from .data_known import (
    FAR,
    Known,
    known_columns,
    known_predictions,
    known_response,
    tally_of_predictions,
)
from .rows import Rows, finite
from .tallies import RESPONSE, LevelTally, Tally

Array = NDArray[np.float64]
#: Columns that have a chart, unseen levels that are named, and columns that are not folded.
_CHARTS: Final = 6
_STRANGERS: Final = 3
_OPEN: Final = 20
_NAMED: Final = 6
_FLAGS: Final = ("", "moved", "drifted")
_STATES: Final = ("passed", "open", "failed")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Column:
    """One line of the table: a column of the model, its response, or its prediction."""

    name: str
    input: InputColumn | None
    tally: Tally
    known: Known
    drift: Drift
    texts: Sequence[str] = ()


def findings(scorer: Scorer, rows: Rows) -> dict[str, Any]:
    """Return what the page's section of the rows shows."""
    mojo = scorer.mojo
    found = columns(mojo, rows)
    flagged = [column for column in found if column.drift.flag]
    made = [_shown(column) for column in found]
    return {
        "sentences": list(rows.notices.sentences()),
        "verdict": _verdict(flagged, found, rows),
        "state": _STATES[max((column.drift.flag for column in found), default=0)],
        "rule": _rule(mojo, rows),
        "reference": None if rows.reference is None else rows.reference.name,
        "scale_name": facts.scale_name(mojo),
        "with_psi": any(column.drift.psi is not None for column in found),
        "columns": made[:_OPEN],
        "others": made[_OPEN:],
        "charts": [
            (_chart(place, column, rows), _said(column))
            for place, column in enumerate(flagged[:_CHARTS])
        ],
        "not_drawn": len(flagged[_CHARTS:]),
        "absent": data_missing.section(scorer, rows),
    }


def columns(mojo: Mojo, rows: Rows) -> list[_Column]:
    """Return how far each raw column, the response and the predictions are, the furthest first."""
    known = known_columns(mojo, rows.reference)
    ranged = isinstance(mojo.output, Reconstruction) and rows.reference is None
    found = []
    for column in mojo.inputs:
        tally = rows.tallies[column.name]
        found.append(
            _Column(
                name=column.name,
                input=column,
                tally=tally,
                known=known[column.name],
                drift=drift_of(tally, known[column.name], ranged=ranged),
                texts=column.levels if isinstance(column, CategoricalInput) else (),
            )
        )
    found += _of_the_output(mojo, rows)
    return sorted(found, key=lambda one: (-one.drift.flag, -one.drift.strength))


def _of_the_output(mojo: Mojo, rows: Rows) -> list[_Column]:
    found = []
    output = mojo.output
    labels = output.labels if isinstance(output, Classification) else ()
    response, known = rows.tallies.get(RESPONSE), known_response(mojo)
    if response is not None and known is not None and not isinstance(output, Reconstruction):
        against = "" if rows.reference is None else ", against training"
        name = f"{output.response} (the response{against})"
        drift = drift_of(response, known)
        found.append(
            _Column(name=name, input=None, tally=response, known=known, drift=drift, texts=labels)
        )
    told = known_predictions(mojo, rows.reference)
    if told is not None:
        known, by = told
        tally = tally_of_predictions(rows, by)
        name = "the prediction"
        if isinstance(output, Classification):
            name = "the predicted label" if labels[2:] else f"the probability of {labels[1]}"
        elif isinstance(output, Reconstruction):
            name = "the reconstruction error"
        drift = drift_of(tally, known)
        found.append(
            _Column(name=name, input=None, tally=tally, known=known, drift=drift, texts=labels)
        )
    return found


# --------------------------------------------------------------------------- words


def _verdict(flagged: Sequence[_Column], found: Sequence[_Column], rows: Rows) -> str:
    against = "training" if rows.reference is None else f"{rows.reference.name}"
    beside = [column.name for column in found if column.input is None]
    all_of = ", ".join(["columns", *beside[:-1]]) + "".join(f" and {last}" for last in beside[-1:])
    if not flagged:
        return f"None of {len(found)} ({all_of}) is flagged against {against}."
    names = [f"{column.name} ({', '.join(column.drift.reasons)})" for column in flagged[:_NAMED]]
    more = f" and {len(flagged) - _NAMED} more" if len(flagged) > _NAMED else ""
    verb = "is" if len(flagged) == 1 else "are"
    told = f"{'; '.join(names)}{more}"
    return f"{len(flagged)} of {len(found)} ({all_of}) {verb} flagged against {against}: {told}."


def _rule(mojo: Mojo, rows: Rows) -> str:
    """Say the rule in a sentence, and what it rests on."""
    ranged = isinstance(mojo.output, Reconstruction)
    if rows.reference is not None:
        return (
            f"A column is drifted if its population stability index (PSI) is {PSI_DRIFTED:g} or "
            f"more, moved from {PSI_MOVED:g} on; drifted, too, if {percent(MISSING)} more of its "
            f"cells are missing than of the background's, if {percent(ODD)} more are levels that "
            f"the model does not know, or if over {percent(ODD)} lie outside of the background's "
            "numbers; always only if chance gives that in less than one column of a thousand."
        )
    moved = (
        f"its mean has moved by more than {SHIFT_OF_RANGE:g} of the training range"
        if ranged
        else f"its mean has moved by more than {SHIFT:g} training deviations, its deviation is "
        f"more than {SPREAD:g} times training's or less than half"
    )
    far = "a whole range" if ranged else f"{FAR:g} deviations"
    return (
        f"A column is drifted if {moved}, if more than {percent(ODD)} of its cells are levels that "
        f"the model does not know or numbers further than {far} from the training mean, or if more "
        f"than {percent(MISSING_UNKNOWN)} are missing. That is all that the model's file tells of "
        "its training data; --background with training rows gives shares of levels, PSI, and the "
        "range of numbers."
    )


def _said(column: _Column) -> str:
    """Say what a chart shows."""
    reasons = ", ".join(column.drift.reasons)
    words = "drifted" if column.drift.flag > 1 else "moved"
    return f"{column.name} has {words}: {reasons}."


def _shown(column: _Column) -> dict[str, Any]:
    drift, tally, known = column.drift, column.tally, column.known
    row: dict[str, Any] = {
        "name": column.name,
        "flag": _FLAGS[drift.flag],
        "reasons": ", ".join(drift.reasons),
        "missing": percent(drift.missing),
        "psi": drift.psi,
        "shift": drift.shift,
        "unseen": "",
        "strangers": (),
        "outside": "",
        "mean": None,
        "trained": known.mean,
    }
    if isinstance(tally, LevelTally):
        row["unseen"] = percent(drift.unseen)
        row["strangers"] = [text for text, _ in tally.strangers.most_common(_STRANGERS)]
    else:
        row["outside"] = percent(drift.outside)
        row["mean"] = tally.mean if tally.count else None
    return row


# --------------------------------------------------------------------------- charts


def _chart(place: int, column: _Column, rows: Rows) -> str:
    name = f"drift-{place}"
    if isinstance(column.tally, LevelTally):
        before = "training" if rows.reference is None else "background"
        return data_charts.levels(name, column.name, _shares(column, column.tally), before)
    values, reference = _numbers(column, rows)
    mean, scale = column.known.mean, column.known.scale
    trained = (np.nan if mean is None else mean, np.nan if scale is None else abs(scale))
    return data_charts.numbers(name, column.name, values, reference, trained)


def _numbers(column: _Column, rows: Rows) -> tuple[Array, Array | None]:
    reference = rows.reference
    if isinstance(column.input, InputColumn):
        feature = column.input.feature
        before = None if reference is None else finite(reference.sample.matrix[:, feature])
        return finite(rows.sample.matrix[:, feature]), before
    if column.known.mean is not None and rows.response is not None:
        return finite(rows.response), None
    before = None if reference is None else finite(reference.predicted[:, -1])
    return finite(rows.predicted[:, -1]), before


def _shares(column: _Column, tally: LevelTally) -> list[tuple[str, float, float | None]]:
    """Return the levels whose shares differ most; unseen and missing cells where there are some."""
    counts = column.known.counts
    rows = tally.counts / max(1, tally.rows)
    before = None if counts is None else counts / max(counts.sum(), 1e-300)
    if before is not None and column.known.missing:
        before *= 1 - column.known.missing
    apart = rows if before is None else np.abs(rows - before)
    odd = [
        ("not known", tally.unseen / tally.rows, None if before is None else 0.0, tally.unseen),
        ("missing", tally.missing / tally.rows, column.known.missing, tally.missing),
    ]
    made = [(text, share, other) for text, share, other, count in odd if count]
    for level in np.argsort(-apart, kind="stable")[: len(column.texts)]:
        if rows[level] or (before is not None and before[level]):
            other = None if before is None else float(before[level])
            made.append((column.texts[level], float(rows[level]), other))
    return made
