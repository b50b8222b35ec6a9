"""Cases of odd network shapes, and of classes that tie."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import odd_frames as odd
from case import Case
from cases_networks import Y
from frames import mixed
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab import Server

binary = functools.partial(mixed, "binary", seed=31)
classes = functools.partial(mixed, "classes", seed=32)
number = functools.partial(mixed, "number", seed=33)

ALL_ROWS: Final = Rows(sample=None)

SHAPES: Final = (
    Case(
        name="no_hidden_layer",
        why="An empty list of hidden layers.",
        frame=classes,
        parameters={**Y, "hidden": []},
    ),
    Case(
        name="one_hidden_layer",
        why="A single hidden layer.",
        frame=number,
        parameters={**Y, "hidden": [5]},
    ),
    Case(
        name="four_hidden_layers",
        why="Four hidden layers, each of another width.",
        frame=binary,
        parameters={**Y, "hidden": [9, 7, 5, 3], "activation": "Tanh"},
        rows=ALL_ROWS,
    ),
    Case(
        name="square_kernel",
        why="A square kernel, which a reader could transpose without breaking a size.",
        frame=binary,
        parameters={**Y, "hidden": [7, 7], "activation": "Tanh"},
    ),
    Case(
        name="one_unit",
        why="A hidden layer of one unit.",
        frame=classes,
        parameters={**Y, "hidden": [1], "activation": "Tanh"},
    ),
    Case(
        name="wide_layers",
        why="Widths that are no multiples of 8, so Java's unrolled sums have a tail.",
        frame=binary,
        parameters={**Y, "hidden": [50, 37, 19], "epochs": 2},
        rows=ALL_ROWS,
    ),
    Case(
        name="wide_layers_regression",
        why="The same without any exponential.",
        frame=number,
        parameters={**Y, "hidden": [53, 29, 18], "epochs": 2},
        rows=ALL_ROWS,
    ),
    Case(
        name="wide_layers_maxout",
        why="Wide Maxout layers, which Java sums in another order.",
        frame=number,
        parameters={**Y, "hidden": [33, 21], "epochs": 2, "activation": "Maxout"},
    ),
)


def _tying_weights(
    server: Server, frame: str, parameters: Mapping[str, object]
) -> dict[str, object]:
    """Weights with which classes one and two are always equal, and above class zero for x > 0."""
    del frame, parameters
    weights = ([[1.0], [-1.0]], [[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    biases = ([[0.0], [0.0]], [[0.0], [0.0], [0.0], [0.0]])
    return {
        "initial_weights": [server.upload_matrix(matrix) for matrix in weights],
        "initial_biases": [server.upload_matrix(matrix) for matrix in biases],
    }


TIES: Final = (
    Case(
        name="ties_untrained",
        why="An untrained network whose one hidden unit is often 0: all classes tie exactly.",
        frame=odd.four_classes,
        parameters={**Y, "hidden": [1], "epochs": 0, "activation": "Rectifier"},
        rows=Rows(sample=100),
        notes="Java draws the label of tied classes from a generator seeded by the row.",
    ),
    Case(
        name="ties_of_two",
        why="Classes one and two tie above class zero, which can be the label all the same.",
        frame=odd.one_number,
        parameters={
            **Y,
            "hidden": [2],
            "epochs": 0,
            "activation": "Rectifier",
            "standardize": False,
        },
        prepare=_tying_weights,
        rows=Rows(sample=100),
        notes="Java draws the label of tied classes from a generator seeded by the row.",
    ),
)

CASES: Final = (*SHAPES, *TIES)
