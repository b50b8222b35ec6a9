"""Names of the model's outputs, as users of skl2onnx know them."""

from typing import Final

LABEL: Final = "label"
PROBABILITIES: Final = "probabilities"
PREDICT: Final = "predict"
RECONSTRUCTION: Final = "reconstruction"
RECONSTRUCTION_ERROR: Final = "reconstruction_error"
