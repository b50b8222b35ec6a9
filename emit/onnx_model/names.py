"""Names of the model's outputs, as users of skl2onnx know them, and of an input."""

from typing import Final

OFFSET: Final = "offset"
LABEL: Final = "label"
LABEL_INDEX: Final = "label_index"
PROBABILITIES: Final = "probabilities"
PREDICT: Final = "predict"
RECONSTRUCTION: Final = "reconstruction"
COLUMN_ERRORS: Final = "column_errors"
RECONSTRUCTION_ERROR: Final = "reconstruction_error"
