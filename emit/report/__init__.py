"""One page with the model, the proof, the rows, and a panel to try it."""

from .background import read_background
from .page import report_page
from .proofs import emitted_proof, h2o_proof
from .reading import read_rows
from .two_models import require_one_kind, two_models_page

__all__ = [
    "emitted_proof",
    "h2o_proof",
    "read_background",
    "read_rows",
    "report_page",
    "require_one_kind",
    "two_models_page",
]
