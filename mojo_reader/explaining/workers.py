"""Several threads for one call: NumPy's products and loops run beside each other."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mojo_reader.scoring.blas import one_blas_thread

_Done = TypeVar("_Done")


def in_order(job: Callable[[int], _Done], places: Sequence[int], workers: int) -> Iterator[_Done]:
    """Do a job at each place, and yield what it returns in their order.

    Args:
        job: what to do.
        places: where.
        workers: number of threads; with one, everything is done in this thread.
    """
    if workers == 1 or len(places) == 1:
        yield from map(job, places)
        return
    from concurrent.futures import ThreadPoolExecutor

    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        yield from pool.map(job, places)
