"""Tensors to columns, and predictions to tensors.

One input tensor for each raw column: ``BYTES`` for levels, ``FP64`` for numbers. Other datatypes
are taken too; what a cell means in its column is the scorer's to say. An input that the model does
not have is refused, because the metadata name them all; one that is left out is missing.

Source: the Open Inference Protocol, version 2, with the binary tensor data extension.
"""

import struct
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from kserve import InferInput, InferOutput, InferRequest
from kserve.errors import InvalidInput
from kserve.utils.numpy_codec import to_np_dtype
from numpy.typing import NDArray

from mojo_reader import Mojo, Scorer
from mojo_reader.errors import listed
from mojo_reader.model import CategoricalInput
from mojo_reader.scoring.columns import matched_names
from mojo_reader.scoring.near_names import with_near_names
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.outputs import Predicted, RowErrors, ScorerOutput, label_texts
from mojo_reader.scoring.rows import EncodedRows

#: What a response can hold, of what the model has.
_SERVED: Final[tuple[ScorerOutput, ...]] = (Predicted(), RowErrors())


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


def input_types(scorer: Scorer) -> tuple[TensorType, ...]:
    """Return one tensor for each raw column, in the model's order; the offset last."""
    return tuple(
        TensorType(
            name=column.name,
            datatype="BYTES" if isinstance(column, CategoricalInput) else "FP64",
            shape=(-1,),
        )
        for column in scorer.row_columns
    )


def output_types(mojo: Mojo) -> tuple[TensorType, ...]:
    """Return the tensors that a response can hold."""
    served = [output for output in _SERVED if output.problem(mojo) is None]
    return tuple(tensor for output in served for tensor in _tensors(output, mojo))


def _tensors(output: ScorerOutput, mojo: Mojo) -> list[TensorType]:
    """Return the tensors of one output: labels, and its numbers, the block of them or the one."""
    names = output.columns(mojo)
    found = []
    if output.labelled(mojo):
        found.append(TensorType(name=names[0], datatype="BYTES", shape=(-1,)))
        names = names[1:]
    block = output.block(mojo)
    shape = (-1,) if block is None else (-1, len(names))
    return [*found, TensorType(name=block or names[0], datatype="FP64", shape=shape)]


# --------------------------------------------------------------------------- requests


def request_columns(request: InferRequest, names: Collection[str]) -> tuple[dict[str, Any], int]:
    """Return a request's tensors as columns, and its number of rows.

    Args:
        request: over HTTP, ``data`` is a list, or an array where the body carried it in binary.
        names: the model's inputs; quick to search.

    Returns:
        Column name to ``(rows,)`` cells: a list, or an array of numbers.

    Raises:
        InvalidInput: a name, a shape or data are not the model's or not the protocol's.
    """
    given = [tensor.name for tensor in request.inputs]
    meant = matched_names(given, names)
    found = [meant.get(name, name) for name in given]
    _check_names(found, names)
    tensors = dict(zip(found, request.inputs, strict=True))
    rows = {name: _rows(tensor) for name, tensor in tensors.items()}
    if len(set(rows.values())) > 1:
        message = f"expected inputs of equally many rows, found {_counts(rows)}"
        raise InvalidInput(message)
    cells = {name: _cells(tensor, from_grpc=request.from_grpc) for name, tensor in tensors.items()}
    return cells, next(iter(rows.values()))


def wanted_outputs(request: InferRequest, names: Sequence[str]) -> list[str]:
    """Return the names of the outputs that a request asks for; without a wish, all of them.

    Raises:
        InvalidInput: the model has no such output.
    """
    wanted = [output.name for output in request.request_outputs or ()]
    for name in wanted:
        if name not in names:
            message = f"expected one of the outputs {listed(names)}, found {name!r}"
            raise InvalidInput(message)
    return wanted or list(names)


def check_datatype(name: str, datatype: str) -> None:
    """Require one of the protocol's datatypes.

    Raises:
        InvalidInput: it is none.
    """
    if to_np_dtype(datatype.upper()) is None:
        message = f"input {name!r}: expected a datatype such as BYTES or FP64, found {datatype!r}"
        raise InvalidInput(message)


def _check_names(found: Sequence[str], names: Collection[str]) -> None:
    if not found:
        message = f"expected input tensors, found none; the model's are {listed(list(names))}"
        raise InvalidInput(message)
    for name, count in Counter(found).items():
        if name not in names:
            message = (
                f"the model has no input {with_near_names((name,), names)}; its inputs are "
                f"{listed(list(names))}"
            )
            raise InvalidInput(message)
        if count > 1:
            message = f"the input {name!r} stands twice"
            raise InvalidInput(message)


def _rows(tensor: InferInput) -> int:
    check_datatype(tensor.name, tensor.datatype)
    shape = list(tensor.shape)
    if len(shape) not in {1, 2} or shape[0] < 0 or shape[1:] not in ([], [1]):
        message = f"input {tensor.name!r}: expected the shape [rows] or [rows, 1], found {shape}"
        raise InvalidInput(message)
    return int(shape[0])


def _counts(rows: Mapping[str, int]) -> str:
    first, *others = rows.items()
    other = next(item for item in others if item[1] != first[1])
    return f"{first[1]:,} in {first[0]!r} and {other[1]:,} in {other[0]!r}"


def _cells(tensor: InferInput, *, from_grpc: bool) -> Any:
    """Return ``(rows,)`` cells.

    JSON keeps its own cells, so that null is missing whatever the datatype.
    """
    if from_grpc or not isinstance(tensor.data, list):
        return _texts(tensor.name, _array(tensor))
    cells = tensor.data
    if any(isinstance(cell, list) for cell in cells):
        cells = [part for cell in cells for part in (cell if isinstance(cell, list) else [cell])]
    if len(cells) != tensor.shape[0]:
        message = (
            f"input {tensor.name!r}: expected {tensor.shape[0]:,} values, found {len(cells):,}"
        )
        raise InvalidInput(message)
    return cells


def _array(tensor: InferInput) -> NDArray[Any]:
    try:
        return np.asarray(tensor.as_numpy()).reshape(-1)
    except (ValueError, TypeError, struct.error) as error:
        message = (
            f"input {tensor.name!r}: expected {tensor.shape[0]:,} values of {tensor.datatype}, "
            "found data of another length"
        )
        raise InvalidInput(message) from error


def _texts(name: str, cells: NDArray[Any]) -> Any:
    """Decode ``BYTES``; numbers stay as they are."""
    if cells.dtype != np.object_:
        return cells
    try:
        return [cell.decode() if isinstance(cell, bytes) else cell for cell in cells.tolist()]
    except UnicodeDecodeError as error:
        message = f"input {name!r}: expected text in UTF-8, found {error.object!r:.60}"
        raise InvalidInput(message) from error


# --------------------------------------------------------------------------- responses


def predictions(
    scorer: Scorer, rows: EncodedRows, wanted: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Score encoded rows.

    Args:
        scorer: the model's scorer.
        rows: as ``Scorer.encode_rows`` returns them.
        wanted: names out of ``output_types``.

    Returns:
        Output name to its array, shaped as ``output_types`` says.

    Raises:
        MojoDataError: a prediction is NaN, where the Java scorer stops.
    """
    found: dict[str, NDArray[Any]] = {}
    for output in _SERVED:
        if output.problem(scorer.mojo) is not None:
            continue
        tensors = _tensors(output, scorer.mojo)
        if {tensor.name for tensor in tensors}.isdisjoint(wanted):
            continue
        made = output.made(scorer, rows, Notices())
        if made.labels is not None:
            found[tensors[0].name] = label_texts(made.labels, scorer.mojo)
        values = made.values if len(tensors[-1].shape) > 1 else made.values[:, 0]
        found[tensors[-1].name] = values
    return {name: found[name] for name in wanted}


def output_tensor(name: str, values: NDArray[Any], request: InferRequest) -> InferOutput:
    """Return an array as an output tensor.

    Args:
        name: of the tensor.
        values: ``(rows,)`` or ``(rows, columns)``; objects are texts.
        request: gRPC is answered in bytes where it asked in bytes; KServe turns arrays into what
            HTTP asked for.
    """
    datatype = "BYTES" if values.dtype == np.object_ else "FP64"
    tensor = InferOutput(name=name, shape=list(values.shape), datatype=datatype, data=values)
    if request.from_grpc:
        tensor.set_data_from_numpy(values, binary_data=request.use_binary_outputs)
    return tensor
