"""The report in a real browser: no error, no request, and the scorer's own numbers."""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_support import chromium, opened, sized, wait
from numpy.typing import NDArray
from support import Golden, assert_close, cases_of_each_kind, golden, rewritten

from emit.report import read_rows, report_page
from emit.report.background import Background
from emit.report.moves import outputs_of
from mojo_reader import Mojo, Scorer, read_mojo
from mojo_reader.explaining.explainer import Explainer
from mojo_reader.explaining.options import ExplainOptions
from mojo_reader.model import CategoricalInput
from mojo_reader.scoring.encoding import standardized
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.rows import EncodedRows

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium(browser="ALL", performance="ALL") as driver:
        yield driver


def page(mojo: Mojo, path: Path) -> Path:
    path.write_text(report_page(mojo, title=path.stem), "utf-8")
    return path


def requests(browser: Any) -> list[str]:
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def kinds() -> list[Golden]:
    others = ("hashed", "fewer_levels_skip", "balance_classes_multinomial", "not_standardized")
    return list({c.name: c for c in (*cases_of_each_kind(), *map(golden, others))}.values())


def cells(mojo: Mojo, case: Golden) -> list[dict[str, Any]]:
    """Return the golden's rows as the panel would set them."""
    return encoded_cells(mojo, Scorer(mojo).encode(case.columns()))


def encoded_cells(mojo: Mojo, matrix: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return encoded rows as the panel would set them: levels, numbers, or missing."""
    rows = []
    for row in matrix:
        cell: dict[str, Any] = {}
        for column in mojo.inputs:
            if isinstance(column, CategoricalInput):
                cell[column.name] = level(column, row[column.feature :][: column.width])
            else:
                number = row[column.feature]
                cell[column.name] = None if np.isnan(number) else repr(float(number))
        rows.append(cell)
    return rows


def level(column: CategoricalInput, features: np.ndarray) -> str | None:
    """Return the level that gives these features; what no level gives is missing or new."""
    same = (column.table == features) | (np.isnan(column.table) & np.isnan(features))
    position = int(np.argmax(same.all(axis=1)))
    if position < len(column.levels):
        return column.levels[position]
    return None if position == column.missing else "\0 no such level"


SCORE = """
const spelled = {inf: Infinity, '-inf': -Infinity};
const numeric = new Set(arguments[1]);
return arguments[0].map((row) => {
  for (const name of numeric) {
    if (row[name] !== null) row[name] = spelled[row[name]] ?? Number(row[name]);
  }
  return window.mojo.predict(row).map(String);
});
"""


def usual_rows(mojo: Mojo, case: Golden) -> NDArray[np.float64]:
    """Return the golden's encoded rows whose numbers lie within what contributions are for."""
    matrix = Scorer(mojo).encode(case.columns())
    return matrix[(np.abs(standardized(matrix, mojo.features)) < 1e8).all(axis=1)]


@functools.cache
def compared_page(case: Golden, path: Path) -> Path:
    """Write the page of a golden, which compares with some of its rows."""
    mojo = case.mojo()
    matrix = usual_rows(mojo, case)[1::7]
    behind = Background(words="some rows", matrix=matrix, notices=Notices())
    path.write_text(report_page(mojo, title=case.name, background=behind), "utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.mark.parametrize("case", kinds(), ids=lambda case: case.name)
def test_the_panel_gives_the_scorers_numbers(case: Golden, browser: Any, folder: Path) -> None:
    mojo = case.mojo()
    opened(browser, compared_page(case, folder / f"{case.name}.html"))
    numeric = [c.name for c in mojo.inputs if not isinstance(c, CategoricalInput)]
    scored = browser.execute_script(SCORE, cells(mojo, case), numeric)
    scorer = Scorer(mojo)
    values = scorer.score_matrix(scorer.encode(case.columns()))
    names = {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}
    found = np.array([[float(names.get(text, text)) for text in row] for row in scored])
    assert_close(found, values, tolerance=1e-10)
    assert browser.get_log("browser") == []
    assert [url for url in requests(browser) if not url.startswith(("file:", "data:"))] == []


EXPLAIN = """
const numeric = new Set(arguments[1]);
return arguments[0].map((row) => {
  for (const name of numeric) if (row[name] !== null) row[name] = Number(row[name]);
  return arguments[2].map((output) => {
    const found = window.mojo.contributions(row, output);
    return [...found.columns, found.base, found.value];
  });
});
"""


@pytest.mark.parametrize("case", kinds(), ids=lambda case: case.name)
def test_the_panel_gives_the_scorers_contributions(
    case: Golden, browser: Any, folder: Path
) -> None:
    mojo = case.mojo()
    matrix = usual_rows(mojo, case)
    opened(browser, compared_page(case, folder / f"{case.name}.html"))
    rows = encoded_cells(mojo, matrix[:40])
    numeric = [c.name for c in mojo.inputs if not isinstance(c, CategoricalInput)]
    outputs = list(range(len(outputs_of(mojo.output))))
    found = np.array(browser.execute_script(EXPLAIN, rows, numeric, outputs), np.float64)
    explainer = Explainer(
        Scorer(mojo),
        EncodedRows(matrix=matrix[1::7], offset=None),
        ExplainOptions(output="compact"),
    )
    expected = explainer.explain(EncodedRows(matrix=matrix[:40], offset=None)).values
    value = expected.sum(axis=1, keepdims=True)
    expected = np.concatenate([expected, value], axis=1).transpose(0, 2, 1)
    scale = 1 + np.abs(expected).sum(axis=2, keepdims=True)
    assert found.shape == expected.shape
    assert (np.abs(found - expected) / scale).max() <= 1e-9
    assert browser.get_log("browser") == []


def test_moving_a_column_changes_what_moves_it(browser: Any, tmp_path: Path) -> None:
    mojo = golden("binomial_tanh").mojo()
    opened(browser, page(mojo, tmp_path / "report.html"))
    before = lines(browser)
    assert {name for name, _ in before} == {column.name for column in mojo.inputs}
    sizes = [abs(number) for _, number in before]
    assert sizes == sorted(sizes, reverse=True)
    slider = browser.find_element("css selector", "#what-if-controls input[type=range]")
    moved(browser, slider, slider.get_attribute("max"))
    after = lines(browser)
    assert dict(after) != dict(before)
    said = browser.find_element("id", "what-if-moves-said").text
    base, value = (float(number) for number in re.findall(r"(?:from|, to) (-?[\d.]+)", said))
    assert sum(dict(after).values()) == pytest.approx(value - base, abs=0.02)
    probability = shown(browser)[1]
    assert 1 / (1 + np.exp(-value)) == pytest.approx(probability, abs=1e-5)


def lines(browser: Any) -> list[tuple[str, float]]:
    """Return what the panel shows of the contributions."""
    found = browser.find_elements("css selector", "#what-if-moves tr")
    return [
        (
            line.find_element("css selector", "th").text,
            float(line.find_element("css selector", "td.number").text),
        )
        for line in found
    ]


def test_without_rows_and_means_the_panel_says_so(browser: Any, tmp_path: Path) -> None:
    opened(browser, page(golden("not_standardized").mojo(), tmp_path / "report.html"))
    said = browser.find_element("id", "what-if-moves-said").text
    assert said == "There are no contributions: no rows to compare with were given."
    assert browser.get_log("browser") == []


def moved(browser: Any, element: Any, value: str) -> None:
    """Set a slider as a person's hand does."""
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    browser.execute_script(script, element, value)


def shown(browser: Any) -> list[float]:
    cells = browser.find_elements("css selector", "#what-if-values td:nth-child(2)")
    return [float(cell.text) for cell in cells]


def test_moving_a_column_changes_the_prediction(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.support.select import Select

    mojo = golden("binomial_tanh").mojo()
    opened(browser, page(mojo, tmp_path / "report.html"))
    cells = {
        cell.find_element("css selector", "label").text: cell
        for cell in browser.find_elements("css selector", "#what-if-controls .cell")
    }
    assert list(cells) == [column.name for column in mojo.inputs]
    row: dict[str, Any] = {}
    for column in mojo.inputs:
        cell = cells[column.name]
        if isinstance(column, CategoricalInput):
            Select(cell.find_element("css selector", "select")).select_by_visible_text(
                column.levels[1]
            )
            row[column.name] = column.levels[1]
        else:
            text = cell.find_element("css selector", "input[type=number]")
            row[column.name] = float(text.get_attribute("value"))
    cells["age"].find_element("css selector", "input[type=checkbox]").click()
    row["age"] = None
    slider = cells["size"].find_element("css selector", "input[type=range]")
    moved(browser, slider, slider.get_attribute("max"))
    number = cells["size"].find_element("css selector", "input[type=number]")
    row["size"] = float(number.get_attribute("value"))
    scorer = Scorer(mojo)
    assert shown(browser) == pytest.approx(scorer.predict_proba([row])[0], abs=1e-6)
    label = browser.find_element("id", "what-if-label").text
    assert label == f"predict: {scorer.predict([row])[0]}"


def test_the_curve_follows_the_column(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.support.select import Select

    mojo = golden("poisson").mojo()
    opened(browser, page(mojo, tmp_path / "report.html"))
    chosen = Select(browser.find_element("id", "what-if-column"))
    assert [option.text for option in chosen.options] == [c.name for c in mojo.inputs]
    chosen.select_by_visible_text("age")
    curve = browser.find_element("id", "what-if-curve")
    assert "by age: from" in curve.get_attribute("aria-label")
    assert curve.find_element("css selector", ".curve").get_attribute("d").count("L") == 120
    assert browser.get_log("browser") == []


def test_hostile_names_run_nothing(browser: Any, tmp_path: Path) -> None:
    source, target = golden("binomial_tanh").path, tmp_path / "model.zip"
    hostile = b'<img src=x onerror="window.hostile=1"></script><script>window.hostile=1</script>'
    edits = {
        "domains/d000.txt": lambda content: content.replace(b"Athens", hostile),
        "model.ini": lambda content: content.replace(b"\nincome\n", b"\n" + hostile + b"\n"),
    }
    mojo = read_mojo(rewritten(source, target, edits))
    opened(browser, page(mojo, tmp_path / "report.html"))
    assert browser.execute_script("return window.hostile") is None
    assert browser.get_log("browser") == []
    option = browser.find_element("css selector", "#what-if-cell-0 option:nth-child(3)")
    assert option.get_attribute("textContent") == hostile.decode()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(browser: Any, scheme: str, tmp_path: Path) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    opened(browser, page(golden("iris_tanh").mojo(), tmp_path / "report.html"))
    style = "return getComputedStyle(document.body)"
    ink, paper = (
        browser.execute_script(f"{style}.{name}") for name in ("color", "backgroundColor")
    )
    assert contrast(ink, paper) > 7


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""
    light, dark = sorted(map(luminance, (first, second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def with_rows(tmp_path: Path) -> Path:
    """Write the page of a golden and its rows."""
    case = golden("binomial_tanh")
    rows = read_rows(case.mojo(), case.folder / "input.csv")
    path = tmp_path / "report.html"
    path.write_text(report_page(case.mojo(), rows=rows, shown_rows=[2]), "utf-8")
    return path


BOTTOM = "return arguments[0].getBoundingClientRect().bottom"


def current(browser: Any) -> list[str]:
    """Return what the contents mark as the section that is read."""
    return [
        one.text for one in browser.find_elements("css selector", ".contents a[aria-current=true]")
    ]


def test_the_verdict_stands_on_top_and_nothing_is_cut(browser: Any, tmp_path: Path) -> None:
    path = with_rows(tmp_path)
    try:
        for width in (1280, 768, 390):
            sized(browser, width, 900)
            opened(browser, path)
            top = [
                browser.find_element("css selector", selector)
                for selector in ("h1", ".origin code", ".banner", ".contents")
            ]
            assert max(browser.execute_script(BOTTOM, one) for one in top) <= 900
            wide = "return document.documentElement.scrollWidth"
            assert browser.execute_script(wide) <= width
            assert browser.get_log("browser") == []
        # On a phone words stay whole, and a table that is wider scrolls.
        scrolls = browser.execute_script(
            "return [...document.querySelectorAll('.scroll')]"
            ".filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.tabIndex)"
        )
        assert scrolls
        assert set(scrolls) == {0}
        sized(browser, 1280, 900)
        opened(browser, path)
        assert current(browser) != ["The network"]
        browser.execute_script("document.getElementById('model').scrollIntoView()")
        wait(browser).until(lambda one: current(one) == ["The network"])
        contents = browser.find_element("css selector", ".contents")
        top_of = "return arguments[0].getBoundingClientRect().top"
        assert 0 <= browser.execute_script(top_of, contents) < 100
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_links_of_the_page_lead_somewhere_on_it(browser: Any, tmp_path: Path) -> None:
    opened(browser, with_rows(tmp_path))
    lost = browser.execute_script(
        "return [...document.querySelectorAll('a[href^=\"#\"]')].map((one) => one.hash.slice(1))"
        ".filter((id) => !document.getElementById(id))"
    )
    assert lost == []


def test_print_leaves_out_what_is_for_the_screen(browser: Any, tmp_path: Path) -> None:
    path = with_rows(tmp_path)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        opened(browser, path)
        shown_headings = browser.execute_script(
            "return [...document.querySelectorAll('h2')].filter((one) => one.offsetHeight)"
            ".map((one) => one.textContent)"
        )
        assert "What moves it" in shown_headings
        assert "What if" not in shown_headings
        assert not browser.find_element("css selector", ".contents").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
