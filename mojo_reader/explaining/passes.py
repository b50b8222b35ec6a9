"""Rows as the network reads them, and what each layer makes of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mojo_reader import formulas
from mojo_reader.formulas import FLOAT64
from mojo_reader.model import Features, Layer, Mojo, Reconstruction

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Passed:
    """Some rows on their way through the network.

    Attributes:
        places: ``(rows, cats)`` int64: what each code stands for, by its place in
            ``CategoricalFeature.slots``.
        numbers: ``(rows, nums)`` float64, standardized, less the centre.
        sums: of each layer, one ``(rows, units)`` float64 array for each kernel.
        values: of each layer ``(rows, units)``: the activations before the factor of dropout. Not
            of a supervised network's last layer.
        shift: ``(rows, 1)`` what the offset adds to the last layer's sums; None for nothing.
    """

    places: NDArray[np.int64]
    numbers: Array
    sums: tuple[list[Array], ...]
    values: tuple[Array, ...]
    shift: Array | None

    def __len__(self) -> int:
        return len(self.places)

    def part(self, start: int, stop: int) -> "Passed":
        """Return some of the rows, without copying them."""
        cut = slice(start, stop)
        return Passed(
            places=self.places[cut],
            numbers=self.numbers[cut],
            sums=tuple([one[cut] for one in layer] for layer in self.sums),
            values=tuple(layer[cut] for layer in self.values),
            shift=None if self.shift is None else self.shift[cut],
        )


def places_of(matrix: Array, features: Features) -> NDArray[np.int64]:
    """Return what each code of ``(rows, n_features)`` stands for, ``(rows, cats)`` int64."""
    places = np.empty((len(matrix), len(features.categorical)), np.int64)
    for index, feature in enumerate(features.categorical):
        places[:, index] = formulas.code_places(np, matrix[:, index], len(feature.levels))
    return places


class Forward:
    """Runs rows through the network and keeps what each layer makes.

    Numbers are taken less a centre, so that what two rows have in common leaves no rounding in the
    difference of their sums.

    Args:
        mojo: the model.
        centre: ``(nums,)`` float64, standardized.
    """

    def __init__(self, mojo: Mojo, centre: Array) -> None:
        self._layers = mojo.layers
        self._reconstructs = isinstance(mojo.output, Reconstruction)
        self._features = mojo.features
        width = mojo.features.one_hot_width
        first = mojo.layers[0]
        self._tables = [
            formulas.with_empty_row(kernel[:width], FLOAT64) for kernel in first.kernels
        ]
        self._kernels = [
            [kernel.astype(np.float64) for kernel in layer.kernels] for layer in mojo.layers
        ]
        self._kernels[0] = [kernel[width:] for kernel in self._kernels[0]]
        self._centred = [
            bias + centre @ kernel
            for bias, kernel in zip(first.biases, self._kernels[0], strict=True)
        ]

    def run(self, places: NDArray[np.int64], numbers: Array, shift: Array | None) -> Passed:
        """Run rows through the layers.

        Args:
            places: ``(rows, cats)`` int64.
            numbers: ``(rows, nums)`` float64, standardized, less the centre.
            shift: ``(rows, 1)``, added to the last layer's sums; None for nothing.
        """
        sums = [self._first_sums(places, numbers)]
        values: list[Array] = []
        for layer, after in zip(self._layers, self._layers[1:], strict=False):
            values.append(_activated(layer, sums[-1]))
            inputs = values[-1] * layer.scale if layer.scale != 1 else values[-1]
            kernels = self._kernels[len(values)]
            sums.append([inputs @ k + b for k, b in zip(kernels, after.biases, strict=True)])
        if shift is not None:
            sums[-1] = [one + shift for one in sums[-1]]
        if self._reconstructs:
            values.append(_activated(self._layers[-1], sums[-1]))
        return Passed(
            places=places, numbers=numbers, sums=tuple(sums), values=tuple(values), shift=shift
        )

    def _first_sums(self, places: NDArray[np.int64], numbers: Array) -> list[Array]:
        found = [
            numbers @ kernel + bias
            for kernel, bias in zip(self._kernels[0], self._centred, strict=True)
        ]
        for index, feature in enumerate(self._features.categorical):
            slots = feature.slots[places[:, index]]
            for sums, table in zip(found, self._tables, strict=True):
                np.add(sums, table[slots], out=sums)
        return found


def _activated(layer: Layer, sums: list[Array]) -> Array:
    return np.asarray(formulas.ACTIVATIONS[layer.activation](np, FLOAT64, *sums))
