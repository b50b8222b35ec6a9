"""H2O's metrics of predictions whose response is known, by H2O's names.

``of_predictions`` gives the figures that H2O's ``model_performance`` reports, ``performance`` the
tables behind them, too. The rest are parts of them.

A figure that the rows do not define is NaN: a curve where a class is absent, of which H2O says 1 or
0; a logarithm of a number below -1.
"""

from mojo_reader.comparing.metrics.basics import Metrics, mean
from mojo_reader.comparing.metrics.classes import of_classes
from mojo_reader.comparing.metrics.gains import Gains
from mojo_reader.comparing.metrics.measured import Performance, of_predictions, performance
from mojo_reader.comparing.metrics.response import of_response
from mojo_reader.comparing.metrics.thresholds import Curve, auc, error_at_max_f1, pr_auc

__all__ = [
    "Curve",
    "Gains",
    "Metrics",
    "Performance",
    "auc",
    "error_at_max_f1",
    "mean",
    "of_classes",
    "of_predictions",
    "of_response",
    "performance",
    "pr_auc",
]
