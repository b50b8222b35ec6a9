"""Read and write H2O-3 deep-learning MOJOs without Java, and score rows as H2O does."""

from mojo_reader.formats.limits import Limits
from mojo_reader.model import Mojo
from mojo_reader.reader import list_base_models, read_mojo
from mojo_reader.scoring.row_warnings import MissingColumnWarning, UnseenLevelWarning
from mojo_reader.scoring.scorer import Scorer
from mojo_reader.writer import write_mojo

__all__ = [
    "Limits",
    "MissingColumnWarning",
    "Mojo",
    "Scorer",
    "UnseenLevelWarning",
    "list_base_models",
    "read_mojo",
    "write_mojo",
]
