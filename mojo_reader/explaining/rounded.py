"""Products with Jacobians whose every entry H2O rounds to float32.

An entry of a layer with one kernel is ``float32(kernel * slope)``. Most units of a rectifier have
a slope of 0, or of the factor of dropout, for which the kernel is rounded once and all pairs go
through one matrix product. The entries of the other units, and of most units of other activations,
are rounded pair by pair, in blocks that stay in the processor's cache.

Source: ``hex.deeplearning.DeepSHAPContributionsWithBackground``.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rounded = NDArray[np.float32]
Tile = tuple[slice, slice]
"""Some rows, some background rows."""
#: Entries that are computed at once.
_ENTRIES: Final = 1 << 15
#: Of a larger share of units to be rounded, choosing them costs more than taking them all.
_MANY: Final = 0.5


class Jacobian(Protocol):
    """How a layer's outputs move with its inputs, for each pair of some rows."""

    def entries(self, kernels: Sequence[Rounded], tile: Tile, out: Rounded) -> None:
        """Compute the entries of some pairs.

        Args:
            kernels: arrays that broadcast to ``(rows, others, inputs, units)``, those of the tile.
            tile: the pairs.
            out: ``(rows, others, inputs, units)`` float32.
        """


@dataclass(frozen=True, slots=True, eq=False)
class OneKernel:
    """The Jacobian of a layer with one kernel.

    Attributes:
        slopes: ``(rows, others, units)`` float32.
    """

    slopes: Rounded

    def entries(self, kernels: Sequence[Rounded], tile: Tile, out: Rounded) -> None:
        """Compute the entries of some pairs."""
        np.multiply(kernels[0], self.slopes[tile][:, :, None], out=out)


@dataclass(frozen=True, slots=True, eq=False)
class TwoKernels:
    """The Jacobian of a ``Maxout`` layer.

    Attributes:
        factors: of each kernel ``(rows, others, units)`` float32, how the larger candidate moves.
        moves: the same in float64, how this candidate moves; infinite where that is nothing.
        scale: the factor of dropout.
    """

    factors: tuple[Rounded, ...]
    moves: tuple[Array, ...]
    scale: float

    def entries(self, kernels: Sequence[Rounded], tile: Tile, out: Rounded) -> None:
        """Compute the entries of some pairs."""
        total = np.zeros(out.shape)
        quotients = np.empty_like(total)
        for kernel, factor, move in zip(kernels, self.factors, self.moves, strict=True):
            np.multiply(kernel, factor[tile][:, :, None], out=out)
            np.divide(out, move[tile][:, :, None], out=quotients)
            total += quotients
        np.multiply(total, self.scale, out=total)
        np.copyto(out, total, casting="same_kind")


def sums(jacobian: Jacobian, kernels: Sequence[Rounded], multipliers: Array) -> Array:
    """Carry multipliers of a layer's outputs to inputs, entry by entry.

    Args:
        jacobian: of each pair.
        kernels: ``(inputs, units)``, the same for every pair, or with ``(rows, 1)`` or
            ``(1, others)`` before that, each row's own inputs or each background row's.
        multipliers: ``(rows, others, units)`` float64.

    Returns:
        ``(rows, others, inputs)`` float64.
    """
    rows, others, units = multipliers.shape
    inputs = kernels[0].shape[-2]
    found = np.empty((rows, others, inputs))
    # Of a large kernel some inputs at once, too.
    wide = max(1, min(inputs, _ENTRIES // max(1, units)))
    size = max(_ENTRIES, wide * units)
    memory = np.empty(size, np.float32), np.empty(size)
    for start in range(0, inputs, wide):
        cut = slice(start, start + wide)
        some = [kernel[..., cut, :] for kernel in kernels]
        _fill(found[:, :, cut], jacobian, some, multipliers, memory)
    return found


def _fill(
    found: Array,
    jacobian: Jacobian,
    kernels: Sequence[Rounded],
    multipliers: Array,
    memory: tuple[Rounded, Array],
) -> None:
    """Write what is carried to some inputs, ``(rows, others, inputs)``, tile by tile."""
    rows, others, inputs = found.shape
    units = multipliers.shape[2]
    for tile in _tiles(rows, others, inputs * units):
        shape = *found[tile].shape[:2], inputs, units
        entries, wide = (one[: math.prod(shape)].reshape(shape) for one in memory)
        jacobian.entries([_of(kernel, tile) for kernel in kernels], tile, entries)
        np.copyto(wide, entries)
        np.matmul(wide, multipliers[tile][..., None], out=found[tile][..., None])


def _tiles(rows: int, others: int, size: int) -> Iterator[Tile]:
    """Cut pairs, whose Jacobians have ``size`` entries, into tiles of not too many entries."""
    wide = min(others, max(1, _ENTRIES // max(1, size)))
    tall = max(1, _ENTRIES // max(1, size * wide))
    for row in range(0, rows, tall):
        for other in range(0, others, wide):
            yield slice(row, row + tall), slice(other, other + wide)


def _of(kernel: Rounded, tile: Tile) -> Rounded:
    """Return what a tile needs of a kernel that may differ from row to row."""
    if kernel.ndim == 2:  # noqa: PLR2004
        return kernel
    rows, others = (
        cut if length > 1 else slice(None) for cut, length in zip(tile, kernel.shape, strict=False)
    )
    return kernel[rows, others]


class ChosenUnits:
    """A layer with one kernel, of which only those units are rounded whose slope is not usual.

    Args:
        kernel: ``(inputs, units)`` float32.
        usual: the slope of units that are active in both rows: the factor of dropout.
    """

    def __init__(self, kernel: Rounded, usual: float) -> None:
        self._kernel = kernel
        self._of_units = np.ascontiguousarray(kernel.T)
        self._usual = np.float32(usual)
        self._usually = (self._of_units * self._usual).astype(np.float64)

    def carried(self, jacobian: OneKernel, multipliers: Array) -> Array:
        """Carry multipliers ``(rows, others, units)`` to the inputs, ``(rows, others, inputs)``."""
        slopes = jacobian.slopes
        usual = slopes == self._usual
        chosen = slopes != 0
        np.greater(chosen, usual, out=chosen)
        if np.count_nonzero(chosen) > _MANY * chosen.size:
            return sums(jacobian, [self._kernel], multipliers)
        units = slopes.shape[2]
        usually = np.where(usual, multipliers, 0.0).reshape(-1, units)
        found = usually @ self._usually
        self._add(found, chosen.reshape(-1, units), (slopes.ravel(), multipliers.ravel()))
        return found.reshape(*slopes.shape[:2], -1)

    def _add(self, found: Array, chosen: NDArray[np.bool_], flat: tuple[Rounded, Array]) -> None:
        """Add what chosen units carry, ``(pairs, units)``, to ``(pairs, inputs)``."""
        counts = np.count_nonzero(chosen, axis=1)
        # Pairs with about as many units stand beside each other, those with most at first.
        order = np.argsort(-counts, kind="stable")
        counts = counts[order]
        pairs = int(np.count_nonzero(counts))
        if not pairs:
            return
        order = order[:pairs]
        units, slopes, multipliers = _beside_each_other(chosen[order], counts[:pairs], order, flat)
        inputs = found.shape[1]
        most = max(_ENTRIES, int(counts[0]) * inputs)
        rounded, wide = np.empty(most, np.float32), np.empty(most)
        start = 0
        while start < pairs:
            count = int(counts[start])
            part = slice(start, min(pairs, start + max(1, _ENTRIES // max(1, count * inputs))))
            shape = part.stop - start, count, inputs
            size = math.prod(shape)
            some, some_wide = rounded[:size].reshape(shape), wide[:size].reshape(shape)
            self._of_units.take(units[part, :count], axis=0, out=some, mode="clip")
            np.multiply(some, slopes[part, :count, None], out=some)
            np.copyto(some_wide, some)
            found[order[part]] += np.matmul(multipliers[part, None, :count], some_wide)[:, 0]
            start = part.stop


def _beside_each_other(
    chosen: NDArray[np.bool_],
    counts: NDArray[np.intp],
    order: NDArray[np.intp],
    flat: tuple[Rounded, Array],
) -> tuple[NDArray[np.intp], Rounded, Array]:
    """Return the chosen units of each pair, their slopes and multipliers, ``(pairs, most)`` each.

    What a pair has less than the first one moves nothing.
    """
    units, most = chosen.shape[1], int(counts[0])
    pairs = np.repeat(np.arange(len(counts)), counts)
    found = np.flatnonzero(chosen) - pairs * units
    source = order[pairs] * units + found
    starts = np.cumsum(counts) - counts
    target = np.arange(len(pairs)) + np.repeat(np.arange(len(counts)) * most - starts, counts)
    size = len(counts) * most
    places, slopes, multipliers = (
        np.zeros(size, np.intp),
        np.zeros(size, np.float32),
        np.zeros(size),
    )
    places[target] = found
    slopes[target] = flat[0][source]
    multipliers[target] = flat[1][source]
    shape = len(counts), most
    return places.reshape(shape), slopes.reshape(shape), multipliers.reshape(shape)
