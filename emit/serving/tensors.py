"""Tensors to columns, and predictions to tensors.

One input tensor for each raw column: ``BYTES`` for levels, ``FP64`` for numbers. Other datatypes
are taken too; what a cell means in its column is the scorer's to say. An input that the model does
not have is refused, because the metadata name them all; one that is left out is missing.

Source: the Open Inference Protocol, version 2.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from mojo_reader import Mojo, Scorer
from mojo_reader.errors import listed
from mojo_reader.model import CategoricalInput
from mojo_reader.scoring.columns import matched_names
from mojo_reader.scoring.near_names import with_near_names
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.outputs import Predicted, RowErrors, ScorerOutput, label_texts
from mojo_reader.scoring.rows import EncodedRows

from .datatypes import TEXT, cells_of_bytes, check_datatype, check_integers
from .refusals import Refused

#: What a response can hold, of what the model has.
_SERVED: Final[tuple[ScorerOutput, ...]] = (Predicted(), RowErrors())

#: What a request of one row is mostly made of; its cells need no look at their type.
_ONE_ROW: Final = ([1], [1, 1])
_PLAIN: Final = (TEXT, "FP64")


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorType:
    """A tensor as the metadata show it.

    Attributes:
        name: of the tensor.
        datatype: the protocol's name.
        shape: -1 for the number of rows.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]

    def metadata(self) -> dict[str, Any]:
        """Return the protocol's description."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


@dataclass(slots=True)
class Tensor:
    """An input tensor as it came.

    Attributes:
        name: of the tensor.
        datatype: the protocol's name.
        shape: as it was said.
        data: a list of cells, nested or not; ``bytes`` in the binary form; an array.
    """

    name: str
    datatype: str
    shape: Sequence[int]
    data: Any


def input_types(scorer: Scorer) -> tuple[TensorType, ...]:
    """Return one tensor for each raw column, in the model's order; the offset last."""
    return tuple(
        TensorType(
            name=column.name,
            datatype=TEXT if isinstance(column, CategoricalInput) else "FP64",
            shape=(-1,),
        )
        for column in scorer.row_columns
    )


ServedOutputs = Sequence[tuple[ScorerOutput, Sequence[TensorType]]]
"""What a response can hold, each with its tensors."""


def served_outputs(mojo: Mojo) -> ServedOutputs:
    """Return what a response can hold."""
    return [(output, _tensors(output, mojo)) for output in _SERVED if not output.problem(mojo)]


def output_types(served: ServedOutputs) -> tuple[TensorType, ...]:
    """Return the tensors that a response can hold."""
    return tuple(tensor for _, tensors in served for tensor in tensors)


def _tensors(output: ScorerOutput, mojo: Mojo) -> list[TensorType]:
    """Return the tensors of one output: labels, and its numbers, the block of them or the one."""
    names = output.columns(mojo)
    found = []
    if output.labelled(mojo):
        found.append(TensorType(name=names[0], datatype=TEXT, shape=(-1,)))
        names = names[1:]
    block = output.block(mojo)
    shape = (-1,) if block is None else (-1, len(names))
    return [*found, TensorType(name=block or names[0], datatype="FP64", shape=shape)]


# --------------------------------------------------------------------------- requests


def request_columns(tensors: Sequence[Tensor], names: Collection[str]) -> dict[str, Any]:
    """Return a request's tensors as columns.

    Args:
        tensors: as they came.
        names: the model's inputs; quick to search.

    Returns:
        Column name to ``(rows,)`` cells: a list, or an array of numbers.

    Raises:
        Refused: a name, a shape or data are not the model's or not the protocol's.
    """
    plain = _one_row(tensors, names)
    if plain is not None:
        return plain
    found = [tensor.name for tensor in tensors]
    if not found or len(found) > len(names) or not all(name in names for name in found):
        meant = matched_names(found, names)
        found = [meant.get(name, name) for name in found]
        _check_names(found, names)
    columns: dict[str, Any] = {}
    counts = {}
    for name, tensor in zip(found, tensors, strict=True):
        counts[name] = _rows(tensor)
        columns[name] = tensor
    if len(columns) < len(tensors):
        _check_names(found, names)
    if len(set(counts.values())) > 1:
        message = f"expected inputs of equally many rows, found {_counts(counts)}"
        raise Refused(message)
    return {name: _cells(tensor) for name, tensor in columns.items()}


def _one_row(tensors: Sequence[Tensor], names: Collection[str]) -> dict[str, Any] | None:
    """Return the columns of one row of levels' texts and FP64; None for any other request."""
    columns: dict[str, Any] = {}
    for tensor in tensors:
        data = tensor.data
        if (
            tensor.shape not in _ONE_ROW
            or tensor.datatype not in _PLAIN
            or type(data) is not list
            or len(data) != 1
            or type(data[0]) is list
            or tensor.name not in names
        ):
            return None
        columns[tensor.name] = data
    return columns if len(columns) == len(tensors) > 0 else None


def wanted_outputs(wanted: Sequence[str], names: Sequence[str]) -> Sequence[str]:
    """Return the names of the outputs that a request asks for; without a wish, all of them.

    Raises:
        Refused: the model has no such output.
    """
    for name in wanted:
        if name not in names:
            message = f"expected one of the outputs {listed(names)}, found {name!r}"
            raise Refused(message)
    return wanted or names


def _check_names(found: Sequence[str], names: Collection[str]) -> None:
    if not found:
        message = f"expected input tensors, found none; the model's are {listed(list(names))}"
        raise Refused(message)
    for name, count in Counter(found).items():
        if name not in names:
            message = (
                f"the model has no input {with_near_names((name,), names)}; its inputs are "
                f"{listed(list(names))}"
            )
            raise Refused(message)
        if count > 1:
            message = f"the input {name!r} stands twice"
            raise Refused(message)


def _rows(tensor: Tensor) -> int:
    check_datatype(tensor.name, tensor.datatype)
    shape = tensor.shape
    if len(shape) not in {1, 2} or shape[0] < 0 or (len(shape) > 1 and shape[1] != 1):
        message = (
            f"input {tensor.name!r}: expected the shape [rows] or [rows, 1], found {list(shape)}"
        )
        raise Refused(message)
    return int(shape[0])


def _counts(rows: Mapping[str, int]) -> str:
    first, *others = rows.items()
    other = next(item for item in others if item[1] != first[1])
    return f"{first[1]:,} in {first[0]!r} and {other[1]:,} in {other[0]!r}"


def _cells(tensor: Tensor) -> Any:
    """Return ``(rows,)`` cells.

    A list keeps its own cells, so that null is missing whatever the datatype.
    """
    cells, rows = tensor.data, tensor.shape[0]
    if isinstance(cells, bytes):
        return cells_of_bytes(tensor.name, tensor.datatype, rows, cells)
    if isinstance(cells, list) and list in set(map(type, cells)):
        cells = [part for cell in cells for part in (cell if isinstance(cell, list) else [cell])]
    if len(cells) != rows:
        message = f"input {tensor.name!r}: expected {rows:,} values, found {len(cells):,}"
        raise Refused(message)
    if isinstance(cells, list):
        check_integers(tensor.name, tensor.datatype, cells)
    return cells


# --------------------------------------------------------------------------- responses


def predictions(
    scorer: Scorer, served: ServedOutputs, rows: EncodedRows, wanted: Collection[str]
) -> dict[str, NDArray[Any]]:
    """Score encoded rows.

    Args:
        scorer: the model's scorer.
        served: as ``served_outputs`` returns it.
        rows: as ``Scorer.encode_rows`` returns them.
        wanted: names out of ``output_types``.

    Returns:
        Output name to its array, shaped as ``output_types`` says; objects are texts.

    Raises:
        MojoDataError: a prediction is NaN, where the Java scorer stops.
    """
    found: dict[str, NDArray[Any]] = {}
    for output, tensors in served:
        if not any(tensor.name in wanted for tensor in tensors):
            continue
        made = output.made(scorer, rows, Notices())
        if made.labels is not None:
            found[tensors[0].name] = label_texts(made.labels, scorer.mojo)
        values = made.values if len(tensors[-1].shape) > 1 else made.values[:, 0]
        found[tensors[-1].name] = values
    return {name: found[name] for name in wanted}
