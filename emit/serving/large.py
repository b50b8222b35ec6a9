"""Large bodies of JSON, answered in processes of their own.

Reading ten megabytes of JSON is one call that holds Python's lock for a tenth of a second, in
which no thread answers anybody: not even who asks for the server's health.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Final

from mojo_reader.scoring.blas import one_blas_thread

from .answers import Answer, ServedModel
from .workers import when_parent_ends

#: Behind the processes that answer small requests.
_NICENESS: Final = 5


class LargeBodies:
    """Starts its processes when the first large body comes.

    Args:
        model: the model, which each of them gets a copy of.
        processes: at most.
    """

    def __init__(self, model: ServedModel, processes: int) -> None:
        self._model = model
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    async def answer(self, how: str, body: bytes, json_length: bytes | None) -> Answer:
        """Answer one body.

        Args:
            how: the name of a method of ``ServedModel``.
            body: of the request.
            json_length: as the method takes it.
        """
        loop = asyncio.get_running_loop()
        for attempt in (1, 2):
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    self._processes,
                    mp_context=get_context("spawn"),
                    initializer=_start,
                    initargs=(self._model,),
                )
            pool = self._pool
            try:
                return await loop.run_in_executor(pool, _answer, how, body, json_length)
            except BrokenProcessPool:  # somebody ended one of them, or memory did
                if self._pool is pool:
                    self._pool = None
                if attempt == 2:  # noqa: PLR2004
                    raise
        raise AssertionError

    def close(self) -> None:
        """End the processes, and wait until they have."""
        if self._pool is not None:
            # Without waiting, a process that ends now may close the queue before the pool has told
            # its processes to end, and then it waits for them for ever.
            self._pool.shutdown(wait=True, cancel_futures=True)


_served: ServedModel | None = None


def _start(model: ServedModel) -> None:
    global _served  # noqa: PLW0603 - what a process of the pool has for its whole life
    import signal

    _served = model
    when_parent_ends(lambda: os._exit(1))
    os.nice(_NICENESS)
    # A terminal's Ctrl-C goes to all processes; the server ends these itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _answer(how: str, body: bytes, json_length: bytes | None) -> Answer:
    assert _served is not None  # noqa: S101
    with one_blas_thread():
        respond: Callable[..., Answer] = getattr(_served, how)
        return respond(body, json_length)
