"""The server and clients that nobody here wrote: the same numbers through each of them."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving_support import Server, arrays, binary_body, made_certificate, running, tensors
from support import assert_close, golden

from mojo_reader import Scorer

pytestmark = pytest.mark.serve
CASE = golden("levels_odd_text")
NAME = "levels"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(CASE.path, "--model-name", NAME) as server:
        yield server


@pytest.fixture(scope="module")
def iris() -> Iterator[Server]:
    with running(golden("iris_tanh").path, "--model-name", "iris") as server:
        yield server


def assert_golden(labels: Any, values: Any) -> None:
    expected = CASE.expected()
    assert list(labels) == expected.labels
    assert_close(np.asarray(values, float), expected.values, tolerance=1e-10)


def assert_response(content: Any) -> None:
    found = arrays(content)
    assert_golden(found["predict"], found["probabilities"])


# --------------------------------------------------------------------------- tritonclient


def triton_inputs(*, binary: bool) -> list[Any]:
    """Return the golden rows; a missing text is an empty one, which is no level here."""
    import tritonclient.http as triton

    made = []
    for given in tensors(CASE):
        if given["datatype"] == "BYTES":
            cells = np.array(["" if cell is None else cell for cell in given["data"]], object)
        else:
            cells = np.array([np.nan if cell is None else cell for cell in given["data"]])
        made.append(triton.InferInput(given["name"], given["shape"], given["datatype"]))
        made[-1].set_data_from_numpy(cells, binary_data=binary)
    return made


@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_tritonclient_http(
    compression: str | None, *, binary_in: bool, binary_out: bool, server: Server
) -> None:
    import tritonclient.http as triton

    client = triton.InferenceServerClient(f"{server.host}:{server.port}")
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(NAME)
    assert client.get_model_metadata(NAME)["name"] == NAME
    names = ("predict", "probabilities")
    wanted = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in names]
    inputs = triton_inputs(binary=binary_in)
    found = client.infer(
        NAME, inputs, outputs=wanted, request_id="9", request_compression_algorithm=compression
    )
    assert found.get_response()["id"] == "9"
    labels = [
        text.decode() if isinstance(text, bytes) else text for text in found.as_numpy("predict")
    ]
    assert_golden(labels, found.as_numpy("probabilities"))
    again = client.infer(NAME, inputs)
    assert_close(again.as_numpy("probabilities"), CASE.expected().values, tolerance=1e-10)
    with pytest.raises(Exception, match="has no versions, found '3'"):
        client.infer(NAME, inputs, model_version="3")
    client.close()


@pytest.mark.parametrize("tls", [False, True])
def test_tritonclient_grpc(tmp_path: Path, *, tls: bool) -> None:
    # In a process of its own: its messages have the names of KServe's.
    options = ["--model-name", NAME, "--grpc-port", "0"]
    trusted = []
    if tls:
        certificate, key = made_certificate(tmp_path)
        options += ["--ssl-certfile", str(certificate), "--ssl-keyfile", str(key)]
        trusted = [str(certificate)]
    with running(CASE.path, *options, module="emit.kserve_model") as server:
        assert server.grpc is not None
        assert ("grpcs://" in server.log[0]) is tls
        script = Path(__file__).with_name("triton_grpc_client.py")
        done = subprocess.run(
            [sys.executable, str(script), server.grpc, NAME, *trusted],
            input=json.dumps(tensors(CASE)),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert_golden(found["labels"], found["values"])
    assert "has no versions, found '3'" in found["refusal"]


DATATYPES = {
    "BOOL": (bool, [True, False], [1.0, 0.0]),
    "INT8": (np.int8, [-128, 127], [-128.0, 127.0]),
    "INT16": (np.int16, [-3, 300], [-3.0, 300.0]),
    "INT32": (np.int32, [-3, 70_000], [-3.0, 70_000.0]),
    "INT64": (np.int64, [-3, 2**40], [-3.0, 2.0**40]),
    "UINT8": (np.uint8, [0, 255], [0.0, 255.0]),
    "UINT16": (np.uint16, [0, 65_535], [0.0, 65_535.0]),
    "UINT32": (np.uint32, [0, 2**32 - 1], [0.0, 2.0**32 - 1]),
    "UINT64": (np.uint64, [0, 2**53], [0.0, 2.0**53]),
    "FP16": (np.float16, [1.5, np.nan], [1.5, np.nan]),
    "FP32": (np.float32, [1.5, np.nan], [1.5, np.nan]),
    "FP64": (np.float64, [1.5, np.nan], [1.5, np.nan]),
    "BYTES": (object, ["1.5", "NA"], [1.5, np.nan]),
}


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("datatype", DATATYPES)
def test_tritonclient_sends_every_datatype(datatype: str, *, binary: bool, iris: Server) -> None:
    """To a column of numbers, whose meaning they keep."""
    import tritonclient.http as triton

    case = golden("iris_tanh")
    kind, cells, numbers = DATATYPES[datatype]
    if datatype == "FP16" and not binary:
        pytest.xfail("tritonclient itself sends no FP16 in JSON")
    scorer = Scorer(case.mojo())
    rest = [column.name for column in case.mojo().inputs if column.name != "Petal.Length"]
    expected = scorer.predict_proba(
        {**{name: [None] * 2 for name in rest}, "Petal.Length": numbers}
    )
    given = triton.InferInput("Petal.Length", [2], datatype)
    given.set_data_from_numpy(np.array(cells, kind), binary_data=binary)
    client = triton.InferenceServerClient(f"{iris.host}:{iris.port}")
    found = client.infer("iris", [given]).as_numpy("probabilities")
    client.close()
    assert_close(found, expected, tolerance=1e-12)


# --------------------------------------------------------------------------- kserve's client


def test_kserves_client_by_both_protocols(server: Server) -> None:
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

    async def ask() -> None:
        client = InferenceRESTClient(RESTConfig(protocol="v2"))
        assert await client.is_server_ready(server.url)
        assert await client.is_server_live(server.url)
        assert await client.is_model_ready(server.url, NAME)
        inputs = [InferInput(**given) for given in tensors(CASE)]
        request = InferRequest(model_name=NAME, infer_inputs=inputs)
        found = await client.infer(server.url, request, model_name=NAME)
        await client.close()
        by_name = {output.name: output for output in found.outputs}
        values = np.array(by_name["probabilities"].data).reshape(-1, 2)
        assert_golden(by_name["predict"].data, values)
        columns = CASE.columns()
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        client = InferenceRESTClient(RESTConfig(protocol="v1"))
        found = await client.infer(server.url, {"instances": rows}, model_name=NAME)
        await client.close()
        predictions = found["predictions"]
        values = [list(one.values())[1:] for one in predictions]
        assert_golden([one["predict"] for one in predictions], values)

    asyncio.run(ask())


# --------------------------------------------------------------------------- plain HTTP


def test_requests(server: Server) -> None:
    import requests

    with requests.Session() as session:
        found = session.post(server.infer_url(NAME), json={"inputs": tensors(CASE)}, timeout=60)
        assert_response(found.json())
        body, length = binary_body(tensors(CASE))
        headers = {"Inference-Header-Content-Length": str(length)}
        found = session.post(server.infer_url(NAME), data=body, headers=headers, timeout=60)
        assert_response(found.json())
        large = session.post(server.infer_url(NAME), data=b" " * 60_000_000, timeout=60)
        assert large.status_code == 413


def test_aiohttp(server: Server) -> None:
    import aiohttp

    async def ask() -> None:
        async with aiohttp.ClientSession() as session:
            for how in ({}, {"compress": "gzip"}, {"compress": "deflate"}, {"chunked": True}):
                async with session.post(
                    server.infer_url(NAME), json={"inputs": tensors(CASE)}, **how
                ) as answer:
                    assert_response(await answer.json())

    asyncio.run(ask())


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on the path")
def test_curl(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    path.write_text(json.dumps({"inputs": tensors(CASE)}))
    # Its own content type is that of a form; more than a megabyte waits for 100-continue.
    for options in ([], ["-H", "Content-Type: application/json"], ["-H", "Expect: 100-continue"]):
        command = ["curl", "-s", *options, "-d", f"@{path}", server.infer_url(NAME)]
        found = subprocess.run(command, capture_output=True, check=True)
        assert_response(json.loads(found.stdout))
    path.write_bytes(b" " * 60_000_000)
    command = ["curl", "-s", "-w", "%{http_code}", "-d", f"@{path}", server.infer_url(NAME)]
    found = subprocess.run(command, capture_output=True, check=True, text=True)
    assert found.stdout.endswith("413")


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk on the path")
def test_wrk_finds_no_error_and_no_wait(server: Server, tmp_path: Path) -> None:
    one = [{**given, "shape": [1], "data": given["data"][:1]} for given in tensors(CASE)]
    script = tmp_path / "post.lua"
    body = json.dumps({"inputs": one})
    script.write_text(f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\n')
    command = ["wrk", "-t1", "-c1", "-d2s", "--latency", "-s", str(script), server.infer_url(NAME)]
    found = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert "Non-2xx" not in found
    assert "Socket errors" not in found
    answers = int(found.split(" requests in")[0].split()[-1])
    assert answers > 200, found  # 45 where each waits for an acknowledgement


JAVA = """
import java.net.URI;
import java.net.http.*;

public class Ask {
    public static void main(String[] words) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int time = 0; time < 3; time++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(words[0]))
                .POST(HttpRequest.BodyPublishers.ofString(words[1])).build();
            System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
    }
}
"""


@pytest.mark.skipif(not shutil.which("java"), reason="no java on the path")
def test_javas_own_client(server: Server, tmp_path: Path) -> None:
    """Whose first request offers HTTP/2."""
    (tmp_path / "Ask.java").write_text(JAVA)
    body = json.dumps({"inputs": tensors(CASE)})
    command = ["java", str(tmp_path / "Ask.java"), server.infer_url(NAME), body]
    found = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    assert len(found) == 3
    for line in found:
        assert_response(json.loads(line))


@pytest.mark.skipif(not shutil.which("node"), reason="no node on the path")
def test_fetch_of_node(server: Server, tmp_path: Path) -> None:
    script = tmp_path / "ask.mjs"
    script.write_text(
        "const [url, body] = process.argv.slice(2);\n"
        "const answer = await fetch(url, {method: 'POST', body});\n"
        "console.log(await answer.text());\n"
    )
    body = json.dumps({"inputs": tensors(CASE)})
    command = ["node", str(script), server.infer_url(NAME), body]
    found = subprocess.run(command, capture_output=True, check=True, text=True)
    assert_response(json.loads(found.stdout))
