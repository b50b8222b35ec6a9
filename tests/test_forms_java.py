"""MOJOs that are written of other forms, scored by H2O's own Java scorer."""

from pathlib import Path

import pytest
from forms_support import Formed, all_formed, form_cases
from java_support import JavaScores, score_in_java

from mojo_reader import write_mojo
from mojo_reader.model import Form

pytestmark = pytest.mark.java
EVERY = pytest.mark.parametrize("one", all_formed(), ids=[one.name for one in all_formed()])


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, JavaScores]:
    """Write a MOJO of every form, and score all of them and H2O's own in one Java process."""
    folder = tmp_path_factory.mktemp("forms")
    jobs: dict[str, tuple[Path, Path]] = {}
    for case in form_cases():
        jobs[case.name] = (case.path, case.folder / "input.csv")
    for one in all_formed():
        path = folder / f"{one.name}.zip"
        write_mojo(one.mojo(), path)
        jobs[one.name] = (path, one.case.folder / "input.csv")
    return dict(zip(jobs, score_in_java(list(jobs.values()), folder), strict=True))


@EVERY
def test_java_scores_it_as_h2os_own_mojo(one: Formed, scored: dict[str, JavaScores]) -> None:
    own, written = scored[one.case.name], scored[one.name]
    assert written.rows == own.rows
    # Java has no name for EnumLimited, and loads no such model.
    assert bool(own.rows) or not one.case.java


@EVERY
def test_java_reads_the_details(one: Formed, scored: dict[str, JavaScores]) -> None:
    """Java reads ``modelDetails.json`` when it loads a MOJO, of which a POJO's has none."""
    metrics, loaded, summary = scored[one.case.name].details.partition(" | ")
    if not loaded:  # EnumLimited
        assert scored[one.name].details == metrics
        return
    expected = {
        Form.POJO: "no details",
        Form.BINARY: f"no metrics | {summary}",
        Form.EXPORTED: f"{metrics} | {summary}",
    }
    assert scored[one.name].details == expected[one.form]
