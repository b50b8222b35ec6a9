"""Exported weights with real H2O: its Java scorer, its servers, its Python client."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from docs_support import DOCS
from forms_support import EXPORTED, form_cases, scores
from java_support import score_in_java
from support import GOLDEN_FOLDER, Golden, assert_close
from test_exported import READ, TOLERANCE

from mojo_reader import read_model, write_mojo
from mojo_reader.comparing.sameness import differences

sys.path.append(str(GOLDEN_FOLDER))
import lab
from case import SCORER

pytestmark = [
    pytest.mark.java,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning"),
]
ROOT = Path(__file__).parent.parent
JAVA_CASES = [case for case in READ if case.java]
#: Where the client's models are trained, and what is asked of them.
CLIENT = Path(__file__).parent / "client_alone.py"


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Java's rows by case, of the MOJO that H2O wrote and of the one made of exported weights."""
    folder = tmp_path_factory.mktemp("rewritten")
    jobs: list[tuple[Path, Path]] = []
    for case in JAVA_CASES:
        made = folder / f"{case.name}.zip"
        write_mojo(read_model(case.folder / EXPORTED), made)
        jobs += [(path, case.folder / "input.csv") for path in (case.path, made)]
    rows = [found.rows for found in score_in_java(jobs, folder)]
    return {case.name: rows[2 * i : 2 * i + 2] for i, case in enumerate(JAVA_CASES)}


@pytest.mark.parametrize("case", JAVA_CASES, ids=[case.name for case in JAVA_CASES])
def test_java_scores_a_mojo_of_them_to_the_same_bytes(
    case: Golden, rewritten: dict[str, list[list[str]]]
) -> None:
    original, made = rewritten[case.name]
    assert len(made) == len(case.expected().values)
    assert made == original


def test_every_case_that_is_read_is_scored_by_java() -> None:
    assert len(JAVA_CASES) >= len(form_cases()) // 2


def test_a_network_of_two_million_weights(large_forms: Golden) -> None:
    mojo = read_model(large_forms.folder / EXPORTED)
    assert sum(kernel.size for layer in mojo.layers for kernel in layer.kernels) > 2_000_000
    named = [difference.name for difference in differences(mojo, large_forms.mojo())]
    assert not [name for name in named if name.startswith("layers")]
    labels, numbers = scores(mojo, large_forms)
    expected = large_forms.expected()
    assert labels == expected.labels
    assert_close(numbers, expected.values, tolerance=TOLERANCE)


@pytest.mark.h2o_client
def test_the_clients_model_and_the_lines_of_the_documentation(tmp_path: Path) -> None:
    """In a process of its own: the client changes what it finds in its own."""
    jar = Path(os.environ["H2O_JAR"])
    release = lab.Release(version=SCORER, jar=jar)
    # The client stands beside its jar.
    packages = [str(ROOT), str(jar.parents[3]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(packages)}
    with lab.Server(release) as server:
        arguments = [str(CLIENT), server.address, str(DOCS / "examples" / "export_weights.py")]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found.keys() == {"binomial", "regression", "multinomial", "autoencoder"}
    for name, arrays in found.items():
        ours, theirs, folder = (np.array(rows, np.float64) for rows in arrays)
        assert_close(ours, theirs, tolerance=TOLERANCE)
        assert (ours == folder).all(), name
