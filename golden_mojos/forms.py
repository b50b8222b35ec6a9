"""The cases that are kept in every form: MOJO, binary model, POJO, exported weights.

Each is a golden case of ``cases.py``, trained by some release, with a smaller network and its
weights exported; a few have what no golden case has.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Final

from case import DEFAULTS
from cases import CASES as MOJO_CASES
from frames import mixed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from case import Case
    from lab import Server

BY_NAME: Final[Mapping[str, Case]] = {case.name: case for case in MOJO_CASES}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FormCase:
    """A case that is kept in every form.

    Attributes:
        case: What is trained; its folder is below ``golden_mojos/forms``.
        exported: Whether the weights are exported.
        find: Trains something larger on a frame, and returns the model in it that is kept.
    """

    case: Case
    exported: bool = True
    find: Callable[[Server, str, Mapping[str, object]], str] | None = None


def in_forms(case: Case, release: str, *, exported: bool = True, **changes: object) -> Case:
    """A case of ``cases.py`` by another release, with a name that tells the release."""
    parameters = {**DEFAULTS, "hidden": [4, 3], "epochs": 2, **case.parameters}
    parameters["export_weights_and_biases"] = exported
    parameters |= changes.pop("parameters", {})  # type: ignore[arg-type]
    major, minor, *_ = release.split(".")
    changed = {
        "name": f"v{major}_{minor}_{case.name}",
        "release": release,
        "parameters": parameters,
        "features": (),
        "server_rows": None,
        "per_feature": False,
    }
    return dataclasses.replace(case, **{**changed, **changes})  # type: ignore[arg-type]


def _fold_model(server: Server, frame: str, parameters: Mapping[str, object]) -> str:
    """The second of the models of cross-validation."""
    whole = server.train("deeplearning", frame, {**parameters, "nfolds": 3, "model_id": "folded"})
    models = server.model(whole)["output"]["cross_validation_models"]
    return str(models[1]["name"])


def _automl_model(server: Server, frame: str, parameters: Mapping[str, object]) -> str:
    """AutoML's best network."""
    models = server.automl(
        frame,
        str(parameters["response_column"]),
        project="forms",
        models=1,
        seconds=120,
        algorithms=["DeepLearning"],
        seed=5,
    )
    return next(model for model in models if model.startswith("DeepLearning"))


def _validated(server: Server, frame: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """A validation frame, whose metrics decide the threshold."""
    del frame, parameters
    folder = server.folder / f"{server.new_key('validation')}.csv"
    rows = mixed("binary", seed=99)
    rows.write_for_server(folder)
    return {"validation_frame": server.import_frame(folder, rows.types)}


VALIDATION: Final = dataclasses.replace(
    BY_NAME["binomial_tanh"],
    name="validation",
    why="A validation frame, whose metrics decide the threshold.",
    prepare=_validated,
)
FOLD_MODEL: Final = dataclasses.replace(
    BY_NAME["multinomial_maxout"],
    name="fold_model",
    why="One of the models that cross-validation trains.",
)
AUTOML: Final = dataclasses.replace(
    BY_NAME["binomial_tanh"],
    name="automl",
    frame=functools.partial(mixed, "binary", seed=97, rows=120),
    why="The network that AutoML trains.",
    notes="AutoML chose the parameters.",
)

#: Names of ``cases.py`` by release; between them they hold every kind of model.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "3.20.0.8": (
        "iris_rectifier",
        "binomial_maxout_dropout",
        "fewer_levels_skip",
        "balance_classes_multinomial",
        "poisson",
    ),
    "3.24.0.5": ("autoencoder_tanh", "momentum", "weights"),
    "3.28.1.3": ("levels_backslash", "offset", "multinomial_exprectifier_dropout", "gamma"),
    "3.32.1.7": ("encoding_binary", "huber", "missing_skip", "no_hidden_layer"),
    "3.36.1.5": (
        "encoding_eigen_multinomial",
        "balance_classes_binomial",
        "autoencoder_rectifier",
        "quantile",
    ),
    "3.40.0.4": ("encoding_label", "checkpoint", "tweedie", "encoding_sort_by_response"),
    "3.44.0.3": ("folds", "column_names", "not_standardized", "laplace"),
    "3.46.0.10": ("time_column",),
    "3.46.0.11": ("momentum_plain",),
    "3.46.0.7": (
        "levels_odd_text",
        "encoding_eigen",
        "encoding_enum_limited",
        "binomial_rectifier_dropout",
        "multinomial_tanh_dropout",
        "regression_maxout",
        "fewer_levels_mean",
        "autoencoder_encoding_eigen",
        "constant_columns",
    ),
}

#: Refused as exported weights, whatever they are; one of each kind has them all the same.
NOT_EXPORTED: Final = frozenset(
    {"encoding_eigen_multinomial", "autoencoder_encoding_eigen", "balance_classes_multinomial"}
)

CASES: Final = (
    *(
        FormCase(case=in_forms(BY_NAME[name], release), exported=name not in NOT_EXPORTED)
        for release, names in NAMES.items()
        for name in names
    ),
    # H2O cannot train a hashed model and export its weights.
    *(
        FormCase(case=in_forms(BY_NAME["hashed"], release, exported=False), exported=False)
        for release in ("3.20.0.8", "3.46.0.7")
    ),
    FormCase(case=in_forms(VALIDATION, "3.28.1.3")),
    FormCase(case=in_forms(VALIDATION, "3.46.0.7")),
    FormCase(case=in_forms(FOLD_MODEL, "3.40.0.4"), find=_fold_model),
    FormCase(case=in_forms(AUTOML, "3.46.0.7"), find=_automl_model, exported=False),
)

#: The release whose server exports no MOJO, no POJO, and weights alone.
NEWEST: Final = "3.46.0.12"

NEWEST_CASES: Final = tuple(
    in_forms(BY_NAME[name], NEWEST, name=name)
    for name in ("multinomial_maxout", "autoencoder_tanh", "fewer_levels_mean", "poisson")
)
