"""One scorer shared by threads and copied to processes; ``benchmarks/load.py`` is the long run."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from support import golden

from mojo_reader import Scorer
from mojo_reader.comparing.sameness import same_model

LOAD = Path(__file__).parent.parent / "benchmarks" / "load.py"


@pytest.mark.long
def test_every_answer_is_right_under_load() -> None:
    command = [sys.executable, str(LOAD), "--seconds", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    worked = json.loads(done.stdout)
    assert len(worked) == 5  # this process with its threads, and four others
    for part in worked:
        assert part["answers"] > 0
        assert part["wrong"] == 0
        assert part["failures"] == []
        # One second is no proof of flat memory, but enough for what keeps every answer.
        assert part["growth_bytes"] < 32 << 20


@pytest.mark.parametrize("name", ["wide_layers", "encoding_eigen", "hashed", "autoencoder_tanh"])
def test_a_scorer_survives_pickling(name: str) -> None:
    case = golden(name)
    scorer = Scorer(case.mojo(), exact=True)
    copy = pickle.loads(pickle.dumps(scorer))  # noqa: S301 - what this test wrote itself
    assert (copy.dtype, copy.exact) == (scorer.dtype, scorer.exact)
    assert same_model(copy.mojo, scorer.mojo, ignore=())
    expected = scorer.score(case.columns())
    for column, values in copy.score(case.columns()).items():
        assert values.tolist() == expected[column].tolist()
