"""Emit a ``mojo_reader.Mojo`` to other frameworks, each loaded on first use."""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .explaining import jax_contributions
    from .keras_model import to_keras
    from .keras_model.columns import columns_json
    from .keras_model.parity import check_parity
    from .keras_model.training import training_model
    from .keras_model.weights import from_keras
    from .onnx_model import to_onnx
    from .onnx_model.parity import check_onnx
    from .shap_explanation import to_shap
    from .sql_model import to_sql
    from .sql_model.parity import check_sql
    from .stablehlo import to_stablehlo
    from .torch_model import check_torch, from_torch, to_torch

__all__ = [
    "check_onnx",
    "check_parity",
    "check_sql",
    "check_torch",
    "columns_json",
    "from_keras",
    "from_torch",
    "jax_contributions",
    "to_keras",
    "to_onnx",
    "to_shap",
    "to_sql",
    "to_stablehlo",
    "to_torch",
    "training_model",
]

_HOMES: Final = {
    "check_onnx": ".onnx_model.parity",
    "check_parity": ".keras_model.parity",
    "check_sql": ".sql_model.parity",
    "check_torch": ".torch_model",
    "columns_json": ".keras_model.columns",
    "from_keras": ".keras_model.weights",
    "from_torch": ".torch_model",
    "jax_contributions": ".explaining",
    "to_keras": ".keras_model",
    "to_onnx": ".onnx_model",
    "to_shap": ".shap_explanation",
    "to_sql": ".sql_model",
    "to_stablehlo": ".stablehlo",
    "to_torch": ".torch_model",
    "training_model": ".keras_model.training",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and its framework with it."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return __all__
