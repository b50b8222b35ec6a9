"""The documentation: every block of code runs, every link leads somewhere, and Sphinx is content.

Blocks of other languages than these have tests of their own: R (``test_r.py``), and the pages of
services and clusters (``OWN_TESTS``).
"""

import csv
import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import golden

from mojo_reader.cli import _COMMANDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
#: Pages whose Python needs an extra that the base group lacks, and the test that runs it.
OWN_TESTS = {"serving": "test_mlflow.py", "spark": "test_spark.py"}
#: What a block of shell may do that no test does: install, and set variables.
SETTING_UP = re.compile(
    r"(python -m )?pip install .*|export [A-Z_]+=.*|mojo2keras convert model.zip --to saved-model"
)
#: The model that a page's blocks are about.
MODELS = {"write_back": "iris_rectifier"}


def blocks(page: Path, languages: str) -> list[tuple[str, str]]:
    """Return language and text of the blocks in these languages, in order."""
    pattern = rf"^```({languages})\n(.*?)^```"
    return re.findall(pattern, page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def with_blocks() -> list[Path]:
    pages = [page for page in (ROOT / "README.md", *PAGES) if page.stem not in OWN_TESTS]
    return [page for page in pages if blocks(page, "python|console")]


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of."""
    case = golden(MODELS.get(request.node.callspec.params["page"].stem, "binomial_tanh"))
    shutil.copy(case.path, tmp_path / "model.zip")
    shutil.copy(case.folder / "input.csv", tmp_path / "rows.csv")
    shutil.copy(case.folder / "expected.csv", tmp_path / "h2o_scores.csv")
    rows = (tmp_path / "rows.csv").read_bytes()
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(rows))
    _write_labelled(tmp_path)
    _write_parquet(tmp_path)
    monkeypatch.chdir(tmp_path)
    here = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join([here, os.environ["PATH"]]))
    return tmp_path


def _write_labelled(folder: Path) -> None:
    """Rows with a response: H2O's own label, which is enough to train on."""
    with (folder / "rows.csv").open(newline="") as rows, (folder / "h2o_scores.csv").open() as file:
        header, *lines = csv.reader(rows)
        labels = [score["predict"] for score in csv.DictReader(file)]
    if "y" not in header:
        header = [*header, "y"]
        lines = [[*line, label] for line, label in zip(lines, labels, strict=True)]
    with (folder / "labelled.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])


def _write_parquet(folder: Path) -> None:
    import pyarrow.csv  # noqa: PLC0415 - an extra
    import pyarrow.parquet  # noqa: PLC0415

    table = pyarrow.csv.read_csv(folder / "labelled.csv")
    table = table.append_column("id", pyarrow.array(range(table.num_rows)))
    pyarrow.parquet.write_table(table, folder / "part-1.parquet")


@pytest.mark.parametrize("page", with_blocks(), ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run(page: Path, folder: Path) -> None:
    names: dict[str, Any] = {"__name__": "page", "arrow_reader": _batches(folder)}
    for language, text in blocks(page, "python|console"):
        if language == "python":
            exec(compile(text, str(page), "exec"), names)  # noqa: S102 - our own page
            continue
        for command in _commands(text):
            done = subprocess.run(
                ["bash", "-c", f"set -o pipefail; {command}"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stderr}"


def _batches(folder: Path) -> Any:
    import pyarrow.parquet  # noqa: PLC0415 - an extra

    return pyarrow.parquet.read_table(folder / "part-1.parquet").to_reader()


def _commands(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_what_does_not_run_only_sets_up(page: Path) -> None:
    for _, text in blocks(page, "sh"):
        for line in text.strip().splitlines():
            assert SETTING_UP.fullmatch(line), line
    known = {"python", "console", "r", "sh", "text", "py", "sql", "json", "dockerfile"}
    languages = set(re.findall(r"^```(\w+)$", page.read_text("utf-8"), re.MULTILINE))
    assert languages <= known


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "index.md").read_text("utf-8").splitlines()
    assert {page.stem for page in PAGES} - {"index"} == {
        line for line in index if line.isalpha() or "_" in line
    } - {""}


def test_every_command_is_shown() -> None:
    text = "\n".join(page.read_text("utf-8") for page in [ROOT / "README.md", *PAGES])
    assert set(_COMMANDS) <= set(re.findall(r"^\$ mojo2keras (\w+)", text, re.MULTILINE))


@pytest.mark.docs
def test_sphinx_builds_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*build, str(DOCS), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Scorer" in (tmp_path / "api.html").read_text("utf-8")
