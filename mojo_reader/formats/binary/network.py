"""The arrays of a model: weights and biases, and what its optimizer remembers of each.

Sources: ``hex.deeplearning.DeepLearningModelInfo``, ``hex.deeplearning.Storage``.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.errors import MojoFormatError, located
from mojo_reader.formats.binary.objects import Record
from mojo_reader.formats.limits import Limits

_MAXOUT: Final = "Maxout"
_CANDIDATES: Final = 2
#: ADADELTA's averages of the squares of steps and of gradients.
_AVERAGES: Final = 2
_FEWEST_SIZES: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Network:
    """The arrays, flat and in the order of a MOJO; those of the optimizer in their shapes.

    Attributes:
        sizes: number of inputs, then of each layer's units.
        weights: one float32 array a layer, ``(units * inputs * candidates,)``.
        biases: one float64 array a layer, ``(units * candidates,)``.
        weight_ada, bias_ada: as in ``TrainingState``; empty for none.
        weight_momenta, bias_momenta: as in ``TrainingState``; empty for none.
    """

    sizes: tuple[int, ...]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float64], ...]
    weight_ada: tuple[NDArray[np.float32], ...]
    bias_ada: tuple[NDArray[np.float64], ...]
    weight_momenta: tuple[NDArray[np.float32], ...]
    bias_momenta: tuple[NDArray[np.float64], ...]


def network_of(model: Record, limits: Limits) -> Network:
    """Take the arrays of a model, whose sizes must be those that ``units`` says.

    Raises:
        MojoFormatError: they are not.
        MojoLimitError: there are more than the limits allow.
    """
    info = model.record("model_info")
    with located(key="model_info.units"):
        sizes = _sizes(info, limits)
    activation = str(info.record("parameters").required("_activation"))
    weights, biases = _shapes(sizes, maxout=activation.startswith(_MAXOUT))
    _check_counts(weights, biases, limits)
    return Network(
        sizes=sizes,
        weights=_arrays(info, "dense_row_weights", [(math.prod(shape),) for shape in weights]),
        biases=_arrays(info, "biases", [(math.prod(shape),) for shape in biases]),
        weight_ada=_arrays(
            info, "dense_row_ada_dx_g", [(*s, _AVERAGES) for s in weights], optional=True
        ),
        bias_ada=_arrays(info, "biases_ada_dx_g", [(*s, _AVERAGES) for s in biases], optional=True),
        weight_momenta=_arrays(info, "dense_row_weights_momenta", weights, optional=True),
        bias_momenta=_arrays(info, "biases_momenta", biases, optional=True),
    )


def _sizes(info: Record, limits: Limits) -> tuple[int, ...]:
    sizes: list[int] = info.required("units").tolist()
    if len(sizes) < _FEWEST_SIZES or min(sizes) < 1:
        message = f"expected the sizes of inputs and layers, found {sizes[:_FEWEST_SIZES]}"
        raise MojoFormatError(message)
    limits.check("layers", len(sizes) - 1, f"the network has {len(sizes) - 1:,} layers")
    return tuple(sizes)


_Shapes = list[tuple[int, ...]]


def _shapes(sizes: Sequence[int], *, maxout: bool) -> tuple[_Shapes, _Shapes]:
    """Return the shapes of weights and biases; only hidden layers have two candidates."""
    weights: _Shapes = []
    biases: _Shapes = []
    last = len(sizes) - 2
    for layer, (inputs, units) in enumerate(itertools.pairwise(sizes)):
        candidates = (_CANDIDATES,) if maxout and layer < last else ()
        weights.append((units, inputs, *candidates))
        biases.append((units, *candidates))
    return weights, biases


def _check_counts(weights: _Shapes, biases: _Shapes, limits: Limits) -> None:
    count = sum(map(math.prod, weights))
    limits.check_count("weights", count, f"the network has {count:,} weights")
    count = sum(map(math.prod, biases))
    limits.check("biases", count, f"the network has {count:,} biases")


def _arrays(
    info: Record, name: str, shapes: _Shapes, *, optional: bool = False
) -> tuple[NDArray[Any], ...]:
    """Take the arrays of a list of ``Storage``'s, which have these shapes."""
    stores = info.get(name)
    if optional and stores is None:
        return ()
    with located(key=f"model_info.{name}"):
        found = [] if stores is None else [_data(store) for store in stores]
        if len(found) != len(shapes):
            message = f"expected {len(shapes)} arrays, one for each layer, found {len(found)}"
            raise MojoFormatError(message)
        for array, shape in zip(found, shapes, strict=True):
            if array.size != math.prod(shape):
                message = f"expected {math.prod(shape):,} numbers, found {array.size:,}"
                raise MojoFormatError(message)
    return tuple(array.reshape(shape) for array, shape in zip(found, shapes, strict=True))


def _data(store: Record | None) -> NDArray[Any]:
    if store is None:
        raise MojoFormatError("expected an array, found none")
    array: NDArray[Any] = store.required("_data")
    return array
