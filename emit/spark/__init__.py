"""Score Spark data frames with a MOJO. No H2O jar is on the cluster: the workers run ``Scorer``.

The model is read once on the driver, shipped once (a broadcast), and built once in each Python
worker, which scores Arrow batches on one thread.
"""

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from mojo_reader.errors import MissingExtraError, to_install

if TYPE_CHECKING:
    from .dataframe import score_dataframe
    from .transformer import MojoTransformer
    from .udf import register_udf

if find_spec("pyspark") is None:
    raise MissingExtraError(to_install("Spark data frames need PySpark", "spark"))

__all__ = ["MojoTransformer", "register_udf", "score_dataframe"]

# A worker imports this package, and needs neither pyspark.ml nor the driver's modules.
_HOMES: Final = {
    "MojoTransformer": ".transformer",
    "register_udf": ".udf",
    "score_dataframe": ".dataframe",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name], __name__), name)
