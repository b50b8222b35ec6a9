"""What training left in a model beside its weights; H2O's binary models hold it, MOJOs do not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TrainingState"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TrainingState:
    """The state of training (``hex.deeplearning.DeepLearningModelInfo``, ``hex.DataInfo``).

    All arrays are read-only. Those of the optimizer are empty tuples where H2O kept none.

    Attributes:
        parameters: the parameters that training had in effect, by H2O's name.
        processed: number of training rows that were seen.
        numeric_means: ``(nums,)`` float64 mean of each numeric feature; None for none.
        categorical_modes: ``(cats,)`` most frequent code of each categorical feature; None for
            none.
        saw_missing: ``(cats,)`` bool: the column had missing cells in training; None where
            H2O did not say.
        weight_ada: one ``(units, inputs, 2)`` float32 array a layer: ``E[dx^2]`` and ``E[g^2]`` of
            ADADELTA; ``(units, inputs, 2, 2)`` for ``Maxout``, whose candidates come before these.
        bias_ada: one ``(units, 2)`` float64 array a layer, ``(units, 2, 2)`` for ``Maxout``.
        weight_momenta: one ``(units, inputs)`` float32 array a layer, ``(units, inputs, 2)`` for
            ``Maxout``.
        bias_momenta: one ``(units,)`` float64 array a layer, ``(units, 2)`` for ``Maxout``.
    """

    parameters: Mapping[str, Any]
    processed: int
    numeric_means: NDArray[np.float64] | None = None
    categorical_modes: tuple[int, ...] | None = None
    saw_missing: NDArray[np.bool_] | None = None
    weight_ada: tuple[NDArray[np.float32], ...] = field(default=(), repr=False)
    bias_ada: tuple[NDArray[np.float64], ...] = field(default=(), repr=False)
    weight_momenta: tuple[NDArray[np.float32], ...] = field(default=(), repr=False)
    bias_momenta: tuple[NDArray[np.float64], ...] = field(default=(), repr=False)
