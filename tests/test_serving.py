"""The server in a process of its own: what it answers, what it refuses, and its limits."""

import gzip
import http.client
import json
import socket
import time
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from serving_support import Server, arrays, ask, binary_body, infer, running, tensor, tensors
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


OFFERS = {
    "Java's client": (
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
    ),
    "a browser's socket": "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
    "no offer": "",
}


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_of_another_protocol_is_passed_over(offer: str, iris: Server) -> None:
    """And the connection goes on, whether the body comes with the head, in parts, or in chunks."""
    body = json.dumps({"inputs": ONE}).encode()
    expected = infer(iris, body)
    assert expected[0] == 200
    length = f"Content-Length: {len(body)}\r\n"
    post = "POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\n"
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with socket.create_connection((iris.host, iris.port), timeout=60) as sent:
        for how, rest in ((length, body), ("Transfer-Encoding: chunked\r\n", chunked)) * 2:
            head = f"{post}{OFFERS[offer]}{how}\r\n"
            sent.sendall(head.encode() + rest[:9])
            time.sleep(0.05)
            sent.sendall(rest[9:])
            answer = http.client.HTTPResponse(sent)
            answer.begin()
            assert (answer.status, json.loads(answer.read())) == expected
        get = f"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n{OFFERS[offer]}\r\n".encode()
        sent.sendall(get * 3)
        found = b""
        while found.count(b'{"live":true}') < 3:
            part = sent.recv(65_536)
            assert part, found
            found += part


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
