"""Raw columns, or the row matrix, to the network's inputs: slots, and standardized numbers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from mojo_reader.formulas import level_slots
from mojo_reader.model import (
    CategoricalInput,
    Features,
    InputColumn,
    Mojo,
    NumericInput,
)
from mojo_reader.model.levels import level_positions

from .graph import ML, Graph

#: Name of the one input of a model that reads the row matrix.
MATRIX: Final = "matrix"


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkInputs:
    """What the first layer reads, as names of tensors.

    Attributes:
        slots: ``(rows, categoricals)`` int64, inputs that are 1; ``one_hot_width`` for none. None
            without categorical features.
        numbers: ``(rows, nums)`` of the network's type, standardized, a missing one 0; None
            without numeric features.
        offset: ``(rows, 1)`` of the wide type, NaN for missing; None where none is added.
        raw_numbers: ``(rows, nums)`` of the wide type as they come, a missing one NaN; None
            likewise.
    """

    slots: str | None
    numbers: str | None
    raw_numbers: str | None
    offset: str | None = None


def encode_columns(graph: Graph, mojo: Mojo) -> NetworkInputs:
    """Add one input ``(rows, 1)`` for each raw column: strings for levels, doubles for numbers."""
    names = {column.name: _column_input(graph, column) for column in mojo.inputs}
    features = mojo.features
    slots: list[str] = []
    numbers: list[str] = []
    for column in sorted(mojo.inputs, key=lambda column: column.feature):
        tensor = names[column.name]
        if isinstance(column, NumericInput):
            numbers.append(tensor)
        elif (of_levels := level_slots(column, features)) is not None:
            rows = _rows_of(of_levels, features)
            slots.append(_looked_up(graph, tensor, column, rows, "slot"))
        else:
            numbers.append(_numbers_of_levels(graph, tensor, column))
    joined = _joined(graph, numbers, "numbers")
    filled = _standardized(graph, joined, features)
    return NetworkInputs(slots=_joined(graph, slots, "slots"), numbers=filled, raw_numbers=joined)


def encode_matrix(graph: Graph, mojo: Mojo) -> NetworkInputs:
    """Add one input ``(rows, n_features)`` of the wide type: codes, numbers; NaN is missing."""
    features = mojo.features
    matrix = graph.input(MATRIX, graph.wide.element, len(features.names))
    cats, slots = len(features.categorical), None
    if cats:
        codes = _columns_between(graph, matrix, 0, cats, "codes") if features.numeric else matrix
        slots = _slots_of_codes(graph, codes, features)
    numbers = matrix if features.numeric else None
    if cats and features.numeric:
        numbers = _columns_between(graph, matrix, cats, len(features.names), "numbers")
    filled = _standardized(graph, numbers, features)
    return NetworkInputs(slots=slots, numbers=filled, raw_numbers=numbers)


def _rows_of(slots: NDArray[np.int64], features: Features) -> NDArray[np.int64]:
    """Return the kernel row of each slot, ``(codes,)``: the empty one after the block for -1."""
    return np.where(slots < 0, features.one_hot_width, slots)


def _column_input(graph: Graph, column: InputColumn) -> str:
    levels = isinstance(column, CategoricalInput)
    return graph.input(column.name, TensorProto.STRING if levels else TensorProto.DOUBLE, 1)


def _joined(graph: Graph, tensors: list[str], name: str) -> str | None:
    if len(tensors) > 1:
        return graph.node("Concat", *tensors, name=name, axis=1)
    return tensors[0] if tensors else None


def _columns_between(graph: Graph, matrix: str, start: int, stop: int, name: str) -> str:
    bounds = [
        graph.constant(f"{name}:{bound}", np.array([value], np.int64))
        for bound, value in (("start", start), ("stop", stop), ("axis", 1))
    ]
    return graph.node("Slice", matrix, *bounds, name=name)


# --------------------------------------------------------------------------- levels


def _looked_up(
    graph: Graph, tensor: str, column: CategoricalInput, values: NDArray[np.int64], name: str
) -> str:
    """Add the lookup of texts: ``values`` by row of ``column.table``, ``(rows, 1)`` int64."""
    positions = level_positions(column)
    return graph.node(
        "LabelEncoder",
        tensor,
        name=f"{column.name}:{name}",
        domain=ML,
        keys_strings=list(positions),
        values_int64s=values[np.fromiter(positions.values(), np.int64)].tolist(),
        default_int64=int(values[column.unseen]),
    )


def _numbers_of_levels(graph: Graph, tensor: str, column: CategoricalInput) -> str:
    """Go from texts to the numeric features that the encoding makes, ``(rows, width)`` float64."""
    rows = np.arange(len(column.table), dtype=np.int64)
    positions = _looked_up(graph, tensor, column, rows, "position")
    table = graph.constant(f"{column.name}:table", column.table)
    chosen = graph.node("Gather", table, positions, name=f"{column.name}:rows", axis=0)
    axis = graph.constant(f"{column.name}:axis", np.array([1], np.int64))
    return graph.node("Squeeze", chosen, axis, name=f"{column.name}:numbers")


def _slots_of_codes(graph: Graph, codes: str, features: Features) -> str:
    """Go from codes ``(rows, categoricals)`` to slots; what is no code is missing."""
    categorical = features.categorical
    bounds = graph.wides("codes:levels", [len(feature.levels) for feature in categorical])
    zero = graph.wides("codes:zero", 0.0)
    enough = graph.node("GreaterOrEqual", codes, zero, name="codes:not_negative")
    below = graph.node("Less", codes, bounds, name="codes:below")
    known = graph.node("And", enough, below, name="codes:known")
    chosen = graph.node("Where", known, codes, bounds, name="codes:positions")
    whole = graph.cast(chosen, TensorProto.INT64, "codes:whole")
    sizes = [len(feature.slots) for feature in categorical]
    starts = graph.constant("codes:starts", np.cumsum([0, *sizes[:-1]], dtype=np.int64))
    rows = graph.node("Add", whole, starts, name="codes:rows")
    table = _rows_of(np.concatenate([feature.slots for feature in categorical]), features)
    return graph.node("Gather", graph.constant("codes:slots", table), rows, name="slots", axis=0)


# --------------------------------------------------------------------------- numbers


def _standardized(graph: Graph, numbers: str | None, features: Features) -> str | None:
    """Return the numbers, standardized in the wide type, in the network's with 0 for NaN."""
    if numbers is None:
        return None
    if features.standardize and graph.wide.name == "float32":
        return _standardized_narrow(graph, numbers, features)
    known = numbers
    if features.standardize:
        mean = graph.wides("norm_sub", features.norm_sub)
        factor = graph.wides("norm_mul", features.norm_mul)
        known = graph.node("Sub", known, mean, name="centered")
        known = graph.node("Mul", known, factor, name="standardized")
    zero = graph.wides("mean_number", 0.0)
    filled = graph.node("Where", _missing(graph, known), zero, known, name="mean_for_missing")
    return graph.to_float(filled, "network_numbers")


def _standardized_narrow(graph: Graph, numbers: str, features: Features) -> str:
    """The same in float32, the mean in two parts: float32 holds one of 1e6 to 0.03.

    The second part is taken off what stands for a missing number, too, whose difference is then 0.
    Between the two stands a choice, which no optimizer looks through: ``(x - a) * b`` becomes
    ``x * b - a * b`` in OpenVINO, and that loses what the parts were for.
    """
    high = graph.wide.array(features.norm_sub)
    low = features.norm_sub - high.astype(np.float64)
    rest = graph.wides("norm_sub_rest", low)
    centered = graph.node("Sub", numbers, graph.wides("norm_sub", high), name="centered")
    chosen = graph.node("Where", _missing(graph, centered), rest, centered, name="mean_for_missing")
    exact = graph.node("Sub", chosen, rest, name="centered_rest")
    return graph.node("Mul", exact, graph.wides("norm_mul", features.norm_mul), name="standardized")


def _missing(graph: Graph, numbers: str) -> str:
    return graph.node("IsNaN", numbers, name="is_missing")
