"""What is wrong with a choice that a person made, in one sentence; each rule stands here alone."""


def threshold_problem(threshold: float) -> str | None:
    """Say what is wrong with a threshold of the second class, None where nothing is."""
    if 0 <= threshold <= 1:
        return None
    return f"expected a threshold from 0 to 1, which is a probability, found {threshold:g}"
