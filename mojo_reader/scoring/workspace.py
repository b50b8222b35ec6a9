"""Memory for the sums of a block of rows: one for each thread, which all networks take in turn."""

import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: What a thread keeps for the next block; larger blocks have memory of their own.
KEPT_BYTES: Final = 1 << 24
_ALIGNMENT: Final = 64


class _Memory(threading.local):
    """The calling thread's own.

    Attributes:
        kept: the memory.
        shapes: what was asked for last, with its type.
        found: the arrays that were given for it.
    """

    def __init__(self) -> None:
        self.kept = np.empty(0, np.uint8)
        self.shapes: tuple[Any, ...] = ()
        self.found: list[NDArray[Any]] = []


_MEMORY: Final = _Memory()


def arrays(shapes: Sequence[tuple[int, int]], dtype: np.dtype[Any]) -> list[NDArray[Any]]:
    """Return arrays that stand beside each other in the calling thread's memory.

    They hold anything, and are good until the thread asks for others.

    Args:
        shapes: rows and columns of each.
        dtype: their type.
    """
    asked = (*shapes, dtype)
    if asked == _MEMORY.shapes:
        return _MEMORY.found
    sizes = [rows * columns * dtype.itemsize for rows, columns in shapes]
    room = [size + -size % _ALIGNMENT for size in sizes]
    memory = _aligned(sum(room))
    found, start = [], 0
    for shape, size, taken in zip(shapes, sizes, room, strict=True):
        found.append(memory[start : start + size].view(dtype).reshape(shape))
        start += taken
    kept = start + _ALIGNMENT <= _MEMORY.kept.size
    _MEMORY.shapes, _MEMORY.found = (asked, found) if kept else ((), [])
    return found


def _aligned(size: int) -> NDArray[np.uint8]:
    """Return memory that starts where a line of the processor's cache does."""
    memory = _MEMORY.kept
    if memory.size < size + _ALIGNMENT:
        memory = np.zeros(size + _ALIGNMENT, np.uint8)
        if size <= KEPT_BYTES:
            _MEMORY.kept = memory
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size]
