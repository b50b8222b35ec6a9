"""The servers that ``serving.py`` asks: ours, MLServer, FastAPI, and one in Java."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HIDDEN = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
_HERE = Path(__file__).parent
_OURS = "emit.serving"

_MLSERVER = """
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceResponse
from mojo_reader import Scorer

class Mojo(MLModel):
    async def load(self):
        self.scorer = Scorer(self.settings.parameters.uri)
        return True

    async def predict(self, payload):
        columns = {
            t.name: StringCodec.decode_input(t) if t.datatype == "BYTES"
            else NumpyCodec.decode_input(t).ravel() for t in payload.inputs
        }
        outputs = [
            StringCodec.encode_output(name, cells.tolist()) if cells.dtype == object
            else NumpyCodec.encode_output(name, cells)
            for name, cells in self.scorer.score(columns).items()
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
"""


@dataclass(frozen=True)
class Asked:
    """A server, and how it takes rows."""

    name: str
    url: str
    rows_as: str  # a key of the bodies
    pid: int


# --------------------------------------------------------------------------- servers


def free_port() -> int:
    """Return a port that is free for the moment."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextlib.contextmanager
def started(command: list[str], port: int, **how: Any) -> Iterator[int]:
    """Run a server until the block ends; yield its process id once it listens."""
    kept = {key: value for key, value in os.environ.items() if key not in _HIDDEN}
    environment = {**kept, **how.pop("env", {})}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how
    ) as process:
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                assert process.poll() is None, f"{command} has ended"
                time.sleep(0.1)
            time.sleep(1)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def servers(stack: contextlib.ExitStack, model: Path, work: Path, options: Any) -> list[Asked]:
    """Start all servers that there is a program for."""
    found = []
    for workers in options.workers:
        port = free_port()
        command = [sys.executable, "-m", _OURS, "--model-dir", str(model), "--model-name", "m"]
        command += ["--http-port", str(port), "--workers", str(workers), "--drain-seconds", "0"]
        pid = stack.enter_context(started(command, port))
        url = f"http://127.0.0.1:{port}/v2/models/m/infer"
        found.append(Asked(f"ours, {workers} process(es)", url, "v2", pid))
    if options.others:
        found += [mlserver(stack, model, work, options), fastapi(stack, model, options)]
    if options.jar:
        found.append(java(stack, model, work, options))
    return found


def mlserver(stack: contextlib.ExitStack, model: Path, work: Path, options: Any) -> Asked:
    """Start MLServer with the Scorer, without its pool of processes, which makes it slower."""
    ports = [free_port() for _ in range(3)]
    (work / "mojo_runtime.py").write_text(_MLSERVER)
    settings = {
        "name": "m",
        "implementation": "mojo_runtime.Mojo",
        "parameters": {"uri": str(model)},
    }
    (work / "model-settings.json").write_text(json.dumps(settings))
    names = ("http_port", "grpc_port", "metrics_port")
    settings = {"host": "127.0.0.1", "parallel_workers": 0, "debug": False}
    (work / "settings.json").write_text(
        json.dumps({**settings, **dict(zip(names, ports, strict=True))})
    )
    program = str(Path(options.others).parent / "mlserver")
    path = f"{work}:{_HERE.parent}"
    pid = stack.enter_context(
        started([program, "start", str(work)], ports[0], env={"PYTHONPATH": path})
    )
    return Asked("MLServer", f"http://127.0.0.1:{ports[0]}/v2/models/m/infer", "v2", pid)


def fastapi(stack: contextlib.ExitStack, model: Path, options: Any) -> Asked:
    """Start the documentation's example for FastAPI."""
    port = free_port()
    folder = _HERE.parent / "docs" / "examples"
    command = [options.others, "-m", "uvicorn", "serve_with_fastapi:app", "--port", str(port)]
    environment = {"MODEL": str(model), "PYTHONPATH": str(_HERE.parent)}
    pid = stack.enter_context(
        started([*command, "--log-level", "error"], port, cwd=folder, env=environment)
    )
    return Asked("FastAPI", f"http://127.0.0.1:{port}/predict", "rows", pid)


def java(stack: contextlib.ExitStack, model: Path, work: Path, options: Any) -> Asked:
    """Compile and start the Java server."""
    subprocess.run(
        ["javac", "-cp", options.jar, "-d", str(work), str(_HERE / "java" / "Serve.java")],
        check=True,
    )
    port = free_port()
    command = ["java", "-cp", f"{work}:{options.jar}", "Serve", str(model), str(port)]
    pid = stack.enter_context(started(command, port))
    return Asked("Java", f"http://127.0.0.1:{port}/predict", "v1", pid)
