"""The page for R users: its code runs, and its figures are measured."""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import assert_close, golden, read_csv

from mojo_reader import Mojo, Scorer
from mojo_reader.model import Classification, Regression

PAGE = (Path(__file__).parent.parent / "docs" / "r.md").read_text("utf-8")
MODELS = ("rectifier", "l1_l2", "tanh")
#: What each block leaves behind, for the comparison.
WRITE_KERAS = 'for (m in models) write.csv(keras_scores[[m]], paste0(m, "_keras.csv"), row.names=F)'
WRITE_IN_PROCESS = """
write.csv(in_process, "in_process.csv", row.names = FALSE)
write.csv(odd, "odd.csv", row.names = FALSE)
"""


def blocks(*packages: str) -> str:
    """Return the page's R code, without the blocks that need other packages than these."""
    needed = {"h2o", "keras3", "reticulate"}
    kept = []
    for block in re.findall(r"^```r\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        library = re.match(r"library\((\w+)\)", block)
        if library is None or library[1] in packages or library[1] not in needed:
            kept.append(block)
    return "".join(kept)


def run(code: str, folder: Path) -> None:
    for name in MODELS:
        case = golden(f"iris_{name}")
        shutil.copy(case.path, folder / f"{name}.zip")
        shutil.copy(case.folder / "expected.csv", folder / f"{name}_h2o.csv")
        shutil.copy(case.folder / "input.csv", folder / "rows.csv")
    (folder / "page.R").write_text(code, "utf-8")
    here = str(Path(sys.executable).parent)
    environment = os.environ | {
        "RETICULATE_PYTHON": sys.executable,
        "KERAS_BACKEND": "jax",
        "PATH": os.pathsep.join([here, os.environ["PATH"]]),
    }
    done = subprocess.run(
        ["Rscript", "page.R"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def numbers(path: Path, columns: tuple[str, ...]) -> np.ndarray:
    header, *rows = read_csv(path)
    places = [header.index(name) for name in columns]
    return np.array([[float(row[place]) for place in places] for row in rows])


@pytest.mark.r
@pytest.mark.long
def test_scoring_without_keras(tmp_path: Path) -> None:
    run(f"{blocks('reticulate')}\n{WRITE_IN_PROCESS}", tmp_path)
    for name in MODELS:
        expected = golden(f"iris_{name}").expected()
        assert expected.header is not None
        classes = tuple(expected.header[1:])
        scored = read_csv(tmp_path / f"{name}_scored.csv")
        assert scored[0] == expected.header
        assert [row[0] for row in scored[1:]] == expected.labels
        found = numbers(tmp_path / f"{name}_scored.csv", classes)
        assert_close(found, expected.values, tolerance=1e-10)
    tanh = golden("iris_tanh").expected()
    assert [row[0] for row in read_csv(tmp_path / "in_process.csv")[1:]] == tanh.labels
    # write.csv prints 15 digits.
    found = numbers(tmp_path / "in_process.csv", classes)
    assert_close(found, tanh.values, tolerance=1e-10)
    rows = {name: column[:2] for name, column in golden("iris_tanh").columns().items()}
    odd = Scorer(golden("iris_tanh").mojo()).score(rows | {"Sepal.Length": [5.0, None]})
    assert_close(
        numbers(tmp_path / "odd.csv", classes),
        np.stack([odd[c] for c in classes], axis=1),
        tolerance=1e-10,
    )


@pytest.mark.r
@pytest.mark.r_keras3
@pytest.mark.long
def test_predicting_with_keras3(tmp_path: Path) -> None:
    run(f"{blocks('keras3')}\n{WRITE_KERAS}", tmp_path)
    for name in MODELS:
        expected = golden(f"iris_{name}").expected()
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
