"""Where the server listens, and how it ends: no request is lost."""

import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support import golden

from mojo_reader import Scorer

pytestmark = pytest.mark.kserve
NAME = "iris"
IRIS = golden("iris_tanh")
LISTENING = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


@pytest.fixture(scope="module")
def ks() -> ModuleType:
    """Return what needs kserve, which is not installed everywhere."""
    import kserve_support

    return kserve_support


@pytest.fixture(scope="module")
def httpx() -> ModuleType:
    """Return kserve's own HTTP client library."""
    import httpx

    return httpx


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    shutil.copy(IRIS.path, folder / f"{NAME}.zip")
    return folder


@pytest.fixture(scope="module")
def server(ks: ModuleType, models: Path) -> Iterator[Any]:
    with ks.running(models, "--drain-seconds", "0") as server:
        yield server


def infer(client: Any, **body: Any) -> Any:
    return client.post(f"/v2/models/{NAME}/infer", json=body)


# --------------------------------------------------------------------------- listening


def listening_addresses(pid: int) -> set[str]:
    """Return the local addresses of a process's listening sockets, as Linux writes them."""
    folder = Path(f"/proc/{pid}/fd")
    held = {str(path.readlink()) for path in folder.iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in held:
                found.add(fields[1].partition(":")[0])
    return found


def test_it_listens_on_the_loopback_alone_unless_told_otherwise(
    server: Any, ks: ModuleType, models: Path
) -> None:
    addresses = listening_addresses(server.process.pid)
    assert len(addresses) == 2
    assert addresses <= LOOPBACK
    options = ("--host", "0.0.0.0", "--drain-seconds", "0")  # noqa: S104 - what is tested
    with ks.running(models, *options) as told:
        assert not listening_addresses(told.process.pid) & LOOPBACK


# --------------------------------------------------------------------------- the end


def test_sigterm_loses_no_http_request(ks: ModuleType, httpx: ModuleType, models: Path) -> None:
    with ks.running(models, "--drain-seconds", "1") as server:
        inputs = [ks.tensor("Petal.Length", "FP64", [1.4, 5.0])]
        warm = threading.Barrier(17)
        told = threading.Event()
        after = []

        def keep_asking(_: int) -> int:
            answered = 0
            with httpx.Client(base_url=server.http, timeout=60) as client:
                while True:
                    try:
                        response = infer(client, inputs=inputs)
                    except httpx.ConnectError:  # nobody listens any more: nothing was sent
                        return answered
                    assert response.status_code == 200
                    answered += 1
                    if answered == 3:
                        warm.wait()
                    if told.is_set():
                        after.append(answered)

        with ThreadPoolExecutor(16) as pool:
            asking = [pool.submit(keep_asking, number) for number in range(16)]
            warm.wait()
            server.process.send_signal(signal.SIGTERM)
            told.set()
            assert all(future.result() >= 3 for future in asking)
        assert server.finish() == 0
        assert after, "nothing was answered while the server drained"


def test_sigterm_loses_no_grpc_request(ks: ModuleType, models: Path) -> None:
    import grpc

    with ks.running(models, "--drain-seconds", "0.5") as server:
        request = ks.rpc_request(NAME, [ks.tensor("Petal.Length", "FP64", [1.4, 5.0])])
        warm = threading.Barrier(9)

        def keep_asking(_: int) -> str:
            stub = server.stub
            answered = 0
            while True:
                try:
                    stub.ModelInfer(request)
                except grpc.RpcError as error:
                    return f"{error.code().name}: {error.details()}"
                answered += 1
                if answered == 3:
                    warm.wait()

        with ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(keep_asking, number) for number in range(8)]
            warm.wait()
            server.process.send_signal(signal.SIGTERM)
            ends = {future.result() for future in asking}
        assert server.finish() == 0
        assert ends == {"UNAVAILABLE: the server is stopping"}


def test_a_server_that_drains_is_not_ready_and_answers(
    ks: ModuleType, httpx: ModuleType, models: Path
) -> None:
    with ks.running(models, "--drain-seconds", "5") as server:
        server.process.send_signal(signal.SIGTERM)
        with httpx.Client(base_url=server.http, timeout=60) as client:
            while client.get("/v2/health/ready").status_code == 200:
                pass
            response = client.get("/v2/health/ready")
            assert (response.status_code, response.json()) == (
                503,
                {"error": "the server is stopping"},
            )
            assert response.headers["connection"] == "close"
            response = infer(client, inputs=[ks.tensor("Petal.Length", "FP64", [1.4])])
            scores = Scorer(IRIS.mojo()).predict_proba(
                {c.name: [1.4 if c.name == "Petal.Length" else None] for c in IRIS.mojo().inputs}
            )
            assert np.array_equal(ks.arrays(response.json())["probabilities"], scores)
        assert not server.stub.ServerReady(ks.pb.ServerReadyRequest()).ready
        assert server.finish() == 0


def test_sigint_ends_it_at_once(ks: ModuleType, models: Path) -> None:
    with ks.running(models, "--drain-seconds", "600") as server:
        server.process.send_signal(signal.SIGINT)
        assert server.finish() == 130
    assert server.log[-1] == "mojo2keras: interrupted\n"


# --------------------------------------------------------------------------- ports


@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_a_port_in_use_is_one_sentence(
    kind: str, server: Any, ks: ModuleType, models: Path
) -> None:
    taken = getattr(server, kind).rpartition(":")[2]
    ports = {"http": "0", "grpc": "0", kind: taken}
    options = ["--http-port", ports["http"], "--grpc-port", ports["grpc"]]
    done = subprocess.run(
        [*ks.COMMAND, "--model-dir", str(models), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert done.stderr == (
        f"mojo2keras: cannot listen on 127.0.0.1:{taken}: Address already in use\n"
    )
