"""R: the package passes R's own check; the page's code runs, and its figures are measured."""

import csv
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import GOLDEN_FOLDER, assert_close, golden, read_csv

from mojo_reader import Mojo, Scorer
from mojo_reader.model import Classification, Regression

sys.path.append(str(GOLDEN_FOLDER))
import lab
from case import SCORER

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "emit" / "r_package"
PAGE = (ROOT / "docs" / "r.md").read_text("utf-8")
MODELS = ("rectifier", "l1_l2", "tanh")
#: What each block leaves behind, for the comparison.
WRITE_KERAS = """
models <- c("rectifier", "l1_l2", "tanh")
for (m in models) write.csv(keras_scores[[m]], paste0(m, "_keras.csv"), row.names = FALSE)
colnames(with_package) <- colnames(keras_scores$tanh)
write.csv(with_package, "package_keras.csv", row.names = FALSE)
"""


def blocks(*packages: str) -> str:
    """Return the page's R code, without the blocks that need other packages than these."""
    kept = []
    for block in re.findall(r"^```r\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        needed = re.match(r"library\((h2o|keras3)\)", block)
        if needed is None or needed[1] in packages:
            kept.append(block)
    return "".join(kept)


def environment(**more: str) -> dict[str, str]:
    """Return what R needs to find this Python and this checkout."""
    here = str(Path(sys.executable).parent)
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {
        "RETICULATE_PYTHON": sys.executable,
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": python_path,
        "PATH": os.pathsep.join([here, os.environ["PATH"]]),
        **more,
    }


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of R with this project's package, by the command that the page gives."""
    folder = tmp_path_factory.mktemp("library")
    command = ["R", "CMD", "INSTALL", "--no-docs", f"--library={folder}", str(PACKAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def run(code: str, folder: Path, library: Path) -> str:
    for name in MODELS:
        case = golden(f"iris_{name}")
        shutil.copy(case.path, folder / f"{name}.zip")
        shutil.copy(case.folder / "expected.csv", folder / f"{name}_h2o.csv")
        shutil.copy(case.folder / "input.csv", folder / "rows.csv")
    (folder / "page.R").write_text(code, "utf-8")
    done = subprocess.run(
        ["Rscript", "page.R"],
        cwd=folder,
        env=environment(R_LIBS=str(library)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(path: Path, columns: tuple[str, ...]) -> np.ndarray:
    header, *rows = read_csv(path)
    places = [header.index(name) for name in columns]
    return np.array([[float(row[place]) for place in places] for row in rows])


@pytest.mark.r
@pytest.mark.long
def test_the_page_runs_and_prints_what_it_shows(tmp_path: Path, library: Path) -> None:
    printed = run(blocks(), tmp_path, library)
    shown = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert [line.rstrip() for line in "".join(shown).replace("\n\n", "\n").splitlines()] == [
        line.rstrip() for line in printed.replace("\n\n", "\n").splitlines()
    ]
    for name, file in (*((name, name) for name in MODELS), ("tanh", "tanh_alone")):
        expected = golden(f"iris_{name}").expected()
        assert expected.header is not None
        classes = tuple(expected.header[1:])
        path = tmp_path / (f"{file}_scored.csv" if file == name else f"{file}.csv")
        scored = read_csv(path)
        assert scored[0] == expected.header
        assert [row[0] for row in scored[1:]] == expected.labels
        assert_close(numbers(path, classes), expected.values, tolerance=1e-10)


@pytest.mark.r_check
def test_the_package_passes_the_check(tmp_path: Path) -> None:
    """Its tests, examples and vignette run, and R finds nothing to warn of."""
    shutil.copytree(PACKAGE, tmp_path / "package")
    # Debian has no h2o and no keras3.
    given = environment(MOJO2KERAS_GOLDEN=str(GOLDEN_FOLDER), _R_CHECK_FORCE_SUGGESTS_="false")
    for command in ("R CMD build package", "R CMD check --no-manual mojo2keras_*.tar.gz"):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    status = re.findall(r"^Status: (.*)$", done.stdout, re.MULTILINE)
    assert status in (["OK"], ["1 NOTE"]), done.stdout
    (found,) = tmp_path.glob("*.Rcheck/tests/testthat.Rout")
    counted = re.search(r"FAIL 0 \| WARN 0 \| SKIP (\d+) \| PASS (\d+)", found.read_text("utf-8"))
    assert counted is not None
    # No server, nor bit64 everywhere; what else skips would be a test that never ran.
    assert int(counted[1]) <= 2
    assert int(counted[2]) > 150


@pytest.mark.r
@pytest.mark.java
@pytest.mark.h2o_client
@pytest.mark.r_check
def test_a_model_on_a_server(tmp_path: Path, library: Path) -> None:
    """The expected numbers are the server's; R is told of it as its own client would."""
    jar = Path(os.environ["H2O_JAR"])
    rows = golden("iris_tanh").folder / "input.csv"
    header = read_csv(rows)[0]
    types = dict.fromkeys(header, "Numeric") | {"Species": "Enum"}
    with lab.Server(lab.Release(version=SCORER, jar=jar), memory="1500m", threads=1) as server:
        frame = server.import_frame(rows, types)
        told = {"response_column": "Species", "hidden": [5], "epochs": 1, "seed": 1}
        told |= {"reproducible": True, "export_weights_and_biases": True}
        model = server.train("deeplearning", frame, told)
        with (tmp_path / "scores.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(server.predict(model, frame))
        given = environment(
            R_LIBS=str(library),
            MOJO2KERAS_H2O_SERVER=server.address,
            MOJO2KERAS_H2O_MODEL=model,
            MOJO2KERAS_H2O_ROWS=str(rows),
            MOJO2KERAS_H2O_SCORES=str(tmp_path / "scores.csv"),
        )
        # H2O's client for Python stands beside its jar.
        given["PYTHONPATH"] = os.pathsep.join([str(jar.parents[3]), given["PYTHONPATH"]])
        test = PACKAGE / "tests" / "testthat" / "test-server.R"
        code = f"library(mojo2keras); testthat::test_file('{test}', stop_on_failure = TRUE)"
        done = subprocess.run(
            ["Rscript", "-e", code], env=given, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SKIP 0" in done.stdout


def test_the_packages_models_are_the_golden_ones() -> None:
    data = PACKAGE / "inst" / "extdata"
    for name in MODELS:
        case = golden(f"iris_{name}")
        assert (data / f"{name}.zip").read_bytes() == case.path.read_bytes()
        for file, kept in (("expected.csv", f"{name}_h2o.csv"), ("input.csv", "rows.csv")):
            assert (data / kept).read_bytes() == (case.folder / file).read_bytes()


def test_the_package_has_the_version_of_the_whole() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    described = (PACKAGE / "DESCRIPTION").read_text("utf-8")
    assert re.findall(r"^Version: (.*)$", described, re.MULTILINE) == [stated]


@pytest.mark.r
@pytest.mark.r_keras3
@pytest.mark.long
def test_predicting_with_keras3(tmp_path: Path, library: Path) -> None:
    run(f"{blocks('keras3')}\n{WRITE_KERAS}", tmp_path, library)
    for name in (*MODELS, "package"):
        expected = golden(f"iris_{'tanh' if name == 'package' else name}").expected()
        assert expected.header is not None
        found = numbers(tmp_path / f"{name}_keras.csv", tuple(expected.header[1:]))
        assert_close(found, expected.values, tolerance=1e-5)


# --------------------------------------------------------------------------- mistakes by hand


def without_standardization(mojo: Mojo) -> Mojo:
    features = mojo.features
    count = len(features.numeric)
    plain = dataclasses.replace(features, norm_sub=np.zeros(count), norm_mul=np.ones(count))
    return dataclasses.replace(mojo, features=plain)


def not_transposed(mojo: Mojo) -> Mojo:
    layers = tuple(
        dataclasses.replace(layer, kernels=tuple(kernel.T for kernel in layer.kernels))
        if layer.inputs == layer.units
        else layer
        for layer in mojo.layers
    )
    return dataclasses.replace(mojo, layers=layers)


def without_missing_slots(mojo: Mojo) -> Mojo:
    categorical = []
    for feature in mojo.features.categorical:
        slots = np.append(feature.slots[:-1], -1)
        categorical.append(dataclasses.replace(feature, slots=slots))
    features = dataclasses.replace(mojo.features, categorical=tuple(categorical))
    return dataclasses.replace(mojo, features=features)


def without_dropout_factor(mojo: Mojo) -> Mojo:
    layers = tuple(dataclasses.replace(layer, scale=1.0) for layer in mojo.layers)
    return dataclasses.replace(mojo, layers=layers)


def in_standardized_units(mojo: Mojo) -> Mojo:
    assert isinstance(mojo.output, Regression)
    output = dataclasses.replace(mojo.output, norm_resp_mul=1.0, norm_resp_sub=0.0)
    return dataclasses.replace(mojo, output=output)


@pytest.mark.parametrize(
    ("mistake", "name", "make"),
    [
        ("standardization left out", "iris_tanh", without_standardization),
        ("weights not transposed", "square_kernel", not_transposed),
        ("the missing level's slot", "binomial_tanh", without_missing_slots),
        ("dropout's factor", "binomial_rectifier_dropout", without_dropout_factor),
        ("the response's scale", "regression_tanh", in_standardized_units),
    ],
)
def test_the_page_tells_what_a_mistake_costs(
    mistake: str, name: str, make: Callable[[Mojo], Mojo]
) -> None:
    case = golden(name)
    mojo, expected = case.mojo(), case.expected()
    wrong = Scorer(make(mojo))
    matrix = wrong.encode(case.columns())
    scores = wrong.score_matrix(matrix)
    (row,) = re.findall(rf"^\| {mistake}.*`{name}` \| (.*) \| (.*)\|$", PAGE, re.MULTILINE)
    assert row[0] == f"{np.abs(scores - expected.values).max():.2g}"
    if isinstance(mojo.output, Classification):
        labels = [mojo.output.labels[place] for place in wrong.label_indices(scores, matrix)]
        assert expected.labels is not None
        changed = sum(a != b for a, b in zip(labels, expected.labels, strict=True))
        assert row[1].strip() == f"{changed} of {len(labels)}"
