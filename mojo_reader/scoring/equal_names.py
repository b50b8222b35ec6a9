"""Names that stand twice: where H2O writes two output columns alike, not every medium holds both.

H2O names an output column by its level (``predict`` beside a level ``predict``, ``p0`` for the
levels ``0`` and ``p0``) and does not mind two of one name (``GenModel.getOutputNames``).
"""

from collections.abc import Iterable

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.model import first_twice


def require_distinct(columns: Iterable[str], medium: str, instead: str) -> None:
    """Require output columns that a medium can tell apart.

    Args:
        columns: names of the output columns.
        medium: what cannot hold two equal names.
        instead: what works, as an imperative.

    Raises:
        MojoUnsupportedError: two names are equal.
    """
    twice = first_twice(columns)
    if twice is not None:
        message = (
            f"H2O gives two columns of this model's prediction the name {twice!r}, which {medium} "
            f"cannot hold; {instead}"
        )
        raise MojoUnsupportedError(message)
