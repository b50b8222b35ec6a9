"""What is wrong with a choice that a person made, in one sentence; each rule stands here alone."""

from mojo_reader.model import Mojo


def layer_problem(mojo: Mojo, layer: int) -> str | None:
    """Say what is wrong with the number of a hidden layer, 0 for the first; None for nothing."""
    hidden = len(mojo.layers) - 1
    if 0 <= layer < hidden:
        return None
    have = f"from 0 to {hidden - 1}" if hidden else "but there is none"
    return f"expected a hidden layer {have}, found {layer}"


def threshold_problem(threshold: float) -> str | None:
    """Say what is wrong with a threshold of the second class, None where nothing is."""
    if 0 <= threshold <= 1:
        return None
    return f"expected a threshold from 0 to 1, which is a probability, found {threshold:g}"
