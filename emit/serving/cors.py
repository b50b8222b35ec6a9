"""Which pages of other origins may read the server's answers.

Source: the Fetch standard, "HTTP-CORS protocol".
"""

from collections.abc import Iterable, Sequence
from typing import Final

Headers = tuple[tuple[bytes, bytes], ...]

ANY: Final = "*"
_METHODS: Final = b"GET, HEAD, POST"
_HEADERS: Final = b"content-type, content-encoding, inference-header-content-length"
#: Seconds that a browser keeps what it was told.
_MAX_AGE: Final = b"600"


class Origins:
    """Says what a browser has to be told.

    Args:
        allowed: origins as browsers send them, ``https://app.example.com``; ``*`` for all.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._any = ANY in allowed
        self._allowed = frozenset(origin.encode("latin-1") for origin in allowed)

    def answers(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Return what stands in every answer to a request with these headers."""
        if self._any:
            told: Headers = ((b"access-control-allow-origin", b"*"),)
        elif self._allowed:
            # A cache must not hand one origin's answer to another.
            told = ((b"vary", b"origin"),)
            origin = _value(headers, b"origin")
            if origin not in self._allowed:
                return told
            told = ((b"access-control-allow-origin", origin), *told)
        else:
            return ()
        return (*told, (b"access-control-expose-headers", b"inference-header-content-length"))

    def preflight(self, headers: Sequence[tuple[bytes, bytes]]) -> Headers | None:
        """Return what a browser is told beside it that asks before it sends; None for no such."""
        if not _value(headers, b"access-control-request-method"):
            return None
        if not any(name == b"access-control-allow-origin" for name, _ in self.answers(headers)):
            return None
        return (
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _HEADERS),
            (b"access-control-max-age", _MAX_AGE),
        )


def _value(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")
