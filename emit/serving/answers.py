"""One model that answers requests: bodies in, bodies out."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from mojo_reader import Mojo, Scorer
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.rows import EncodedRows

from .datatypes import TEXT, bytes_of_cells
from .refusals import Refused
from .requests import (
    BINARY_SIZE,
    JSON_LENGTH_HEADER,
    InferRequest,
    asks_in_rows,
    infer_request,
    instances_of,
)
from .tensors import (
    Tensor,
    input_types,
    output_types,
    predictions,
    request_columns,
    served_outputs,
    wanted_outputs,
)

PLATFORM: Final = "h2o_mojo"
#: What a request may cost in the loop's own thread: multiplications, some milliseconds.
_SMALL_COST: Final = 40_000_000
_SMALL_BYTES: Final = 32_768
#: Of one cell among many, and of a column's one cell with all that a tensor says.
_CELL_BYTES: Final = 8
_TENSOR_BYTES: Final = 130
JSON_TYPE: Final = (b"content-type", b"application/json")
_BINARY_TYPE: Final = (b"content-type", b"application/octet-stream")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back.

    Attributes:
        body: of the answer.
        status: of HTTP.
        headers: all but the body's length.
        rows: that were scored.
    """

    body: bytes
    status: int = HTTPStatus.OK.value
    headers: tuple[tuple[bytes, bytes], ...] = (JSON_TYPE,)
    rows: int = 0


def refusal(refused: Refused) -> Answer:
    """Return the answer to what is refused."""
    body = orjson.dumps({"error": str(refused)})
    return Answer(body, refused.status.value, (JSON_TYPE, *refused.headers))


class ServedModel:
    """A scorer under the name that clients ask for; pickles.

    Args:
        name: of the model.
        scorer: the model's scorer.

    Attributes:
        name: as given.
        scorer: as given.
        inputs: one tensor for each raw column.
        outputs: the tensors that a response can hold.
        small_bytes: of a request that is answered in the loop's own thread: handing it to another
            would take longer, or not much less. One row always is.
    """

    def __init__(self, name: str, scorer: Scorer) -> None:
        self.name = name
        self.scorer = scorer
        self.inputs = input_types(scorer)
        self._served = served_outputs(scorer.mojo)
        self.outputs = output_types(self._served)
        self.small_bytes = _small_bytes(scorer.mojo, len(self.inputs))
        self._input_names = dict.fromkeys(tensor.name for tensor in self.inputs)
        self._output_names = tuple(tensor.name for tensor in self.outputs)

    def metadata(self) -> dict[str, Any]:
        """Return the protocol's description of the model."""
        return {
            "name": self.name,
            "platform": PLATFORM,
            "inputs": [tensor.metadata() for tensor in self.inputs],
            "outputs": [tensor.metadata() for tensor in self.outputs],
        }

    def infer(
        self, tensors: list[Tensor], wanted: list[str]
    ) -> tuple[dict[str, NDArray[Any]], str, int]:
        """Score the rows of tensors.

        Returns:
            Output name to its array; what a person should know about the rows; their number.

        Raises:
            Refused: the request does not fit the model.
        """
        names = wanted_outputs(wanted, self._output_names)
        columns = request_columns(tensors, self._input_names)
        try:
            rows, notices = self._encoded(columns)
            return predictions(self.scorer, self._served, rows, names), notices, len(rows.matrix)
        except (MojoDataError, MojoUnsupportedError) as error:
            raise Refused(str(error)) from error

    def predict(self, instances: list[Any]) -> dict[str, Any]:
        """Score rows that are mappings, to mappings of H2O's output columns.

        Returns:
            ``predictions``, and ``notices`` where there are any.

        Raises:
            Refused: the rows do not fit the model, or H2O gives two columns one name.
        """
        try:
            require_distinct(
                self.scorer.mojo.output.columns,
                "a response of the v1 protocol",
                "ask by the v2 protocol, whose tensors go by position",
            )
            if not instances:
                return {"predictions": []}
            rows, notices = self._encoded(instances)
            columns = self.scorer.output_columns(rows.matrix, offset=rows.offset)
        except (MojoDataError, MojoUnsupportedError) as error:
            raise Refused(str(error)) from error
        cells = zip(*(values.tolist() for values in columns.values()), strict=True)
        answer = {"predictions": [dict(zip(columns, row, strict=True)) for row in cells]}
        return {**answer, "notices": notices} if notices else answer

    # ------------------------------------------------------------------ bodies

    def answer_v2(self, body: bytes, json_length: bytes | None) -> Answer:
        """Answer the body of a v2 request; a refusal is an answer, too."""
        try:
            request = infer_request(body, json_length)
            outputs, notices, rows = self.infer(request.tensors, request.wanted)
        except Refused as refused:
            return refusal(refused)
        return self._v2_answer(request, outputs, notices, rows)

    def answer_v1(self, body: bytes, _json_length: bytes | None = None) -> Answer:
        """Answer the body of a v1 request; a refusal is an answer, too."""
        try:
            found = self.predict(instances_of(body))
        except Refused as refused:
            return refusal(refused)
        return Answer(orjson.dumps(found), rows=len(found["predictions"]))

    def answer_any(self, body: bytes, json_length: bytes | None) -> Answer:
        """Answer a body of v1, or of v2, whichever it is: what a path says is no matter."""
        try:
            rows = json_length is None and asks_in_rows(body)
        except Refused as refused:
            return refusal(refused)
        return self.answer_v1(body) if rows else self.answer_v2(body, json_length)

    def _v2_answer(
        self,
        request: InferRequest,
        outputs: Mapping[str, NDArray[Any]],
        notices: str,
        rows: int,
    ) -> Answer:
        head: dict[str, Any] = {"model_name": self.name}
        if request.id is not None:
            head["id"] = request.id
        if notices:
            head["parameters"] = {"notices": notices}
        parts = []
        head["outputs"] = described = []
        for name, values in outputs.items():
            text = values.dtype == np.object_
            one: dict[str, Any] = {
                "name": name,
                "datatype": TEXT if text else "FP64",
                "shape": list(values.shape),
            }
            if request.binary_outputs.get(name, request.binary):
                parts.append(bytes_of_cells(values))
                one["parameters"] = {BINARY_SIZE: len(parts[-1])}
            else:  # orjson writes what is no number as null
                flat = values.ravel()
                one["data"] = flat.tolist() if text or rows == 1 else flat
            described.append(one)
        start = orjson.dumps(head, option=orjson.OPT_SERIALIZE_NUMPY)
        if not parts:
            return Answer(start, rows=rows)
        length = (JSON_LENGTH_HEADER, str(len(start)).encode())
        return Answer(b"".join([start, *parts]), headers=(_BINARY_TYPE, length), rows=rows)

    def _encoded(self, table: object) -> tuple[EncodedRows, str]:
        """Return the rows as the model reads them, and what a person should know about them."""
        notices = Notices()
        rows = self.scorer.encode_rows(table, notices)
        return rows, "; ".join(notices.sentences())


def _small_bytes(mojo: Mojo, columns: int) -> int:
    """Return how long a request is that costs no more than it may in the loop's own thread."""
    inputs = len(mojo.features.names)  # a level is gathered, and not multiplied
    cost = 0
    for layer in mojo.layers:
        cost += inputs * layer.units * len(layer.kernels)
        inputs = layer.units
    most = _SMALL_COST // max(cost, 1) * columns * _CELL_BYTES
    return max(min(most, _SMALL_BYTES), (columns + 2) * _TENSOR_BYTES)
