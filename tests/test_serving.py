"""The server in a process of its own: what it answers, what it refuses, and how it ends."""

import gzip
import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving_support import Server, arrays, binary_body, running, tensor, tensors
from support import assert_close, golden

from mojo_reader import Scorer

pytestmark = pytest.mark.serve
CASE = golden("levels_odd_text")
IRIS = golden("iris_tanh")
ONE = [tensor("Petal.Length", "FP64", [1.4])]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(CASE.path, "--model-name", "m", "--max-body-bytes", "2000000") as server:
        yield server


@pytest.fixture(scope="module")
def iris() -> Iterator[Server]:
    with running(IRIS.path, "--model-name", "m", "--request-seconds", "1") as server:
        yield server


def ask(
    server: Server, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    method = "GET" if body is None else "POST"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return response.status, json.loads(content) if is_json else content, response.headers


def infer(server: Server, body: object, **headers: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, content, _ = ask(server, "/v2/models/m/infer", data, **headers)
    return status, content


# --------------------------------------------------------------------------- answers


def test_it_gives_h2os_scores_in_json_and_bytes(server: Server) -> None:
    expected = CASE.expected()
    status, content = infer(server, {"id": "7", "inputs": tensors(CASE)})
    assert (status, content["id"]) == (200, "7")
    found = arrays(content)
    assert found["predict"].tolist() == expected.labels
    assert_close(found["probabilities"], expected.values, tolerance=1e-10)
    body, length = binary_body(tensors(CASE), outputs=[
        {"name": "probabilities", "parameters": {"binary_data": True}}, {"name": "predict"}
    ])  # fmt: skip
    sent = {"Inference_Header_Content_Length": str(length)}
    status, content, headers = ask(server, "/v2/models/m/infer", body, **sent)
    assert status == 200
    length = int(headers["inference-header-content-length"])
    first, second = json.loads(content[:length])["outputs"]
    assert first["parameters"] == {"binary_data_size": len(content) - length}
    values = np.frombuffer(content[length:], "<f8").reshape(first["shape"])
    assert_close(values, expected.values, tolerance=1e-10)
    assert second["data"] == expected.labels


def test_json_needs_no_content_type_and_may_be_compressed(server: Server) -> None:
    body = json.dumps({"inputs": tensors(CASE)}).encode()
    plain = infer(server, body)
    assert plain[0] == 200
    raw = zlib.compressobj(wbits=-15)
    for coding, sent in (
        ("gzip", gzip.compress(body)),
        ("gzip", gzip.compress(body[:9]) + gzip.compress(body[9:])),
        ("deflate", zlib.compress(body)),
        ("deflate", raw.compress(body) + raw.flush()),
        ("identity", body),
        ("deflate, gzip", gzip.compress(zlib.compress(body))),
    ):
        assert infer(server, sent, Content_Encoding=coding) == plain, coding
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert infer(server, body, **form) == plain


def test_nan_as_python_writes_it_is_missing(iris: Server) -> None:
    found = [infer(iris, {"inputs": [{**ONE[0], "data": [cell]}]}) for cell in (None, float("nan"))]
    assert found[0][0] == 200
    assert found[0] == found[1]


def test_many_rows_in_json_are_answered_elsewhere_and_alike(iris: Server) -> None:
    rng = np.random.default_rng(1)
    names = [column.name for column in IRIS.mojo().inputs]
    columns = {name: rng.normal(3, 2, 30_000).tolist() for name in names}
    body = {"inputs": [tensor(name, "FP64", cells) for name, cells in columns.items()]}
    assert len(json.dumps(body)) > 1_000_000
    expected = Scorer(IRIS.mojo()).predict_proba(columns)
    for rows in (200, 30_000):
        body = {"inputs": [tensor(n, "FP64", cells[:rows]) for n, cells in columns.items()]}
        status, content = infer(iris, body)
        assert status == 200
        assert_close(arrays(content)["probabilities"], expected[:rows], tolerance=1e-12)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    status, content, _ = ask(iris, "/v1/models/m:predict", json.dumps({"instances": rows}).encode())
    assert (status, len(content["predictions"])) == (200, 30_000)
    bad = {"inputs": [tensor(names[0], "FP64", [1.0] * 300_000 + ["x"])]}
    status, content = infer(iris, bad)
    assert (status, content["error"]) == (
        400,
        f"row 300,001, column {names[0]!r}: expected a number, found 'x'",
    )


def test_a_row_of_any_network_is_small_and_many_of_a_large_one_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from emit.serving import answers

    assert answers.ServedModel("m", Scorer(CASE.mojo())).small_bytes == 32_768
    monkeypatch.setattr(answers, "_SMALL_COST", 1)
    least = answers.ServedModel("m", Scorer(CASE.mojo())).small_bytes
    one = [{**given, "shape": [1], "data": given["data"][:1]} for given in tensors(CASE)]
    assert len(json.dumps({"inputs": one})) < least < 3 * len(json.dumps({"inputs": one}))


def test_v1_gives_columns_and_notices(iris: Server) -> None:
    path = "/v1/models/m:predict"
    status, content, _ = ask(iris, path, b'{"instances": [{"Petal.Length": 1.4}]}')
    assert status == 200
    assert list(content["predictions"][0]) == list(IRIS.mojo().output.columns)
    assert content["notices"].startswith("columns of the model that the rows lack")
    assert ask(iris, path, b'{"instances": []}')[:2] == (200, {"predictions": []})
    status, content, _ = ask(iris, path, b'{"instances": [5]}')
    assert (status, content["error"]) == (
        400,
        "row 1: expected a mapping of column to value, found 5",
    )


def test_no_rows_give_no_predictions(iris: Server) -> None:
    status, content = infer(iris, {"inputs": [tensor("Petal.Length", "FP64", [])]})
    assert status == 200
    assert [output["shape"] for output in content["outputs"]] == [[0], [0, 3]]


def test_an_infinite_error_is_null() -> None:
    case = golden("autoencoder_tanh")
    with running(case.path, "--model-name", "m") as server:
        inputs = [
            {**given, "data": [1e200 if given["datatype"] == "FP64" else None], "shape": [1]}
            for given in tensors(case)
        ]
        outputs = [{"name": "Reconstruction.MSE"}]
        status, content = infer(server, {"inputs": inputs, "outputs": outputs})
    assert (status, content["outputs"][0]["data"]) == (200, [None])


def test_it_tells_what_it_serves(iris: Server) -> None:
    assert ask(iris, "/v2/health/live")[:2] == (200, {"live": True})
    assert ask(iris, "/v2/health/ready")[:2] == (200, {"ready": True})
    assert ask(iris, "/v2")[1]["extensions"] == ["binary_tensor_data"]
    assert ask(iris, "/v2/models/m/ready")[:2] == (200, {"name": "m", "ready": True})
    assert ask(iris, "/v1/models/m")[:2] == (200, {"name": "m", "ready": True})
    assert ask(iris, "/v1/models")[1] == {"models": ["m"]}
    found = ask(iris, "/v2/models/m")[1]
    assert [one["name"] for one in found["inputs"]] == [c.name for c in IRIS.mojo().inputs]
    document = ask(iris, "/openapi.json")[1]
    assert document["openapi"] == "3.1.0"
    for path, methods in document["paths"].items():
        if "get" in methods:
            assert ask(iris, path)[0] == 200, path
        else:
            assert ask(iris, path, b"{}")[0] == 400, path


def test_an_answer_is_one_piece_and_pipelined_requests_get_theirs(iris: Server) -> None:
    with socket.create_connection((iris.host, iris.port), timeout=60) as sent:
        head = b"HEAD /v2 HTTP/1.1\r\nHost: x\r\n\r\n"
        sent.sendall(head + b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n" + head)
        sent.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        found = b""
        while part := sent.recv(65_536):
            found += part
        assert found.count(b"HTTP/1.1 200 OK") == 4
        assert found.count(b'{"live":true}') == 2
    with socket.create_connection((iris.host, iris.port), timeout=60) as sent:
        for _ in range(3):
            sent.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sent.recv(65_536).endswith(b'{"live":true}')


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("datatype", "cells", "problem"),
    [
        ("INT8", [1, 300], "row 2: expected an integer of INT8 (from -128 to 127), found 300"),
        ("UINT64", [-1], "row 1: expected an integer of UINT64 (from 0 to "),
        ("INT64", [1.5], "row 1: expected an integer of INT64 (from "),
        ("INT32", [1e30], "row 1: expected an integer of INT32 (from "),
    ],
)
def test_integers_out_of_their_range_are_refused(
    datatype: str, cells: list[Any], problem: str, iris: Server
) -> None:
    status, content = infer(iris, {"inputs": [tensor("Petal.Length", datatype, cells)]})
    assert status == 400
    assert content["error"].startswith(f"input 'Petal.Length', {problem}")


def test_integers_in_their_range_are_taken(iris: Server) -> None:
    for datatype, cells in (("INT8", [127, -128, None, 3.0]), ("UINT64", [2**64 - 1])):
        assert infer(iris, {"inputs": [tensor("Petal.Length", datatype, cells)]})[0] == 200


MALFORMED = [
    (b"", 400, "expected JSON, found none: "),
    (b"[" * 100_000, 400, "expected JSON, found none: "),
    (b'{"inputs": [NaN' + b"[" * 100_000, 400, "expected JSON, found none: "),
    (b'{"inputs": "x"}', 400, "this is no request of the Open Inference Protocol at inputs: "),
    (b'{"inputs": [5]}', 400, "this is no request of the Open Inference Protocol at inputs.0: "),
    (b'{"inputs": [], "id": 5}', 400, "this is no request of the Open Inference Protocol at id: "),
    (b'{"inputs": []}', 400, "expected input tensors, found none; the model's are "),
    (b'{"inputs": [{"name": "x", "shape": [true], "datatype": "FP64", "data": [1]}]}', 400,
     "this is no request of the Open Inference Protocol at inputs.0.shape: expected an integer"),
    (b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP64"}]}', 400,
     "this is no request of the Open Inference Protocol at inputs.0.data: expected a value"),
    (b"\xff\xfe", 400, "expected JSON, found none: "),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "sentence"), MALFORMED)
def test_malformed_bodies_are_one_sentence(
    body: bytes, status: int, sentence: str, iris: Server
) -> None:
    found, content = infer(iris, body)
    assert (found, list(content)) == (status, ["error"])
    assert content["error"].startswith(sentence)
    assert "\n" not in content["error"]


def test_bad_encodings_are_refused(iris: Server) -> None:
    status, content = infer(iris, b"{}", Content_Encoding="br")
    assert (status, content["error"]) == (
        415,
        "expected the Content-Encoding gzip or deflate, found 'br'",
    )
    for body in (b"{}", gzip.compress(b"{}" * 99)[:-9]):
        status, content = infer(iris, body, Content_Encoding="gzip")
        assert status == 400
        assert content["error"].startswith("expected a body in gzip, found none: ")


def test_other_models_and_versions_are_not_there(iris: Server) -> None:
    for path, problem in (
        ("/v2/models/other/infer", "expected the model 'm', found 'other'"),
        ("/v1/models/other:predict", "expected the model 'm', found 'other'"),
        ("/v2/models/m/versions/1/infer", "the model 'm' has no versions, found '1'; ask"),
        ("/v3", "there is nothing at '/v3'; "),
    ):
        status, content, _ = ask(iris, path, b"{}")
        assert status == 404
        assert content["error"].startswith(problem)
    status, content, headers = ask(iris, "/v2/models/m/infer")
    assert (status, headers["allow"]) == (405, "POST")


# --------------------------------------------------------------------------- limits


def test_a_body_over_the_limit_is_refused_before_it_is_read(server: Server) -> None:
    most = 2_000_000
    expected = (413, {"error": f"expected a body of at most {most:,} bytes, found more"})
    with socket.create_connection((server.host, server.port), timeout=60) as sent:
        sent.sendall(
            b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 400000000\r\n\r\n{"
        )
        answer = http.client.HTTPResponse(sent)
        answer.begin()
        assert (answer.status, json.loads(answer.read())) == expected
    # A client that sends it all before it reads has the answer, too.
    assert infer(server, b" " * 20_000_000) == expected
    chunked = http.client.HTTPConnection(server.host, server.port, timeout=60)
    chunked.request("POST", "/v2/models/m/infer", iter([b" " * 100_000] * 30))
    answer = chunked.getresponse()
    assert (answer.status, json.loads(answer.read())) == expected
    chunked.close()
    assert infer(server, gzip.compress(b" " * 300_000_000), Content_Encoding="gzip") == expected


def test_a_head_over_the_limit_is_refused(iris: Server) -> None:
    limit = "expected at most 32,768 bytes of path and headers, found more"
    for head in (
        b"GET /v2 HTTP/1.1\r\nX: " + b"y" * 40_000,
        b"GET /v2 HTTP/1.1\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 40_000,
        b"GET /v2 HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
    ):
        with socket.create_connection((iris.host, iris.port), timeout=60) as sent:
            sent.sendall(head)
            answer = http.client.HTTPResponse(sent)
            answer.begin()
            assert (answer.status, json.loads(answer.read())) == (431, {"error": limit})


def test_what_is_no_http_is_refused(iris: Server) -> None:
    with socket.create_connection((iris.host, iris.port), timeout=60) as sent:
        sent.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = http.client.HTTPResponse(sent)
        answer.begin()
        assert answer.status == 400
        assert json.loads(answer.read())["error"].startswith("expected a request of HTTP/1.1")


@pytest.mark.parametrize(
    ("part", "status"),
    [
        (b"", None),
        (b"POST /v2/models/m/infer HTTP/1.1\r\nHost:", 408),
        (b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", 408),
    ],
)
def test_half_a_request_is_not_waited_for(part: bytes, status: int | None, iris: Server) -> None:
    began = time.monotonic()
    with socket.create_connection((iris.host, iris.port), timeout=60) as sent:
        sent.sendall(part)
        if status is None:
            assert sent.recv(1) == b""
        else:
            answer = http.client.HTTPResponse(sent)
            answer.begin()
            assert answer.status == status
            assert "within 1 seconds" in json.loads(answer.read())["error"]
            assert sent.recv(1) == b""
    assert time.monotonic() - began < 10


def test_more_connections_than_the_limit_are_turned_away() -> None:
    with running(IRIS.path, "--model-name", "m", "--max-connections", "3") as server:
        held = [socket.create_connection((server.host, server.port)) for _ in range(3)]
        time.sleep(0.3)
        status, content, _ = ask(server, "/v2/health/live")
        assert (status, content["error"]) == (
            503,
            "expected at most 3 connections at once, found one more",
        )
        held.pop().close()
        time.sleep(0.3)
        assert ask(server, "/v2/health/live")[0] == 200
        for one in held:
            one.close()


# --------------------------------------------------------------------------- operations


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


def test_the_port_that_a_platform_asks_for_is_the_default() -> None:
    from emit.serving.platforms import port_of

    assert port_of({"AIP_HTTP_PORT": "9000"}) == port_of({"SAGEMAKER_BIND_TO_PORT": "9000"})
    assert port_of({}) is None


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate")
def test_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
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
