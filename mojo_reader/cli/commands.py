"""The commands: their names, and a line of each for the list of all.

The command ``NAME`` is the function of that name in the module of that name. No module is imported
but the one of the command that runs.
"""

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "convert": "Convert a model to Keras, ONNX or StableHLO, and prove it.",
    "inspect": "Say what is in a model.",
    "diff": "Say how two models differ.",
    "encode": "Write raw rows as the matrix that the Keras model reads.",
    "predict": "Score rows as H2O does, with H2O's columns.",
    "explain": "Say what moves each prediction, column by column.",
    "importances": "Print H2O's variable importances, from the weights or over rows.",
    "partial-dependence": "Say what the prediction is for each value of a column.",
    "measure": "Print H2O's metrics of a model on rows with their response.",
    "verify": "Score rows and compare with scores that H2O made.",
    "report": "Write one HTML file that shows a model and proves it.",
    "fit": "Train a model on in Keras, and write a MOJO.",
    "to-mojo": "Write a POJO, a binary model or exported weights as a MOJO.",
}
"""What ``mojo2keras --help`` says of each command."""
DEFAULT_COMMAND: Final = "convert"
"""The command of a program that is given a model alone."""
