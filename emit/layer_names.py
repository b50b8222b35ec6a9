"""Names of the layers, for people who read ``summary()`` and for code that looks a layer up."""

from typing import Final

COLUMNS: Final = "columns"
OFFSET: Final = "offset"
OFFSET_ADDED: Final = "offset_added"
ONE_HOT: Final = "one_hot"
SLOTS: Final = "one_hot_slots"
NORMALIZATION: Final = "normalization"
MISSING_TO_ZERO: Final = "missing_to_zero"
NETWORK_INPUTS: Final = "network_inputs"
INPUT_DROPOUT: Final = "input_dropout"
OUTPUT: Final = "output"
PRIOR_CORRECTION: Final = "prior_correction"
RESPONSE_UNITS: Final = "response_units"
COLUMN_UNITS: Final = "column_units"
INVERSE_LINK: Final = "inverse_link"
TARGETS: Final = "targets"
DEVIANCE: Final = "deviance"

#: Ends the name of a model that is only right where JAX keeps 64 bits.
FLOAT64_SUFFIX: Final = "_float64_needs_x64"


def layer_name(index: int, count: int) -> str:
    """Name of the network's layer ``index`` of ``count``: ``hidden_1``, ..., ``output``."""
    return OUTPUT if index == count - 1 else f"hidden_{index + 1}"


def candidate_name(layer: str, candidate: int) -> str:
    """Name of one of the two candidates of a Maxout layer: ``hidden_1_a``, ``hidden_1_b``."""
    return f"{layer}_{'ab'[candidate]}"


def levels_name(dense: str) -> str:
    """Name of the gathered half of a first layer: the kernel rows of the one-hot block."""
    return f"{dense}_levels"


def sum_name(dense: str) -> str:
    """Name of the sum of a first layer's two halves, where one of them is gathered."""
    return f"{dense}_sum"
