"""Our ONNX files in JavaScript: in Node, and in a page of a real browser, against H2O's scores.

``NODE_PACKAGES`` is a folder in which npm has installed onnxruntime-node and onnxruntime-web, as
``.ci/run node`` does.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_support import chromium, static_site
from onnx_support import FLOAT64_TOLERANCE, assert_labels
from support import Golden, assert_close, cases_of_each_kind, golden

from emit.onnx_model import to_onnx
from mojo_reader import Scorer
from mojo_reader.java import text as java
from mojo_reader.model import CategoricalInput

pytestmark = [
    pytest.mark.node,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning"),
]
EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
#: Of onnxruntime-web, what the page says that it needs.
RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
NUMBERS = ("probabilities", "predict", "reconstruction")


def rows_of(case: Golden) -> list[dict[str, Any]]:
    columns = case.columns()
    cells = []
    for column in case.mojo().inputs:
        found = columns.get(column.name, [None] * len(next(iter(columns.values()))))
        if not isinstance(column, CategoricalInput):
            found = [None if cell is None else java.parse_double(cell) for cell in found]
            # JSON has no infinity; JavaScript reads this as one.
            found = ["Infinity" if x == np.inf else x for x in found]
        cells.append([None if x is not None and x != x else x for x in found])  # noqa: PLR0124
    names = [column.name for column in case.mojo().inputs]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def place(case: Golden, folder: Path) -> Path:
    """Put a model, and the examples, where they look for each other."""
    for name in ("score_rows.mjs", "score_in_node.mjs", "score_in_browser.html"):
        shutil.copy(EXAMPLES / name, folder)
    model = to_onnx(case.mojo(), dtype="float64")
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return folder


def assert_scores(found: list[dict[str, Any]], case: Golden) -> None:
    mojo, values, expected = case.mojo(), values_of(found), case.expected().values
    # JSON has no infinity.
    expected = np.where(np.isinf(expected), np.nan, expected)
    assert_close(values, expected, tolerance=FLOAT64_TOLERANCE)
    labels = np.array([row.get("label", row.get("label_")) for row in found], object)
    assert_labels([labels, values], case, mojo, Scorer(mojo).encode(case.columns()))


def values_of(found: list[dict[str, Any]]) -> Any:
    (name,) = (name for name in found[0] if name in NUMBERS)
    return np.array([row[name] for row in found], np.float64).reshape(len(found), -1)


@pytest.mark.parametrize("case", cases_of_each_kind(), ids=lambda case: case.name)
def test_onnxruntime_node(case: Golden, tmp_path: Path) -> None:
    folder = place(case, tmp_path)
    packages = Path(os.environ["NODE_PACKAGES"]) / "node_modules"
    (folder / "node_modules").symlink_to(packages)
    (folder / "rows.json").write_text(json.dumps(rows_of(case)))
    command = ["node", "score_in_node.mjs", "model.onnx", "rows.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert_scores(json.loads(done.stdout), case)


@pytest.mark.chromium
@pytest.mark.parametrize("name", ["levels_odd_text", "gaussian", "autoencoder_tanh"])
def test_onnxruntime_web_in_a_page(name: str, tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    case = golden(name)
    folder = place(case, tmp_path)
    for file in RUNTIME:
        packages = Path(os.environ["NODE_PACKAGES"]) / "node_modules"
        shutil.copy(packages / "onnxruntime-web" / "dist" / file, folder)
    rows = rows_of(case)
    with static_site(folder) as site, chromium(browser="ALL") as browser:
        browser.get(f"{site}/score_in_browser.html")
        wait = WebDriverWait(browser, 60)
        wait.until(lambda one: one.execute_script("return document.body.dataset.ready") == "yes")
        # All rows by the page's own module, and one as a person types it.
        browser.set_script_timeout(60)
        found = browser.execute_async_script(
            "const [rows, done] = arguments;"
            "Promise.all([import('./ort.wasm.min.mjs'), import('./score_rows.mjs')])"
            ".then(async ([ort, {score}]) => {"
            " const session = await ort.InferenceSession.create('model.onnx');"
            " done(await score(ort, session, rows)); }).catch((error) => done(String(error)));",
            rows,
        )
        assert isinstance(found, list), found
        assert_scores(found, case)
        for column, cell in rows[0].items():
            if cell is not None:
                browser.find_element(By.NAME, column).send_keys(str(cell))
        browser.find_element(By.TAG_NAME, "button").click()
        said = wait.until(lambda one: one.find_element(By.TAG_NAME, "output").text)
        expected = case.expected().values[:1]
        assert_close(values_of([json.loads(said)]), expected, tolerance=FLOAT64_TOLERANCE)
        number = next(name for name, cell in rows[0].items() if isinstance(cell, float))
        browser.find_element(By.NAME, number).send_keys("x")
        browser.find_element(By.TAG_NAME, "button").click()
        wait.until(lambda one: "expected a number" in one.find_element(By.TAG_NAME, "output").text)
        severe = [e for e in browser.get_log("browser") if e["level"] == "SEVERE"]
        assert [e for e in severe if "favicon" not in e["message"]] == []
