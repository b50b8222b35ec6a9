"""H2O's binary models (``h2o.save_model``): the persist stream of ``water.AutoBuffer``."""

from typing import BinaryIO

from mojo_reader.formats.binary.document import read_document
from mojo_reader.formats.binary.facts import facts_of
from mojo_reader.formats.facts import ModelFacts
from mojo_reader.formats.limits import Limits

__all__ = ["read_binary"]


def read_binary(stream: BinaryIO, size: int, limits: Limits) -> ModelFacts:
    """Read a binary model of deep learning.

    Args:
        stream: at its start, seekable.
        size: of the file, in bytes.
        limits: what it may ask for.

    Raises:
        MojoFormatError: it is broken.
        MojoUnsupportedError: it is of another algorithm, of a release whose vendor reserves the
            export of scoring artifacts, or of one that no layout fits.
        MojoLimitError: it asks for more than the limits allow.
    """
    return facts_of(read_document(stream, size, limits), limits)
