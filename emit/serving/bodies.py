"""A request's body, within its limits, as its bytes were before they were compressed."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

from .refusals import Refused

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

#: zlib's window and, added, how it tells gzip from its own form.
_WINDOW: Final = 15
_GZIP_OR_ZLIB: Final = 32
_CODINGS: Final = {b"gzip", b"x-gzip", b"deflate"}
_CLOSE: Final = ((b"connection", b"close"),)


class Disconnected(Exception):  # noqa: N818 - nobody is there to be told
    """The client has gone before its request was whole."""


def check_length(text: bytes | None, most: int) -> None:
    """Refuse a body by what its header ``Content-Length`` says, before it is read.

    Raises:
        Refused: it is larger than ``most`` bytes.
    """
    if text is not None and text.isdigit() and int(text[:20]) > most:
        raise _too_large(most)


async def whole_body(receive: Receive, most: int) -> bytes:
    """Read a body of at most ``most`` bytes.

    Raises:
        Refused: it has more.
        Disconnected: the client has gone.
    """
    message = await receive()
    if message["type"] != "http.request":
        raise Disconnected
    body: bytes = message["body"]
    if not message["more_body"]:
        if len(body) > most:
            raise _too_large(most)
        return body
    parts, size = [body], len(body)
    while message["more_body"]:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        parts.append(message["body"])
        size += len(parts[-1])
        if size > most:
            raise _too_large(most)
    return b"".join(parts)


def decompressed(body: bytes, coding: bytes, most: int) -> bytes:
    """Undo a body's ``Content-Encoding``, in no more memory than a body may take.

    Args:
        body: as it came.
        coding: of the header; several are undone from the last to the first.
        most: bytes that the outcome may have.

    Raises:
        Refused: the coding is not known, the body is none of it, or the outcome is too large.
    """
    for name in reversed([name.strip() for name in coding.lower().split(b",")]):
        if name in {b"", b"identity"}:
            continue
        if name not in _CODINGS:
            message = (
                f"expected the Content-Encoding gzip or deflate, found {name.decode('latin-1')!r}"
            )
            raise Refused(message, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            body = _inflated(body, _WINDOW + _GZIP_OR_ZLIB, most)
        except zlib.error as error:
            try:  # deflate without zlib's head, as some clients send it
                body = _inflated(body, -_WINDOW, most)
            except zlib.error:
                message = f"expected a body in {name.decode()}, found none: {error}"
                raise Refused(message) from error
    return body


def _inflated(body: bytes, window: int, most: int) -> bytes:
    parts: list[bytes] = []
    left = most
    while body:
        inflater = zlib.decompressobj(window)
        part = inflater.decompress(body, left + 1)
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise _too_large(most)
        if not inflater.eof:
            message = "the stream ends too early"
            raise zlib.error(message)
        body = inflater.unused_data  # a further member of gzip
    return b"".join(parts)


def _too_large(most: int) -> Refused:
    message = f"expected a body of at most {most:,} bytes, found more"
    return Refused(message, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers=_CLOSE)
