"""Raw outputs to what H2O predicts: label and probabilities, a number, or a reconstructed row."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from mojo_reader.formulas import LARGEST_EXP
from mojo_reader.model import (
    Classification,
    Features,
    InverseLink,
    Mojo,
    Reconstruction,
    Regression,
)
from mojo_reader.scoring.options import OffsetRule

from . import names
from .encoding import NetworkInputs
from .graph import Graph

#: The label of a row whose probabilities are NaN, and its position.
NO_LABEL: Final = ""
NO_POSITION: Final = -1

#: How a label is given.
Labels = Literal["texts", "positions"]


def predict(  # noqa: PLR0913 - what the three kinds of outputs need
    graph: Graph,
    outputs: str,
    inputs: NetworkInputs,
    mojo: Mojo,
    *,
    labels: Labels | None,
    rule: OffsetRule = "java",
    per_feature: bool = False,
) -> None:
    """Add the model's outputs.

    Args:
        graph: takes the nodes and outputs.
        outputs: the network's raw outputs ``(rows, units)``.
        inputs: what the network read; an autoencoder's error compares with it.
        mojo: the model.
        labels: a classifier gives its label beside the probabilities, as a text or a position.
        rule: where a regression's offset is added, if there is one among the inputs.
        per_feature: an autoencoder gives its error in each column, too.
    """
    match mojo.output:
        case Classification():
            _classes(graph, outputs, mojo.output, labels=labels)
        case Regression():
            raw = graph.to_wide(outputs, "response:double")
            if inputs.offset is not None:
                raw = _with_offset(graph, raw, inputs.offset, mojo.output, rule)
            response = _response(graph, raw, mojo.output)
            graph.output(response, names.PREDICT, graph.float.element, 1)
        case Reconstruction():
            _reconstruction(graph, outputs, inputs, mojo.features, per_feature=per_feature)


# --------------------------------------------------------------------------- classes


def _classes(graph: Graph, outputs: str, output: Classification, *, labels: Labels | None) -> None:
    probabilities = _prior_correction(graph, outputs, output)
    if labels is not None:
        chosen = _label_positions(graph, probabilities, output)
        none = NO_POSITION if labels == "positions" else len(output.labels)
        chosen = _none_for_nan(graph, probabilities, chosen, none)
        if labels == "positions":
            graph.output(chosen, names.LABEL_INDEX, TensorProto.INT64)
        else:
            texts = graph.texts("labels", (*output.labels, NO_LABEL))
            label = graph.node("Gather", texts, chosen, name="label_text", axis=0)
            graph.output(label, names.LABEL, TensorProto.STRING)
    width = len(output.labels)
    graph.output(probabilities, names.PROBABILITIES, graph.float.element, width)


def _prior_correction(graph: Graph, outputs: str, output: Classification) -> str:
    """Probabilities under the data's own class shares (``GenModel.correctProbabilities``)."""
    if output.prior_factors is None:
        return outputs
    factors = graph.floats("prior_factors", output.prior_factors)
    weighted = graph.node("Mul", outputs, factors, name="prior:weighted")
    axis = graph.constant("prior:axis", np.array([1], np.int64))
    total = graph.node("ReduceSum", weighted, axis, name="prior:total", keepdims=1)
    positive = graph.node("Greater", total, graph.floats("prior:zero", 0.0), name="prior:positive")
    one = graph.floats("prior:one", 1.0)
    divisor = graph.node("Where", positive, total, one, name="prior:divisor")
    return graph.node("Div", weighted, divisor, name="prior:corrected")


def _label_positions(graph: Graph, probabilities: str, output: Classification) -> str:
    """Positions ``(rows,)`` int64 of the labels (``GenModel.getPrediction``).

    Classes that tie exactly give the first of them, where H2O draws one by the row's hash.
    """
    if output.threshold is None:
        return graph.node("ArgMax", probabilities, name="label_position", axis=1, keepdims=0)
    # float64 in both types, so that whoever compares the probability in Python gets the same.
    second = graph.constant("label:second", np.array(1, np.int64))
    chosen = graph.node("Gather", probabilities, second, name="label:probability", axis=1)
    double = graph.to_wide(chosen, "label:double")
    threshold = graph.constant("label:threshold", _no_less(output.threshold, graph.wide.name))
    reached = graph.node("GreaterOrEqual", double, threshold, name="label:reached")
    return graph.cast(reached, TensorProto.INT64, "label_position")


def _no_less(number: float, dtype: str) -> NDArray[Any]:
    """Return the least number of a type that is no less: what reaches one reaches the other."""
    rounded = np.array(number, dtype)
    return np.nextafter(rounded, np.inf, dtype=dtype) if float(rounded) < number else rounded


def _none_for_nan(graph: Graph, probabilities: str, chosen: str, none: int) -> str:
    """Where the probabilities are NaN there is no label: H2O's Java scorer stops there.

    Any comparison with NaN is false, so that the first class would be given with confidence.
    """
    first = graph.constant("label:first", np.array(0, np.int64))
    probability = graph.node("Gather", probabilities, first, name="label:any", axis=1)
    undefined = graph.node("IsNaN", probability, name="label:undefined")
    position = graph.constant("label:none", np.array(none, np.int64))
    return graph.node("Where", undefined, position, chosen, name="label:defined")


# --------------------------------------------------------------------------- numbers


def _with_offset(graph: Graph, raw: str, offset: str, output: Regression, rule: OffsetRule) -> str:
    """Add the offset to the raw output, in the units that the network was trained in."""
    mean = graph.wides("offset:mean", output.norm_resp_sub)
    factor = graph.wides("offset:factor", output.norm_resp_mul)
    zero = graph.wides("offset:zero", 0.0)
    centered = graph.node("Sub", offset, mean, name="offset:centered")
    units = graph.node("Mul", centered, factor, name="offset:units")
    if rule == "server":
        added = graph.node("Greater", offset, zero, name="offset:positive")
        shift = graph.node("Where", added, units, zero, name="offset:added")
    else:
        missing = graph.node("IsNaN", offset, name="offset:missing")
        shift = graph.node("Where", missing, zero, units, name="offset:added")
    return graph.node("Add", raw, shift, name="response:with_offset")


def _response(graph: Graph, response: str, output: Regression) -> str:
    """The response in its own units, made in float64 (``DeeplearningMojoModel.score0``)."""
    if output.standardize:
        scale = graph.wides("norm_resp_mul", output.norm_resp_mul)
        shift = graph.wides("norm_resp_sub", output.norm_resp_sub)
        unscaled = graph.node("Div", response, scale, name="response:unscaled")
        response = graph.node("Add", unscaled, shift, name="response:units")
    response = INVERSE_LINKS[output.inverse_link](graph, response)
    return graph.to_float(response, "response")


def _identity(_graph: Graph, values: str) -> str:
    return values


def _bounded_exp(graph: Graph, values: str) -> str:
    largest = graph.wides("link:largest", LARGEST_EXP)
    power = graph.node("Exp", values, name="link:exp")
    return graph.node("Min", power, largest, name="link:bounded")


def _logistic(graph: Graph, values: str) -> str:
    """``1 / (1 + min(1e19, exp(-y)))``."""
    one = graph.wides("link:one", 1.0)
    negative = graph.node("Neg", values, name="link:negative")
    total = graph.node("Add", _bounded_exp(graph, negative), one, name="link:total")
    return graph.node("Div", one, total, name="link:logistic")


INVERSE_LINKS: Final[Mapping[InverseLink, Callable[[Graph, str], str]]] = {
    InverseLink.IDENTITY: _identity,
    InverseLink.EXP: _bounded_exp,
    InverseLink.LOGISTIC: _logistic,
}


# --------------------------------------------------------------------------- autoencoder


def _reconstruction(
    graph: Graph, outputs: str, inputs: NetworkInputs, features: Features, *, per_feature: bool
) -> None:
    """The reconstruction in the columns' units, and its error in standardized space."""
    one_hot, numbers = _blocks(graph, outputs, features)
    errors = _column_errors(graph, one_hot, numbers, inputs, features) if per_feature else None
    rebuilt, compared = outputs, numbers
    if features.standardize and numbers is not None:
        units = _in_units(graph, numbers, features)
        rebuilt = graph.to_float(units, "reconstruction:float")
        # float32 would lose more in the columns' units than Java's order is worth.
        compared = numbers if graph.wide.name == "float32" else units
        if one_hot is not None:
            rebuilt = graph.node("Concat", one_hot, rebuilt, name="reconstructed", axis=1)
    graph.output(rebuilt, names.RECONSTRUCTION, graph.float.element, features.width)
    if errors is not None:
        graph.output(errors, names.COLUMN_ERRORS, graph.float.element, features.width)
    error = graph.to_float(_error(graph, one_hot, compared, inputs, features), "error:float")
    graph.output(error, names.RECONSTRUCTION_ERROR, graph.float.element)


def _blocks(graph: Graph, outputs: str, features: Features) -> tuple[str | None, str | None]:
    """Cut the outputs into the one-hot block and the numbers, these in float64."""
    sizes = features.one_hot_width, len(features.numeric)
    if all(sizes):
        split = graph.constant("reconstruction:sizes", np.array(sizes, np.int64))
        one_hot, numbers = graph.split(
            "Split", outputs, split, names=("reconstruction:one_hot", "reconstruction:raw"), axis=1
        )
        return one_hot, graph.to_wide(numbers, "reconstruction:numbers")
    if sizes[0]:
        return outputs, None
    return None, graph.to_wide(outputs, "reconstruction:numbers")


def _in_units(graph: Graph, numbers: str, features: Features) -> str:
    factor = graph.wides("reconstruction:norm_mul", features.norm_mul)
    mean = graph.wides("reconstruction:norm_sub", features.norm_sub)
    unscaled = graph.node("Div", numbers, factor, name="reconstruction:unscaled")
    return graph.node("Add", unscaled, mean, name="reconstruction:units")


def _error(
    graph: Graph,
    one_hot: str | None,
    numbers: str | None,
    inputs: NetworkInputs,
    features: Features,
) -> str:
    """Mean squared difference over all inputs; NaN for a missing number, as in H2O's Java.

    The difference is taken in the columns' units and standardized then, as H2O does: where a mean
    is a billion deviations, another order is another number. Without float64 it is taken of what
    is standardized.
    """
    axis = graph.constant("error:axis", np.array([1], np.int64))
    sums = []
    if one_hot is not None and inputs.slots is not None:
        hot = _hot(graph, features.one_hot_width, inputs.slots)
        block = graph.node("Sub", one_hot, hot, name="error:one_hot")
        sums.append(_squares(graph, graph.to_wide(block, "error:double"), axis, "one_hot"))
    if numbers is not None and inputs.raw_numbers is not None:
        block = _number_errors(graph, numbers, inputs, features)
        sums.append(_squares(graph, block, axis, "numbers"))
    total = sums[0] if len(sums) == 1 else graph.node("Add", *sums, name="error:total")
    width = graph.wides("error:width", float(features.width))
    return graph.node("Div", total, width, name="error:mean")


def _number_errors(graph: Graph, numbers: str, inputs: NetworkInputs, features: Features) -> str:
    """Differences of the numbers, standardized; NaN for a missing one."""
    given, known = inputs.raw_numbers or "", inputs.numbers or ""
    if graph.wide.name == "float32":
        block = graph.node("Sub", numbers, known, name="error:numbers")
        missing = graph.node("IsNaN", given, name="error:missing")
        return graph.node("Where", missing, given, block, name="error:known")
    block = graph.node("Sub", numbers, given, name="error:numbers")
    if not features.standardize:
        return block
    factor = graph.wides("error:norm_mul", features.norm_mul)
    return graph.node("Mul", block, factor, name="error:standardized")


def _column_errors(
    graph: Graph,
    one_hot: str | None,
    numbers: str | None,
    inputs: NetworkInputs,
    features: Features,
) -> str:
    """Squared differences in standardized space, a missing number the mean, as on H2O's server."""
    parts = []
    if one_hot is not None and inputs.slots is not None:
        hot = _hot(graph, features.one_hot_width, inputs.slots)
        parts.append(graph.node("Sub", one_hot, hot, name="column_errors:one_hot"))
    if numbers is not None and inputs.numbers is not None:
        known = graph.to_wide(inputs.numbers, "column_errors:known")
        block = graph.node("Sub", numbers, known, name="column_errors:numbers")
        parts.append(graph.to_float(block, "column_errors:float"))
    joined = parts[0]
    if len(parts) > 1:
        joined = graph.node("Concat", *parts, name="column_errors:joined", axis=1)
    return graph.node("Mul", joined, joined, name="column_errors:squares")


def _squares(graph: Graph, block: str, axis: str, name: str) -> str:
    squares = graph.node("Mul", block, block, name=f"error:{name}_squares")
    return graph.node("ReduceSum", squares, axis, name=f"error:{name}_sum", keepdims=0)


def _hot(graph: Graph, one_hot_width: int, slots: str) -> str:
    """The one-hot block ``(rows, one_hot_width)``: as wide as the reconstruction itself."""
    zero, one = graph.floats("error:zero", [0.0]), graph.floats("error:one", [1.0])
    # Slots past the block's end, which set nothing, fall into one more column.
    width = graph.constant("error:wider", np.array([one_hot_width + 1], np.int64))
    rows = graph.node("Shape", slots, name="error:rows", start=0, end=1)
    shape = graph.node("Concat", rows, width, name="error:shape", axis=0)
    empty = graph.node("Expand", zero, shape, name="error:empty")
    slots_shape = graph.node("Shape", slots, name="error:slots_shape")
    ones = graph.node("Expand", one, slots_shape, name="error:ones")
    scattered = graph.node("ScatterElements", empty, slots, ones, name="error:scattered", axis=1)
    bounds = [
        graph.constant(f"error:{name}", np.array([value], np.int64))
        for name, value in (("start", 0), ("stop", one_hot_width), ("columns", 1))
    ]
    return graph.node("Slice", scattered, *bounds, name="error:hot")
