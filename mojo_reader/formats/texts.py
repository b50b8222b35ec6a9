"""Texts of every format."""

from mojo_reader.errors import MojoFormatError


def decode(content: bytes) -> str:
    """Decode UTF-8.

    Raises:
        MojoFormatError: the bytes are not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"expected UTF-8 text, found {content[error.start : error.start + 4]!r}"
        raise MojoFormatError(message) from error
