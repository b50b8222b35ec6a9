"""One self-contained page that shows what a MOJO is, and the proof that its numbers are kept.

No network: styles, charts, scripts and the weights of the what-if panel stand in the file, and its
content security policy forbids it to fetch anything. All text from the MOJO or the rows is escaped.
"""

import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata, resources
from typing import Any, Final

import jinja2

from mojo_reader.details import read_details
from mojo_reader.errors import printable
from mojo_reader.model import Mojo
from mojo_reader.scoring.scorer import Scorer
from mojo_reader.summary import summarize

from ..proving.made_rows import check_rows
from . import charts, facts, units, what_if
from . import rows as row_findings
from .proofs import Proof
from .rows import Rows

_PACKAGES: Final = ("mojo2keras", "numpy", "keras", "jax", "onnx", "onnxruntime", "pyarrow")
#: Rows that are made to find dead units, where no rows are given.
_LOOKED_AT: Final = 2000


def report_page(
    mojo: Mojo,
    *,
    title: str,
    proofs: Sequence[Proof] = (),
    proof_notes: Sequence[str] = (),
    rows: Rows | None = None,
) -> str:
    """Make the page.

    Args:
        mojo: the model.
        title: of the page.
        proofs: comparisons to show.
        proof_notes: sentences above them, such as why one is absent.
        rows: rows to look at, as ``read_rows`` returns them.

    Returns:
        HTML that needs no other file and no network.
    """
    scorer = Scorer(mojo)
    # Dead hidden units show on rows only.
    looked_at = check_rows(mojo, rows=_LOOKED_AT) if rows is None else rows.matrix
    summary = summarize(mojo)
    why_no_what_if = what_if.why_absent(mojo)
    context = {
        "title": title,
        "model": summary["model"] | {"made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"},
        "notes": summary["notes"],
        "columns": facts.columns(mojo),
        "scale_name": facts.scale_name(mojo),
        "steps": facts.output_steps(mojo.output),
        "layers": units.layers(scorer, looked_at),
        "looked_at": f"{len(looked_at):,} rows"
        + (" made for it" if rows is None else f" of {rows.name}"),
        "proofs": [_proof(index, proof) for index, proof in enumerate(proofs)],
        "proof_notes": proof_notes,
        "environment": _environment(),
        "rows": None if rows is None else _rows(scorer, rows),
        "why_no_what_if": why_no_what_if,
        "page_model": None
        if why_no_what_if
        else what_if.page_model(mojo, row_findings.ranges(mojo, rows)),
        "style": _text("report.css"),
        "what_if_script": _text("what_if.js"),
        "panel_script": _text("panel.js"),
        **_training(mojo),
    }
    page: str = _template().render(context)
    # What a name holds that a browser would obey (NUL, U+202E) is shown as an escape.
    return "\n".join(map(printable, page.split("\n")))


def _training(mojo: Mojo) -> dict[str, Any]:
    details = read_details(mojo)
    history = details.tables.get("scoring_history")
    importances = details.tables.get("variable_importances")
    return {
        "training_note": details.warning,
        "parameters": facts.parameters(details),
        "charts": {
            "network": charts.network(mojo),
            "weights": charts.weights(mojo),
            "history": None if history is None else charts.history(history),
            "importances": None if importances is None else charts.importances(importances),
        },
    }


def _proof(index: int, proof: Proof) -> dict[str, Any]:
    return {
        "title": proof.title,
        "result": proof.result,
        "figures": proof.figures,
        "condition": proof.condition,
        "note": proof.note,
        "chart": charts.decades(f"proof{index}", proof.title, proof.result.decades),
    }


def _rows(scorer: Scorer, rows: Rows) -> dict[str, Any]:
    return {
        "name": rows.name,
        "count": len(rows.matrix),
        "sentences": list(rows.notices.sentences()),
        "columns": row_findings.columns(scorer.mojo, rows),
        "found": row_findings.findings(scorer, rows),
    }


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": f"{sys.platform} {platform.machine()}"}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_text("report.html.j2"))


def _text(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text("utf-8")
