"""Outputs that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mojo_reader.errors import MojoOutputError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path beside the target to write to; it replaces the target when the block ends well.

    Args:
        target: the file to make; its folder has to exist.

    Raises:
        MojoOutputError: the folder does not exist.
    """
    if not target.parent.is_dir():
        message = f"the folder {target.parent} does not exist"
        raise MojoOutputError(message, file=str(target))
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
