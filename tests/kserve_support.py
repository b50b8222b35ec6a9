"""What the tests of KServe share: requests, and a server in a process of its own.

Imports kserve, so that only tests with its mark may import it.
"""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from kserve import InferInput, InferRequest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from support import Golden

from emit.serving.tensors import input_types
from mojo_reader import Scorer
from mojo_reader.java import text as java
from mojo_reader.model.levels import MISSING_MARKS

COMMAND = [sys.executable, "-m", "emit.kserve_model"]
ADDRESSES = re.compile(r"serving .* on http://(\S+):(\d+) and grpc://(\S+):(\d+)")


def tensors(case: Golden, **choices: Any) -> list[dict[str, Any]]:
    """Return a golden case's rows as JSON tensors; columns that it lacks are left out."""
    columns = case.columns()
    return [
        tensor(kind.name, kind.datatype, _cells(kind.datatype, columns[kind.name]))
        for kind in input_types(Scorer(case.mojo(), **choices))
        if kind.name in columns
    ]


def tensor(name: str, datatype: str, cells: Sequence[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [len(cells)], "data": list(cells)}


def _cells(datatype: str, texts: Sequence[str | None]) -> list[Any]:
    """Give texts for levels and numbers for numbers, as a client has them."""
    if datatype == "BYTES":
        return list(texts)
    return [None if text is None else java.parse_double(text) for text in texts]


def json_request(inputs: Sequence[Mapping[str, Any]], **further: Any) -> InferRequest:
    """Return what KServe makes of a JSON body."""
    return InferRequest(model_name="m", infer_inputs=[InferInput(**t) for t in inputs], **further)


def binary_request(inputs: Sequence[Mapping[str, Any]], **further: Any) -> InferRequest:
    """Return the same request with its data as bytes; a missing text is an empty one."""
    made = json_request([{**t, "data": None} for t in inputs], **further)
    for sent, given in zip(made.inputs, inputs, strict=True):
        if given["datatype"] == "BYTES":
            cells = np.array(["" if cell is None else cell for cell in given["data"]], object)
        else:
            cells = np.array([np.nan if cell is None else cell for cell in given["data"]], float)
        sent.set_data_from_numpy(cells, binary_data=True)
    return made


def has_no_level_marks(case: Golden) -> bool:
    """Say whether an empty text is missing in every column, as bytes cannot say it otherwise."""
    return not any(
        set(MISSING_MARKS) & set(getattr(column, "levels", ())) for column in case.mojo().inputs
    )


def arrays(response: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the outputs of a JSON response by name; null is NaN."""
    return {
        output["name"]: np.array(
            output["data"], object if output["datatype"] == "BYTES" else np.float64
        ).reshape(output["shape"])
        for output in response["outputs"]
    }


# --------------------------------------------------------------------------- a server


@dataclass
class Server:
    """A server in a process of its own, and where it listens."""

    process: subprocess.Popen[str]
    http: str
    grpc: str
    log: list[str] = field(default_factory=list)

    @property
    def stub(self) -> Any:
        return GRPCInferenceServiceStub(grpc.insecure_channel(self.grpc))

    def finish(self) -> int:
        """Wait for the end, and return the exit code."""
        return self.process.wait(60)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    """Serve a model folder on free ports."""
    command = [*COMMAND, "--model-dir", str(folder), "--http-port", "0", "--grpc-port", "0"]
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    log: list[str] = []
    found = None
    while found is None:
        log.append(process.stderr.readline())
        assert log[-1], f"the server ended: {''.join(log)}"
        found = ADDRESSES.search(log[-1])
    reader = threading.Thread(target=log.extend, args=(process.stderr,))
    reader.start()
    host, port, rpc_host, rpc_port = found.groups()
    try:
        yield Server(process, f"http://{host}:{port}", f"{rpc_host}:{rpc_port}", log)
    finally:
        process.terminate()
        process.wait(60)
        reader.join()
        process.stderr.close()


def rpc_request(name: str, inputs: Sequence[Mapping[str, Any]], **further: Any) -> Any:
    """Return the gRPC message with typed contents."""
    message = json_request(inputs, **further).to_grpc()
    message.model_name = name
    return message


__all__ = [
    "COMMAND",
    "Server",
    "arrays",
    "binary_request",
    "has_no_level_marks",
    "json_request",
    "pb",
    "rpc_request",
    "running",
    "tensor",
    "tensors",
]
