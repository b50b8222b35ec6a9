"""The Open Inference Protocol over gRPC, with KServe's messages, and ``grpc.health.v1``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import numpy as np
from grpc import StatusCode, aio, ssl_server_credentials
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc

from mojo_reader.making.origin import own_version
from mojo_reader.scoring.blas import usable_cores

from ..serving.answers import PLATFORM, ServedModel
from ..serving.app import State
from ..serving.datatypes import TEXT, bytes_of_cells, check_datatype, decoded_text
from ..serving.listening import listen, place
from ..serving.refusals import Refused, check_name, check_version
from ..serving.tensors import Tensor

# gRPC's own 4 MiB are 2,500 rows of 200 columns.
_LARGEST_MESSAGE: Final = 64 * 2**20
_OPTIONS: Final = (
    ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
    # Else two servers may share a port without a word.
    ("grpc.so_reuseport", 0),
)
_STATUS: Final = {
    HTTPStatus.BAD_REQUEST: StatusCode.INVALID_ARGUMENT,
    HTTPStatus.NOT_FOUND: StatusCode.NOT_FOUND,
    HTTPStatus.SERVICE_UNAVAILABLE: StatusCode.UNAVAILABLE,
}
# Seconds in which new calls are told so, before gRPC cancels them without a word.
_LINGER: Final = 0.5
_GRACE: Final = 30
#: The field of ``contents`` that holds a datatype's values.
_CONTENTS: Final = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    TEXT: "bytes_contents",
}


class GrpcServer:
    """Serves a model over gRPC.

    Args:
        model: the model.
        host: where to listen.
        port: 0 for any that is free.
        certificate: a file of TLS's, PEM; None for none.
        key: of the certificate; None where it stands in the certificate's file.
    """

    def __init__(
        self,
        model: ServedModel,
        host: str,
        port: int,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self._model = model
        self._host = host
        self._port = port
        self._certificate = certificate
        self._key = key

    async def start(self, state: State) -> str:
        """Begin to serve.

        Returns:
            The address.

        Raises:
            OSError: cannot listen there.
        """
        self._servicer = _Servicer(self._model, state)
        self._health = health.HealthServicer()
        self._server = aio.server(options=_OPTIONS)
        grpc_predict_v2_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(
            self._servicer, self._server
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        await self._set_health(health_pb2.HealthCheckResponse.SERVING)
        with listen(self._host, self._port) as listener:  # gRPC's own error does not say why
            port = int(listener.getsockname()[1])
        where = place(self._host, port)
        if self._certificate is None:
            self._server.add_insecure_port(where)
        else:
            pair = (self._key or self._certificate).read_bytes(), self._certificate.read_bytes()
            self._server.add_secure_port(where, ssl_server_credentials([pair]))
        await self._server.start()
        return f"{'grpc' if self._certificate is None else 'grpcs'}://{where}"

    async def drain(self) -> None:
        """Say that it is not ready, and go on answering."""
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)

    async def stop(self) -> None:
        """Refuse new calls, answer those in flight, and close."""
        self._servicer.stopping = True
        await asyncio.sleep(_LINGER)
        await self._server.stop(_GRACE)

    async def _set_health(self, status: Any) -> None:
        for service in ("", self._model.name):
            await self._health.set(service, status)


class _Servicer(grpc_predict_v2_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers the protocol's calls.

    Attributes:
        stopping: new requests for predictions are refused.
    """

    stopping = False

    def __init__(self, model: ServedModel, state: State) -> None:
        self._model = model
        self._state = state
        self._threads = ThreadPoolExecutor(usable_cores(), thread_name_prefix="scorer")

    async def ServerLive(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's
        """Say that it is alive."""
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Say whether new clients are welcome."""
        return pb.ServerReadyResponse(ready=not self._state.draining)

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Say whether the model is ready."""
        await self._check_model(request.name, request.version, context)
        return pb.ModelReadyResponse(ready=not self._state.draining)

    async def ServerMetadata(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Describe the server."""
        return pb.ServerMetadataResponse(name="mojo2keras", version=own_version())

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Describe the model."""
        await self._check_model(request.name, request.version, context)
        found = self._model.metadata()
        return pb.ModelMetadataResponse(
            name=self._model.name,
            platform=PLATFORM,
            inputs=found["inputs"],
            outputs=found["outputs"],
        )

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer one request, a large one in a thread."""
        if self.stopping:
            await context.abort(StatusCode.UNAVAILABLE, "the server is stopping")
        await self._check_model(request.model_name, request.model_version, context)
        try:
            if request.ByteSize() <= self._model.small_bytes:
                return self._answer(request)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._answer, request)
        except Refused as refused:
            await _abort(context, refused)

    async def _check_model(self, name: str, version: str, context: Any) -> None:
        try:
            check_name(name, self._model.name)
            check_version(name, version)
        except Refused as refused:
            await _abort(context, refused)

    def _answer(self, request: Any) -> Any:
        wanted = [output.name for output in request.outputs]
        found, notices, _ = self._model.infer(_tensors(request), wanted)
        answer = pb.ModelInferResponse(model_name=self._model.name, id=request.id)
        if notices:
            answer.parameters["notices"].string_param = notices
        binary = bool(request.raw_input_contents)
        for name, values in found.items():
            text = values.dtype == np.object_
            output = answer.outputs.add(
                name=name, datatype=TEXT if text else "FP64", shape=values.shape
            )
            if binary:  # asked in bytes, answered in bytes
                answer.raw_output_contents.append(bytes_of_cells(values))
            elif text:
                output.contents.bytes_contents.extend(label.encode() for label in values.tolist())
            else:
                output.contents.fp64_contents.extend(values.ravel().tolist())
        return answer


async def _abort(context: Any, refused: Refused) -> None:
    await context.abort(_STATUS[refused.status], str(refused))


def _tensors(request: Any) -> list[Tensor]:
    """Return the inputs of a message, each with its bytes or its list of values.

    Raises:
        Refused: they are not the protocol's.
    """
    raw = list(request.raw_input_contents)
    if raw and len(raw) != len(request.inputs):
        message = (
            f"expected raw_input_contents for each of {len(request.inputs):,} inputs, found "
            f"{len(raw):,}"
        )
        raise Refused(message)
    tensors = []
    for place_of, given in enumerate(request.inputs):
        data = raw[place_of] if raw else _values(given)
        if raw and given.HasField("contents"):
            message = f"input {given.name!r}: expected contents or raw_input_contents, found both"
            raise Refused(message)
        tensors.append(Tensor(given.name, given.datatype, list(given.shape), data))
    return tensors


def _values(given: Any) -> list[Any]:
    """Return the typed contents of an input.

    Raises:
        Refused: they are not of its datatype, or no text.
    """
    check_datatype(given.name, given.datatype)
    field = _CONTENTS.get(given.datatype)
    filled = [one.name for one, _ in given.contents.ListFields()]
    for other in filled:
        if other != field:
            message = f"input {given.name!r}: expected {field}, found {other}"
            raise Refused(message)
    values = [] if field is None else list(getattr(given.contents, field))
    if given.datatype == TEXT:
        return [decoded_text(given.name, text) for text in values]
    return values
