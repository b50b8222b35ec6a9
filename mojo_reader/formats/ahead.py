"""Work on pieces ahead of who takes them, in order and in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Final, TypeVar

import numpy as np

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")

#: Beside the thread that unpacks or packs. NumPy lets the others go on only inside of its loops:
#: more of them wait for each other, which takes as much time as they have to share.
_THREADS: Final = 1
#: Items that wait for a thread, or for who takes what was made.
_WAITING: Final = _THREADS + 2
#: First items that are worked on without threads, which a small model never starts.
_ALONE: Final = 4
#: Above the arrays of an item, below those that are better given back.
_KEPT_BYTES: Final = 1 << 21


def made_ahead(work: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
    """Yield what work makes of each item, in order; an error rises where its item's turn comes.

    Args:
        work: mostly NumPy's, on thousands of numbers at a time.
        items: many, of which few are taken before they are needed.
    """
    left = iter(items)
    yield from map(work, islice(left, _ALONE))
    for first in left:
        yield from _by_threads(work, chain((first,), left))


def _by_threads(work: Callable[[_Item], _Made], items: Iterator[_Item]) -> Iterator[_Made]:
    # Its import takes as long as reading a small model.
    from concurrent.futures import Future, ThreadPoolExecutor

    _keep_freed_memory()
    waiting: deque[Future[_Made]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= _WAITING:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _keep_freed_memory() -> None:
    """Have the C library keep what each item's arrays free for those of the next.

    glibc gives memory back to the system as soon as some is free, so that each array's pages are
    made and cleared anew: a fifth of the time. Once it has freed one large array, it waits for
    twice as much. Elsewhere this does nothing.
    """
    np.empty(_KEPT_BYTES, np.uint8)
