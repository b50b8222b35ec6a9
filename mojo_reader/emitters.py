"""The only door from ``mojo_reader`` to ``emit``: its names, each loaded on first use.

The program and ``mojo_reader`` itself take from here what needs a framework. What a command needs
is required first, so that a missing extra is one sentence.
"""

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mojo_reader.errors import MissingExtraError, to_install

if TYPE_CHECKING:
    from emit.explaining import jax_contributions
    from emit.fit import (
        RISING,
        FitOptions,
        FitResult,
        fit,
        plot,
        read_training_rows,
        row_columns,
        text_curve,
    )
    from emit.keras_model import to_keras
    from emit.keras_model.columns import columns_json
    from emit.keras_model.compile_config import plan
    from emit.keras_model.parity import check_parity
    from emit.keras_model.training import training_model
    from emit.keras_model.weights import from_keras
    from emit.onnx_model import onnx_columns_json, to_onnx
    from emit.onnx_model.parity import check_onnx
    from emit.onnx_model.triton import write_triton_config
    from emit.pictures import plot_dependence, plot_importances, require_picture
    from emit.report import (
        emitted_proof,
        h2o_proof,
        read_background,
        read_rows,
        report_page,
        require_one_kind,
        two_models_page,
    )
    from emit.saved_model import check_saved_model, export_saved_model
    from emit.shap_explanation import to_shap
    from emit.sql_engine import TITLES, engine_of
    from emit.sql_model import to_sql
    from emit.sql_model.parity import check_sql
    from emit.stablehlo import check_stablehlo, to_stablehlo
    from emit.torch_model import check_torch, from_torch, to_torch
    from emit.torch_model.files import write_torch

__all__ = [
    "RISING",
    "TITLES",
    "FitOptions",
    "FitResult",
    "check_onnx",
    "check_parity",
    "check_saved_model",
    "check_sql",
    "check_stablehlo",
    "check_torch",
    "columns_json",
    "emitted_proof",
    "engine_of",
    "export_saved_model",
    "fit",
    "from_keras",
    "from_torch",
    "h2o_proof",
    "jax_contributions",
    "onnx_columns_json",
    "plan",
    "plot",
    "plot_dependence",
    "plot_importances",
    "read_background",
    "read_rows",
    "read_training_rows",
    "report_page",
    "require_fit",
    "require_one_kind",
    "require_picture",
    "require_report",
    "row_columns",
    "text_curve",
    "to_keras",
    "to_onnx",
    "to_shap",
    "to_sql",
    "to_stablehlo",
    "to_torch",
    "training_model",
    "two_models_page",
    "write_torch",
    "write_triton_config",
]

#: By module of ``emit``, the names that are handed on.
_HOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "emit.explaining": ("jax_contributions",),
    "emit.fit": (
        *("RISING", "FitOptions", "FitResult", "fit", "plot", "read_training_rows"),
        *("row_columns", "text_curve"),
    ),
    "emit.keras_model": ("to_keras",),
    "emit.keras_model.columns": ("columns_json",),
    "emit.keras_model.compile_config": ("plan",),
    "emit.keras_model.parity": ("check_parity",),
    "emit.keras_model.training": ("training_model",),
    "emit.keras_model.weights": ("from_keras",),
    "emit.onnx_model": ("onnx_columns_json", "to_onnx"),
    "emit.onnx_model.parity": ("check_onnx",),
    "emit.onnx_model.triton": ("write_triton_config",),
    "emit.pictures": ("plot_dependence", "plot_importances", "require_picture"),
    "emit.report": (
        *("emitted_proof", "h2o_proof", "read_background", "read_rows", "report_page"),
        *("require_one_kind", "two_models_page"),
    ),
    "emit.saved_model": ("check_saved_model", "export_saved_model"),
    "emit.shap_explanation": ("to_shap",),
    "emit.sql_engine": ("TITLES", "engine_of"),
    "emit.sql_model": ("to_sql",),
    "emit.sql_model.parity": ("check_sql",),
    "emit.stablehlo": ("check_stablehlo", "to_stablehlo"),
    "emit.torch_model": ("check_torch", "from_torch", "to_torch"),
    "emit.torch_model.files": ("write_torch",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}
_PROJECT: Final = Path(__file__).parent.parent


def __getattr__(name: str) -> Any:
    """Import what is asked for from ``emit``, once it is known to be this project's.

    Raises:
        MissingExtraError: another package is called ``emit``.
    """
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = Path(importlib.import_module("emit").__file__ or "nowhere").parent
    if found.parent != _PROJECT:
        message = f"'emit' was loaded from {found}, not from mojo2keras"
        raise MissingExtraError(message)
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def require_fit() -> None:
    """Load what training needs, with Keras on JAX.

    Raises:
        MissingExtraError: a package is not installed.
    """
    load(("jax", "keras"), to_install("fit needs Keras and JAX", "keras", several=True), wide=False)


def require_report() -> None:
    """Load what a report needs.

    Raises:
        MissingExtraError: a package is not installed.
    """
    missing = to_install("report needs Jinja2 and matplotlib", "report", several=True)
    load(("jinja2", "matplotlib"), missing, wide=False)


def load(packages: tuple[str, ...], missing: str, *, wide: bool) -> dict[str, Any]:
    """Import packages, JAX and Keras with the settings that they read once.

    Args:
        packages: their names.
        missing: what is said where one is not installed.
        wide: JAX keeps 64 bits.

    Raises:
        MissingExtraError: one is not installed.
    """
    if "jax" in packages:
        os.environ["KERAS_BACKEND"] = "jax"
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if wide:
        os.environ["JAX_ENABLE_X64"] = "1"
    try:
        return {name: importlib.import_module(name) for name in packages}
    except ImportError as error:
        raise MissingExtraError(missing) from error
