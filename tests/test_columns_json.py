"""``columns.json``, and the example that scores raw rows with it and Keras alone."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_support import golden_scores, hand_made, x64
from support import Golden, golden

from emit import to_keras
from emit.keras_model.columns import columns_document, columns_json
from mojo_reader import Mojo, Scorer
from mojo_reader.comparing.comparison import Comparer, Comparison
from mojo_reader.scoring.spellings import RULE

pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "predict_with_keras.py"

#: One golden case for each encoding, and one for each kind of output.
EXAMPLE_CASES = [
    "encoding_binary",
    "encoding_eigen",
    "encoding_label",
    "encoding_label_integer_levels",
    "encoding_one_hot_internal",
    "encoding_sort_by_response",
    "encoding_enum_limited",
    "levels_with_column_prefix",
    "levels_missing_marks",
    "absent_columns",
    "iris_tanh",
    "poisson",
    "autoencoder_tanh",
]
#: The example is the same in float64: one case with levels, and one for each kind of output.
FLOAT64_CASES = ["encoding_binary", "iris_tanh", "poisson", "autoencoder_tanh"]


def document(mojo: Mojo) -> dict[str, Any]:
    return columns_document(mojo, to_keras(mojo))


# --------------------------------------------------------------------------- content


def test_what_the_file_says() -> None:
    mojo = hand_made(levels=(2,), nums=1, classes=2)
    content = document(mojo)
    assert content.pop("versions").keys() == {"h2o", "mojo", "mojo2keras", "keras", "backend"}
    marks = ["", "NA", "N/A", "-"]
    assert content == {
        "format": "mojo2keras columns",
        "format_version": 1,
        "category": "Binomial",
        "categorical_encoding": "AUTO",
        "dtype": "float32",
        "labels": ["class 0", "class 1"],
        "threshold": 0.5,
        "output_columns": ["class 0", "class 1"],
        "missing_marks": marks,
        "spellings": RULE,
        "columns": [
            {
                "name": "c0",
                "kind": "categorical",
                "feature": 0,
                "levels": ["level 0", "level 1"],
                "values": {"level 0": [0], "level 1": [1], **{mark: [None] for mark in marks}},
                "missing": [None],
                "unseen": [None],
            },
            {
                "name": "n0",
                "kind": "numeric",
                "feature": 1,
                "values": {mark: [None] for mark in marks},
                "missing": [None],
            },
        ],
        "features": [
            {"name": "c0", "kind": "code", "levels": 2, "missing": None},
            {"name": "n0", "kind": "number", "missing": None},
        ],
        "offset_column": None,
        "notes": [],
        "mojo_sha256": "0" * 64,
        "base_model": None,
    }


def test_the_text_is_plain_json_with_a_line_for_each_column() -> None:
    mojo = hand_made()
    text = columns_json(mojo, to_keras(mojo))
    assert json.loads(text) == document(mojo)
    assert "NaN" not in text
    assert sum(line.startswith('{"name": "c') for line in text.splitlines()) == 4


def test_columns_stand_in_the_order_of_their_features() -> None:
    for name in ("encoding_binary", "encoding_eigen", "fewer_levels_mean"):
        mojo = golden(name).mojo()
        columns = document(mojo)["columns"]
        places = [column["feature"] for column in columns]
        widths = [len(column["missing"]) for column in columns]
        assert places == [sum(widths[:index]) for index in range(len(widths))]
        assert sum(widths) == len(mojo.features.names)


def test_levels_that_bear_the_columns_name_are_found_without_it() -> None:
    mojo = golden("levels_with_column_prefix").mojo()
    for column in document(mojo)["columns"]:
        for level in column.get("levels", []):
            short = level.removeprefix(f"{column['name']}.")
            assert short in column["values"]


def test_what_scoring_ignores_is_told() -> None:
    content = document(golden("offset").mojo())
    assert content["offset_column"] is not None
    assert content["notes"] == [
        f"offset_column {content['offset_column']!r} is ignored, as H2O's Java scorer ignores it; "
        "the H2O server adds it"
    ]


def test_what_float64_needs_is_told() -> None:
    mojo = hand_made()
    with x64("float64"):
        content = columns_document(mojo, to_keras(mojo, dtype="float64"))
    assert content["dtype"] == "float64"
    assert "JAX_ENABLE_X64=1" in content["notes"][0]
    assert "set_floatx" in content["notes"][0]


def test_missing_originals_are_told() -> None:
    mojo = hand_made()
    encoded = dataclasses.replace(mojo, info=dataclasses.replace(mojo.info, encoded_inputs=True))
    assert "encoded columns" in document(encoded)["notes"][0]


# --------------------------------------------------------------------------- example


def test_the_example_is_short() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith('"""')]) <= 17


@pytest.mark.long
@pytest.mark.parametrize(
    ("dtype", "names"),
    [("float32", EXAMPLE_CASES), ("float64", FLOAT64_CASES)],
    ids=["float32", "float64"],
)
def test_the_example_gives_h2os_predictions(dtype: str, names: list[str], tmp_path: Path) -> None:
    cases = [golden(name) for name in names]
    mojos = {case.name: case.mojo() for case in cases}
    for case in cases:
        write_inputs(case, mojos[case.name], tmp_path / case.name, dtype)
    run_example(tmp_path, dtype)
    for case in cases:
        found = json.loads((tmp_path / case.name / "found.json").read_text("utf-8"))
        comparison = compared(case, mojos[case.name], found, dtype)
        assert comparison.passed, (case.name, comparison)
        if comparison.undecided + comparison.beyond == 0 and found["labels"] is not None:
            assert found["labels"] == case.expected().labels


def write_inputs(case: Golden, mojo: Mojo, folder: Path, dtype: str) -> None:
    folder.mkdir()
    with x64(dtype):
        model = to_keras(mojo, dtype=dtype)
        model.save(folder / "model.keras")
        (folder / "model.columns.json").write_text(columns_json(mojo, model), "utf-8")
    (folder / "rows.csv").write_bytes((case.folder / "input.csv").read_bytes())


def run_example(folder: Path, dtype: str) -> None:
    """Run the example in each folder, in one process without this package."""
    program = f"""
import json, os, pathlib, runpy, sys
for folder in sorted(pathlib.Path({str(folder)!r}).iterdir()):
    os.chdir(folder)
    found = runpy.run_path({str(EXAMPLE)!r})
    content = {{"labels": found["labels"], "scores": found["scores"].tolist()}}
    pathlib.Path("found.json").write_text(json.dumps(content), "utf-8")
assert not {{"mojo_reader", "emit"}} & set(sys.modules)
"""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "KERAS_BACKEND": "jax",
        "JAX_ENABLE_X64": "1" if dtype == "float64" else "0",
    }
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def compared(case: Golden, mojo: Mojo, found: dict[str, Any], dtype: str) -> Comparison:
    comparer = Comparer(Scorer(mojo), dtype)
    matrix = Scorer(mojo).encode(case.columns())
    comparer.add(matrix, np.array(found["scores"]), expected=golden_scores(case, mojo))
    return comparer.result()
