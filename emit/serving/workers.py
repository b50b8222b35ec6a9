"""Several processes that answer on one socket, and one that looks after them."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Final

# Seconds that a process must have lived for the next one to be started without a pause.
_LIVED: Final = 1.0


_ENDINGS: Final = (signal.SIGTERM, signal.SIGINT)


def supervise(
    count: int, run: Callable[[], signal.Signals], started: Callable[[], None]
) -> signal.Signals:
    """Keep processes running until a signal, which is handed on to them.

    Args:
        count: of processes; one that ends unasked is started again.
        run: what each does until a signal, once it has called ``take_signals``. The processes
            are forked, so that they share the model's memory.
        started: called when they are there.

    Returns:
        The signal.
    """
    told, teller = os.pipe()
    os.set_blocking(teller, False)
    received: list[signal.Signals] = []

    def note(number: int, _frame: object) -> None:
        received.append(signal.Signals(number))
        os.write(teller, b"!")

    before = {number: signal.signal(number, note) for number in _ENDINGS}
    try:
        running = [_start(run) for _ in range(count)]
        started()
        handed = 0
        while running:
            wait([told, *(process.sentinel for process, _ in running)])
            for number in received[handed:]:
                _hand_on(number, running)
            if len(received) > handed:
                os.read(told, len(received) - handed)
                handed = len(received)
            running = [
                kept
                for one in running
                if (kept := _checked(one, run, stopping=bool(received))) is not None
            ]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(told)
        os.close(teller)
    return received[-1]


_Running = tuple[BaseProcess, float]


def take_signals() -> None:
    """Let signals come that were held back until there was a handler of one's own."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)


def _start(run: Callable[[], signal.Signals]) -> _Running:
    process = multiprocessing.get_context("fork").Process(target=_run, args=(run,))
    # A new process has this one's handlers, which are none for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        process.start()
    finally:
        take_signals()
    return process, time.monotonic()


def _run(run: Callable[[], signal.Signals]) -> None:
    when_parent_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
    run()


def when_parent_ends(do: Callable[[], object]) -> None:
    """Do something once the process that started this one is no more, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_and_do() -> None:
        parent.join()
        do()

    threading.Thread(target=wait_and_do, daemon=True).start()


def _hand_on(number: signal.Signals, running: list[_Running]) -> None:
    for process, _ in running:
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, number)


def _checked(
    one: _Running, run: Callable[[], signal.Signals], *, stopping: bool
) -> _Running | None:
    """Return a process that runs, or another in the place of one that ended unasked."""
    process, since = one
    if process.is_alive():
        return one
    process.join()
    if stopping:
        return None
    sys.stderr.write(
        f"mojo2keras: the process {process.pid} ended with {process.exitcode}; another starts\n"
    )
    if time.monotonic() - since < _LIVED:
        time.sleep(_LIVED)
    return _start(run)
