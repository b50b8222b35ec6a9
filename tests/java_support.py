"""The Java scorer for tests: many MOJOs in one process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from support import GOLDEN_FOLDER, Golden

from mojo_reader import Mojo
from mojo_reader.comparing.comparison import Expected
from mojo_reader.model import Classification

sys.path.append(str(GOLDEN_FOLDER))
import lab
from case import SCORER
from forms import BY_NAME, FormCase, in_forms
from make_forms import FormMaker

#: 26 inputs, and twice as many weights for Maxout.
LARGE = {"hidden": [1000, 1000], "epochs": 1, "variable_importances": False}

#: As in golden_mojos/java_runs.py: Java's readers of CSV files take the platform's charset.
_CHARSET = ("-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8")


@dataclass(frozen=True)
class JavaScores:
    """What the Java scorer says of one file of rows.

    Attributes:
        details: what it read from ``modelDetails.json``, or why the MOJO cannot be loaded.
        rows: a line for each row.
    """

    details: str
    rows: list[str]


def score_in_java(jobs: Sequence[tuple[Path, Path]], folder: Path) -> list[JavaScores]:
    """Score pairs of a MOJO and a CSV file with the scorer of ``H2O_JAR``."""
    outputs = [folder / f"scores_{index}" for index in range(len(jobs))]
    lines = [f"{mojo}\t{rows}\t{out}" for (mojo, rows), out in zip(jobs, outputs, strict=True)]
    listing = folder / "jobs.tsv"
    listing.write_text("\n".join(lines), "utf-8")
    _run_java("ScoreMany", [listing])
    return [_scores(path) for path in outputs]


def expected_of(rows: list[str], mojo: Mojo) -> Expected:
    """Read the rows of ``JavaScores``."""
    cells = [row.split(",") for row in rows]
    if not isinstance(mojo.output, Classification):
        return Expected(values=np.array(cells, np.float64), labels=None)
    codes = [mojo.output.labels.index(row[0]) for row in cells]
    values = np.array([row[1:] for row in cells], np.float64)
    return Expected(values=values, labels=np.array(codes))


def thresholds_in_java(files: Sequence[Path]) -> list[float]:
    """Return the max-F1 threshold of H2O's own ``AUC2`` for each file of rows."""
    return [float(line) for line in _run_java("MaxF1", files).splitlines()]


def details_in_java(mojos: Sequence[Path]) -> list[list[str]]:
    """Return, for each MOJO, a line for each parameter and table that Java reads of it."""
    found = _run_java("ModelDetails", mojos).split("\n\n")[: len(mojos)]
    return [text.splitlines() for text in found]


def train_large(folder: Path) -> Golden:
    """Train a network of two million weights with the server of ``H2O_JAR``, in every form."""
    case = in_forms(BY_NAME["multinomial_maxout"], SCORER, parameters=LARGE)
    release = lab.Release(version=SCORER, jar=Path(os.environ["H2O_JAR"]))
    work = folder / "work"
    work.mkdir()
    with lab.Server(release) as server:
        FormMaker(server, release, folder, work).make_form(FormCase(case=case))
    return Golden(folder / case.name)


def _run_java(program: str, arguments: Sequence[Path]) -> str:
    """Run a program of ``golden_mojos/java`` with ``H2O_JAR``; return what it printed."""
    source = GOLDEN_FOLDER / "java" / f"{program}.java"
    command = ["java", *_CHARSET, "-cp", os.environ["H2O_JAR"], source, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _scores(path: Path) -> JavaScores:
    details, *rows = path.read_text("utf-8").splitlines()
    return JavaScores(details=details, rows=rows)
