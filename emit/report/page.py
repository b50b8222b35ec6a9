"""One self-contained page that shows what a MOJO is, and the proof that its numbers are kept.

No network: styles, charts, scripts and the weights of the what-if panel stand in the file, and its
content security policy forbids it to fetch anything. All text from the MOJO or the rows is escaped.
"""

import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

import jinja2
import numpy as np
from numpy.typing import NDArray

from mojo_reader.details import read_details
from mojo_reader.errors import printable
from mojo_reader.explaining.drawing import drawn_places
from mojo_reader.model import Mojo
from mojo_reader.scoring.scorer import Scorer
from mojo_reader.summary import summarize

from ..proving.made_rows import check_rows
from . import cards, charts, data, dictionary, facts, performance, segments, units, what_if, why
from .background import Background, background_of
from .drawing import breakable, title_of
from .moves import Mover
from .page_rows import held_rows
from .proofs import Proof
from .rows import Rows, drawn_words, ranges

Array = NDArray[np.float64]
Progress = Callable[[str], None]
_PACKAGES: Final = ("mojo2keras", "numpy", "keras", "jax", "onnx", "onnxruntime", "pyarrow")
_PANEL_SCRIPTS: Final = ("what_if.js", "moves.js", "rows.js", "curve.js", "panel.js")
#: Rows that dead units are looked for on.
_LOOKED_AT: Final = 2000


def report_page(  # noqa: PLR0913 - what it shows
    mojo: Mojo,
    *,
    title: str | None = None,
    proofs: Sequence[Proof] = (),
    proof_notes: Sequence[str] = (),
    rows: Rows | None = None,
    background: Background | None = None,
    shown_rows: Sequence[int] = (),
    progress: Progress | None = None,
) -> str:
    """Make the page.

    Args:
        mojo: the model.
        title: of the page; None for the name that the model's file tells.
        proofs: comparisons to show.
        proof_notes: sentences above them, such as why one is absent.
        rows: rows to look at, as ``read_rows`` returns them.
        background: what their contributions are compared with, as ``read_background`` returns
            it; None draws rows of the rows, or takes the training means where there are none.
        shown_rows: positions of rows, from 0, whose contributions are shown one by one.
        progress: called with what is done next, in words.

    Returns:
        HTML that needs no other file and no network.
    """
    say = progress or _nothing
    scorer = Scorer(mojo)
    compared = background or background_of(mojo, rows)
    mover = None if compared is None else Mover(scorer, compared)
    looked_at, looked_at_words = _looked_at(mojo, rows)
    summary = summarize(mojo)
    why_no_what_if = what_if.why_absent(mojo)
    ordered = sorted(proofs, key=lambda proof: not proof.by_h2o)
    of_rows = _of_rows(scorer, rows, mover, shown_rows, say)
    context = {
        "title": title or facts.name(mojo),
        "file": None if mojo.info.source is None else Path(mojo.info.source).name,
        "model": summary["model"],
        "origin": facts.origin(summary["model"]),
        "notes": summary["notes"],
        "columns": dictionary.entries(mojo, rows),
        "scale_name": facts.scale_name(mojo),
        "steps": facts.output_steps(mojo.output),
        "layers": units.layers(scorer, looked_at),
        "looked_at": looked_at_words,
        "proofs": _groups(ordered),
        "cards": cards.verdicts(ordered),
        "proof_notes": proof_notes,
        "summary": cards.summary(ordered),
        "meanings": cards.MEANINGS,
        "environment": _environment(),
        **_importances(mojo),
        **of_rows,
        "why_no_what_if": why_no_what_if,
        "page_model": None
        if why_no_what_if
        else what_if.page_model(mojo, ranges(mojo, rows), mover, of_rows["held"]),
        "panel_scripts": [_text(name) for name in _PANEL_SCRIPTS],
        **_training(mojo),
    }
    return rendered("report.html.j2", context)


def rendered(template: str, context: dict[str, Any]) -> str:
    """Return a page of a template, with the style and the script of every page."""
    always = {"style": _text("report.css"), "page_script": _text("page.js")}
    page: str = _template(template).render(context | always)
    # What a name holds that a browser would obey (NUL, U+202E) is shown as an escape.
    return "\n".join(map(printable, page.split("\n")))


def _training(mojo: Mojo) -> dict[str, Any]:
    details = read_details(mojo)
    history = details.tables.get("scoring_history")
    parameters = facts.parameters(details)
    return {
        "training_note": details.warning,
        "changed_parameters": [row for row in parameters if row["changed"]],
        "default_parameters": [row for row in parameters if not row["changed"]],
        "charts": {
            "network": charts.network(mojo),
            "weights": charts.weights(mojo),
            "history": None if history is None else charts.history(history),
        },
    }


def _groups(proofs: Sequence[Proof]) -> list[dict[str, Any]]:
    """Put the comparisons of one subject, on several rows, beside each other."""
    groups: dict[str, list[tuple[int, Proof]]] = {}
    for place, proof in enumerate(proofs):
        groups.setdefault(proof.subject, []).append((place, proof))
    return [
        {
            "title": own[0][1].sides,
            "figures": list(dict.fromkeys(name for _, proof in own for name in proof.figures)),
            "proofs": [_proof(place, proof) for place, proof in own],
        }
        for own in groups.values()
    ]


def _proof(place: int, proof: Proof) -> dict[str, Any]:
    return {
        "id": f"proof-{place}",
        "rows": proof.rows,
        "result": proof.result,
        "figures": proof.figures,
        "condition": proof.condition,
        "note": proof.note,
        "chart": charts.decades(f"proof{place}", proof.title, proof.result.decades),
    }


def _nothing(_words: str) -> None:
    pass


def _looked_at(mojo: Mojo, rows: Rows | None) -> tuple[Array, str]:
    """Return rows to find dead units on, which show on rows only, and words for them."""
    if rows is None:
        return check_rows(mojo, rows=_LOOKED_AT), f"{_LOOKED_AT:,} rows made for it"
    places = drawn_places(len(rows.sample), _LOOKED_AT, seed=1)
    return rows.sample.matrix[places], drawn_words(len(places), rows.count, rows.name)


def _importances(mojo: Mojo) -> dict[str, str | None]:
    chart, words = why.h2o_importances(mojo)
    return {"importances": chart, "importance_notes": words}


def _of_rows(
    scorer: Scorer, rows: Rows | None, mover: Mover | None, shown: Sequence[int], say: Progress
) -> dict[str, Any]:
    """Say what the rows say of the model: how well it does, and why."""
    if rows is None or mover is None:
        return {"rows": None, "segments": [], "metrics": [], "why": None, "held": None}
    say("looking at the predictions")
    measured = performance.findings(scorer, rows, rows.predicted)
    say("explaining the predictions")
    return {
        "rows": {"name": rows.name, "count": rows.count, "has_response": rows.response is not None},
        "metrics": cards.metrics(measured.figures),
        "performance": measured,
        "data": data.findings(scorer, rows),
        "segments": segments.section(scorer.mojo, rows),
        "why": why.section(scorer, mover, rows, chosen=shown),
        "held": held_rows(scorer.mojo, rows),
    }


def _environment() -> dict[str, str]:
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    found = {
        "when": made,
        "python": platform.python_version(),
        "system": f"{sys.platform} {platform.machine()}",
    }
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, loader=jinja2.FunctionLoader(_text)
    )
    environment.filters |= {"title_of": title_of, "breakable": breakable}
    return environment.get_template(name)


def _text(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text("utf-8")
