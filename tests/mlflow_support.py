"""What the tests of the MLflow adapter share: saved models, and a server in its own process."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support import Golden

_SECONDS_TO_START = 120


def saved(case: Golden, folder: Path, **options: Any) -> Path:
    """Save a golden case's model for MLflow."""
    from emit.mlflow_model import save_model

    path = folder / f"{case.name}_mlflow"
    save_model(case.path, path, base_model=case.case.get("base_model"), **options)
    return path


def loaded(path: Path | str, **options: Any) -> Any:
    """Load a model as a user of MLflow does, who need not know this package."""
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(str(path), **options)


class Server:
    """``mlflow models serve`` in a process of its own."""

    def __init__(self, address: str) -> None:
        self.address = address

    def post(self, content: dict[str, Any] | str) -> tuple[int, Any]:
        """Send rows, and return the status and what came back; a text is sent as CSV."""
        is_csv = isinstance(content, str)
        request = urllib.request.Request(  # noqa: S310 - this machine's own server
            f"{self.address}/invocations",
            data=(content if is_csv else json.dumps(content)).encode(),
            headers={"Content-Type": "text/csv" if is_csv else "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def ready(self) -> bool:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{self.address}/ping", timeout=5).close()  # noqa: S310
            return True
        return False


@contextlib.contextmanager
def serving(path: Path, *, python: str = sys.executable) -> Iterator[Server]:
    """Serve a model on this machine alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(python, "-m", "mlflow", "models", "serve", "--model-uri", str(path)),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)),
    ]
    # Nothing of this checkout: the model has to bring the code that it needs. MLflow starts
    # uvicorn by its name.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment["PATH"] = os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])
    log = path.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=path.parent,
            env=environment,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}")
    try:
        end = time.monotonic() + _SECONDS_TO_START
        while not server.ready():
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < end, log.read_text("utf-8")
            time.sleep(0.2)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)
