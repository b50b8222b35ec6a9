"""KServe's gRPC server, on the host that was asked for, with plain refusals."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from grpc import StatusCode, aio
from kserve.errors import InvalidInput, ModelNotFound, ModelNotReady, ServerNotReady
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.server import GRPCServer
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from .data_plane import MojoDataPlane
from .listening import listen, place
from .tensors import check_datatype

# KServe's own 8 MiB are 5,000 rows of 200 columns.
_LARGEST_MESSAGE: Final = 64 * 2**20
_OPTIONS: Final = (
    ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
    # Else two servers may share a port without a word.
    ("grpc.so_reuseport", 0),
)
_STATUS: Final[dict[type[Exception], StatusCode]] = {
    InvalidInput: StatusCode.INVALID_ARGUMENT,
    ModelNotFound: StatusCode.NOT_FOUND,
    ModelNotReady: StatusCode.UNAVAILABLE,
    ServerNotReady: StatusCode.UNAVAILABLE,
}
# Seconds in which new calls are told so, before gRPC cancels them without a word.
_LINGER: Final = 0.5


class GrpcServer(GRPCServer):
    """Serves the protocol over gRPC.

    Args:
        plane: the data plane.
        extension: of the model repository.
        host: where to listen.
        port: 0 for any that is free.
        grace: seconds that requests in flight have to end in.
    """

    def __init__(
        self,
        plane: MojoDataPlane,
        extension: ModelRepositoryExtension,
        host: str,
        port: int,
        *,
        grace: int,
    ) -> None:
        super().__init__(port, plane, extension, kwargs={}, grace_period=grace)
        self._host = host

    async def start(self) -> int:
        """Begin to serve.

        Returns:
            The port.

        Raises:
            OSError: cannot listen there.
        """
        self._server = aio.server(
            ThreadPoolExecutor(max_workers=1),  # only for handlers that block, and none does
            interceptors=(_PlainStatus(),),
            options=_OPTIONS,
        )
        grpc_predict_v2_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(
            _Servicer(self._data_plane, self._model_repository_extension), self._server
        )
        port = self._free_port()
        self._server.add_insecure_port(place(self._host, port))
        await self._server.start()
        return port

    async def stop(self) -> None:
        """Refuse new calls, answer those in flight, and close."""
        self._data_plane.stopping = True
        await asyncio.sleep(_LINGER)
        await super().stop()

    def _free_port(self) -> int:
        """Return the port, once it is sure that it is free: gRPC's own error does not say why."""
        with listen(self._host, self._port) as listener:
            return int(listener.getsockname()[1])


class _Servicer(InferenceServicer):
    """Refuses in plain words what KServe would refuse while it decodes."""

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's
        """Answer one request."""
        if self._data_plane.stopping:
            detail = "It is stopping."
            raise ServerNotReady(detail)
        for tensor in request.inputs:
            check_datatype(tensor.name, tensor.datatype)
        return await super().ModelInfer(request, context)


class _PlainStatus(ExceptionToStatusInterceptor):
    """Answers with a status and a sentence, without a traceback for what is the client's doing."""

    async def handle_exception(
        self, ex: Exception, request_or_iterator: Any, context: Any, method_name: str
    ) -> None:
        """Turn an error into a status."""
        status = _STATUS.get(type(ex))
        if status is not None:
            await context.abort(status, str(ex))
        await super().handle_exception(ex, request_or_iterator, context, method_name)
