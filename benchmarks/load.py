"""One scorer under load: threads and processes beside each other, every answer checked.

    python benchmarks/load.py [--seconds 60] [--threads 8] [--processes 4] [--json]

Threads share one Scorer; every process has its own copy, pickled or forked from it in turn. Each
answer is compared with what a single thread gave before. Prints the answers, the wrong ones, and
how each process's memory grows over the second half of the time; exits with 1 if an answer was
wrong or a worker failed.
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mojo_reader import Scorer, read_mojo

GOLDEN = Path(__file__).parent.parent / "golden_mojos"
_MODELS = ("wide_layers", "encoding_binary_multinomial", "autoencoder_levels_tanh_dropout")
#: Rows of a request; one row and several blocks take other paths.
_SIZES = (1, 7, 300, 1000)
#: Sums of a matrix product depend on how many rows it has.
_TOLERANCE = 1e-12
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Request:
    """A call and what it has to answer, column by column."""

    scorer: int
    rows: dict[str, list[Any]]
    expected: dict[str, np.ndarray]


@dataclass
class Worked:
    """What one process saw.

    Attributes:
        answers: how many.
        wrong: how many were not what was expected.
        failures: what workers raised.
        start_bytes: resident memory at half of the time.
        growth_bytes: of the resident memory from there to the end, by the samples' straight line.
    """

    answers: int = 0
    wrong: int = 0
    failures: list[str] = field(default_factory=list)
    start_bytes: int = 0
    growth_bytes: float = 0.0


def _rows_of(scorer: Scorer, count: int, source: random.Random) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {}
    for column in scorer.mojo.inputs:
        levels = getattr(column, "levels", None)
        choices = [None, "never seen", *levels] if levels else None
        rows[column.name] = [
            source.choice(choices) if choices else source.choice((None, source.gauss(50, 30)))
            for _ in range(count)
        ]
    return rows


def made_requests(scorers: list[Scorer]) -> list[Request]:
    """Make requests of every size for every scorer, answered by this thread alone."""
    source = random.Random(20_260)  # noqa: S311 - rows, no secret
    requests = []
    for index, scorer in enumerate(scorers):
        for count in _SIZES:
            rows = _rows_of(scorer, count, source)
            requests.append(Request(scorer=index, rows=rows, expected=scorer.score(rows)))
    return requests


def is_right(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    """Labels are equal, numbers within the tolerance."""
    return list(found) == list(expected) and all(
        np.array_equal(found[name], column)
        if column.dtype == object
        else np.allclose(found[name], column, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True)
        for name, column in expected.items()
    )


def work(scorers: list[Scorer], requests: list[Request], seconds: float, threads: int) -> Worked:
    """Answer requests with some threads for some time."""
    worked, lock, stop = Worked(), threading.Lock(), time.monotonic() + seconds

    def loop(seed: int) -> None:
        source, answers, wrong = random.Random(seed), 0, 0  # noqa: S311
        try:
            while time.monotonic() < stop:
                request = source.choice(requests)
                found = scorers[request.scorer].score(request.rows)
                answers += 1
                wrong += not is_right(found, request.expected)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            with lock:
                worked.failures.append(f"{type(error).__name__}: {error}")
        with lock:
            worked.answers += answers
            worked.wrong += wrong

    workers = [threading.Thread(target=loop, args=(seed,)) for seed in range(threads)]
    for worker in workers:
        worker.start()
    times, sizes = _watch(stop - seconds / 2, stop)
    for worker in workers:
        worker.join()
    slope = np.polyfit(times, sizes, 1)[0] if len(times) > 1 else 0.0
    worked.start_bytes, worked.growth_bytes = sizes[0], slope * seconds / 2
    return worked


def _watch(start: float, stop: float) -> tuple[list[float], list[int]]:
    time.sleep(max(0.0, start - time.monotonic()))
    times, sizes = [], []
    while not times or time.monotonic() < stop:
        times.append(time.monotonic())
        sizes.append(_resident_bytes())
        time.sleep(_SAMPLE_SECONDS)
    return times, sizes


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _process(scorers: list[Scorer], requests: list[Request], seconds: float, results: Any) -> None:
    results.put(work(scorers, requests, seconds, threads=1))


def under_load(seconds: float, threads: int, processes: int) -> list[Worked]:
    """Work with threads here and with processes beside; the first of the results is this one's.

    Processes are started before the threads, because a fork keeps only the thread that forks.
    """
    scorers = [Scorer(read_mojo(GOLDEN / name / "model.zip")) for name in _MODELS]
    requests = made_requests(scorers)
    started = []
    for index in range(processes):
        context = multiprocessing.get_context("spawn" if index % 2 else "fork")
        results = context.Queue()
        arguments = (scorers, requests, seconds, results)
        process = context.Process(target=_process, args=arguments)
        process.start()
        started.append((process, results))
    worked = [work(scorers, requests, seconds, threads)]
    for process, results in started:
        worked.append(results.get(timeout=seconds + 60))
        process.join()
    return worked


def main() -> int:
    """Read the command line, run, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    worked = under_load(arguments.seconds, arguments.threads, arguments.processes)
    _print(worked, as_json=arguments.json)
    return int(any(part.wrong or part.failures or not part.answers for part in worked))


def _print(worked: list[Worked], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(part) for part in worked]))
        return
    for name, part in zip(_names(worked), worked, strict=True):
        print(
            f"{name}: {part.answers} answers, {part.wrong} wrong, "
            f"{part.start_bytes / 1e6:.1f} MB, grows by {part.growth_bytes / 1e6:.2f} MB"
            + "".join(f"\n  {failure}" for failure in part.failures)
        )


def _names(worked: list[Worked]) -> list[str]:
    return ["threads", *(f"process {index}" for index in range(1, len(worked)))]


if __name__ == "__main__":
    sys.exit(main())
