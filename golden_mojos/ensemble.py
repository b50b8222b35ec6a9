"""Stacked ensembles: MOJOs that hold whole deep-learning models.

The expected scores are those of one base model, fetched as a MOJO of its own and scored in Java.
"""

from __future__ import annotations

import dataclasses
import functools
import zipfile
from typing import TYPE_CHECKING, Final

from case import DEFAULTS, SCORER, Case
from frames import mixed
from rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lab import Server

#: What a model needs to be the base of an ensemble.
FOLDED: Final[Mapping[str, object]] = {
    "response_column": "y",
    "nfolds": 2,
    "fold_assignment": "Modulo",
    "keep_cross_validation_predictions": True,
    "seed": 20260,
}

#: The base models beside the case's own, by algorithm and id.
OTHERS: Final[Mapping[tuple[str, str], Mapping[str, object]]] = {
    ("gbm", "gbm_base"): {"ntrees": 3, "max_depth": 2},
    ("glm", "glm_base"): {"family": "binomial", "lambda": [0.01]},
}

#: The two networks.
NETWORKS: Final[Mapping[str, Mapping[str, object]]] = {
    "deep_tanh": {**DEFAULTS, "activation": "Tanh"},
    "deep_maxout": {**DEFAULTS, "activation": "Maxout", "hidden": [7]},
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleCase(Case):
    """A case whose model is one of the base models of a stacked ensemble.

    Attributes:
        base_model: The id of the base model that is scored.
    """

    base_model: str

    def train(self, server: Server, frame: str) -> tuple[str, str]:
        """Trains the ensemble.

        Returns:
            The ensemble's key and that of the scored base model.
        """
        keys = {}
        for name, parameters in NETWORKS.items():
            named = {**FOLDED, **parameters, "model_id": f"{self.name}_{name}"}
            keys[name] = server.train("deeplearning", frame, named)
        for (algorithm, name), parameters in OTHERS.items():
            named = {**FOLDED, **parameters, "model_id": f"{self.name}_{name}"}
            keys[name] = server.train(algorithm, frame, named)
        ensemble = server.train(
            "stackedensemble",
            frame,
            {
                "response_column": "y",
                "base_models": list(keys.values()),
                "seed": 20260,
                "metalearner_algorithm": "glm",
                "model_id": self.name,
            },
        )
        return ensemble, keys[self.base_model]


def base_models(mojo: Path) -> list[str]:
    """The ids of the deep-learning models inside an ensemble's MOJO.

    Newer releases leave out a base model to which the metalearner gives no weight.
    """
    with zipfile.ZipFile(mojo) as archive:
        names = archive.namelist()
    return [
        name.split("/")[2]
        for name in names
        if name.startswith("models/DeepLearning/") and name.endswith("/model.ini")
    ]


def _cases(suffix: str, release: str) -> tuple[EnsembleCase, ...]:
    """One case for each of the two networks."""
    return tuple(
        EnsembleCase(
            name=f"{suffix}stacked_ensemble_{base}",
            why="A stacked ensemble with two networks, a GBM and a GLM; one network is scored.",
            frame=functools.partial(mixed, "binary", seed=81),
            parameters={**FOLDED, **NETWORKS[base]},
            release=release,
            base_model=base,
            rows=Rows(sample=None),
        )
        for base in NETWORKS
    )


CASES: Final = (*_cases("", SCORER), *_cases("v3_28_", "3.28.1.3"))
