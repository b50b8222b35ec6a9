"""What was seen in the rows, as Python's warnings: one of each kind for a call."""

import sys
import warnings
from typing import Final

from mojo_reader.scoring.notices import Notices

_OWN_PACKAGES: Final = ("mojo_reader", "emit")


class MissingColumnWarning(UserWarning):
    """The rows lack columns of the model, and were scored as if these were missing."""


class UnseenLevelWarning(UserWarning):
    """Cells hold levels that the model does not know; the text has column, count and example."""


class OffsetWarning(UserWarning):
    """The model has an offset that is not used, or that H2O's server drops in some rows."""


#: Every kind of warning about rows.
ROW_WARNINGS: Final = (MissingColumnWarning, UnseenLevelWarning, OffsetWarning)


def warn_of(notices: Notices) -> None:
    """Warn of what a person may not have meant, in the code that called this package."""
    # Columns that the model does not know are of interest where one may be the absent one, renamed.
    strangers = notices.extra_sentences() if notices.absent else ()
    for kind, sentences in (
        (MissingColumnWarning, (*notices.absent_sentences(), *strangers)),
        (UnseenLevelWarning, notices.unseen_sentences()),
        (OffsetWarning, notices.offset_sentences()),
    ):
        text = "; ".join(sentences)
        if text:
            warnings.warn(text, kind, stacklevel=callers_level())


def callers_level() -> int:
    """Return the stack level, for who asks, of the first frame outside of this project."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - how warnings themselves find it
    while frame.f_back is not None and _is_own(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    return level


def _is_own(module: str) -> bool:
    return module.partition(".")[0] in _OWN_PACKAGES
