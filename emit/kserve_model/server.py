"""One model on an HTTP and a gRPC port, until a signal.

KServe's own ``ModelServer`` listens on all interfaces, unloads the model while gRPC requests are
in flight, and closes connections on which a request may be on its way.
"""

import asyncio
import signal
import sys
from dataclasses import dataclass
from typing import Final

from kserve.logging import configure_logging
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from mojo_reader.scoring.blas import one_blas_thread

from .data_plane import MojoDataPlane, OneModelRepository
from .grpc_server import GrpcServer
from .http_server import HttpServer
from .listening import listen, place
from .model import ServedMojo

# Seconds that requests in flight have to end in.
_GRACE: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """Where and how to serve.

    Attributes:
        host: a name or an address.
        http_port: 0 for any that is free.
        grpc_port: 0 for any that is free.
        drain_seconds: how long the server still answers everybody after SIGTERM, while it says
            that it is not ready, so that balancers turn elsewhere.
        access_log: write a line for each HTTP request.
    """

    host: str
    http_port: int
    grpc_port: int
    drain_seconds: float
    access_log: bool


def serve(model: ServedMojo, serving: Serving) -> None:
    """Serve a model until SIGTERM or SIGINT.

    Raises:
        OSError: cannot listen there.
        KeyboardInterrupt: the signal was SIGINT.
    """
    configure_logging()
    # Requests are scored beside each other; threads of one product would be in the others' way.
    with one_blas_thread():
        received = asyncio.run(_serve(model, serving))
    if received is signal.SIGINT:
        raise KeyboardInterrupt


async def _serve(model: ServedMojo, serving: Serving) -> signal.Signals:
    signals = _signals()
    repository = OneModelRepository()
    repository.update(model)
    plane = MojoDataPlane(repository)
    extension = ModelRepositoryExtension(repository)
    with listen(serving.host, serving.http_port) as listener:
        http = HttpServer(plane, extension, listener, grace=_GRACE, access_log=serving.access_log)
        grpc = GrpcServer(plane, extension, serving.host, serving.grpc_port, grace=_GRACE)
        grpc_port = await grpc.start()
        http_place = place(serving.host, listener.getsockname()[1])
        _say(f"{model.name!r} on http://{http_place} and grpc://{place(serving.host, grpc_port)}")
        # The group ends with an error, instead of waiting for a signal, where HTTP cannot go on.
        async with asyncio.TaskGroup() as group:
            group.create_task(http.start())
            received = await signals.get()
            plane.draining = True
            if received is signal.SIGTERM:
                await asyncio.sleep(serving.drain_seconds)
            http.stop()
            await grpc.stop()
    return received


def _signals() -> asyncio.Queue[signal.Signals]:
    """Return the signals that ask for an end, as they come."""
    received: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, received.put_nowait, number)
    return received


def _say(what: str) -> None:
    sys.stderr.write(f"mojo2keras: serving {what}\n")
    sys.stderr.flush()
