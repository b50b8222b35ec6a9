"""Several workers beside each other, and NumPy's matrix products kept to one thread meanwhile."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

# NumPy's wheels bring OpenBLAS with these names; a distribution's own has the plain ones.
_PREFIXES: Final = ("scipy_openblas_", "openblas_")
_SUFFIXES: Final = ("64_", "")

_MOST_WORKERS: Final = 8


def usable_cores() -> int:
    """Return the number of cores that this process may use, 8 at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, _MOST_WORKERS)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let matrix products use one thread inside of the block; without OpenBLAS, do nothing."""
    functions = _thread_functions()
    if functions is None:
        yield
        return
    get, put = functions
    before = int(get())
    put(1)
    try:
        yield
    finally:
        put(before)


@cache
def _thread_functions() -> tuple[Any, Any] | None:
    """Return OpenBLAS's functions that get and set its number of threads."""
    for library in _libraries():
        try:
            loaded = ctypes.CDLL(str(library))
        except OSError:
            continue
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                get = getattr(loaded, f"{prefix}get_num_threads{suffix}", None)
                put = getattr(loaded, f"{prefix}set_num_threads{suffix}", None)
                if get is not None and put is not None:
                    return get, put
    return None


def _libraries() -> list[Path]:
    package = Path(np.__file__).parent
    folders = (package.parent / "numpy.libs", package / ".dylibs")
    return [path for folder in folders if folder.is_dir() for path in folder.glob("*openblas*")]
