"""A process beside the tests, for draws on which a native library may end its process."""

import functools
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any


@functools.cache
def _child() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def in_child(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call a module's function in the child, which lives on from draw to draw.

    Raises:
        AssertionError: The child's process ended; the run of the tests goes on.
    """
    try:
        return _child().submit(function, *arguments, **options).result()
    except BrokenProcessPool:
        _child.cache_clear()
    msg = f"the process ended in {function.__qualname__}{arguments!r:.2000}"
    raise AssertionError(msg)
