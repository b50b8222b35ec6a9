"""Runs a real H2O: start a server, train, fetch MOJOs, score on the server and in Java.

Nothing here knows about the golden cases; the benchmarks use it to train larger networks.
Only the standard library is needed, and a Java 17 runtime with the ``h2o.jar`` of a release.

    with Server(find_release(root, "3.46.0.7")) as server:
        frame = server.import_frame(path, {"Species": "Enum"})
        model = server.train("deeplearning", frame, {"response_column": "Species"})
        server.download_mojo(model, Path("model.zip"))
"""

from __future__ import annotations

import csv
import dataclasses
import http.client
import itertools
import json
import logging
import os
import random
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from java_runs import CHARSET_FLAGS, OLD_RELEASE_FLAGS, compile_java, predict_csv, run_java
from rest import Client, Json, LabError, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

__all__ = [
    "OLD_RELEASE_FLAGS",
    "Json",
    "LabError",
    "Release",
    "Server",
    "compile_java",
    "find_release",
    "predict_csv",
    "run_java",
]

log = logging.getLogger(__name__)

START_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One installed H2O release."""

    version: str
    jar: Path

    @property
    def short(self) -> str:
        """The version without dots, for file and frame names."""
        return self.version.replace(".", "")


def find_release(root: Path, version: str) -> Release:
    """Finds a release in the folder ``h2o-VERSION`` below a root.

    ``pip install --no-deps --target ROOT/h2o-VERSION h2o==VERSION`` puts it there.

    Raises:
        LabError: The jar is not there.
    """
    jar = root / f"h2o-{version}" / "h2o" / "backend" / "bin" / "h2o.jar"
    if not jar.is_file():
        message = f"H2O {version} is not installed: {jar} does not exist"
        raise LabError(message)
    return Release(version=version, jar=jar)


class Server(Client):
    """One H2O server as a context manager; it listens on the loopback interface alone."""

    def __init__(self, release: Release, *, memory: str = "3g", threads: int = 2) -> None:
        """Prepares a server; nothing starts before the ``with`` block is entered.

        Args:
            release: The release to run.
            memory: Java's heap, as in ``-Xmx3g``.
            threads: Size of H2O's thread pool.
        """
        super().__init__(_free_port())
        self.release = release
        self._name = f"lab{release.short}x{self._port}x{os.getpid()}"
        self._memory = memory
        self._threads = threads
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        """Starts the server and waits until it answers."""
        self._folder = tempfile.TemporaryDirectory(prefix="h2o-lab-")
        log_file = Path(self._folder.name, "server.log")
        with log_file.open("wb") as sink:
            self._process = subprocess.Popen(
                self._command(), stdout=sink, stderr=subprocess.STDOUT, cwd=self._folder.name
            )
        try:
            self._wait_until_up(log_file)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the server's own process."""
        self._stop()

    def _command(self) -> list[str]:
        """The command line, with the flags that old releases need."""
        if self._folder is None:
            message = "the server was not entered"
            raise LabError(message)
        address = ["-ip", "127.0.0.1", "-web_ip", "127.0.0.1", "-port", str(self._port)]
        return [
            "java",
            f"-Xmx{self._memory}",
            *CHARSET_FLAGS,
            *OLD_RELEASE_FLAGS,
            "-jar",
            str(self.release.jar),
            *address,
            "-name",
            self._name,
            "-nthreads",
            str(self._threads),
            "-ice_root",
            self._folder.name,
        ]

    def _wait_until_up(self, log_file: Path) -> None:
        """Polls until the cloud is healthy.

        Raises:
            LabError: The process ended, or did not answer in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                cloud = self.request("GET", "/3/Cloud")
                # Another's server may have taken the port while this one started.
                if cloud["cloud_healthy"] and cloud["cloud_name"] == self._name:
                    log.info("H2O %s is up on port %d", self.release.version, self._port)
                    return
            except (OSError, http.client.HTTPException, LabError):
                pass
            time.sleep(POLL_SECONDS)
        tail = log_file.read_text(errors="replace")[-2000:]
        message = f"H2O {self.release.version} did not start:\n{tail}"
        raise LabError(message)

    def _stop(self) -> None:
        """Ends the process and removes its folder."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def new_key(self, prefix: str) -> str:
        """A key that this server has not used yet."""
        return f"{prefix}_{next(self._numbers)}"

    # -- frames -------------------------------------------------------------------------

    def import_frame(self, path: Path, types: Mapping[str, str], *, key: str | None = None) -> str:
        """Parses a CSV file that has a header line.

        Args:
            path: A CSV file; every cell may be quoted.
            types: H2O's column types (``Numeric``, ``Enum``, ``Time``, ``String``) by name, in
                the order of the file's columns.
            key: The frame's key; a new one by default.

        Returns:
            The frame's key.
        """
        source = self.request("GET", "/3/ImportFiles", {"path": str(path.resolve())})
        key = key or self.new_key("frame")
        setup = self.request(
            "POST",
            "/3/ParseSetup",
            {
                "source_frames": source["destination_frames"],
                "separator": ord(","),
                "check_header": 1,
            },
        )
        answer = self.request(
            "POST",
            "/3/Parse",
            {
                "destination_frame": key,
                "source_frames": source["destination_frames"],
                "parse_type": "CSV",
                "separator": ord(","),
                "check_header": 1,
                "number_columns": len(types),
                "column_names": list(types),
                "column_types": list(types.values()),
                "single_quotes": False,
                "chunk_size": setup["chunk_size"],
                "delete_on_done": True,
                "blocking": False,
            },
        )
        return self.wait(answer["job"])

    def rapids(self, expression: str) -> Json:
        """Runs one expression of H2O's frame language."""
        return self.request("POST", "/99/Rapids", {"ast": expression})

    def set_levels(self, frame: str, column: int, levels: Sequence[str]) -> None:
        """Gives a categorical column these levels, in order of their codes."""
        listed = " ".join(json.dumps(level, ensure_ascii=False) for level in levels)
        changed = f"(setDomain (cols {frame} {column}) False [{listed}])"
        self.rapids(f"(assign {frame} (:= {frame} {changed} {column} []))")

    def set_names(self, frame: str, names: Sequence[str]) -> None:
        """Gives a frame's columns these names, in order."""
        places = " ".join(map(str, range(len(names))))
        listed = " ".join(json.dumps(name, ensure_ascii=False) for name in names)
        self.rapids(f"(assign {frame} (colnames= {frame} [{places}] [{listed}]))")

    def levels(self, frame: str, column: int) -> list[str]:
        """A categorical column's levels, in order of their codes."""
        path = f"/3/Frames/{quoted(frame)}"
        columns = self.request("GET", path, {"row_count": 1, "column_offset": column})
        return list(columns["frames"][0]["columns"][0]["domain"])

    @property
    def folder(self) -> Path:
        """A scratch folder that goes with the server.

        Raises:
            LabError: The server was not entered.
        """
        if self._folder is None:
            message = "the server was not entered"
            raise LabError(message)
        return Path(self._folder.name)

    def upload_matrix(self, rows: Sequence[Sequence[float]]) -> str:
        """Puts a matrix of numbers on the server and returns its key."""
        names = [f"C{number + 1}" for number in range(len(rows[0]))]
        path = self.folder / f"{self.new_key('matrix')}.csv"
        lines = [names, *([repr(number) for number in row] for row in rows)]
        path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
        return self.import_frame(path, dict.fromkeys(names, "Numeric"))

    def download_frame(self, frame: str) -> list[list[str]]:
        """Fetches a frame as text cells, header first.

        Doubles come as hexadecimal and are turned into Python's shortest decimal text, so that
        not a bit is lost.
        """
        content = self.raw_request(
            "GET", "/3/DownloadDataset", {"frame_id": frame, "hex_string": True}
        )
        header, *rows = csv.reader(content.decode().splitlines())
        return [header, *([_exact_decimal(cell) for cell in row] for row in rows)]

    # -- models -------------------------------------------------------------------------

    def train(self, algorithm: str, frame: str, parameters: Mapping[str, object]) -> str:
        """Trains a model and returns its key.

        Args:
            algorithm: ``deeplearning``, ``gbm``, ...
            frame: The training frame's key.
            parameters: The model builder's parameters, as the REST API names them.

        Raises:
            LabError: A parameter was refused, or training failed.
        """
        fields = {"training_frame": frame, **parameters}
        api = 99 if algorithm == "stackedensemble" else 3
        answer = self.request("POST", f"/{api}/ModelBuilders/{algorithm}", fields)
        return self.wait(answer["job"])

    def automl(  # noqa: PLR0913 - all but the frame and the response by keyword
        self,
        frame: str,
        response: str,
        *,
        project: str,
        models: int,
        seconds: int,
        algorithms: Sequence[str],
        seed: int,
    ) -> list[str]:
        """Runs AutoML and returns the keys of its models, the best first.

        Raises:
            LabError: A parameter was refused, or the run failed.
        """
        criteria = {"max_models": models, "max_runtime_secs": seconds, "seed": seed}
        answer = self.json_request(
            "/99/AutoMLBuilder",
            {
                "input_spec": {
                    "training_frame": frame,
                    "response_column": {"column_name": response},
                },
                "build_models": {"include_algos": list(algorithms)},
                "build_control": {
                    "project_name": project,
                    "nfolds": 2,
                    "stopping_criteria": criteria,
                },
            },
        )
        run = self.wait(answer["job"])
        board = self.request("GET", f"/99/AutoML/{quoted(run)}")["leaderboard"]
        return [model["name"] for model in board["models"]]

    def model(self, model: str) -> Json:
        """The model's schema: parameters and output."""
        found: Json = self.request("GET", f"/3/Models/{quoted(model)}")["models"][0]
        return found

    def download_mojo(self, model: str, path: Path) -> None:
        """Writes the model's MOJO as the server sends it."""
        path.write_bytes(self.raw_request("GET", f"/3/Models/{quoted(model)}/mojo"))

    def download_pojo(self, model: str, path: Path) -> None:
        """Writes the model as a Java class."""
        path.write_bytes(self.raw_request("GET", f"/3/Models.java/{quoted(model)}"))

    def download_binary(self, model: str, path: Path) -> None:
        """Writes the model in H2O's own binary format; old servers can only save it."""
        try:
            path.write_bytes(self.raw_request("GET", f"/3/Models.fetch.bin/{quoted(model)}"))
        except LabError:
            target = {"dir": str(path.resolve()), "force": True}
            self.raw_request("GET", f"/99/Models.bin/{quoted(model)}", target)

    def predict(self, model: str, frame: str, **options: object) -> list[list[str]]:
        """Scores a frame on the server.

        Args:
            model: The model's key.
            frame: The frame's key.
            **options: ``deep_features_hidden_layer=N`` for the outputs of hidden layer N.

        Returns:
            Text cells, header first, numbers in full digits.
        """
        path = f"/4/Predictions/models/{quoted(model)}/frames/{quoted(frame)}"
        answer = self.request("POST", path, options)
        return self.download_frame(self.wait(answer))

    def reconstruction_error(
        self, model: str, frame: str, *, per_feature: bool = False
    ) -> list[list[str]]:
        """An autoencoder's error for each row, or in each column, as text cells, header first."""
        path = f"/3/Predictions/models/{quoted(model)}/frames/{quoted(frame)}"
        options = {"reconstruction_error": True, "reconstruction_error_per_feature": per_feature}
        answer = self.request("POST", path, options)
        key = answer["predictions_frame"] or answer["model_metrics"][0]["predictions"]["frame_id"]
        return self.download_frame(key["name"])


def _free_port() -> int:
    """A port that is free, as is the one after it, which H2O takes for its own traffic."""
    ports = list(range(54321, 55321, 2))
    # Several may look for one at the same time, and a server takes its own only after seconds.
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    message = "no free port"
    raise LabError(message)


def _exact_decimal(cell: str) -> str:
    """A hexadecimal double as the shortest decimal text of the same double."""
    if cell.lstrip("-").startswith("0x"):
        return repr(float.fromhex(cell))
    return cell
