"""How much is done, for who shows it."""

import threading
from collections.abc import Callable


class RowsDone(int):
    """A number of rows that are done.

    Attributes:
        share: of all rows of the files, from 0 to 1; None where that is not known.
    """

    share: float | None = None

    @classmethod
    def of(cls, rows: int, share: float | None) -> "RowsDone":
        """Return a number of rows and their share."""
        done = cls(rows)
        done.share = share
        return done


class Counter:
    """Counts what several threads have done.

    Args:
        show: called with the number done so far; None for nobody.
    """

    def __init__(self, show: Callable[[int], None] | None) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._done = 0

    def add(self, more: int) -> None:
        """Count further ones."""
        if self._show is not None:
            with self._lock:
                self._done += more
                self._show(self._done)
