"""The server in operation: workers, metrics, signals, TLS, and what platforms ask."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving_support import Server, ask, infer, made_certificate, running, tensor
from support import golden

pytestmark = pytest.mark.serve
IRIS = golden("iris_tanh")
ONE = [tensor("Petal.Length", "FP64", [1.4])]


def figures(server: Server) -> dict[str, float]:
    text = ask(server, "/metrics")[1].decode()
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_metrics_are_summed_over_the_workers(workers: str) -> None:
    with running(IRIS.path, "--model-name", "m", "--workers", workers) as server:
        two = [tensor("Petal.Length", "FP64", [1.4, 2.0])]
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda _: infer(server, {"inputs": two})[0], range(40))
            assert set(found) == {200}
        assert infer(server, b"{")[0] == 400
        assert ask(server, "/v1/models/m:predict", b'{"instances": []}')[0] == 200
        for _ in range(5):  # whichever of them is asked
            seen = figures(server)
            name = "mojo2keras_requests_total"
            assert seen[f'{name}{{model="m",protocol="v2",status="200"}}'] == 40
            assert seen[f'{name}{{model="m",protocol="v2",status="400"}}'] == 1
            assert seen['mojo2keras_rows_total{model="m",protocol="v2"}'] == 80
            assert seen['mojo2keras_refusals_total{model="m",protocol="v2"}'] == 1
            assert seen['mojo2keras_request_seconds_count{model="m",protocol="v2"}'] == 41
            assert seen['mojo2keras_request_seconds_count{model="m",protocol="v1"}'] == 1


def test_a_worker_that_dies_is_replaced() -> None:
    with running(IRIS.path, "--model-name", "m", "--workers", "2") as server:
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        first = children.read_text().split()
        assert len(first) == 2
        subprocess.run(["kill", "-9", first[0]], check=True)
        end = time.monotonic() + 30
        while len(set(children.read_text().split()) - {first[0]}) < 2:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert infer(server, {"inputs": ONE})[0] == 200
        server.process.terminate()
        assert server.finish() == 0


def test_half_sent_requests_keep_nobody_waiting() -> None:
    with running(IRIS.path, "--model-name", "m") as server:
        held = []
        for _ in range(1_500):
            held.append(socket.create_connection((server.host, server.port)))
            held[-1].sendall(b"POST /v2/models/m/infer HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        assert ask(server, "/v2/health/ready")[0] == 200
        assert infer(server, {"inputs": ONE})[0] == 200
        for one in held:
            one.close()


def test_large_requests_in_flight_are_answered_after_sigterm() -> None:
    with running(IRIS.path, "--model-name", "m") as server:
        cells = [1.0] * 200_000
        names = [column.name for column in IRIS.mojo().inputs]
        body = json.dumps({"inputs": [tensor(name, "FP64", cells) for name in names]}).encode()
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(infer, server, body) for _ in range(4)]
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            assert [one.result()[0] for one in asked] == [200] * 4
        assert server.finish() == 0


def test_nothing_is_left_of_a_server_that_is_killed() -> None:
    with running(IRIS.path, "--model-name", "m", "--workers", "2") as server:
        large = {"inputs": [tensor("Petal.Length", "FP64", [1.0] * 400_000)]}
        assert infer(server, large)[0] == 200
        server.process.kill()
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection((server.host, server.port)).close()
            except ConnectionRefusedError:
                break
            assert time.monotonic() < end
            time.sleep(0.2)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_loses_no_request(workers: str) -> None:
    options = ("--model-name", "m", "--workers", workers, "--drain-seconds", "1")
    with running(IRIS.path, *options) as server:
        warm = threading.Barrier(9)
        body = json.dumps({"inputs": ONE}).encode()

        def keep_asking(_: int) -> int:
            answered = 0
            connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
            while True:
                try:
                    connection.connect() if connection.sock is None else None
                except OSError:  # nobody listens any more: nothing was sent
                    return answered
                connection.request("POST", "/v2/models/m/infer", body)
                response = connection.getresponse()
                assert response.status == 200
                response.read()
                answered += 1
                if answered == 5:
                    warm.wait()

        with ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(keep_asking, number) for number in range(8)]
            warm.wait()
            server.process.send_signal(signal.SIGTERM)
            assert all(future.result() >= 5 for future in asking)
        assert server.finish() == 0
        assert len(server.log) == 1, server.log


def test_a_name_of_any_letters_on_ipv6() -> None:
    with running(IRIS.path, "--model-name", "fleur été", "--host", "::1") as server:
        assert server.url.startswith("http://[::1]:")
        url = f"{server.url}/v2/models/{urllib.parse.quote('fleur été')}"
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310
            assert json.load(answer)["name"] == "fleur été"
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=60) as answer:  # noqa: S310
            assert answer.status == 200


def test_sigint_ends_it_at_once() -> None:
    for workers in ("1", "2"):
        with running(IRIS.path, "--drain-seconds", "600", "--workers", workers) as server:
            server.process.send_signal(signal.SIGINT)
            assert server.finish() == 130
        assert server.log[-1] == "mojo2keras: interrupted\n"


def test_sagemakers_and_vertex_ais_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIP_HEALTH_ROUTE", "/v1/endpoints/7/health")
    monkeypatch.setenv("AIP_PREDICT_ROUTE", "/v1/endpoints/7:predict")
    with running(IRIS.path, "serve", "--model-name", "m") as server:
        rows = json.dumps({"instances": [{"Petal.Length": 1.4}], "parameters": {}}).encode()
        expected = ask(server, "/v1/models/m:predict", rows)[:2]
        assert expected[0] == 200
        body = json.dumps({"inputs": ONE}).encode()
        for ready, predict in (
            ("/ping", "/invocations"),
            ("/v1/endpoints/7/health", "/v1/endpoints/7:predict"),
        ):
            assert ask(server, ready)[0] == 200
            assert ask(server, predict, rows)[:2] == expected
            assert ask(server, predict, body)[:2] == infer(server, {"inputs": ONE})
            assert ask(server, predict, b"{")[0] == 400


def test_azures_variable_and_route(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from emit.serving.platforms import aliases_of, folder_of

    assert folder_of({}) == Path("/mnt/models")
    assert "/score" not in aliases_of({}).predict
    shutil.copy(IRIS.path, tmp_path / "iris.zip")
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path))
    assert folder_of(os.environ) == tmp_path
    with running(None, "--model-name", "m") as server:
        rows = json.dumps({"instances": [{"Petal.Length": 1.4}]}).encode()
        expected = ask(server, "/v1/models/m:predict", rows)[:2]
        assert ask(server, "/score", rows)[:2] == expected
        assert expected[0] == ask(server, "/v2/health/live")[0] == 200


def test_the_port_that_a_platform_asks_for_is_the_default() -> None:
    from emit.serving.platforms import port_of

    assert port_of({"AIP_HTTP_PORT": "9000"}) == port_of({"SAGEMAKER_BIND_TO_PORT": "9000"})
    assert port_of({}) is None


def test_tls(tmp_path: Path) -> None:
    certificate, key = made_certificate(tmp_path)
    options = ("--ssl-certfile", str(certificate), "--ssl-keyfile", str(key))
    trusted = ssl.create_default_context(cafile=str(certificate))
    for workers in ("1", "2"):
        with running(IRIS.path, "--model-name", "m", *options, "--workers", workers) as server:
            assert server.url.startswith("https://")
            connection = http.client.HTTPSConnection(server.host, server.port, context=trusted)
            connection.request("GET", "/v2")
            assert json.load(connection.getresponse())["name"] == "mojo2keras"
            connection.close()


def test_a_certificate_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "none.pem"
    from emit.serving.__main__ import main

    assert main(["--model-dir", str(IRIS.path), "--ssl-certfile", str(path)]) == 2
