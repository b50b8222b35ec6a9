"""Takes the gallery's pictures: parts of a report on a golden model, as a browser shows them.

``python docs/gallery_pictures.py``, from the root of a checkout. It needs ``mojo2keras[all]``, the
dependency group ``chromium``, and Chromium with its driver on the path.
"""

import base64
import csv
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
CASE: Final = ROOT / "golden_mojos" / "binomial_tanh"
PICTURES: Final = Path(__file__).parent
#: The first rows of the case are drawn as data is; the answers of large sizes are the other one.
ROWS: Final = 160
LARGE: Final = 180
WIDTH: Final = 1000
#: The pictures, the element of the page that each shows, and how much of it at most.
SHOWN: Final = {
    "verdict": ("header", 480),
    "performance": ("section[aria-labelledby=performance] .pair", 505),
    "dots": ("section[aria-labelledby=why] figure.wide", 460),
    "rows": ("section[aria-labelledby=why] h3 ~ .pair", 900),
    "what_if": ("#what-if", 900),
    "proof": ("article.proof", 1000),
    "network": ("section[aria-labelledby=model] figure.wide", 400),
}


def path_of(name: str, folder: Path = PICTURES) -> Path:
    """Return the file of a picture."""
    return folder / f"gallery_{name}.png"


def written_report(folder: Path) -> Path:
    """Write a report on rows whose answers are known, with H2O's scores of them."""
    with (CASE / "input.csv").open(encoding="utf-8") as rows:
        table = list(csv.DictReader(rows))[:ROWS]
    with (CASE / "expected.csv").open(encoding="utf-8") as scores:
        lines = scores.readlines()[: ROWS + 1]
    (folder / "h2o_scores.csv").write_text("".join(lines), "utf-8")
    other = {"yes": "no", "no": "yes"}
    for row, line in zip(table, lines[1:], strict=True):
        del row["row id"]
        label = line.split(",")[0]
        row["y"] = other[label] if float(row["size"] or 0) > LARGE else label
    with (folder / "customers.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    shutil.copy(CASE / "model.zip", folder)
    words = ["report", "model.zip", "--rows", "customers.csv", "--expected", "h2o_scores.csv"]
    command = [sys.executable, "-m", "mojo_reader", *words, "-o", "report.html", "--quiet"]
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - our own program
    return folder / "report.html"


def browser() -> Any:
    """Start a browser that nobody sees."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium") or ""
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


def take(page: Path, folder: Path = PICTURES) -> None:
    """Take each picture of a page."""
    driver = browser()
    try:
        screen = {"width": WIDTH, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        driver.get(page.as_uri())
        for name, (selector, most) in SHOWN.items():
            left, top, width, height = driver.execute_script(
                "const r = document.querySelector(arguments[0]).getBoundingClientRect();"
                "return [r.left + scrollX, r.top + scrollY, r.width, r.height]",
                selector,
            )
            clip = {"x": left, "y": top, "width": width, "height": min(height, most), "scale": 1}
            asked = {"captureBeyondViewport": True, "clip": clip}
            taken = driver.execute_cdp_cmd("Page.captureScreenshot", asked)
            path_of(name, folder).write_bytes(base64.b64decode(taken["data"]))
    finally:
        driver.quit()


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        take(written_report(Path(place)))
