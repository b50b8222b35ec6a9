"""How fast the server answers, beside MLServer, FastAPI, and a Java server with H2O's wrapper.

    python benchmarks/serving.py [--jar H2O_JAR] [--others PYTHON] [--models FOLDER]
        [--seconds 5] [--rounds 3] [--only LOAD ...]

Runs in an environment with the extras ``serve`` and ``tables``, and wrk. ``--others`` is the Python
of an environment with MLServer (which brings FastAPI and uvicorn) and what this package needs;
``--jar`` compiles and starts ``java/Serve.java``. All servers run at once on network S and are
asked in turns, so that they share whatever else the machine does; medians, the smallest and the
largest are printed, and the ratio to each of the others in the same round. Clients share it too.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from networks import SHAPES, derived_network, write_rows
from score import spread
from servers import Asked, servers

from mojo_reader import Scorer
from mojo_reader.scoring.blas import one_blas_thread

_MANY, _MOST = 10_000, 100_000
_CLIENTS = 8


# --------------------------------------------------------------------------- requests


def columns_of(model: Path, count: int) -> dict[str, list[Any]]:
    """Return rows of network S as columns."""
    import csv

    levels = len(SHAPES["S"].levels)
    with (model.parent / "S.csv").open(newline="") as file:
        table = list(itertools.islice(csv.DictReader(file), count))
    return {
        name: [row[name] or None if place < levels else float(row[name] or "nan") for row in table]
        for place, name in enumerate(SHAPES["S"].names)
    }


def tensors_of(columns: dict[str, list[Any]], rows: int) -> list[dict[str, Any]]:
    """Return the first rows as JSON tensors."""
    found = []
    for name, cells in columns.items():
        texts = any(isinstance(cell, str) for cell in cells)
        data = [None if cell != cell else cell for cell in cells[:rows]]  # noqa: PLR0124 - NaN
        kind = "BYTES" if texts else "FP64"
        found.append({"name": name, "datatype": kind, "shape": [len(data)], "data": data})
    return found


def bodies(columns: dict[str, list[Any]], rows: int) -> dict[str, bytes]:
    """Return the same rows in each form."""
    tensors = tensors_of(columns, rows)
    cells = zip(*(given["data"] for given in tensors), strict=True)
    mappings = [dict(zip(columns, row, strict=True)) for row in cells]
    return {
        "v2": json.dumps({"inputs": tensors}).encode(),
        "v1": json.dumps({"instances": mappings}).encode(),
        "rows": json.dumps(mappings).encode(),
    }


def binary_body(columns: dict[str, list[Any]], rows: int) -> tuple[bytes, int]:
    """Return rows in the protocol's binary form, and the length of its JSON."""
    head, parts = [], []
    for given in tensors_of(columns, rows):
        if given["datatype"] == "BYTES":
            texts = [(cell or "").encode() for cell in given.pop("data")]
            part = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        else:
            part = np.array(given.pop("data"), "<f8").tobytes()
        parts.append(part)
        head.append({**given, "parameters": {"binary_data_size": len(part)}})
    text = json.dumps({"inputs": head, "parameters": {"binary_data_output": True}}).encode()
    return b"".join([text, *parts]), len(text)


# --------------------------------------------------------------------------- measuring


@dataclass(frozen=True)
class Load:
    """What wrk saw: answers a second, milliseconds; and the server's own time for an answer."""

    rate: float
    median: float
    worst: float  # p99
    cpu: float  # microseconds of all its processes


def under_wrk(asked: Asked, body: bytes, clients: int, seconds: int, work: Path) -> Load:
    """Ask a server for some time, each client as soon as it has its answer."""
    (work / "body").write_bytes(body)
    script = work / "post.lua"
    script.write_text(
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'local file = io.open("{work}/body", "rb")\nwrk.body = file:read("*a")\n'
    )
    before = cpu_seconds(asked.pid)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", str(script)]
    done = subprocess.run([*command, asked.url], check=True, capture_output=True, text=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    assert "Socket errors" not in done.stdout, done.stdout
    found = dict(re.findall(r"^\s+(50|99)%\s+(\S+)\s*$", done.stdout, re.MULTILINE))
    rate = float(re.search(r"Requests/sec:\s+(\S+)", done.stdout)[1])
    answers = int(re.search(r"(\d+) requests in", done.stdout)[1])
    cpu = (cpu_seconds(asked.pid) - before) / answers * 1e6
    return Load(rate, milliseconds(found["50"]), milliseconds(found["99"]), cpu)


def cpu_seconds(pid: int) -> float:
    """Return what a process and its children have computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)


def milliseconds(text: str) -> float:
    """Read wrk's times."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def compare(label: str, rows: int, clients: int, all_of: list[Asked], given: Any) -> None:
    """Print the servers' figures for one kind of load."""
    columns, options, work = given
    sent = bodies(columns, rows)
    loads: dict[str, list[Load]] = {asked.name: [] for asked in all_of}
    for asked in all_of:
        under_wrk(asked, sent[asked.rows_as], clients, 2, work)
    for _ in range(options.rounds):
        for asked in all_of:
            load = under_wrk(asked, sent[asked.rows_as], clients, options.seconds, work)
            loads[asked.name].append(load)
    print(f"{label}; load {os.getloadavg()[0]:.1f}")
    for name, found in loads.items():
        rates = spread([load.rate for load in found], digits=0)
        middle, worst = (
            spread([getattr(load, part) for load in found]) for part in ("median", "worst")
        )
        cpu = spread([load.cpu for load in found], digits=0)
        print(f"  {name:22} {rates} answers/s; p50 {middle} ms; p99 {worst} ms; CPU {cpu} us")
    for (one, mine), (other, theirs) in itertools.product(loads.items(), loads.items()):
        if one.startswith("ours") and not other.startswith("ours"):
            pairs = list(zip(mine, theirs, strict=True))
            rate = spread([a.rate / b.rate for a, b in pairs])
            worst = spread([a.worst / b.worst for a, b in pairs])
            print(f"  {one} / {other}: rate {rate}; p99 {worst}")


def many_rows(asked: Asked, scorer: Scorer, columns: dict[str, list[Any]], rounds: int) -> None:
    """Print requests of many rows in the binary form beside ``Scorer.score`` in this process."""
    body, length = binary_body(columns, _MANY)
    headers = {"Inference-Header-Content-Length": str(length)}
    place = urlsplit(asked.url)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    levels = len(SHAPES["S"].levels)
    table = {
        name: cells[:_MANY] if place < levels else np.array(cells[:_MANY])
        for place, (name, cells) in enumerate(columns.items())
    }
    served, alone = [], []
    for _ in range(rounds * 5):
        began = time.perf_counter()
        connection.request("POST", place.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == http.HTTPStatus.OK
        served.append(time.perf_counter() - began)
        with one_blas_thread():
            began = time.perf_counter()
            scorer.score(table)
            alone.append(time.perf_counter() - began)
    rate, own = _MANY / statistics.median(served), _MANY / statistics.median(alone)
    print(f"{_MANY:,} rows in bytes, {asked.name}; load {os.getloadavg()[0]:.1f}")
    print(f"  {rate:,.0f} rows/s; Scorer.score {own:,.0f} rows/s; ratio {rate / own:.2f}")


def health(asked: Asked, columns: dict[str, list[Any]], seconds: float) -> None:
    """Print how long health takes to answer while clients send JSON of many rows."""
    body = json.dumps({"inputs": tensors_of(columns, _MOST)}).encode()
    place = urlsplit(asked.url)
    ended = threading.Event()
    answered = []

    def keep_sending() -> None:
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=600)
        while not ended.is_set():
            connection.request("POST", place.path, body)
            answer = connection.getresponse()
            answer.read()
            answered.append(answer.status)

    threads = [threading.Thread(target=keep_sending) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(5)
    script = (
        "import http.client, sys, time\nconnection = http.client.HTTPConnection(sys.argv[1])\n"
        "end = time.time() + float(sys.argv[2])\nwhile time.time() < end:\n"
        " began = time.perf_counter()\n connection.request('GET', '/v2/health/ready')\n"
        " connection.getresponse().read()\n print(time.perf_counter() - began)\n time.sleep(0.01)\n"
    )
    command = [sys.executable, "-c", script, place.netloc, str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    ended.set()
    for thread in threads:
        thread.join()
    found = sorted(float(line) for line in done.stdout.split())
    worst, last = found[int(0.99 * len(found))] * 1e3, found[-1] * 1e3
    print(
        f"health, {asked.name}, {_CLIENTS} clients with {_MOST:,} rows of JSON "
        f"({len(body) / 1e6:.1f} MB); load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"  {len(found)} answers, p50 {statistics.median(found) * 1e3:.1f}, p99 {worst:.1f}, "
        f"last {last:.1f} ms; {len(answered)} requests, statuses {set(answered)}"
    )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jar", help="h2o.jar, for the Java server")
    parser.add_argument("--others", help="Python of an environment with MLServer")
    parser.add_argument("--models", type=Path, help="folder that keeps network and rows")
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    loads = ("one", "hundred", "alone", "many", "health")
    parser.add_argument("--only", nargs="+", choices=loads, default=loads)
    options = parser.parse_args()
    assert shutil.which("wrk"), "wrk is not on the path"
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        work = Path(name)
        kept = options.models or work
        kept.mkdir(exist_ok=True)
        model = kept / "S_derived.zip"
        if not model.exists():
            derived_network("S", kept)
        if not (kept / "S.csv").exists():
            write_rows("S", kept / "S.csv")
        columns = columns_of(model, _MOST)
        found = servers(stack, model, work, options)
        given = columns, options, work
        if "one" in options.only:
            compare(f"one row, {_CLIENTS} clients", 1, _CLIENTS, found, given)
        if "alone" in options.only:
            compare("one row, one client", 1, 1, found, given)
        if "hundred" in options.only:
            compare(f"100 rows, {_CLIENTS} clients", 100, _CLIENTS, found, given)
        if "many" in options.only:
            many_rows(found[0], Scorer(model), columns, options.rounds)
        if "health" in options.only:
            health(found[0], columns, options.seconds * 4)


if __name__ == "__main__":
    main()
