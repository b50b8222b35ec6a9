"""What stands on top of the page: verdicts and headline figures; and the words for their terms."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .proofs import Proof

#: Terms of the comparisons, and what they mean.
TERMS: Final[Mapping[str, str]] = {
    "The float64 scorer": "computes the model in NumPy by H2O's own rules, in double precision.",
    "Made rows": (
        "are drawn for the comparison, by seed: usual numbers and levels, extreme ones, missing "
        "cells and levels that the model does not know."
    ),
    "Undecided": (
        "is a label that hangs by less than the precision of the model's numbers: two classes are "
        "as good as equal, or the probability is as good as the threshold."
    ),
    "Beyond float32": (
        "are rows whose own cells lose so much in single precision that the prediction moves; they "
        "are counted, and not held against the model."
    ),
    "The relative difference": "is over 1 + |expected|.",
}
_FIGURES: Final[Mapping[str, str]] = {
    "AUC": "1 is perfect, 0.5 is chance",
    "accuracy": "share of labels that are right",
    "logloss": "smaller is better",
    "RMSE": "typical error, in the response's units",
    "MAE": "mean absolute error, in the response's units",
    "mean residual": "0 where errors cancel out",
    "mean Reconstruction.MSE": "smaller is more usual",
}


def verdicts(proofs: Sequence[Proof]) -> list[dict[str, Any]]:
    """Return a card for each comparison, in the order of the page.

    Args:
        proofs: H2O's own scores first.
    """
    made: list[dict[str, Any]] = []
    if not any(proof.by_h2o for proof in proofs):
        made.append(
            {
                "state": "open",
                "mark": "?",
                "verdict": "Not compared",
                "subject": "H2O's own scores",
                "said": "Give them with --rows and --expected.",
                "link": None,
            }
        )
    for index, proof in enumerate(proofs):
        passed = proof.result.passed
        made.append(
            {
                "state": "passed" if passed else "failed",
                "mark": "✓" if passed else "✗",
                "verdict": "Equal" if passed else "Not equal",
                "subject": proof.subject,
                "said": _said(proof),
                "link": f"#proof-{index}",
            }
        )
    return made


def _said(proof: Proof) -> str:
    figures = proof.figures
    off = sum(int(figures.get(name, 0)) for name in ("rows off", "labels off"))
    made = proof.rows == "made rows"
    words = f"{figures['rows']:,} made rows" if made else f"{figures['rows']:,} rows, {proof.rows}"
    if off:
        return f"{off:,} rows or labels off; {words}"
    return f"up to {figures['largest relative difference']:.1e} apart; {words}"


def metrics(figures: Mapping[str, float]) -> list[dict[str, str]]:
    """Return a card for each figure of the rows."""
    return [
        {"name": name, "value": f"{value:.4g}", "said": _FIGURES.get(name, "")}
        for name, value in figures.items()
    ]
