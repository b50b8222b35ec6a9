"""``ServedMojo``: a ``kserve.Model`` around a ``Scorer``, for KServe's own ``ModelServer``."""

import asyncio
import struct
from typing import Any

import kserve
import numpy as np
from kserve import InferInput, InferOutput, InferRequest, InferResponse
from kserve.errors import InvalidInput

from mojo_reader import Scorer

from ..serving.answers import ServedModel
from ..serving.datatypes import TEXT, check_datatype, decoded_text
from ..serving.refusals import Refused
from ..serving.tensors import Tensor


class ServedMojo(kserve.Model):
    """Scores requests of the Open Inference Protocol, and KServe's v1 ones.

    Args:
        name: under which clients ask for it.
        scorer: the model's scorer.
    """

    def __init__(self, name: str, scorer: Scorer) -> None:
        super().__init__(name)
        self.ready = True
        self._served = ServedModel(name, scorer)

    def get_input_types(self) -> list[dict[str, Any]]:
        """Return the metadata of the inputs."""
        return [tensor.metadata() for tensor in self._served.inputs]

    def get_output_types(self) -> list[dict[str, Any]]:
        """Return the metadata of the outputs."""
        return [tensor.metadata() for tensor in self._served.outputs]

    async def predict(
        self, payload: Any, headers: Any = None, response_headers: Any = None
    ) -> InferResponse | dict[str, Any]:
        """Answer one request, in a thread.

        Args:
            payload: an ``InferRequest``; or the JSON of a v1 request, whose ``instances`` are
                row mappings.
            headers: not used.
            response_headers: not used.

        Returns:
            A response of the request's kind, with ``notices`` where there are any.

        Raises:
            InvalidInput: the request does not fit the model.
        """
        del headers, response_headers
        answer = self._infer if isinstance(payload, InferRequest) else self._predict_instances
        try:
            return await asyncio.to_thread(answer, payload)
        except Refused as refused:
            raise InvalidInput(str(refused)) from refused

    def _infer(self, request: InferRequest) -> InferResponse:
        wanted = [output.name for output in request.request_outputs or ()]
        tensors = [_tensor(given, from_grpc=request.from_grpc) for given in request.inputs]
        outputs, notices, _ = self._served.infer(tensors, wanted)
        return InferResponse(
            response_id=request.id,
            model_name=self.name,
            infer_outputs=[_output(name, values, request) for name, values in outputs.items()],
            parameters={"notices": notices} if notices else None,
            use_binary_outputs=request.use_binary_outputs,
            requested_outputs=request.request_outputs,
        )

    def _predict_instances(self, payload: Any) -> dict[str, Any]:
        instances = payload.get("instances") if isinstance(payload, dict) else None
        if not isinstance(instances, list):
            message = "expected an object whose 'instances' is a list of rows"
            raise Refused(message)
        return self._served.predict(instances)


def _tensor(given: InferInput, *, from_grpc: bool) -> Tensor:
    """Return a tensor of KServe's; JSON keeps its own cells."""
    if not from_grpc and isinstance(given.data, list):
        return Tensor(given.name, given.datatype, given.shape, given.data)
    check_datatype(given.name, given.datatype)
    try:
        cells = np.asarray(given.as_numpy()).reshape(-1)
    except (ValueError, TypeError, OverflowError, struct.error) as error:
        message = (
            f"input {given.name!r}: expected {given.shape[0]:,} values of {given.datatype}, "
            "found data of another length or range"
        )
        raise Refused(message) from error
    data: Any = cells
    if given.datatype == TEXT:
        data = [
            decoded_text(given.name, cell) if isinstance(cell, bytes) else cell
            for cell in cells.tolist()
        ]
    return Tensor(given.name, given.datatype, given.shape, data)


def _output(name: str, values: Any, request: InferRequest) -> InferOutput:
    """Return an array as an output; gRPC is answered in bytes where it asked in bytes."""
    datatype = TEXT if values.dtype == np.object_ else "FP64"
    tensor = InferOutput(name=name, shape=list(values.shape), datatype=datatype, data=values)
    if request.from_grpc:
        tensor.set_data_from_numpy(values, binary_data=request.use_binary_outputs)
    return tensor
