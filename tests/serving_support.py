"""What the tests of the server share: requests, and a server in a process of its own."""

import http.client
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Golden

from mojo_reader import Scorer
from mojo_reader.java import text as java
from mojo_reader.model import CategoricalInput

ADDRESS = re.compile(r"serving .* on (https?)://(\S+):(\d+)(?: and grpcs?://(\S+))?")


@dataclass
class Server:
    """A server in a process of its own, and where it listens."""

    process: subprocess.Popen[str]
    url: str
    host: str
    port: int
    grpc: str | None = None
    log: list[str] = field(default_factory=list)

    def infer_url(self, name: str) -> str:
        return f"{self.url}/v2/models/{name}/infer"

    def finish(self) -> int:
        return self.process.wait(60)


@contextmanager
def running(model: Path | None, *options: str, module: str = "emit.serving") -> Iterator[Server]:
    """Serve a model, or what the environment names, on a free port."""
    command = [sys.executable, "-m", module, "--http-port", "0"]
    command += ["--model-dir", str(model)] if model else []
    process = subprocess.Popen(
        [*command, "--drain-seconds", "0", *options], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    log = [process.stderr.readline()]
    found = ADDRESS.search(log[0])
    assert found, f"the server ended: {log[0]}{process.stderr.read()}"
    reader = threading.Thread(target=log.extend, args=(process.stderr,))
    reader.start()
    scheme, host, port, grpc = found.groups()
    try:
        yield Server(process, f"{scheme}://{host}:{port}", host, int(port), grpc, log)
    finally:
        process.terminate()
        process.wait(60)
        reader.join(60)
        assert not reader.is_alive(), "a process of the server outlives it"
        process.stderr.close()


def made_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of this machine, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("serve: no openssl on the path, to make a certificate")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


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


def tensor(name: str, datatype: str, cells: Sequence[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [len(cells)], "data": list(cells)}


def tensors(case: Golden) -> list[dict[str, Any]]:
    """Return a golden case's rows as JSON tensors."""
    columns = case.columns()
    found = []
    for column in Scorer(case.mojo()).row_columns:
        cells: list[Any] = list(columns[column.name])
        if isinstance(column, CategoricalInput):
            found.append(tensor(column.name, "BYTES", cells))
            continue
        numbers = [None if cell is None else java.parse_double(cell) for cell in cells]
        found.append(tensor(column.name, "FP64", numbers))
    return found


def binary_body(inputs: Sequence[Mapping[str, Any]], **further: Any) -> tuple[bytes, int]:
    """Return tensors in the protocol's binary form, and the length of its JSON."""
    head, parts = [], []
    for given in inputs:
        if given["datatype"] == "BYTES":
            texts = [("" if cell is None else cell).encode() for cell in given["data"]]
            part = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        else:
            cells = [np.nan if cell is None else cell for cell in given["data"]]
            part = np.array(cells, "<f8").tobytes()
        parts.append(part)
        kept = {key: value for key, value in given.items() if key != "data"}
        head.append({**kept, "parameters": {"binary_data_size": len(part)}})
    text = json.dumps({"inputs": head, **further}).encode()
    return b"".join([text, *parts]), len(text)


def arrays(response: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the outputs of a JSON response by name; null is NaN."""
    return {
        output["name"]: np.array(
            output["data"], object if output["datatype"] == "BYTES" else np.float64
        ).reshape(output["shape"])
        for output in response["outputs"]
    }
