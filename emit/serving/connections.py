"""What one connection may take: bytes before a request's body, seconds until it is whole."""

import asyncio
from http import HTTPStatus
from typing import Any, Final

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .limits import Limits

_HEAD: Final = b"HTTP/1.1 "
#: Headers that offer another protocol, and the words of ``Connection`` that name them.
_OFFERS: Final = frozenset({b"upgrade", b"http2-settings"})


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


class PlainParser:
    """httptools' parser for who speaks HTTP/1.1 alone: an offer to speak another is passed over.

    httptools stops at such a request, without its body, and reads nothing any more. Java's client
    makes the offer of HTTP/2 with the first request of each connection. So the request is read
    again without the offer.

    Args:
        protocol: whose callbacks are called; ``head_without_offer`` is one more.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._begin()

    def __getattr__(self, name: str) -> Any:
        """Have httptools do all else."""
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> None:
        """Read some bytes.

        Raises:
            httptools.HttpParserError: they are no request.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            method = self._parser.get_method()
            if method == b"CONNECT":
                raise httptools.HttpParserError from stopped
            head = self._protocol.head_without_offer(method, self._parser.get_http_version())
            self._begin()
            self.feed_data(head + data[stopped.args[0] :])

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self._protocol)
        # As uvicorn has it: what follows a request that asks to close is no fault.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)


class LimitedConnection(HttpToolsProtocol):
    """uvicorn's connection, with limits; ``limited`` makes a class of it for some."""

    limits = Limits()
    _deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _arriving = False
    _head_bytes = 0
    _status = HTTPStatus.BAD_REQUEST
    _problem = "expected a request of HTTP/1.1, found none"
    _offered = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.parser = PlainParser(self)

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
        self._offered = False
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head is too large."""
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.limits.header_bytes:
            self._status, self._problem = self._head_too_large()
            raise ValueError  # httptools ends with it, and asks for send_400_response
        self._offered = self.parser.should_upgrade()
        if not self._offered:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Drop the deadline: the request is whole, unless it is read again."""
        if self._offered:
            return
        self._arriving = False
        self._drop_deadline()
        super().on_message_complete()

    def head_without_offer(self, method: bytes, version: str) -> bytes:
        """Return the head of the request that has come, without what offers another protocol."""
        lines = [method + b" " + self.url + b" HTTP/" + version.encode()]
        for name, value in self.headers:
            kept = value
            if name == b"connection":
                words = [word.strip() for word in value.split(b",")]
                kept = b", ".join(word for word in words if word.lower() not in _OFFERS)
            if name not in _OFFERS and kept:
                lines.append(name + b": " + kept)
        return b"\r\n".join([*lines, b"", b""])

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
