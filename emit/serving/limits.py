"""What clients may take of the server."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What clients may take of the server.

    Attributes:
        body_bytes: of a request's body, as it is sent and once it is decompressed.
        header_bytes: of a request's path and headers.
        request_seconds: from a request's first byte, or a connection's begin, to its last.
        keep_alive_seconds: in which a connection that is kept must ask again.
        connections: that one process holds.
    """

    body_bytes: int = 16 * 2**20
    header_bytes: int = 32 * 2**10
    request_seconds: float = 30.0
    keep_alive_seconds: int = 75
    connections: int = 1_000
