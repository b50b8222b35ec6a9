"""Read H2O-3 deep-learning MOJOs without Java, and score rows as H2O does."""

from mojo_reader.model import Mojo
from mojo_reader.reader import list_base_models, read_mojo
from mojo_reader.scoring.scorer import Scorer

__all__ = ["Mojo", "Scorer", "list_base_models", "read_mojo"]
