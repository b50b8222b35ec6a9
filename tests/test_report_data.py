"""The report's section of the rows: drift from training, by a rule that is said."""

import math
from pathlib import Path

import numpy as np
import pytest
from support import golden

from emit.report import data, read_background, read_rows
from emit.report.data_drift import Drift, chance_index, drift_of, percent, stability_index
from emit.report.data_known import Known, counted, known_columns, known_response, spans_of
from emit.report.tallies import LevelTally, NumberTally, Span
from mojo_reader import Scorer

EDGES = np.linspace(-1.2, 1.2, 9)


def numbers(values: np.ndarray, known: Known, *, ranged: bool = False) -> Drift:
    """Return the drift of numbers, looked for where the reference lies."""
    bounded = known.bounded
    span = Span(low=-4.0, high=4.0, edges=EDGES) if bounded else Span(low=-5.0, high=5.0)
    tally = NumberTally(span=span)
    tally.add(values)
    return drift_of(tally, known, ranged=ranged)


def reference(source: np.random.Generator, rows: int = 20_000) -> Known:
    """Return what normal reference rows tell."""
    return Known(
        rows=rows,
        mean=0.0,
        scale=1.0,
        counts=counted(source.normal(size=rows), EDGES),
        missing=0.01,
        bounded=True,
    )


def levels(counts: list[int], known: Known, *, missing: int = 0, unseen: int = 0) -> Drift:
    """Return the drift of rows with so many of each level."""
    tally = LevelTally(levels=len(counts))
    sizes = [*counts, missing, unseen]
    tally.add(np.repeat(np.arange(len(sizes)), sizes))
    return drift_of(tally, known)


def test_the_index_is_both_divergences_together() -> None:
    p, q = np.array([20, 30, 50]), np.array([10, 60, 30])
    shares = list(zip(p / 100, q / 100, strict=True))
    forth = sum(b * math.log(b / a) for a, b in shares)
    back = sum(a * math.log(a / b) for a, b in shares)
    assert stability_index(p, q) == pytest.approx(forth + back, rel=1e-14)
    assert stability_index(q, p) == stability_index(p, q)
    assert stability_index(p, 7 * p) == 0
    # Half a row stands for none: the index stays finite, and large.
    assert 1 < stability_index(p, np.array([0, 0, 100])) < 10


def test_the_index_of_chance_is_chi_squareds() -> None:
    # The quantiles are SciPy's.
    for bins, quantile in ((2, 10.8276), (10, 27.8772), (51, 86.6608)):
        found = chance_index(bins, np.inf, 1000) * 1000
        assert found == pytest.approx(quantile, rel=0.031)
    assert chance_index(1, 100, 100) == math.inf


@pytest.mark.parametrize("rows", [20, 200, 5_000])
def test_rows_of_the_same_kind_are_not_flagged(rows: int) -> None:
    source = np.random.default_rng(7)
    few, many = reference(source, 150), reference(source)
    plain = Known(mean=0.0, scale=1.0)
    flags = []
    for _ in range(25):
        values = source.normal(size=rows)
        flags += [numbers(values, known).flag for known in (few, many, plain)]
        counts = source.multinomial(rows, [0.5, 0.3, 0.15, 0.05]).tolist()
        flags.append(levels(counts, Known(rows=300, counts=np.array([150, 90, 45, 15]))).flag)
    assert sum(flag > 0 for flag in flags) <= 1


def test_numbers_that_moved_are_flagged_and_why() -> None:
    source = np.random.default_rng(7)
    known = reference(source)
    values = source.normal(size=2_000)
    assert numbers(values + 0.4, known).flag == 1
    far = numbers(values + 0.7, known)
    assert (far.flag, far.reasons[0]) == (2, f"PSI {far.psi:.2f}")
    plain = Known(mean=0.0, scale=1.0)
    assert numbers(values + 0.45, plain).flag == 0
    assert numbers(values + 0.7, plain).reasons == ("mean 0.69 deviations above training's",)
    assert numbers(values * 0.4, plain).reasons == ("spread 0.39 times training's",)
    assert numbers(values * 0, plain).reasons == ("always the same number",)
    assert numbers(values[:4] + 0.7, plain).flag == 0, "four rows tell nothing of a mean"
    # An autoencoder's scale is the range.
    assert numbers(values * 0.02 + 0.2, plain, ranged=True).reasons == (
        "mean 0.2 ranges above training's",
    )


def test_numbers_of_nowhere_are_told_and_do_not_move_the_mean() -> None:
    source = np.random.default_rng(7)
    values = source.normal(size=1_000)
    values[:30] = 1e200
    values[30:35] = np.inf
    found = numbers(values, Known(mean=0.0, scale=1.0))
    assert found.reasons == ("3.5 % far outside",)
    assert abs(found.shift or 9) < 0.1
    known = reference(source)
    assert numbers(values, known).reasons == ("3.5 % outside of the background's range",)
    few = Known(rows=50, mean=0.0, scale=1.0, counts=known.counts, missing=0.0, bounded=True)
    assert numbers(values, few).flag == 0, "so much lies outside of 50 rows by chance"


def test_missing_and_unseen_cells_are_flagged() -> None:
    known = Known(rows=1000, counts=np.array([500, 300, 200]), missing=0.01)
    assert levels([500, 300, 200], known, missing=10).flag == 0
    found = levels([500, 300, 200], known, missing=100, unseen=50)
    assert found.reasons == (
        "4.3 % unseen levels",
        "8.7 % missing, 1 % in the background",
    )
    assert levels([5, 3, 2], Known(), unseen=2).flag == 0, "two cells are no share"
    assert levels([5, 3, 2], Known(), missing=9).flag == 0
    assert levels([5, 3, 2], Known(), missing=11).reasons == ("52 % missing",)
    none = Known(missing=0.0)
    assert levels([500, 300, 200], none, missing=100).reasons == (
        "9.1 % missing, none in training",
    )


def test_levels_that_are_rare_count_together() -> None:
    many = np.ones(1000)
    many[0] = 4000.0
    source = np.random.default_rng(3)
    rows = source.multinomial(2_000, many / many.sum()).tolist()
    same = levels(rows, Known(rows=5000, counts=many))
    assert same.flag == 0
    assert (same.psi or 1.0) < 0.01, "of single levels it is chance alone"
    moved = source.multinomial(2_000, np.append(0.4, np.full(999, 0.6 / 999))).tolist()
    assert levels(moved, Known(rows=5000, counts=many)).flag == 2


def test_what_each_file_knows_of_training() -> None:
    mojo = golden("binomial_tanh").mojo()
    known = known_columns(mojo, None)
    assert known["age"].mean == pytest.approx(54.48, abs=0.01)
    assert known["city"].counts is None
    assert known["city"].missing is None
    shares = known_response(mojo)
    assert shares is not None
    assert shares.counts.tolist() == [0.5, 0.5]  # type: ignore[union-attr]
    spans = spans_of(golden("autoencoder_tanh").mojo(), None)
    scale = known_columns(golden("autoencoder_tanh").mojo(), None)["age"].scale
    assert scale is not None
    assert spans["age"].high - spans["age"].low == pytest.approx(2 * scale)
    assert known_columns(golden("not_standardized").mojo(), None)["age"].mean is None
    assert known_response(golden("poisson").mojo()) is None
    assert known_response(golden("autoencoder_tanh").mojo()) is None
    number = known_response(golden("regression_tanh").mojo())
    assert number is not None
    assert number.mean is not None


def table(path: Path, *, moved: bool) -> Path:
    """Write rows of a model's columns, some of them moved."""
    source = np.random.default_rng(int(moved))
    count = 1500
    age = source.normal(50 + 12 * moved, 10, count)
    city = source.choice(["Athens", "Bergen", "Cork"], count, p=[0.5, 0.3, 0.2]).astype(object)
    size = [f"{number:.3f}" for number in source.normal(170, 10, count)]
    if moved:
        city[:300] = "Atlantis"
        size[:200] = [""] * 200
    lines = [f"{a:.3f},{c},{s}" for a, c, s in zip(age, city, size, strict=True)]
    path.write_text("\n".join(["age,city,size", *lines]) + "\n", "utf-8")
    return path


def test_rows_are_compared_with_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mojo = golden("binomial_tanh").mojo()
    monkeypatch.setattr(data, "_CHARTS", 0)
    monkeypatch.setattr("emit.report.data_charts.bars", lambda *_: "<svg>")
    behind = read_background(mojo, table(tmp_path / "train.csv", moved=False))
    path = table(tmp_path / "rows.csv", moved=True)
    rows = read_rows(mojo, path, reference=behind.rows)
    found = {column.name: column for column in data.columns(mojo, rows)}
    assert next(iter(found)) in {"age", "city"}
    assert found["age"].drift.reasons[0].startswith("PSI 1.")
    assert found["city"].drift.reasons[-1] == "20 % unseen levels"
    assert found["size"].drift.reasons == ("13 % missing, none in the background",)
    assert found["color"].drift.flag == 0, "both lack the column"
    assert found["the probability of yes"].drift.psi is not None
    shown = data.findings(Scorer(mojo), rows)
    sides = "columns and the probability of yes"
    assert shown["verdict"].startswith(f"4 of 8 ({sides}) are flagged against train.csv: ")
    assert shown["state"] == "failed"
    assert next(c for c in shown["columns"] if c["name"] == "city")["strangers"] == ["Atlantis"]
    same = read_rows(mojo, tmp_path / "train.csv", reference=behind.rows)
    assert data.findings(Scorer(mojo), same)["state"] == "passed"
    assert not any(column.drift.flag for column in data.columns(mojo, same))


@pytest.mark.long
@pytest.mark.parametrize("name", ["multinomial", "autoencoder_tanh", "encoding_binary", "poisson"])
def test_every_kind_of_model_has_its_rows_looked_at(name: str) -> None:
    mojo = golden(name).mojo()
    path = golden(name).folder / "input.csv"
    for behind in (None, read_background(mojo, path)):
        rows = read_rows(mojo, path, reference=None if behind is None else behind.rows)
        shown = data.findings(Scorer(mojo), rows)
        assert len(shown["columns"]) + len(shown["others"]) >= len(mojo.inputs)
        assert all(svg.startswith("<svg") for svg, _ in shown["charts"])
        assert (behind is None) or shown["state"] == "passed"


def test_shares_are_written_shortly() -> None:
    shares = (0.0, 1e-5, 0.0123, 0.0949, 0.456, 1.0)
    assert list(map(percent, shares)) == ["0 %", "under 0.01 %", "1.2 %", "9.5 %", "46 %", "100 %"]
