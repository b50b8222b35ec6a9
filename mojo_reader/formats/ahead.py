"""Work on several pieces at once, in order and in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Final, TypeVar

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")

#: NumPy lets the other threads go on only inside of its loops: more of them wait for each other.
_THREADS: Final = 2
#: Items that wait for a thread, or for who takes what was made.
_WAITING: Final = _THREADS + 2
#: First items that are worked on without threads, which a small model never starts.
_ALONE: Final = 4


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
