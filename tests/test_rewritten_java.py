"""MOJOs that were written back, scored by H2O's own Java scorer."""

import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from java_support import JavaScores, expected_of, score_in_java
from support import GOLDEN_FOLDER, Golden, assert_close, golden, golden_cases, scored_cases

from emit import to_keras
from emit.keras_model.parity import check_expected
from mojo_reader import Scorer, write_mojo

sys.path.append(str(GOLDEN_FOLDER))
from rewritten import CASES, RewrittenCase

pytestmark = [
    pytest.mark.java,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning"),
]
FLOAT64_TOLERANCE = 1e-10
FLOAT32_TOLERANCE = 1e-5
STOPS = "stops: "
MARK = "Of the original model (uuid "


@dataclass(frozen=True)
class Run:
    """Java's scores by case: originals, copies, and changed models."""

    originals: dict[str, JavaScores]
    copies: dict[str, JavaScores]
    changed: dict[str, JavaScores]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Write everything, and score it in one Java process."""
    folder = tmp_path_factory.mktemp("rewritten")
    jobs: list[tuple[str, Path, Path]] = []
    for case in golden_cases():
        rows = case.folder / "input.csv"
        jobs.append((f"originals {case.name}", original(case, folder), rows))
        jobs.append((f"copies {case.name}", folder / f"{case.name}.zip", rows))
        write_mojo(case.mojo(), folder / f"{case.name}.zip")
    for rewritten in CASES:
        path = folder / f"changed_{rewritten.name}.zip"
        write_mojo(rewritten.change(golden(rewritten.source).mojo()), path)
        rows = golden(rewritten.source).folder / "input.csv"
        jobs.append((f"changed {rewritten.name}", path, rows))
    found = dict(
        zip(
            (name for name, _, _ in jobs),
            score_in_java([(mojo, rows) for _, mojo, rows in jobs], folder),
            strict=True,
        )
    )
    return Run(**{
        kind: {
            name.removeprefix(f"{kind} "): scores
            for name, scores in found.items()
            if name.startswith(f"{kind} ")
        }
        for kind in ("originals", "copies", "changed")
    })  # fmt: skip


def original(case: Golden, folder: Path) -> Path:
    """Return what H2O wrote; for a base model, its folder of the unpacked ensemble."""
    chosen = case.case.get("base_model")
    if chosen is None:
        return case.path
    with zipfile.ZipFile(case.path) as file:
        file.extractall(folder / case.name)
    (found,) = (folder / case.name / "models").glob(f"*/{chosen}")
    return found


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)
def test_java_scores_a_copy_as_the_original(case: Golden, run: Run) -> None:
    assert run.copies[case.name] == run.originals[case.name]


@pytest.mark.parametrize(
    "case", [case for case in scored_cases() if case.java], ids=lambda case: case.name
)
def test_java_scores_every_row_of_a_copy_that_it_can_score(case: Golden, run: Run) -> None:
    rows = run.copies[case.name].rows
    assert len(rows) == len(case.expected().values)
    assert not [row for row in rows if row.startswith(STOPS)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_java_scores_a_changed_model_as_we_do(case: RewrittenCase, run: Run) -> None:
    source = golden(case.source)
    mojo = case.change(source.mojo())
    java = run.changed[case.name]
    assert java.details.count(MARK) == 2
    expected = expected_of(java.rows, mojo)
    scores = list(Scorer(mojo).score(source.columns()).values())
    if expected.labels is not None:
        labels = mojo.output.labels
        assert scores.pop(0).tolist() == [labels[code] for code in expected.labels]
    assert_close(np.array(scores, np.float64).T, expected.values, tolerance=FLOAT64_TOLERANCE)
    exact = list(Scorer(mojo, exact=True).score(source.columns()).values())
    assert_close(np.array(exact[len(exact) - len(scores) :], np.float64).T, expected.values)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_keras_predicts_what_java_scores_of_a_changed_model(case: RewrittenCase, run: Run) -> None:
    source = golden(case.source)
    mojo = case.change(source.mojo())
    rows = Scorer(mojo).encode(source.columns())
    expected = expected_of(run.changed[case.name].rows, mojo)
    found = check_expected(to_keras(mojo), mojo, rows, expected)
    assert found.passed, found
    assert found.max_rel <= FLOAT32_TOLERANCE
