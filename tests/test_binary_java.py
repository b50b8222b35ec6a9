"""MOJOs written of binary models: Java loads them, and scores as it scores H2O's own."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from binary_support import GONE, NEVER_HAD, golden_binaries
from java_support import JavaScores, details_in_java, score_in_java

from mojo_reader import read_model, read_mojo, write_mojo

pytestmark = pytest.mark.java

NOT_LOADED = "not loaded: java.lang.NullPointerException"
NAMES = [path.parent.name for path in golden_binaries()]


@dataclass(frozen=True)
class InJava:
    """Java's word of a MOJO.

    Attributes:
        scores: of the case's rows.
        details: a line for each parameter and table.
    """

    scores: JavaScores
    details: list[str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[InJava]]:
    """Return by case what Java says of H2O's own MOJO, and of the binary model's."""
    folder = tmp_path_factory.mktemp("binary")
    jobs: list[tuple[Path, Path]] = []
    for path in golden_binaries():
        made = folder / f"{path.parent.name}.zip"
        write_mojo(read_model(path), made)
        rows = path.with_name("input.csv")
        jobs += [(path.with_name("model.zip"), rows), (made, rows)]
    scores = score_in_java(jobs, folder)
    details = details_in_java([mojo for mojo, _ in jobs])
    assert len(details) == len(jobs)
    found = list(map(InJava, scores, details))
    return {name: found[2 * index : 2 * index + 2] for index, name in enumerate(NAMES)}


@pytest.mark.parametrize("name", NAMES)
def test_java_scores_both_alike(written: dict[str, list[InJava]], name: str) -> None:
    own, ours = written[name]
    assert own.scores.rows or own.details == [NOT_LOADED]
    (path,) = [path for path in golden_binaries() if path.parent.name == name]
    if read_mojo(path.with_name("model.zip")).info.encoded_inputs:
        # The binary model still has the columns before the encoding, and the rows have them.
        assert ours.scores.rows
        return
    assert ours.scores.rows == own.scores.rows


@pytest.mark.parametrize("name", NAMES)
def test_java_reads_the_same_details(written: dict[str, list[InJava]], name: str) -> None:
    own, ours = written[name]
    left_out = tuple(f"parameter {parameter} " for parameter in (NEVER_HAD, *GONE))
    kept = [
        [line for line in found.details if not line.startswith(left_out)] for found in (own, ours)
    ]
    assert kept[0] == kept[1]
    if kept[1] == [NOT_LOADED]:
        # EnumLimited, whose MOJO of H2O's own stops the scorer as well.
        return
    assert any(line.startswith("summary ") for line in kept[1])
    assert any(line.startswith("history ") for line in kept[1])
