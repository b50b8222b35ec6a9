"""What is not installed with the base package, said in one sentence."""

from importlib.util import find_spec

from mojo_reader.errors import MissingExtraError, to_install


def require_pyarrow(what: str) -> None:
    """Require pyarrow, which comes with the extra ``tables``.

    Args:
        what: what needs it, as the start of a sentence, such as ``Arrow tables``.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise MissingExtraError(to_install(f"{what} need pyarrow", "tables"))
