"""Rows of the file in the report's panel: which the page holds, and what a person sees of them."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_support import chromium, opened, wait
from rules import first
from support import golden

from emit.report import page_rows, read_rows, report_page, what_if
from mojo_reader import Scorer
from mojo_reader.model import CategoricalInput, Reconstruction

pytestmark = [
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.MissingColumnWarning"),
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.row_warnings.UnseenLevelWarning"),
]


@pytest.mark.parametrize(
    "name",
    first(3, ["hashed", "encoding_binary", "levels_odd_text", "encoding_eigen", "iris_tanh"]),
)
def test_a_row_of_the_page_has_the_files_features(name: str) -> None:
    mojo = golden(name).mojo()
    sample = read_rows(mojo, golden(name).folder / "input.csv").sample
    for column in mojo.inputs:
        if not isinstance(column, CategoricalInput):
            continue
        found = page_rows.positions(sample, column)
        features = sample.matrix[:, column.feature : column.feature + column.width]
        np.testing.assert_array_equal(column.table[found], features)
        texts = sample.table[column.name].to_pylist()
        for position, text in zip(found.tolist(), texts, strict=True):
            assert (position == column.missing) or text is not None
            if text in column.levels:
                assert column.levels[position] == text


def numbers(held: dict[str, Any]) -> list[int]:
    """Return which rows a page holds."""
    return np.frombuffer(base64.b64decode(held["numbers"]), "<i8").tolist()


def test_of_many_rows_a_page_holds_those_that_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mojo = golden("iris_tanh").mojo()
    rows = read_rows(mojo, golden("iris_tanh").folder / "input.csv", chosen=[140])
    assert numbers(page_rows.held_rows(mojo, rows)) == list(range(1, 151))
    cells = (len(rows.single) + 10) * len(mojo.inputs)
    monkeypatch.setattr(page_rows, "_MOST_CELLS", cells)
    some = numbers(page_rows.held_rows(mojo, rows))
    assert set(rows.single.places + 1) <= set(some)
    assert len(some) <= len(rows.single) + 10
    assert some == sorted(set(some))


def test_each_input_of_an_autoencoder_belongs_to_a_column() -> None:
    mojo = golden("autoencoder_tanh").mojo()
    assert isinstance(mojo.output, Reconstruction)
    model = what_if.page_model(mojo, {})
    owners = [mojo.inputs[place].name for place in model["features"]["owners"]]
    names = [name.removeprefix("reconstr_") for name in mojo.output.columns]
    for owner, name in zip(owners, names, strict=True):
        assert name == owner or name.startswith(f"{owner}.")


# --------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium(browser="ALL", performance="ALL") as driver:
        yield driver


def written(name: str, path: Path) -> Path:
    """Write the page of a golden and its rows."""
    mojo = golden(name).mojo()
    rows = read_rows(mojo, golden(name).folder / "input.csv")
    path.write_text(report_page(mojo, rows=rows), "utf-8")
    return path


def load(browser: Any, number: object) -> str:
    """Ask for a row as a person does, and return what is said."""
    field = browser.find_element("id", "what-if-row")
    field.clear()
    field.send_keys(str(number))
    browser.find_element("css selector", "#what-if-load button").click()
    return str(browser.find_element("id", "what-if-row-said").text)


def text(browser: Any, name: str) -> str:
    return str(browser.find_element("id", name).get_attribute("textContent"))


ERRORS = """
return arguments[0].map((number) => {
  const found = window.mojo.error(window.mojo.row(number).cells);
  return [found.total, ...found.columns];
});
"""


@pytest.mark.chromium
def test_an_autoencoders_error_is_the_servers(browser: Any, tmp_path: Path) -> None:
    case = golden("autoencoder_tanh")
    opened(browser, written(case.name, tmp_path / "report.html"))
    mojo = case.mojo()
    rows = read_rows(mojo, case.folder / "input.csv")
    squares = Scorer(mojo).squared_errors(rows.sample.matrix)
    owners = np.array(what_if.page_model(mojo, {})["features"]["owners"])
    own = [squares[:, owners == place].sum(axis=1) for place in range(len(mojo.inputs))]
    expected = np.stack([squares.sum(axis=1), *own], axis=1) / squares.shape[1]
    usual = np.isfinite(expected).all(axis=1) & (expected[:, 0] < 1e6)
    assert usual.sum() > 50
    asked = (rows.sample.places[usual] + 1).tolist()
    found = np.array(browser.execute_script(ERRORS, asked), np.float64)
    np.testing.assert_allclose(found, expected[usual], rtol=1e-9, atol=1e-12)
    place = int(np.flatnonzero(usual)[3])
    assert load(browser, place + 1) == f"Row {place + 1} of input.csv."
    shown = float(text(browser, "what-if-label").removeprefix("Reconstruction.MSE: "))
    assert shown == pytest.approx(expected[place, 0], rel=1e-5)
    assert browser.get_log("browser") == []


@pytest.mark.chromium
def test_a_row_is_loaded_by_its_number_and_reset(browser: Any, tmp_path: Path) -> None:
    case = golden("binomial_tanh")
    opened(browser, written(case.name, tmp_path / "report.html"))
    at_first = text(browser, "what-if-values")
    labels = Scorer(case.mojo()).predict(case.columns())
    for number in (5, 97, len(labels)):
        assert load(browser, number) == f"Row {number} of input.csv."
        assert text(browser, "what-if-label") == f"predict: {labels[number - 1]}"
    browser.find_element("id", "what-if-reset").click()
    assert text(browser, "what-if-values") == at_first
    assert text(browser, "what-if-row-said") == ""
    # The browser itself holds the field to 1 and the last; a script does not.
    beyond = browser.execute_script("return window.mojo.row(arguments[0]).said", len(labels) + 1)
    assert beyond == f"input.csv has rows 1 to {len(labels)}."
    assert browser.get_log("browser") == []


@pytest.mark.chromium
def test_a_row_that_the_page_does_not_hold_says_so(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_rows, "_MOST_CELLS", 1)
    opened(browser, written("binomial_tanh", tmp_path / "report.html"))
    said = [load(browser, number) for number in range(1, 60)]
    absent = [one for one in said if "is not on this page, which holds" in one]
    assert absent
    assert "near it: " in absent[0]
    assert "the command takes it" in absent[0]


LABELS = """
const boxes = [...document.querySelectorAll('#what-if-curve text')]
  .map((one) => one.getBoundingClientRect()).filter((box) => box.width);
const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1
  || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
return boxes.every((a, i) => boxes.slice(i + 1).every((b) => apart(a, b)));
"""


@pytest.mark.chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_texts_of_the_curve_do_not_lie_on_each_other(
    width: int, browser: Any, tmp_path: Path
) -> None:
    from selenium.webdriver.support.select import Select

    browser.set_window_size(width, 900)
    opened(browser, written("poisson", tmp_path / "report.html"))
    column = Select(browser.find_element("id", "what-if-column"))
    for option in column.options:
        column.select_by_visible_text(option.text)
        assert browser.execute_script(LABELS), option.text
    browser.set_window_size(1100, 900)


@pytest.mark.chromium
def test_a_key_moves_a_slider_by_a_round_step(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    opened(browser, written("binomial_tanh", tmp_path / "report.html"))
    for slider in browser.find_elements("css selector", "#what-if-controls input[type=range]"):
        low, high, step = (float(slider.get_attribute(name)) for name in ("min", "max", "step"))
        assert 20 <= (high - low) / step <= 220
        assert f"{step:.0e}"[0] in "125"
        assert low / step == pytest.approx(round(low / step), abs=1e-6)
        before = float(slider.get_attribute("value"))
        slider.send_keys(Keys.ARROW_RIGHT)
        wait(browser).until(lambda _, at=before, one=slider: value(one) != at)
        assert value(slider) - before == pytest.approx(step)


def value(slider: Any) -> float:
    return float(slider.get_attribute("value"))
