"""The examples of services run, and give H2O's scores."""

import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import docs_support
import numpy as np
import pytest
from serving_support import ask, running
from support import assert_close, golden

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
IRIS = golden("iris_tanh")
BAD_ROW = "row 1, column 'Sepal.Length': expected a number, found 'long'"


def rows() -> list[dict[str, Any]]:
    columns = IRIS.columns()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def assert_iris(predictions: list[dict[str, Any]]) -> None:
    expected = IRIS.expected()
    assert [prediction["predict"] for prediction in predictions] == expected.labels
    found = np.array([list(prediction.values())[1:] for prediction in predictions])
    assert_close(found, expected.values, tolerance=1e-10)


@contextmanager
def service(folder: Path, *words: str, ready: str) -> Iterator[Any]:
    """Serve an example in a process of its own, and give a client of it.

    Args:
        folder: for what the service writes.
        *words: how it is started; the port is added.
        ready: the path that answers once it is.
    """
    import httpx

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "MODEL": str(IRIS.path),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(folder),
    }
    log = folder / "log.txt"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *words, "--host", "127.0.0.1", "--port", str(port)],
            cwd=EXAMPLES,
            env=environment,
            stdout=file,
            stderr=file,
        )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        try:
            while not _answers(httpx, client, ready):
                assert process.poll() is None, log.read_text()
                time.sleep(0.2)
            yield client
        finally:
            process.terminate()
            process.wait(60)


def _answers(httpx: ModuleType, client: Any, path: str) -> bool:
    try:
        return bool(client.get(path).status_code == 200)
    except httpx.TransportError:
        return False


@pytest.mark.fastapi
def test_fastapi(tmp_path: Path) -> None:
    words = ("uvicorn", "serve_with_fastapi:app")
    with service(tmp_path, *words, ready="/model") as client:
        assert_iris(client.post("/predict", json=rows()).json())
        described = client.get("/model").json()
        assert [column["name"] for column in described["columns"]] == list(IRIS.columns())[:4]
        refused = client.post("/predict", json=[{"Sepal.Length": "long"}])
        assert (refused.status_code, refused.json()) == (422, {"detail": BAD_ROW})


@pytest.mark.bentoml
def test_bentoml(tmp_path: Path) -> None:
    words = ("bentoml", "serve", "serve_with_bentoml:Scoring")
    with service(tmp_path, *words, ready="/readyz") as client:
        assert_iris(client.post("/predict", json={"rows": rows()}).json())
        refused = client.post("/predict", json={"rows": [{"Sepal.Length": "long"}]})
        assert refused.status_code == 400
        assert BAD_ROW in refused.text


def test_the_scoring_script_of_azure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(IRIS.path, tmp_path / "iris.zip")
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path))
    script = runpy.run_path(str(EXAMPLES / "score_in_azure.py"))
    script["init"]()
    assert_iris(script["run"](json.dumps({"instances": rows()}))["predictions"])


@pytest.mark.serve
def test_the_documented_requests_get_the_answers_that_the_page_shows() -> None:
    text = docs_support.sections("serving.md")["An HTTP server"]
    request = r"^curl http://127.0.0.1:8080(\S+) -d '([^']*)'\n```\n"
    found = re.findall(rf"{request}{docs_support.SHOWN}", text, re.MULTILINE | re.DOTALL)
    assert len(found) == text.count("\ncurl ")
    with running(IRIS.path, "--model-name", "iris") as server:
        for path, body, shown in found:
            status, answer, _ = ask(server, path, body.encode())
            assert status == 200, answer
            docs_support.assert_shown(json.dumps(json.loads(shown)), json.dumps(answer))
