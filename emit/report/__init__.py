"""One page with the model, the proof, the rows, and a panel to try it."""

from .background import read_background
from .page import report_page
from .proofs import emitted_proof, h2o_proof
from .reading import read_rows

__all__ = ["emitted_proof", "h2o_proof", "read_background", "read_rows", "report_page"]
