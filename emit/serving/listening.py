"""Sockets on the host and port that were asked for."""

import contextlib
import ctypes
import os
import socket
import struct
import sys
from typing import Final

_BACKLOG: Final = 2048
# Linux, asm-generic/socket.h; Python has no name for it.
_SO_ATTACH_FILTER: Final = 26
# Classic BPF over a TCP packet: drop it (keep no byte) where the flag SYN is set at byte 13.
_DROP_SYN: Final = b"".join(
    struct.pack("=HBBI", *instruction)
    for instruction in ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 2**18))
)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: a name or an address, of IPv4 or IPv6.
        port: 0 for any that is free, at most 65,535.

    Raises:
        OSError: cannot listen there; the text names the place.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        number = error.errno or 0
        # Python adds the address to some texts; those of name look-ups have numbers below 0.
        reason = os.strerror(number) if number > 0 else error.strerror
        raise OSError(number, f"cannot listen on {place(host, port)}: {reason}") from error
    # What is accepted takes it over. asyncio leaves it out for a socket that does not say it is
    # TCP's, and then each answer on a connection that is kept waits 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def place(host: str, port: int) -> str:
    """Return a host and a port as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def turn_away(listener: socket.socket) -> None:
    """Let nobody begin to connect any more, and lose nobody who has begun.

    A listening socket that closes resets what it has not accepted yet, on which a request may be
    on its way; and while its queue is emptied, others come. So the kernel is told to drop the
    first packet of new connections: who sent it tries again in a second, and then nobody listens.
    Elsewhere than on Linux this does nothing.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_DROP_SYN, len(_DROP_SYN))
    instructions = len(_DROP_SYN) // struct.calcsize("=HBBI")
    with contextlib.suppress(OSError):  # some sandboxes' kernels have no such filter
        pointer = struct.pack("@HP", instructions, ctypes.addressof(program))
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)
