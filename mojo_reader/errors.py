"""Every error this project raises on purpose, and how a program fails with one.

::

    MojoError(ValueError)
    |-- MojoFormatError        the file is broken or is not a MOJO
    |   `-- MojoLimitError     the file is larger than the limits allow
    |-- MojoUnsupportedError   the file is sound, but this project cannot score it
    |-- MojoDataError          the rows do not fit the model
    |-- MojoOutputError        a result cannot be written
    |   `-- OutputNameError    its name is an input's, another output's, or of another format
    |-- TrainingError          training came to nothing that is worth keeping
    |-- ParityError            an emitted model does not predict the reference's numbers
    `-- MissingExtraError      an optional dependency is not installed

Context (file, member, key) is added while the error rises, so that the innermost code needs
to know only what it expected and what it found.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

__all__ = [
    "EXIT_CODES",
    "MissingExtraError",
    "MojoDataError",
    "MojoError",
    "MojoFormatError",
    "MojoLimitError",
    "MojoOutputError",
    "MojoUnsupportedError",
    "OutputNameError",
    "ParityError",
    "TrainingError",
    "exit_code",
    "sentence",
]


class MojoError(ValueError):
    """Base of all errors of this project; its text is one plain sentence.

    Attributes:
        reason: what was expected and what was found, without the place.
        file: the file or folder that was read, when known.
        member: the member of the zip, such as ``model.ini``, when known.
        key: the key inside the member, such as ``weight_layer0``, when known.
    """

    def __init__(
        self,
        reason: str,
        *,
        file: str | None = None,
        member: str | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.file = file
        self.member = member
        self.key = key

    def locate(
        self, *, file: str | None = None, member: str | None = None, key: str | None = None
    ) -> Self:
        """Fill in the parts of the place that are not known yet, and return the error."""
        self.file = self.file or file
        self.member = self.member or member
        self.key = self.key or key
        return self

    def __str__(self) -> str:
        place = " ".join(part for part in (self.member, self.key) if part)
        prefix = f"{self.file}: " if self.file else ""
        text = printable(f"{prefix}{self.reason}" + (f" ({place})" if place else ""))
        return text if len(text) <= _MOST_SIGNS else f"{text[:_MOST_SIGNS]}..."

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the place when the error crosses a process boundary."""
        return _rebuild, (type(self), self.reason, self.file, self.member, self.key)


class MojoFormatError(MojoError):
    """The file is broken, or it is not an H2O deep-learning MOJO."""


class MojoLimitError(MojoFormatError):
    """The file is larger, or declares more, than the limits allow."""


class MojoUnsupportedError(MojoError):
    """The file is sound, but nothing here can score it correctly."""


class MojoDataError(MojoError):
    """The rows to score do not fit the model."""


class MojoOutputError(MojoError):
    """A result cannot be written."""


class OutputNameError(MojoOutputError):
    """An output's name is that of an input or of another output, or says another format."""


class TrainingError(MojoError):
    """Training came to no model that is worth keeping."""


class ParityError(MojoError):
    """An emitted model does not predict the numbers of the reference."""


class MissingExtraError(MojoError):
    """An optional dependency is not installed."""


def to_install(needed: str, extra: str, *, several: bool = False) -> str:
    """Say what installs what is missing.

    Args:
        needed: who needs what, such as ``MojoClassifier needs scikit-learn``.
        extra: of this project, which brings it.
        several: it is more than one package.
    """
    them = "them" if several else "it"
    # A checkout is installed from its folder.
    here = Path(__file__).parent.parent
    package = f"-e '{here}" if (here / "pyproject.toml").exists() else "'mojo2keras"
    return f"{needed}; install {them} with: pip install {package}[{extra}]'"


# A name in a file can have megabytes, a sentence with it must not.
_MOST_SIGNS: Final = 2000


def printable(text: str) -> str:
    """Escape what the names in a file could do to a terminal or a log."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


_LISTED: Final = 5


def listed(names: Sequence[str]) -> str:
    """Quote the first names of many for a message."""
    text = ", ".join(map(repr, names[:_LISTED]))
    return f"{text} and {len(names) - _LISTED} more" if len(names) > _LISTED else text


def _rebuild(
    kind: type[MojoError], reason: str, file: str | None, member: str | None, key: str | None
) -> MojoError:
    return kind(reason, file=file, member=member, key=key)


@contextmanager
def located(
    *, file: str | None = None, member: str | None = None, key: str | None = None
) -> Iterator[None]:
    """Add the place to every ``MojoError`` that leaves the block."""
    try:
        yield
    except MojoError as error:
        error.locate(file=file, member=member, key=key)
        raise


# --------------------------------------------------------------------------- how a program fails

#: Errors of writing that name no file.
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
COMPARISON_FAILED: Final = 1
TRAINING_FAILED: Final = 1
USAGE: Final = 2
CANNOT_READ_OR_WRITE: Final = 6
INTERRUPTED: Final = 130
HUNG_UP: Final = 129
TERMINATED: Final = 143
SIGNAL_CODES: Final = frozenset({INTERRUPTED, HUNG_UP, TERMINATED})


class EndedBySignal(BaseException):
    """A signal asked the program to end; no error of its own, and nothing else catches it."""


class EndedByTermination(EndedBySignal):
    """SIGTERM, as ``kill``, ``timeout`` and a system that shuts down send it."""


class EndedByHangUp(EndedBySignal):
    """SIGHUP: the terminal has gone."""


EXIT_CODES: Final[dict[type[BaseException], int]] = {
    ParityError: COMPARISON_FAILED,
    TrainingError: TRAINING_FAILED,
    MojoFormatError: 3,
    MojoUnsupportedError: 3,
    MojoDataError: 4,
    MissingExtraError: 5,
    MojoOutputError: CANNOT_READ_OR_WRITE,
    OutputNameError: USAGE,
    FileNotFoundError: USAGE,
    NotADirectoryError: USAGE,
    OSError: CANNOT_READ_OR_WRITE,
    MemoryError: CANNOT_READ_OR_WRITE,
    KeyboardInterrupt: INTERRUPTED,
    EndedByHangUp: HUNG_UP,
    EndedByTermination: TERMINATED,
}
"""Error class to exit code; a subclass has its nearest base's."""


def exit_code(error: BaseException) -> int:
    """Return the program's exit code for an error."""
    for kind in type(error).__mro__:
        if kind in EXIT_CODES:
            return EXIT_CODES[kind]
    return 1


def sentence(error: BaseException) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, MojoError):
        text = str(error)
    elif isinstance(error, (FileNotFoundError, NotADirectoryError)) and error.filename:
        text = f"{os.fsdecode(error.filename)}: no such file or folder"
    elif isinstance(error, OSError) and error.filename is None and error.errno in NO_ROOM:
        # Who writes a target names it; what has no name is written for a while only.
        import tempfile

        text = f"{tempfile.gettempdir()}, the folder for temporary files: {error.strerror}"
    elif isinstance(error, OSError):
        named = isinstance(error.filename, (str, bytes, os.PathLike)) and error.filename
        place = f"{os.fsdecode(error.filename)}: " if named else ""
        text = f"{place}{error.strerror or error}"
    elif isinstance(error, KeyboardInterrupt):
        text = "interrupted"
    elif isinstance(error, EndedByTermination):
        text = "ended by SIGTERM"
    elif isinstance(error, EndedByHangUp):
        text = "ended by SIGHUP"
    elif isinstance(error, MemoryError):
        text = "not enough memory"
    else:
        text = str(error)
    return printable(" ".join(text.split()))
