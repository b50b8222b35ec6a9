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

import charts  # noqa: E402
import gpu  # noqa: E402
import growth  # noqa: E402


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


def test_every_bar_of_a_chart_stands_in_a_table() -> None:
    found = charts.tables(charts.README.read_text("utf-8"))
    for chart in charts.CHARTS:
        for name, cells in chart.series.items():
            assert len(cells) == len(chart.groups), (chart.name, name)
            assert all(charts.value(cell, found) for cell in cells if cell), (chart.name, name)
    page = (BENCHMARKS.parent / "docs" / "benchmarks.md").read_text("utf-8")
    drawn = [*(chart.name for chart in charts.CHARTS), *(f"growth_{k}" for k in growth._SIZES)]
    for name in drawn:
        assert f"{name}.svg" in page
        assert (BENCHMARKS.parent / "docs" / f"{name}.svg").exists()


def test_a_figure_is_the_first_number_of_its_cell() -> None:
    found = charts.tables("# x\n## A\n| a | b |\n|---|---|\n| `x` (1) | **1,764** (2) missed |\n")
    assert charts.figure(charts.Cell("A", "`x`"), found) == 1764
    for absent in (charts.Cell("A", "y"), charts.Cell("B", "`x`"), charts.Cell("A", "`x`", 2)):
        with pytest.raises(LookupError, match="no figure in column"):
            charts.figure(absent, found)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_a_slope_is_the_power_without_the_fixed_part(power: float) -> None:
    points = [(size, 5.0 + (size**power if power else 0.0)) for size in (1, 10, 100, 1_000, 10_000)]
    found = growth.slope_text(points)
    assert found == "flat" if not power else abs(float(found) - power) < 0.1


def test_a_size_that_takes_more_than_its_share_is_off_the_line() -> None:
    points = [(10, 5.0), (100, 5.5), (1_000, 10.5), (10_000, 60.0)]
    assert growth.leaving(points, 1.0) == []
    assert growth.leaving([*points, (100_000, 6_000.0)], 1.0) == [100_000]
    assert growth.leaving([*points, (100_000, 6_000.0)], 2.0) == []
