"""What one connection may take: bytes before a request's body, seconds until it is whole."""

import asyncio
from http import HTTPStatus
from typing import Any, Final

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .limits import Limits

_HEAD: Final = b"HTTP/1.1 "


class JoinedWrites:
    """A transport that sends an answer's head together with its body: one packet, not two.

    Args:
        transport: asyncio's.
        loop: of the transport.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        """Have the transport do all else."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send data, or hold a head back until the body follows, or else the loop goes round."""
        if self._head:
            held, self._head = self._head, b""
            self._transport.writelines((held, data))
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._send_head)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Send what is held back, and close."""
        self._send_head()
        self._transport.close()

    def _send_head(self) -> None:
        if self._head:
            held, self._head = self._head, b""
            self._transport.write(held)


class LimitedConnection(HttpToolsProtocol):
    """uvicorn's connection, with limits; ``limited`` makes a class of it for some."""

    limits = Limits()
    _deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _arriving = False
    _head_bytes = 0
    _status = HTTPStatus.BAD_REQUEST
    _problem = "expected a request of HTTP/1.1, found none"

    # ------------------------------------------------------------------ asyncio's protocol

    def connection_made(self, transport: Any) -> None:
        """Take a connection, or turn it away where there are too many."""
        super().connection_made(JoinedWrites(transport, self.loop))
        most = self.limits.connections
        if len(self.connections) > most:
            found = f"expected at most {most:,} connections at once, found one more"
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, found)
            return
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        """Read some of a request."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.header_bytes and not self.transport.is_closing():
                self._refuse(*self._head_too_large())
        if self._arriving and self._deadline is None:
            self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._drop_deadline()
        super().connection_lost(exc)

    # ------------------------------------------------------------------ httptools' callbacks

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_head = self._arriving = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head is too large."""
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.limits.header_bytes:
            self._status, self._problem = self._head_too_large()
            raise ValueError  # httptools ends with it, and asks for send_400_response
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Drop the deadline: the request is whole."""
        self._arriving = False
        self._drop_deadline()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request in the form of all refusals."""
        del msg
        self._refuse(self._status, self._problem)

    # ------------------------------------------------------------------ limits

    def _head_too_large(self) -> tuple[HTTPStatus, str]:
        most = self.limits.header_bytes
        found = f"expected at most {most:,} bytes of path and headers, found more"
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, found

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.limits.request_seconds, self._too_late)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        answered = self.cycle is not None and self.cycle.response_started
        if not self._arriving or (answered and not self._in_head):
            self.transport.close()
            return
        seconds = f"{self.limits.request_seconds:g}"
        found = f"expected the whole request within {seconds} seconds, found a part of it"
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, found)

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        body = orjson.dumps({"error": sentence})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def limited(limits: Limits) -> type[LimitedConnection]:
    """Return the class of connections with some limits, for uvicorn."""
    return type("LimitedConnection", (LimitedConnection,), {"limits": limits})
