"""What the benchmarks themselves must not get wrong: a verdict that proves nothing."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import gpu  # noqa: E402


def proof(*, passed: bool) -> SimpleNamespace:
    counts = dict.fromkeys(("rows", "off", "labels_off", "undecided", "beyond"), 1)
    return SimpleNamespace(passed=passed, max_rel=0.5, **counts)


@pytest.mark.parametrize(
    ("proofs", "code", "said"),
    [
        ([True] * 4, 0, "verdict: all 4 models predict"),
        ([True] * 3, 1, "verdict: INCOMPLETE: 3 of 4 models were proved"),
        ([], 1, "verdict: INCOMPLETE: 0 of 4 models were proved"),
        ([True, False, True, True], 1, "verdict: FAILED: model 1"),
    ],
)
def test_a_verdict_needs_every_proof(
    proofs: list[bool], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = gpu.Run(["S"], [1], 1, "gpu", time.monotonic(), 1)
    for place, passed in enumerate(proofs):
        gpu.verdict(f"model {place}", proof(passed=passed), run)
    gpu.verdict("for information", proof(passed=False), None)
    assert gpu.conclude(run) == code
    assert said in capsys.readouterr().out


@pytest.mark.long
def test_without_a_gpu_one_line_says_so() -> None:
    command = [sys.executable, str(BENCHMARKS / "gpu.py")]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.startswith("NOT RUN: gpu (JAX finds no GPU")
    assert done.stdout.count("\n") == 1
