"""``convert``: a MOJO to a Keras model, proved."""

from mojo_reader.cli.failures import plain_failures
from mojo_reader.cli.options import ModelArgument


@plain_failures
def convert(model: ModelArgument) -> None:
    """Convert a MOJO to a Keras model that predicts H2O's numbers, and prove it."""
    raise NotImplementedError
