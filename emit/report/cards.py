"""What stands on top of the page: verdicts and headline figures; and the words for their terms."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .proofs import Proof

#: Figures of a comparison, and what they mean.
MEANINGS: Final[Mapping[str, str]] = {
    "largest relative difference": "over 1 + |expected|",
    "rows off": "further apart than the tolerance",
    "labels off": "another label than expected, and not undecided",
    "labels undecided": (
        "hang by less than the precision of the model's numbers: two classes are as good as equal, "
        "or the probability is as good as the threshold"
    ),
    "rows beyond float32": (
        "their own cells lose so much in single precision that the prediction moves; counted, and "
        "not held against the model"
    ),
    "rows that H2O cannot score": "H2O stops there, or gives no number",
}
_FIGURES: Final[Mapping[str, str]] = {
    "AUC": "1 is perfect, 0.5 is chance",
    "pr_auc": "1 is perfect, the class's share is chance",
    "accuracy": "share of labels that are right",
    "mean_per_class_error": "0 is perfect",
    "logloss": "smaller is better",
    "MSE": "of the reconstruction; smaller is more usual",
    "RMSE": "typical error",
    "MAE": "mean size of the error",
    "r2": "1 is perfect, 0 is no better than the mean",
    "mean_residual_deviance": "smaller is better",
}


def summary(proofs: Sequence[Proof]) -> dict[str, str]:
    """Return the verdict of all comparisons in one sentence, with its ``state`` and ``mark``."""
    failed = [proof.title for proof in proofs if not proof.result.passed]
    if failed:
        words = f"{len(failed)} of {len(proofs)} comparisons failed: {'; '.join(failed)}."
        return {"state": "failed", "mark": "✗", "said": words}
    if not proofs:
        words = "Nothing was compared: this page shows the model, and proves nothing."
        return {"state": "open", "mark": "?", "said": words}
    counted = (
        "The one comparison holds" if len(proofs) == 1 else f"All {len(proofs)} comparisons hold"
    )
    words = f"{counted}, H2O's own scores among them."
    if not any(proof.by_h2o for proof in proofs):
        words = f"{counted}; H2O's own scores were not given (--rows with --expected)."
    return {"state": "passed", "mark": "✓", "said": words}


def verdicts(proofs: Sequence[Proof]) -> list[dict[str, Any]]:
    """Return a card for each subject, in the order of the page, with a line for each comparison.

    Args:
        proofs: H2O's own scores first.
    """
    made: list[dict[str, Any]] = []
    if proofs and not any(proof.by_h2o for proof in proofs):
        made.append(
            {
                "state": "open",
                "mark": "?",
                "verdict": "Not compared",
                "subject": "H2O's own scores",
                "lines": [{"said": ("none were given",), "link": None}],
            }
        )
    for subject in dict.fromkeys(proof.subject for proof in proofs):
        own = [(place, proof) for place, proof in enumerate(proofs) if proof.subject == subject]
        passed = all(proof.result.passed for _, proof in own)
        made.append(
            {
                "state": "passed" if passed else "failed",
                "mark": "✓" if passed else "✗",
                "verdict": "Equal" if passed else "Not equal",
                "subject": subject,
                "lines": [
                    {"said": _said(proof), "link": f"#proof-{place}"} for place, proof in own
                ],
            }
        )
    return made


def _said(proof: Proof) -> tuple[str, ...]:
    """Return what was found, in parts that stand on one line each."""
    figures = proof.figures
    off = sum(int(figures.get(name, 0)) for name in ("rows off", "labels off"))
    words = f"{figures['rows']:,} {'made rows' if proof.rows == 'made rows' else 'rows'}"
    if off:
        return f"{words}:", f"{off:,} {'row or label' if off == 1 else 'rows or labels'} off"
    return f"{words},", f"up to {figures['largest relative difference']:.1e} apart"


def metrics(figures: Mapping[str, float]) -> list[dict[str, str]]:
    """Return a card for each figure of the rows."""
    return [
        {"name": name, "value": f"{value:.4g}", "said": _FIGURES.get(name, "")}
        for name, value in figures.items()
    ]
