"""Read H2O-3 deep-learning models without Java, score rows as H2O does, and write MOJOs.

Each name is loaded when it is first asked for, with what it needs: a framework (``to_keras``,
``to_onnx`` ...), pyarrow (``score_file``), NumPy.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mojo_reader.converting import convert
    from mojo_reader.emitters import (
        check_onnx,
        check_parity,
        check_sql,
        check_torch,
        columns_json,
        from_keras,
        from_torch,
        jax_contributions,
        to_keras,
        to_onnx,
        to_shap,
        to_sql,
        to_stablehlo,
        to_torch,
        training_model,
    )
    from mojo_reader.explaining.contributed import contribution_importances
    from mojo_reader.explaining.contributions import contribution_batches, contributions
    from mojo_reader.explaining.dependence import partial_dependence
    from mojo_reader.explaining.expectations import individual_expectations
    from mojo_reader.explaining.importances import importances
    from mojo_reader.explaining.measured import measure
    from mojo_reader.explaining.permutation import permutation_importance
    from mojo_reader.files.background import read_background
    from mojo_reader.files.score import ScoreOptions, score_file
    from mojo_reader.files.verification import verify_file
    from mojo_reader.formats.limits import Limits
    from mojo_reader.making.described import CategoricalColumn, ModelDescription, NumericColumn
    from mojo_reader.making.from_h2o import from_h2o
    from mojo_reader.making.rebuilding import rebuilt
    from mojo_reader.making.threshold import max_f1_threshold, with_threshold
    from mojo_reader.model import Mojo
    from mojo_reader.reader import list_base_models, read_model, read_mojo
    from mojo_reader.scoring.row_warnings import MissingColumnWarning, UnseenLevelWarning
    from mojo_reader.scoring.scorer import Scorer
    from mojo_reader.summary import summarize
    from mojo_reader.writer import write_mojo

    __version__: str

__all__ = [
    "CategoricalColumn",
    "Limits",
    "MissingColumnWarning",
    "ModelDescription",
    "Mojo",
    "NumericColumn",
    "ScoreOptions",
    "Scorer",
    "UnseenLevelWarning",
    "check_onnx",
    "check_parity",
    "check_sql",
    "check_torch",
    "columns_json",
    "contribution_batches",
    "contribution_importances",
    "contributions",
    "convert",
    "from_h2o",
    "from_keras",
    "from_torch",
    "importances",
    "individual_expectations",
    "jax_contributions",
    "list_base_models",
    "max_f1_threshold",
    "measure",
    "partial_dependence",
    "permutation_importance",
    "read_background",
    "read_model",
    "read_mojo",
    "rebuilt",
    "score_file",
    "summarize",
    "to_keras",
    "to_onnx",
    "to_shap",
    "to_sql",
    "to_stablehlo",
    "to_torch",
    "training_model",
    "verify_file",
    "with_threshold",
    "write_mojo",
]

#: Where what is loaded on first use stands.
_HOMES: Final = {
    "CategoricalColumn": "mojo_reader.making.described",
    "Limits": "mojo_reader.formats.limits",
    "MissingColumnWarning": "mojo_reader.scoring.row_warnings",
    "ModelDescription": "mojo_reader.making.described",
    "Mojo": "mojo_reader.model",
    "NumericColumn": "mojo_reader.making.described",
    "ScoreOptions": "mojo_reader.files.score",
    "Scorer": "mojo_reader.scoring.scorer",
    "UnseenLevelWarning": "mojo_reader.scoring.row_warnings",
    "contribution_batches": "mojo_reader.explaining.contributions",
    "contribution_importances": "mojo_reader.explaining.contributed",
    "contributions": "mojo_reader.explaining.contributions",
    "convert": "mojo_reader.converting",
    "from_h2o": "mojo_reader.making.from_h2o",
    "importances": "mojo_reader.explaining.importances",
    "individual_expectations": "mojo_reader.explaining.expectations",
    "list_base_models": "mojo_reader.reader",
    "max_f1_threshold": "mojo_reader.making.threshold",
    "measure": "mojo_reader.explaining.measured",
    "partial_dependence": "mojo_reader.explaining.dependence",
    "permutation_importance": "mojo_reader.explaining.permutation",
    "read_background": "mojo_reader.files.background",
    "read_model": "mojo_reader.reader",
    "read_mojo": "mojo_reader.reader",
    "rebuilt": "mojo_reader.making.rebuilding",
    "score_file": "mojo_reader.files.score",
    "summarize": "mojo_reader.summary",
    "verify_file": "mojo_reader.files.verification",
    "with_threshold": "mojo_reader.making.threshold",
    "write_mojo": "mojo_reader.writer",
}
_DOOR: Final = "mojo_reader.emitters"

# Modules that the documentation showed in other places are found there, too.
__path__ = [*__path__, str(Path(__file__).parent / "moved")]


def __getattr__(name: str) -> Any:
    """Import what is asked for, and its framework with it."""
    if name == "__version__":
        return importlib.import_module("mojo_reader.making.origin").own_version()
    if name not in __all__:
        return _module(name)
    return getattr(importlib.import_module(_HOMES.get(name, _DOOR)), name)


def _module(name: str) -> Any:
    """Import a module of this folder, where a program has imported the folder alone."""
    place = f"{__name__}.{name}"
    try:
        if not name.startswith("_"):
            return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name != place:
            raise
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted((*__all__, "__version__"))
