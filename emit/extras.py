"""What is not installed with the base package, said in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from mojo_reader.errors import MissingExtraError, to_install


@contextmanager
def extra(name: str, *, needed_for: str) -> Iterator[None]:
    """Import in the block what an extra of this project brings.

    Args:
        name: the extra.
        needed_for: who needs what, such as ``MojoClassifier needs scikit-learn``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(to_install(needed_for, name)) from error
