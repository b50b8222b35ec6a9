"""What is not installed with the base package, said in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from mojo_reader.errors import MissingExtraError


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
        message = f"{needed_for}; install it with: pip install 'mojo2keras[{name}]'"
        raise MissingExtraError(message) from error
