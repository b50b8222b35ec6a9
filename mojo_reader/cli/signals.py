"""SIGTERM and SIGHUP end a command as Ctrl-C does: what is half written is removed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from mojo_reader.errors import EndedByHangUp, EndedBySignal, EndedByTermination
from mojo_reader.files.atomic import remove_unfinished

_SIGNALS: Final[dict[str, type[EndedBySignal]]] = {
    "SIGTERM": EndedByTermination,
    "SIGHUP": EndedByHangUp,
}


@contextmanager
def ending_by_signals() -> Iterator[None]:
    """Raise ``EndedBySignal`` in the block where such a signal comes.

    A signal that somebody else handles, or has ignored (``nohup``), is left alone; so are all where
    this is not the main thread, which alone may handle them.
    """
    taken = []
    if threading.current_thread() is threading.main_thread():
        for name in _SIGNALS:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _end)
                taken.append(number)
    try:
        yield
    except (EndedBySignal, KeyboardInterrupt):
        # The signal may have come where no block was entered yet, or in another one's end.
        remove_unfinished()
        raise
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    raise _SIGNALS[signal.Signals(number).name]
