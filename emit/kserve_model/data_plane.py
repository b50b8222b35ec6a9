"""What stands between KServe's endpoints and the model: metadata, readiness, decoding."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from kserve import InferRequest, ModelRepository
from kserve.errors import InvalidInput
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.rest.v2_datamodels import InferenceRequest
from pydantic import ValidationError

from mojo_reader.making.origin import own_version
from mojo_reader.validation import plain_validation

_PLATFORM: Final = "h2o_mojo"
_JSON_LENGTH_HEADER: Final = "inference-header-content-length"
_BINARY_SIZE: Final = "binary_data_size"


class OneModelRepository(ModelRepository):
    """Holds one model for as long as the server runs."""

    def unload(self, name: str) -> None:
        """Refuse: anybody who reaches the port could stop the service.

        Raises:
            InvalidInput: always.
        """
        message = f"the model {name!r} stays loaded for as long as the server runs"
        raise InvalidInput(message)


class MojoDataPlane(DataPlane):
    """KServe's data plane for one MOJO.

    Attributes:
        draining: the server is about to stop: it is not ready any more, and still answers.
        stopping: new calls over gRPC are refused.
    """

    draining = False
    stopping = False

    def metadata(self) -> dict[str, Any]:
        """Return the server's metadata."""
        return {
            "name": "mojo2keras",
            "version": own_version(),
            "extensions": ["binary_tensor_data"],
        }

    async def model_metadata(self, model_name: str) -> dict[str, Any]:
        """Return the model's metadata; it has no versions that could be asked for."""
        return {**await super().model_metadata(model_name), "platform": _PLATFORM}

    async def ready(self) -> bool:
        """Say whether new clients are welcome."""
        return not self.draining

    async def model_ready(
        self,
        model_name: str,
        disable_predictor_health_check: bool = False,  # noqa: FBT001, FBT002 - KServe's signature
    ) -> bool:
        """Say whether the model is ready.

        Args:
            model_name: of the model.
            disable_predictor_health_check: what KServe sets where it is about to score, which a
                server that drains still does.
        """
        ready = bool(await super().model_ready(model_name, disable_predictor_health_check))
        return ready and (disable_predictor_health_check or not self.draining)

    def decode_inference_request(
        self, body: Any, headers: Mapping[str, str], model_name: str
    ) -> InferRequest:
        """Return the request of a body: JSON that FastAPI has read, or JSON and binary data.

        Raises:
            InvalidInput: the body is not the protocol's.
        """
        if isinstance(body, bytes):
            return _binary_request(body, headers.get(_JSON_LENGTH_HEADER), model_name)
        return InferRequest.from_inference_request(body, model_name)


def refusal(errors: Sequence[Mapping[str, Any]]) -> str:
    """Say in one sentence what pydantic, or FastAPI, found wrong with a request first."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return f"expected JSON, found none: {first['ctx']['error']}"
    place = ".".join(str(part) for part in first["loc"] if part not in {"body", "InferenceRequest"})
    where = f" at {place}" if place else ""
    problem = plain_validation(first)
    return f"this is no request of the Open Inference Protocol{where}: {problem}"


def _binary_request(body: bytes, json_length: str | None, model_name: str) -> InferRequest:
    """Read the protocol's binary tensor data extension: JSON, then the tensors' bytes."""
    length = _json_length(json_length, len(body))
    try:
        content = orjson.loads(body[:length])
        for tensor in content["inputs"]:
            tensor.setdefault("data", [])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = "expected a JSON object with a list of inputs before the binary data"
        raise InvalidInput(message) from error
    try:
        parsed = InferenceRequest.model_validate(content)
    except ValidationError as error:
        raise InvalidInput(refusal(error.errors())) from error
    request = InferRequest.from_inference_request(parsed, model_name)
    return InferRequest(
        model_name=model_name,
        infer_inputs=request.inputs,
        request_id=request.id,
        raw_inputs=_shares(request, body[length:]),
        parameters=request.parameters,
        request_outputs=request.request_outputs,
    )


def _json_length(text: str | None, most: int) -> int:
    if text is None or not text.isdecimal() or int(text) > most:
        found = "none" if text is None else repr(text)
        message = (
            "expected JSON with the content type application/json, or binary data after as many "
            f"bytes of JSON as the header Inference-Header-Content-Length says, found {found}"
        )
        raise InvalidInput(message)
    return int(text)


def _shares(request: InferRequest, data: bytes) -> list[bytes | None]:
    """Return each input's share of the binary data, None for one that has its data in JSON."""
    shares: list[bytes | None] = []
    start = 0
    for tensor in request.inputs:
        size = tensor.parameters.get(_BINARY_SIZE)
        if size is None:
            shares.append(None)
            continue
        left = len(data) - start
        if not isinstance(size, int) or not 0 <= size <= left:
            message = f"input {tensor.name!r}: expected {size} bytes of binary data, found {left}"
            raise InvalidInput(message)
        tensor.data = None
        shares.append(data[start : start + size])
        start += size
    if start != len(data):
        message = f"expected {start} bytes of binary data, found {len(data)}"
        raise InvalidInput(message)
    return shares
