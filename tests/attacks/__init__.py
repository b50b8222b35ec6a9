"""Small named attempts to abuse the reader, each with the sentence that refuses it.

A module for each way in: ``zips`` (the container), ``folders`` (an unpacked MOJO), ``sizes`` (what
asks for too much) and ``details`` (``modelDetails.json``). What could be read, and would score
wrongly, stands in ``test_cross_checks.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mojo_reader.errors import MojoError, MojoFormatError


@dataclass(frozen=True)
class Attack:
    """One attempt.

    Attributes:
        name: what is tried.
        build: writes it below a folder, and returns what ``read_mojo`` gets.
        message: what is said, without the path before it.
        kind: class of the error.
    """

    name: str
    build: Callable[[Path], Path]
    message: str
    kind: type[MojoError] = MojoFormatError
