"""The server in a process of its own: HTTP, gRPC, and many clients."""

import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support import Golden, assert_close, golden

from mojo_reader import Scorer

pytestmark = pytest.mark.kserve
NAME = "levels"
CASE = golden("levels_odd_text")
CLIENTS = 64
NO_VERSIONS = f"the model {NAME!r} has no versions, found '1'; ask without one"


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


def folder_with(case: Golden, folder: Path) -> Path:
    shutil.copy(case.path, folder / f"{NAME}.zip")
    return folder


@pytest.fixture(scope="module")
def server(ks: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = folder_with(CASE, tmp_path_factory.mktemp("models"))
    with ks.running(folder, "--drain-seconds", "0") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Any, httpx: ModuleType) -> Iterator[Any]:
    with httpx.Client(base_url=server.http, timeout=60) as client:
        yield client


def infer(client: Any, **body: Any) -> Any:
    return client.post(f"/v2/models/{NAME}/infer", json=body)


def expected() -> tuple[list[str], np.ndarray]:
    scores = CASE.expected()
    assert scores.labels is not None
    return scores.labels, scores.values


# --------------------------------------------------------------------------- HTTP


def test_http_tells_what_it_serves(client: Any) -> None:
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get(f"/v2/models/{NAME}/ready").json() == {"name": NAME, "ready": True}
    metadata = client.get(f"/v2/models/{NAME}").json()
    assert metadata["name"] == NAME
    assert metadata["platform"] == "h2o_mojo"
    assert {t["name"] for t in metadata["inputs"]} == {c.name for c in CASE.mojo().inputs}
    assert [t["name"] for t in metadata["outputs"]] == ["predict", "probabilities"]


def test_http_gives_h2os_scores(client: Any, ks: ModuleType) -> None:
    labels, values = expected()
    response = infer(client, inputs=ks.tensors(CASE), id="42")
    assert response.status_code == 200
    assert response.json()["id"] == "42"
    outputs = ks.arrays(response.json())
    assert outputs["predict"].tolist() == labels
    assert_close(outputs["probabilities"], values, tolerance=1e-10)


@pytest.mark.parametrize(
    "name", ["autoencoder_levels_tanh_dropout", "poisson", "multinomial_tanh_dropout"]
)
def test_http_gives_h2os_scores_of_every_category(
    name: str, ks: ModuleType, httpx: ModuleType, tmp_path: Path
) -> None:
    case = golden(name)
    wanted = case.expected()
    with (
        ks.running(folder_with(case, tmp_path), "--drain-seconds", "0") as server,
        httpx.Client(base_url=server.http, timeout=60) as client,
    ):
        outputs = ks.arrays(infer(client, inputs=ks.tensors(case)).json())
    if wanted.labels is not None:
        assert outputs["predict"].tolist() == wanted.labels
    first, *rest = [values for values in outputs.values() if values.dtype != object]
    assert_close(first.reshape(wanted.values.shape), wanted.values, tolerance=1e-10)
    for errors in rest:  # null where a number is missing, as in Java
        assert_close(errors, Scorer(case.mojo()).anomaly(case.columns()))


def test_http_gives_the_outputs_that_are_asked_for(client: Any, ks: ModuleType) -> None:
    response = infer(client, inputs=ks.tensors(CASE), outputs=[{"name": "probabilities"}])
    assert list(ks.arrays(response.json())) == ["probabilities"]


def test_http_takes_and_gives_bytes(client: Any, ks: ModuleType) -> None:
    from kserve import InferResponse

    labels, values = expected()
    request = ks.binary_request(ks.tensors(CASE), parameters={"binary_data_output": True})
    body, length = request.to_rest()
    headers = {
        "Inference-Header-Content-Length": str(length),
        "Content-Type": "application/octet-stream",
    }
    response = client.post(f"/v2/models/{NAME}/infer", content=body, headers=headers)
    assert response.status_code == 200, response.text
    json_length = int(response.headers["inference-header-content-length"])
    outputs = InferResponse.from_bytes(response.content, json_length).outputs
    assert outputs[0].data == labels
    assert_close(np.array(outputs[1].data).reshape(-1, 2), values, tolerance=1e-10)


def test_v1_takes_rows_and_gives_h2os_columns(client: Any) -> None:
    columns = CASE.columns()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    response = client.post(f"/v1/models/{NAME}:predict", json={"instances": rows})
    labels, values = expected()
    predictions = response.json()["predictions"]
    assert [prediction["predict"] for prediction in predictions] == labels
    found = np.array([list(prediction.values())[1:] for prediction in predictions])
    assert_close(found, values, tolerance=1e-10)


BAD_BODIES = [
    (b"{", "expected JSON, found none: "),
    (b"[]", "this is no request of the Open Inference Protocol: expected an object, found []"),
    (
        b"{}",
        "this is no request of the Open Inference Protocol at inputs: expected a value, found none",
    ),
    (
        b'{"inputs": [{"name": "label", "shape": "2", "datatype": "BYTES", "data": []}]}',
        "this is no request of the Open Inference Protocol at inputs.0.shape: expected a list, "
        "found '2'",
    ),
    (
        b'{"inputs": [{"name": "labell", "shape": [1], "datatype": "BYTES", "data": ["x"]}]}',
        "the model has no input 'labell' (did you mean 'label'?); its inputs are ",
    ),
]


@pytest.mark.parametrize(("body", "sentence"), BAD_BODIES)
def test_http_refuses_bad_bodies(body: bytes, sentence: str, client: Any) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post(f"/v2/models/{NAME}/infer", content=body, headers=headers)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith(sentence)
    assert "\n" not in response.json()["error"]
    assert client.get("/v2/health/ready").status_code == 200


BAD_BINARY = [
    (None, b"xyz", "expected JSON, found none: "),
    (
        "9",
        b"{}",
        "expected in the header Inference-Header-Content-Length how many of the body's 2 ",
    ),
    ("-1", b"{}", "expected in the header Inference-Header-Content-Length how many of the body's"),
    ("2", b"{}", "this is no request of the Open Inference Protocol at inputs: expected a value"),
    ("2", b"xy", "expected JSON, found none: "),
]


@pytest.mark.parametrize(("length", "body", "sentence"), BAD_BINARY)
def test_http_refuses_bad_binary_bodies(
    length: str | None, body: bytes, sentence: str, client: Any
) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    if length is not None:
        headers["Inference-Header-Content-Length"] = length
    response = client.post(f"/v2/models/{NAME}/infer", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"].startswith(sentence)


@pytest.mark.parametrize(
    ("size", "data", "sentence"),
    [
        (16, b"0123456", "input 'number': expected 16 bytes of binary data, found 7"),
        (7, b"0123456", "input 'number': expected 2 values of FP64, found data of another length"),
        (8, b"0" * 8, "input 'number': expected 2 values of FP64, found data of another length"),
        (8, b"0" * 9, "expected 8 bytes of binary data, found 9"),
        (-1, b"", "input 'number': expected -1 bytes of binary data, found 0"),
    ],
)
def test_http_refuses_binary_data_of_another_size(
    size: int, data: bytes, sentence: str, client: Any
) -> None:
    name = next(c.name for c in CASE.mojo().inputs if not hasattr(c, "levels"))
    tensor = {"name": name, "shape": [2], "datatype": "FP64"}
    head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": size}}]}).encode()
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(head)),
    }
    response = client.post(f"/v2/models/{NAME}/infer", content=head + data, headers=headers)
    assert response.status_code == 400
    assert response.json() == {"error": sentence.replace("'number'", repr(name))}


def test_http_refuses_other_models_and_unloading(client: Any) -> None:
    response = client.post("/v2/models/other/infer", json={"inputs": []})
    assert (response.status_code, response.json()) == (
        404,
        {"error": f"expected the model {NAME!r}, found 'other'"},
    )
    response = client.post(f"/v2/repository/models/{NAME}/unload")
    assert response.status_code == 404
    assert client.get(f"/v2/models/{NAME}/ready").status_code == 200
    response = client.post(f"/v2/models/{NAME}/versions/1/infer", json={})
    assert (response.status_code, response.json()) == (404, {"error": NO_VERSIONS})


def test_what_is_no_route_is_refused_in_the_same_form(client: Any) -> None:
    found = client.get("/v3")
    assert (found.status_code, found.json()) == (
        404,
        {"error": "there is nothing at '/v3'; /openapi.json lists what there is"},
    )
    found = client.get(f"/v2/models/{NAME}/infer")
    assert (found.status_code, found.json()) == (
        405,
        {"error": "expected the method POST here, found GET"},
    )
    deep = b'{"inputs": [' + b"[" * 100_000
    headers = {"Content-Type": "application/json"}
    found = client.post(f"/v2/models/{NAME}/infer", content=deep, headers=headers)
    assert (found.status_code, list(found.json())) == (400, ["error"])


def test_v1_refuses_what_is_no_list_of_rows(client: Any) -> None:
    response = client.post(f"/v1/models/{NAME}:predict", json={"instances": [5]})
    assert (response.status_code, response.json()) == (
        400,
        {"error": "row 1: expected a mapping of column to value, found 5"},
    )
    response = client.post(f"/v1/models/{NAME}:predict", json=[5])
    assert response.status_code == 400
    assert "whose 'instances' is a list of rows" in response.json()["error"]


# --------------------------------------------------------------------------- gRPC


def test_grpc_tells_what_it_serves(server: Any, ks: ModuleType) -> None:
    assert server.stub.ServerReady(ks.pb.ServerReadyRequest()).ready
    assert server.stub.ModelReady(ks.pb.ModelReadyRequest(name=NAME)).ready
    metadata = server.stub.ModelMetadata(ks.pb.ModelMetadataRequest(name=NAME))
    assert {t.name for t in metadata.inputs} == {c.name for c in CASE.mojo().inputs}


def test_grpc_gives_h2os_scores(server: Any, ks: ModuleType) -> None:
    labels, values = expected()
    # Typed contents cannot hold a missing cell; an empty text is one where no level is empty.
    inputs = [
        {
            **t,
            "data": [
                ("" if t["datatype"] == "BYTES" else np.nan) if c is None else c for c in t["data"]
            ],
        }
        for t in ks.tensors(CASE)
    ]
    response = server.stub.ModelInfer(ks.rpc_request(NAME, inputs))
    assert [text.decode() for text in response.outputs[0].contents.bytes_contents] == labels
    found = np.array(response.outputs[1].contents.fp64_contents).reshape(-1, 2)
    assert_close(found, values, tolerance=1e-10)


def test_grpc_takes_more_than_kserves_own_8_mib(server: Any, ks: ModuleType) -> None:
    rows = 100_000
    name = next(c.name for c in CASE.mojo().inputs if hasattr(c, "levels"))
    request = ks.binary_request([ks.tensor(name, "BYTES", ["x" * 100] * rows)]).to_grpc()
    request.model_name = NAME
    request.outputs.add(name="predict")
    assert request.ByteSize() > 8 * 2**20
    assert server.stub.ModelInfer(request).outputs[0].shape == [rows]


def grpc_status(call: Any, request: Any) -> tuple[str, str]:
    import grpc

    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    return caught.value.code().name, caught.value.details()


def test_grpc_refuses_in_a_sentence(server: Any, ks: ModuleType) -> None:
    wrong_name = ks.rpc_request(NAME, [ks.tensor("labell", "BYTES", ["x"])])
    status, sentence = grpc_status(server.stub.ModelInfer, wrong_name)
    assert status == "INVALID_ARGUMENT"
    assert sentence.startswith(
        "the model has no input 'labell' (did you mean 'label'?); its inputs are "
    )
    other = ks.rpc_request("other", [ks.tensor("label", "BYTES", ["x"])])
    status, sentence = grpc_status(server.stub.ModelInfer, other)
    assert (status, sentence) == (
        "NOT_FOUND",
        f"expected the model {NAME!r}, found 'other'",
    )
    versioned = ks.rpc_request(NAME, [ks.tensor("label", "BYTES", ["x"])])
    versioned.model_version = "1"
    assert grpc_status(server.stub.ModelInfer, versioned) == ("NOT_FOUND", NO_VERSIONS)
    narrow = ks.rpc_request(NAME, [ks.tensor("label", "INT8", [300])])
    status, sentence = grpc_status(server.stub.ModelInfer, narrow)
    assert status == "INVALID_ARGUMENT"
    assert sentence.startswith("input 'label', row 1: expected an integer of INT8")
    wrong_type = ks.rpc_request(NAME, [ks.tensor("label", "BYTES", ["x"])])
    wrong_type.inputs[0].datatype = "TEXT"
    status, sentence = grpc_status(server.stub.ModelInfer, wrong_type)
    assert (status, sentence) == (
        "INVALID_ARGUMENT",
        "input 'label': expected a datatype such as BYTES or FP64, found 'TEXT'",
    )
    wrong_shape = ks.rpc_request(NAME, [ks.tensor("label", "BYTES", ["x"])])
    wrong_shape.inputs[0].shape[:] = [3]
    status, sentence = grpc_status(server.stub.ModelInfer, wrong_shape)
    assert (status, sentence) == (
        "INVALID_ARGUMENT",
        "input 'label': expected 3 values, found 1",
    )
    assert server.stub.ServerReady(ks.pb.ServerReadyRequest()).ready


# --------------------------------------------------------------------------- many clients


def test_64_clients_at_once_get_their_own_answers(
    server: Any, httpx: ModuleType, ks: ModuleType
) -> None:
    labels, values = expected()
    inputs = ks.tensors(CASE)
    start = threading.Barrier(CLIENTS)

    def ask(number: int) -> None:
        row = number % len(labels)
        one = [{**t, "shape": [1], "data": [t["data"][row]]} for t in inputs]
        start.wait()
        with httpx.Client(base_url=server.http, timeout=60) as client:
            for _ in range(5):
                outputs = ks.arrays(infer(client, inputs=one).json())
                assert outputs["predict"].tolist() == [labels[row]]
                assert_close(outputs["probabilities"], values[row : row + 1], tolerance=1e-10)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, range(CLIENTS)))


def test_grpc_answers_the_standard_question_for_its_health(server: Any) -> None:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(server.grpc) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ("", NAME):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
