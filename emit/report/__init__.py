"""One page with the model, the proof, the rows, and a panel to try it."""

from .page import report_page
from .proofs import emitted_proof, h2o_proof
from .reading import read_rows

__all__ = ["emitted_proof", "h2o_proof", "read_rows", "report_page"]
