"""KServe's HTTP server, on one socket, with plain refusals and a quiet end."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kserve.errors import (
    InvalidInput,
    ModelNotFound,
    ModelNotReady,
    ServerNotReady,
)
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import RESTServer
from starlette.exceptions import HTTPException

from .data_plane import MojoDataPlane, refusal
from .listening import turn_away

# KServe's application, whose routes RESTServer registers.
_APPLICATION: Final = "kserve.model_server:app"
_STATUS: Final[dict[type[Exception], HTTPStatus]] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    ModelNotFound: HTTPStatus.NOT_FOUND,
    NotImplementedError: HTTPStatus.NOT_IMPLEMENTED,
    ModelNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    ServerNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
}
# Seconds for whoever has begun to connect to send a request.
_LINGER: Final = 0.5

_Message = MutableMapping[str, Any]
_Send = Callable[[_Message], Awaitable[None]]


class HttpServer(RESTServer):
    """Serves the protocol on a socket.

    Args:
        plane: the data plane.
        extension: of the model repository.
        listener: where to listen; closed in the end.
        grace: seconds that requests in flight have to end in.
        access_log: write a line for each request.
    """

    def __init__(
        self,
        plane: MojoDataPlane,
        extension: ModelRepositoryExtension,
        listener: socket.socket,
        *,
        grace: int,
        access_log: bool,
    ) -> None:
        super().__init__(_APPLICATION, plane, extension, http_port=0, grace_period=grace)
        if not access_log:
            # uvicorn writes to it where it has a handler.
            logging.getLogger("uvicorn.access").handlers.clear()
        self._server = _QuietServer(self.config)
        self._listener = listener

    async def start(self) -> None:
        """Serve until ``stop`` is called."""
        self.create_application()
        await self._server.serve(sockets=[self._listener])

    def stop(self) -> None:
        """Have ``start`` return once the requests in flight are answered."""
        self._server.should_exit = True

    def _add_middlewares(self, app: FastAPI) -> None:
        """Add what is needed while draining, and leave out a line of log for each request."""
        app.add_middleware(_CloseWhileDraining, plane=self.dataplane)

    def _add_exception_handlers(self, app: FastAPI) -> None:
        super()._add_exception_handlers(app)
        # KServe's write a traceback for what is the client's doing.
        for kind in _STATUS:
            app.add_exception_handler(kind, _refuse)
        app.add_exception_handler(RequestValidationError, _refuse_body)
        app.add_exception_handler(HTTPException, _refuse_http)


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, _STATUS[type(error)])


async def _refuse_body(_request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"error": refusal(error.errors())}, HTTPStatus.BAD_REQUEST)


async def _refuse_http(_request: Request, error: HTTPException) -> JSONResponse:
    """Answer what is no route, and what cannot be parsed, in the form of all refusals."""
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


class _CloseWhileDraining:
    """Tells clients to open a new connection, which a balancer then leads elsewhere."""

    def __init__(self, app: Any, *, plane: MojoDataPlane) -> None:
        self._app = app
        self._plane = plane

    async def __call__(self, scope: Any, receive: Any, send: _Send) -> None:
        async def closing(message: _Message) -> None:
            if self._plane.draining and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, closing)


class _QuietServer(uvicorn.Server):
    """Leaves signals to its owner, and answers what was on its way when it stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer what was accepted, and close."""
        for listener in sockets or []:
            turn_away(listener)
        # uvicorn closes connections without a request at once, even where one is on its way.
        await asyncio.sleep(_LINGER)
        await super().shutdown(sockets)
