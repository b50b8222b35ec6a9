"""What clients may take of the server."""

import contextlib
from dataclasses import dataclass
from typing import Final

# Files that a process has open beside its connections.
_OTHER_FILES: Final = 200


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
    connections: int = 4_000


def allow_connections(count: int) -> None:
    """Ask the system for as many open files as connections need, where it gives so many."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = count + _OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            if hard != resource.RLIM_INFINITY:
                wanted = min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
