"""One model on an HTTP port, until a signal."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import uvicorn

from mojo_reader.scoring.blas import one_blas_thread

from .answers import ServedModel
from .app import Application, State
from .connections import limited
from .limits import Limits, allow_connections
from .listening import listen, place, turn_away
from .metrics import Metrics, shared_figures
from .platforms import aliases_of
from .workers import supervise, take_signals

# Seconds that requests in flight have to end in.
_GRACE: Final = 30
# Seconds for whoever has begun to connect to send a request.
_LINGER: Final = 0.5
# One call that holds Python's lock must not let the loop wait longer for it than it has to.
_SWITCH_SECONDS: Final = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """Where and how to serve.

    Attributes:
        host: a name or an address.
        http_port: 0 for any that is free.
        drain_seconds: how long the server still answers everybody after SIGTERM, while it says
            that it is not ready, so that balancers turn elsewhere.
        access_log: write a line for each request.
        workers: processes that answer.
        limits: what clients may take.
        certificate: a file of TLS's, PEM; None for plain HTTP.
        key: of the certificate; None where it stands in the certificate's file.
        origins: of pages that may read the answers.
    """

    host: str
    http_port: int
    drain_seconds: float = 2.0
    access_log: bool = False
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    certificate: Path | None = None
    key: Path | None = None
    origins: tuple[str, ...] = ()


class Companion(Protocol):
    """Another server of the same model, such as gRPC's, that starts and ends with this one."""

    async def start(self, state: State) -> str:
        """Begin to serve; return the address with its scheme."""

    async def drain(self) -> None:
        """Say that it is not ready, and go on answering."""

    async def stop(self) -> None:
        """Answer what is in flight, and end."""


def serve(model: ServedModel, serving: Serving, companion: Companion | None = None) -> None:
    """Serve a model until SIGTERM or SIGINT.

    Raises:
        OSError: cannot listen there, or cannot read the certificate.
        KeyboardInterrupt: the signal was SIGINT.
    """
    _check_tls(serving)
    with listen(serving.host, serving.http_port) as listener, one_blas_thread():
        if serving.workers > 1:
            with shared_figures():
                received = supervise(
                    serving.workers,
                    lambda: run(model, serving, listener, say=False),
                    lambda: _say_where(model.name, _address(serving, listener)),
                )
        else:
            received = run(model, serving, listener, companion)
    if received is signal.SIGINT:
        raise KeyboardInterrupt


def run(
    model: ServedModel,
    serving: Serving,
    listener: socket.socket,
    companion: Companion | None = None,
    *,
    say: bool = True,
) -> signal.Signals:
    """Serve in this process until a signal, and return it."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    allow_connections(serving.limits.connections)
    config = _configured(serving, None)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        return runner.run(_serve(model, serving, listener, companion, say=say))


async def _serve(
    model: ServedModel,
    serving: Serving,
    listener: socket.socket,
    companion: Companion | None,
    *,
    say: bool,
) -> signal.Signals:
    signals = _signals()
    state = State()
    limits = serving.limits
    application = Application(
        model,
        state,
        Metrics(model.name),
        most=limits.body_bytes,
        processes=serving.workers,
        aliases=aliases_of(os.environ),
        origins=serving.origins,
    )
    server = _Server(_configured(serving, application))
    others = [] if companion is None else [await companion.start(state)]
    if say:
        _say_where(model.name, _address(serving, listener), *others)
    # The group ends with an error, instead of waiting for a signal, where HTTP cannot go on.
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listener]))
        received = await signals.get()
        state.draining = True
        if companion is not None:
            await companion.drain()
        if received is signal.SIGTERM:
            with contextlib.suppress(TimeoutError):  # a second signal ends it at once
                received = await asyncio.wait_for(signals.get(), serving.drain_seconds)
        server.should_exit = True
        if companion is not None:
            await companion.stop()
    application.close()
    return received


def _configured(serving: Serving, application: Any) -> uvicorn.Config:
    if serving.access_log:
        log = logging.getLogger("uvicorn.access")
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)
    # What strangers send is told to them, and not to the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return uvicorn.Config(
        application,
        loop="auto",
        http=limited(serving.limits),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=serving.access_log,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=serving.limits.keep_alive_seconds,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=serving.certificate,
        ssl_keyfile=serving.key,
    )


class _Server(uvicorn.Server):
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


def _check_tls(serving: Serving) -> None:
    if serving.certificate is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(serving.certificate, serving.key)
    except OSError as error:  # ssl's own errors are some
        reason = error.strerror or error
        message = f"cannot read the certificate {serving.certificate} and its key: {reason}"
        raise OSError(error.errno, message) from error


def _signals() -> asyncio.Queue[signal.Signals]:
    """Return the signals that ask for an end, as they come."""
    received: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, received.put_nowait, number)
    take_signals()
    return received


def _address(serving: Serving, listener: socket.socket) -> str:
    scheme = "http" if serving.certificate is None else "https"
    return f"{scheme}://{place(serving.host, listener.getsockname()[1])}"


def _say_where(name: str, *addresses: str) -> None:
    """Say on standard error where a model is served."""
    sys.stderr.write(f"mojo2keras: serving {name!r} on {' and '.join(addresses)}\n")
    sys.stderr.flush()
