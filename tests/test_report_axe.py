"""The report as axe-core sees it: no serious finding on a screen, a tablet and a phone.

``NODE_PACKAGES`` is a folder in which npm has installed axe-core, as ``.ci/run chromium`` does.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_support import chromium, opened, sized
from support import golden

from emit.report import read_rows, report_page, two_models_page

pytestmark = [pytest.mark.chromium, pytest.mark.axe]

RUN = """
const done = arguments[0];
axe.run().then(({ violations }) => done(violations.map(({ id, impact, nodes }) =>
  [id, impact, nodes.map((node) => node.html.slice(0, 200))])));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium(browser="ALL", performance="ALL") as driver:
        yield driver


def serious(browser: Any, path: Path) -> list[Any]:
    """Return what axe-core finds at three widths, in light and dark."""
    packages = Path(os.environ["NODE_PACKAGES"]) / "node_modules"
    axe = (packages / "axe-core" / "axe.min.js").read_text("utf-8")
    found = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        for width in (1280, 768, 390):
            sized(browser, width, 900)
            opened(browser, path)
            browser.execute_script(axe)
            found += [
                (scheme, width, *one)
                for one in browser.execute_async_script(RUN)
                if one[1] in {"serious", "critical"}
            ]
    return found


@pytest.mark.parametrize("name", ["binomial_tanh", "multinomial", "poisson", "autoencoder_tanh"])
def test_axe_finds_nothing_serious(name: str, browser: Any, tmp_path: Path) -> None:
    mojo = golden(name).mojo()
    rows = read_rows(mojo, golden(name).folder / "input.csv")
    path = tmp_path / "report.html"
    path.write_text(report_page(mojo, rows=rows), "utf-8")
    assert serious(browser, path) == []


def test_axe_finds_nothing_serious_where_two_models_stand(browser: Any, tmp_path: Path) -> None:
    pair = golden("binomial_tanh").mojo(), golden("binomial_exprectifier").mojo()
    file = golden("binomial_tanh").folder / "input.csv"
    path = tmp_path / "both.html"
    page = two_models_page(*pair, rows=(read_rows(pair[0], file), read_rows(pair[1], file)))
    path.write_text(page, "utf-8")
    assert serious(browser, path) == []
    assert browser.get_log("browser") == []


def test_axe_sees_what_is_wrong(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "wrong.html"
    path.write_text('<!doctype html><html lang="en"><title>x</title><body><img src="data:,">')
    assert serious(browser, path)
