"""How fast the KServe server answers: latency and throughput of 1, 8 and 64 clients.

    python benchmarks/serving.py [--networks S L] [--seconds 5] [--models FOLDER] [--rounds 3]

Runs in an environment with the extras ``kserve`` and ``tables``. Clients ask for one row at a time,
each as soon as it has its answer, over connections that stay open: aiohttp for HTTP, grpcio for
gRPC, all in one process beside the server. Then single requests of many rows. The rounds of the
different kinds are interleaved; medians, the smallest and the largest are printed. Client and
server share the machine, so that the figures are what both together can do.
"""

import argparse
import asyncio
import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from grpc import aio
from kserve import InferInput, InferRequest
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from networks import SHAPES, derived_network, write_rows
from score import spread

_CLIENTS = (1, 8, 64)
_MANY_ROWS = 10_000
_WARM_UP_SECONDS = 1.0
_ADDRESSES = re.compile(r"on (http://\S+) and grpc://(\S+)")

Ask = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Load:
    """What some clients saw: seconds of each answer, sorted, and answers a second."""

    seconds: list[float]
    rate: float

    def quantile(self, part: float) -> float:
        """Return a quantile of the latency, in milliseconds."""
        return self.seconds[min(len(self.seconds) - 1, int(part * len(self.seconds)))] * 1e3


def start(folder: Path) -> tuple[subprocess.Popen[str], str, str]:
    """Start the server, and return it with its two addresses."""
    hidden = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    options = ["--model-name", "m", "--http-port", "0", "--grpc-port", "0", "--drain-seconds", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "emit.kserve_model", "--model-dir", str(folder), *options],
        env={key: value for key, value in os.environ.items() if key not in hidden},
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        found = _ADDRESSES.search(line)
        if found:
            return process, found[1], found[2]
    message = "the server has ended"
    raise RuntimeError(message)


def request_of(name: str, rows: list[dict[str, str]]) -> InferRequest:
    """Return rows as a request with its data in bytes."""
    inputs = []
    levels = len(SHAPES[name].levels)
    for position, column in enumerate(SHAPES[name].names):
        texts = [row[column] for row in rows]
        if position < levels:
            datatype, cells = "BYTES", np.array(texts, object)
        else:
            datatype, cells = "FP64", np.array([float(text or "nan") for text in texts])
        inputs.append(InferInput(column, [len(texts)], datatype))
        inputs[-1].set_data_from_numpy(cells, binary_data=True)
    return InferRequest(model_name="m", infer_inputs=inputs)


def json_of(request: InferRequest) -> dict[str, Any]:
    """Return the same request as JSON."""
    tensors = []
    for tensor in request.inputs:
        data = tensor.as_numpy().tolist()
        if tensor.datatype == "BYTES":
            data = [text.decode() for text in data]
        cells = [None if cell != cell else cell for cell in data]  # noqa: PLR0124 - NaN
        tensors.append({"name": tensor.name, "datatype": tensor.datatype,
                        "shape": tensor.shape, "data": cells})  # fmt: skip
    return {"inputs": tensors}


class Client:
    """Sends one row, or many, in each way that the server takes."""

    def __init__(self, session: aiohttp.ClientSession, stub: Any, one: Any, many: Any) -> None:
        self._session = session
        self._stub = stub
        self._one = (json_of(one), one.to_grpc())
        self._many = (json_of(many), many.to_rest(), many.to_grpc())

    def single(self) -> dict[str, Ask]:
        """Return what asks for one row."""
        return {
            "HTTP, JSON": lambda: self._post(json=self._one[0]),
            "gRPC": lambda: self._stub.ModelInfer(self._one[1]),
        }

    def batches(self) -> dict[str, Ask]:
        """Return what asks for many rows."""
        body, length = self._many[1]
        headers = {
            "Content-Type": "application/octet-stream",
            "Inference-Header-Content-Length": str(length),
        }
        return {
            "HTTP, JSON": lambda: self._post(json=self._many[0]),
            "HTTP, bytes": lambda: self._post(data=body, headers=headers),
            "gRPC, bytes": lambda: self._stub.ModelInfer(self._many[2]),
        }

    async def _post(self, **content: Any) -> None:
        async with self._session.post("/v2/models/m/infer", **content) as response:
            await response.read()
            response.raise_for_status()


async def under_load(ask: Ask, clients: int, seconds: float) -> Load:
    """Let clients ask for some time, each as soon as it has its answer."""
    found: list[float] = []
    end = time.perf_counter() + seconds

    async def keep_asking() -> None:
        while time.perf_counter() < end:
            found.append(await seconds_of(ask))

    began = time.perf_counter()
    await asyncio.gather(*(keep_asking() for _ in range(clients)))
    return Load(sorted(found), len(found) / (time.perf_counter() - began))


async def seconds_of(ask: Ask) -> float:
    """Time one request."""
    began = time.perf_counter()
    await ask()
    return time.perf_counter() - began


async def measure(client: Client, seconds: float, rounds: int) -> None:
    """Print the figures of one network."""
    kinds = {
        (label, clients): ask for label, ask in client.single().items() for clients in _CLIENTS
    }
    loads: dict[tuple[str, int], list[Load]] = {kind: [] for kind in kinds}
    for (_, clients), ask in kinds.items():
        await under_load(ask, clients, _WARM_UP_SECONDS)
    for _ in range(rounds):
        for kind, ask in kinds.items():
            loads[kind].append(await under_load(ask, kind[1], seconds))
    for (label, clients), found in loads.items():
        rate = spread([load.rate for load in found], digits=0)
        middle = spread([load.quantile(0.5) for load in found])
        worst = spread([load.quantile(0.99) for load in found])
        print(f"  {label:11} {clients:3} clients: {rate} rows/s; p50 {middle} ms; p99 {worst} ms")
    for label, ask in client.batches().items():
        await ask()
        rates = spread([_MANY_ROWS / await seconds_of(ask) for _ in range(rounds * 3)], digits=0)
        print(f"  {label:11} {_MANY_ROWS:,} rows a request: {rates} rows/s")


async def serve_and_measure(name: str, model: Path, rows: Path, options: Any) -> None:
    """Measure one network on a server of its own."""
    with rows.open(newline="") as file:
        table = [row for _, row in zip(range(_MANY_ROWS), csv.DictReader(file), strict=False)]
    one, many = request_of(name, table[:1]), request_of(name, table)
    process, http, rpc = start(model)
    try:
        connections = aiohttp.TCPConnector(limit=max(_CLIENTS))
        async with (
            aiohttp.ClientSession(http, connector=connections) as session,
            aio.insecure_channel(rpc) as channel,
        ):
            stub = GRPCInferenceServiceStub(channel)
            await measure(Client(session, stub, one, many), options.seconds, options.rounds)
    finally:
        process.terminate()
        process.communicate()


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["S", "L"])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", type=Path, help="folder that keeps networks and rows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        kept = options.models or Path(name)
        kept.mkdir(exist_ok=True)
        for key in options.networks:
            model, rows = kept / f"{key}_derived.zip", kept / f"{key}.csv"
            if not model.exists():
                derived_network(key, kept)
            if not rows.exists():
                write_rows(key, rows)
            print(f"{key} ({model.name}); load {os.getloadavg()[0]:.1f}")
            asyncio.run(serve_and_measure(key, model, rows, options))


if __name__ == "__main__":
    main()
